// The routes around the contract: health, tables, pages with their policy, 404, 405, and what happens when our own code
// fails. Over a real socket once, because a body over the limit must be answered, not cut off.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serve } from '@hono/node-server'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { foundingText, KEY, startTestApp } from './test-app.ts'
import { WEB_LIMITS } from './limits.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

function pagesFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'forge-pages-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  mkdirSync(path.join(folder, 'assets'))
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(path.join(folder, 'assets', 'index-Bx1_9-aZ.js'), 'self')
  writeFileSync(path.join(folder, 'assets', 'kernel.wasm'), new Uint8Array([0, 97, 115, 109]))
  return folder
}

describe('health', () => {
  test('alive and ready', async () => {
    const t = startTestApp()
    expect(await (await t.get('/healthz')).json()).toEqual({ ok: true })
    expect(await (await t.get('/readyz')).json()).toEqual({ ok: true, agents_online: 0, referee_online: false })
  })

  test('not ready when the store fails, without a word of why but in the log', async () => {
    const t = startTestApp()
    t.store.ping = async () => Promise.reject(new Error('password of postgres is wrong'))
    const response = await t.get('/readyz')
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ ok: false, reason: 'the store does not answer' })
    expect(t.log.join('')).toContain('password of postgres')
    expect((await t.get('/healthz')).status).toBe(200)
  })

  test('not ready when the store hangs', async () => {
    const limits: { readonly readyWithinMs: number } = WEB_LIMITS
    const within = vi.spyOn(limits, 'readyWithinMs', 'get').mockReturnValue(50)
    onTestFinished(() => within.mockRestore())
    const t = startTestApp()
    t.store.ping = () => new Promise(() => {})
    expect((await t.get('/readyz')).status).toBe(503)
  })
})

describe('tables', () => {
  const digest = 'ab'.repeat(32)
  test('are kept for ever by whoever fetched them', async () => {
    const t = startTestApp()
    t.hub.tables.set(digest, new Uint8Array([1, 2, 3, 4]))
    const response = await t.app.request(`/agent/tables/${digest}`)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3, 4]))
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('cache-control')).toContain('immutable')
  })

  test.each(['cd'.repeat(32), 'x', digest.toUpperCase(), '..%2f..%2fetc'])('%s is not there', async (name) => {
    const response = await startTestApp().app.request(`/agent/tables/${name}`)
    expect(problemSchema.parse(await response.json()).code).toBe('NOT_FOUND')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})

describe('pages', () => {
  test('with their types and a strict policy', async () => {
    const t = startTestApp(pagesFolder())
    const page = await t.app.request('/', { headers: { host: 'pool.example:8080' } })
    expect(await page.text()).toBe('<!doctype html>')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    const csp = page.headers.get('content-security-policy') ?? ''
    expect(csp).toContain("script-src 'self' 'wasm-unsafe-eval';")
    expect(csp).toContain("connect-src 'self' ws://pool.example:8080 wss://pool.example:8080;")
    expect(csp).toContain("frame-ancestors 'none'")
    expect(csp).not.toContain('unsafe-inline')
    const script = await t.app.request('/assets/index-Bx1_9-aZ.js')
    expect(script.headers.get('content-type')).toMatch(/^text\/javascript/)
    expect(script.headers.get('cache-control')).toContain('immutable')
    const wasm = await t.app.request('/assets/kernel.wasm')
    expect(wasm.headers.get('content-type')).toBe('application/wasm')
    expect(wasm.headers.get('cache-control')).toBe('no-cache')
  })

  test('a Host that is no host does not reach the policy', async () => {
    const t = startTestApp(pagesFolder())
    const page = await t.app.request('/', { headers: { host: "x; script-src 'unsafe-inline'" } })
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'self';")
  })

  test('are not sent again to who has them', async () => {
    const t = startTestApp(pagesFolder())
    const etag = (await t.app.request('/')).headers.get('etag') ?? ''
    const again = await t.app.request('/', { headers: { 'if-none-match': `"other", ${etag}` } })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
  })

  test.each([
    '/../package.json',
    '/%2e%2e/package.json',
    '/assets/..%2findex.html',
    '/assets/',
    '/index.html%00',
    '/x',
  ])('%s is not there', async (address) => {
    const response = await startTestApp(pagesFolder()).app.request(address)
    expect(problemSchema.parse(await response.json()).code).toBe('NOT_FOUND')
  })

  test('are not there when they are not built, which the log says', async () => {
    const t = startTestApp(path.join(tmpdir(), 'forge-no-such-folder'))
    expect((await t.get('/')).status).toBe(404)
    expect(t.log.join('')).toContain('not built')
  })
})

describe('methods', () => {
  test.each([
    ['DELETE', '/api/v0/jobs/x', 'GET, HEAD, OPTIONS'],
    ['GET', '/api/v0/ops/execute', 'POST, OPTIONS'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['PUT', '/', 'GET, HEAD, OPTIONS'],
  ])('%s %s is answered with what it takes', async (method, address, allow) => {
    const response = await startTestApp(pagesFolder()).app.request(address, { method })
    expect(response.headers.get('allow')).toBe(allow)
    expect(problemSchema.parse(await response.json())).toMatchObject({ code: 'METHOD_NOT_ALLOWED', status: 405 })
  })

  test('OPTIONS says the same, HEAD is GET without the body', async () => {
    const t = startTestApp(pagesFolder())
    const options = await t.app.request('/api/v0/ops/execute', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS'])
    for (const address of ['/healthz', '/']) {
      const head = await t.app.request(address, { method: 'HEAD' })
      expect([head.status, await head.text()]).toEqual([200, ''])
    }
  })
})

test('our own failure is a 500 that says nothing of itself but a name to look up in the log', async () => {
  const t = startTestApp()
  t.store.job = async () => Promise.reject(new Error('secret detail of the store'))
  const response = await t.post(foundingText)
  const requestId = response.headers.get('forge-request-id') ?? ''
  const document = problemSchema.parse(await response.json())
  expect(document).toMatchObject({ status: 500, code: 'INTERNAL', retryable: true })
  expect(document.detail).toContain(requestId)
  expect(JSON.stringify(document)).not.toMatch(/secret|\.ts/)
  const line = t.log.find((text) => text.includes('secret detail'))
  expect(line).toContain(requestId)
})

test('no key is ever logged', async () => {
  const t = startTestApp()
  await t.post(foundingText)
  await t.post(foundingText, { 'x-forge-api-key': 'another-secret' })
  expect(t.log.join('')).toContain('/api/v0/ops/execute')
  expect(t.log.join('')).not.toContain(KEY)
  expect(t.log.join('')).not.toContain('another-secret')
})

test.each([['content-length: 4000000'], ['transfer-encoding: chunked']])(
  'over a socket, 4 MB with %s are answered 413 while they are still being sent',
  async (framing) => {
    const t = startTestApp()
    const server = serve({ fetch: t.app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    cleanups.push(() => void server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server listens on a port')
    const socket = connect(address.port, '127.0.0.1')
    const answer = new Promise<string>((resolve, reject) => {
      let text = ''
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString()
        if (text.includes('BODY_TOO_LARGE')) resolve(text)
      })
      socket.on('error', reject)
    })
    const head = ['POST /api/v0/ops/execute HTTP/1.1', 'host: localhost', `authorization: Bearer ${KEY}`]
    socket.write([...head, 'content-type: application/json', framing, '', ''].join('\r\n'))
    const piece = ' '.repeat(100_000)
    for (let i = 0; i < 40; i++) socket.write(framing.startsWith('t') ? `186a0\r\n${piece}\r\n` : piece)
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
  },
)
