// Clients on real connections. The slow: what stands still is told so and cut, before its answer and behind it; what goes on
// coming has no time for the whole. And those that would rather speak HTTP/2.
import { connect } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { createHttpServer } from './http-server.ts'
import { createLogger } from './logger.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from './web-core/examples.fixtures.ts'
import { createListener } from './web-core/listener.ts'
import { WEB_LIMITS } from './web-core/limits.ts'

let world: ExampleWorld
const http = createHttpServer(50)
beforeAll(async () => {
  world = await openExampleWorld({ bodyIdleSeconds: 1 })
  http.on('request', createListener(world.app.fetch, createLogger('silent')))
  // As the Hub does for its agents.
  http.on('upgrade', (_, socket) => socket.destroy())
  await once(http.listen(0, '127.0.0.1'), 'listening')
}, WORLD_START_MS)
afterAll(async () => {
  http.closeAllConnections()
  http.close()
  await world.close()
})

/** Sends the head and the first bytes of a body, then no more or `trickle` again and again: what is answered until the server hangs up. */
async function begin(method: string, path: string, head: string, bytes: string, trickle = ''): Promise<string> {
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  const headers = `Host: a.example\r\nAuthorization: Bearer ${world.own.key}\r\n${head}`
  socket.write(`${method} ${path} HTTP/1.1\r\n${headers}\r\n\r\n${bytes}`)
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  socket.on('error', () => undefined)
  const more = setInterval(() => socket.write(trickle), 20)
  await once(socket, 'close')
  clearInterval(more)
  return text
}

test('there is no time for a whole request, and one for its headers', () => {
  expect([http.requestTimeout, http.headersTimeout]).toEqual([0, 60_000])
})

test.concurrent.each([
  ['PUT', '/api/v0/blob/slow', 'Content-Length: 1000', 'abc'],
  ['PUT', '/api/v0/blob/slow', 'Transfer-Encoding: chunked', '3\r\nabc\r\n'],
  ['PUT', '/api/v0/vmem/slow?dtype=u8&shape=1000', 'Content-Length: 1000', 'abc'],
  ['POST', '/api/v0/keys', 'Content-Type: application/json\r\nContent-Length: 1000', '{'],
])('%s %s (%s) that stands still is answered 408 and cut', async (method, path, head, bytes) => {
  const text = await begin(method, path, head, bytes)
  expect(text).toMatch(/^HTTP\/1\.1 408 /)
  expect(text).toMatch(/^connection: close\r$/im)
  expect(text).toContain('"code":"BODY_TOO_SLOW"')
})

test('those who stand still give their places back', async () => {
  const many = Array.from({ length: WEB_LIMITS.uploadsPerProjectMax }, (_, i) =>
    begin('PUT', `/api/v0/blob/slow-${i}`, 'Content-Length: 9', 'abc'),
  )
  const answers = await Promise.all(many)
  expect(answers.map((text) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1])).toEqual(many.map(() => '408'))
  const headers = { authorization: `Bearer ${world.own.key}` }
  expect((await world.app.request('/api/v0/blob/next', { method: 'PUT', headers, body: 'x' })).status).toBe(200)
})

test.each([
  ['GET', '/healthz'],
  ['PUT', '/api/v0/blob'],
])(
  '%s %s with a body that nobody reads is answered, and cut behind its answer, though it goes on',
  async (method, path) => {
    expect(await begin(method, path, 'Content-Length: 1000000', 'abc', 'd')).toMatch(/^HTTP\/1\.1 (200|405) /)
  },
)

/** Sends a head as it is: what is answered until the server hangs up. */
async function said(head: string): Promise<string> {
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  socket.end(`${head}\r\n\r\n`)
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  await once(socket, 'close')
  return text
}

test('who asks by HTTP/1.0 and names no host, as balancers do, is told that the server lives', async () => {
  expect(await said('GET /healthz HTTP/1.0')).toMatch(/^HTTP\/1\.1 200 [\s\S]+\{"ok":true\}$/)
})

test.each(['a.example', 'a.example:8080', 'A_b', '127.0.0.1:1', '[::1]', '[::1]:8443', ''])(
  'a host %j is one',
  async (host) => {
    expect(await said(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close`)).toMatch(/^HTTP\/1\.1 200 /)
  },
)

test.each(['http://a.example/healthz', 'https://[::1]:8443/healthz'])(
  '%s names a server and a path',
  async (target) => {
    expect(await said(`GET ${target} HTTP/1.1\r\nHost: a.example\r\nConnection: close`)).toMatch(/^HTTP\/1\.1 200 /)
  },
)

test.each([
  'GET /healthz HTTP/1.1\r\nHost: a b',
  'GET /healthz HTTP/1.1\r\nHost: a/b',
  'GET /x/healthz HTTP/1.1\r\nHost: /',
  'GET /x/healthz HTTP/1.1\r\nHost: ///',
  'GET //x/healthz HTTP/1.1\r\nHost: :80',
  'GET /healthz HTTP/1.1\r\nHost: a?',
  'GET /healthz HTTP/1.1\r\nHost: a#',
  'GET /healthz HTTP/1.1\r\nHost: a@b',
  'GET http://a.example/healthz HTTP/1.1\r\nHost: /',
  'GET http://[/api HTTP/1.1\r\nHost: a.example',
  'GET http:///a.example/healthz HTTP/1.1\r\nHost: a.example',
  'GET https:///healthz HTTP/1.1\r\nHost: a.example',
  'GET http://u:p@a.example/healthz HTTP/1.1\r\nHost: a.example',
  'GET http://?/healthz HTTP/1.1\r\nHost: a.example',
  'OPTIONS * HTTP/1.1\r\nHost: a.example',
  'GET /a\\b HTTP/1.1\r\nHost: a.example',
])('%j cannot be read, and gets a problem', async (head) => {
  const text = await said(`${head}\r\nConnection: close`)
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
  expect(text).toMatch(/^content-type: application\/problem\+json\r$/im)
  expect(text).toMatch(/^x-content-type-options: nosniff\r$/im)
  const body = problemSchema.parse(JSON.parse(/\{.*\}/.exec(text)?.[0] ?? ''))
  expect(body).toMatchObject({ code: 'UNREADABLE_REQUEST', status: 400, retryable: false })
})

test.each<[string, (text: string) => [string, string]]>([
  ['Content-Length', (text) => [`Content-Length: ${text.length}`, text]],
  ['chunks', (text) => ['Transfer-Encoding: chunked', `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`]],
])('whoever offers h2c is answered, bodies with %s too, and keeps the connection', async (_, framed) => {
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  const headers = [
    `Host: a.example\r\nAuthorization: Bearer ${world.own.key}\r\nContent-Type: application/json`,
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  ].join('\r\n')
  const write = (name: string): void => {
    const [length, body] = framed(JSON.stringify({ name, scopes: ['jobs:read'] }))
    socket.write(`POST /api/v0/keys HTTP/1.1\r\n${headers}\r\n${length}\r\n\r\n`)
    // A body that comes after its headers, as Java sends it.
    setTimeout(() => socket.write(body), 20)
  }
  for (const name of ['h2c-first', 'h2c-second']) {
    write(name)
    await vi.waitFor(() => expect(text).toContain(`"name":"${name}"`))
  }
  socket.write(`GET /api/v0/keys HTTP/1.1\r\n${headers}\r\n\r\n`)
  await vi.waitFor(() =>
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 200']),
  )
  socket.destroy()
})

test('a second line of Authorization is not passed over', async () => {
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  const own = `X-FORGE-API-KEY: ${world.own.key}\r\nAuthorization: Bearer ${world.own.key}`
  socket.write(`GET /api/v0/keys HTTP/1.1\r\nHost: a.example\r\n${own}\r\nAuthorization: Bearer another\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /)
  socket.destroy()
})
