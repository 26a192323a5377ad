// The machine's own check: a page on localhost, its worker, and that worker's worker all get a WebGPU device that works,
// because agents compute in workers; and with WebGPU off none of them gets an adapter, because some volunteers have none.

import http from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from './chromium.ts'
import { launchBrowser } from './browser.ts'

// A browser that has just been started may have no adapter for a moment, so that it is asked for a few times, as the engine does.
const FILES: Record<string, string> = {
  '/': '<!doctype html><title>machine</title>',
  '/worker.js': `
    const adapterOf = async (asked) =>
      (await navigator.gpu.requestAdapter()) ??
      (asked < 5 ? new Promise((resolve) => setTimeout(resolve, 100)).then(() => adapterOf(asked + 1)) : null)
    adapterOf(1)
      .then((adapter) => adapter && adapter.requestDevice().then(() => adapter.info.architecture))
      .then(postMessage, (error) => postMessage(String(error)))`,
  '/nested.js': `new Worker('/worker.js').onmessage = (event) => postMessage(event.data)`,
}

const reasons: string[] = []
let available = false
let origin = ''

const server = http.createServer((request, response) => {
  const body = FILES[request.url ?? '/']
  const type = request.url?.endsWith('.js') ? 'text/javascript' : 'text/html'
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body)
})

beforeAll(async () => {
  available = (await findChromium((line) => reasons.push(line))) !== null
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address === 'object' && address) origin = `http://localhost:${address.port}`
}, 60_000)

afterAll(() => new Promise((resolve) => server.close(resolve)))

test.for([
  { webgpu: true, expected: ['swiftshader', 'swiftshader'] },
  { webgpu: false, expected: [null, null] },
])('with webgpu $webgpu, worker and nested worker get $expected', { timeout: 60_000 }, async (each, { skip }) => {
  if (!available) return skip(reasons.join(' '))
  const browser = await launchBrowser({ webgpu: each.webgpu })
  try {
    const page = await browser.newPage()
    await page.goto(origin)
    expect(await page.evaluate(ASK_BOTH_WORKERS)).toEqual(each.expected)
  } finally {
    await browser.close()
  }
})

const ASK_BOTH_WORKERS = `Promise.all(['/worker.js', '/nested.js'].map((url) => new Promise((resolve) => {
  new Worker(url).onmessage = (event) => resolve(event.data)
})))`
