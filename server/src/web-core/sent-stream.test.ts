// Readers on real connections: one that stands still gives its place back and is cut, one that goes on taking keeps it however
// slow it is, and the text is whole for whoever reads it to its end.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { WEB_LIMITS } from './limits.ts'
import { streamOf } from './sent-stream.ts'

let http: Server
afterEach(() => {
  http.closeAllConnections()
  http.close()
})

/** More than all buffers of a connection hold. */
const PIECE = 'x'.repeat(1_000_000)

async function serve(pieces: () => AsyncGenerator<string>, idleMs: number) {
  const state = { open: 0, left: 0 }
  async function* counted(): AsyncGenerator<string> {
    try {
      yield* pieces()
    } finally {
      state.left++
    }
  }
  const handle = (_: Request, { outgoing }: HttpBindings): Response => {
    state.open++
    const close = (): void => void state.open--
    return new Response(streamOf(counted(), { close, cut: () => outgoing.destroy(), idleMs }))
  }
  http = createServer(getRequestListener((request, env) => handle(request, env as HttpBindings)))
  await once(http.listen(0, '127.0.0.1'), 'listening')
  return state
}

function ask(): Socket {
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')
  return socket
}

async function* endless(): AsyncGenerator<string> {
  for (;;) yield PIECE
}

test('a reader that takes nothing more gives its place back, and is cut', async () => {
  const state = await serve(endless, 200)
  const socket = ask()
  socket.pause()
  await expect.poll(() => state.open).toBe(1)
  await expect.poll(() => [state.open, state.left], { timeout: 10_000 }).toEqual([0, 1])
  // What lies in its buffers is still there; then comes the end, and no last chunk.
  let tail = ''
  socket.on('data', (chunk) => (tail = (tail + String(chunk)).slice(-9)))
  const closed = once(socket, 'close')
  socket.resume()
  await closed
  expect(tail).not.toBe('\r\n0\r\n\r\n')
})

test('one that takes slowly keeps its place', { timeout: 30_000 }, async () => {
  const state = await serve(endless, 1_000)
  const socket = ask()
  let took = 0
  // Many times the silence, in all.
  const until = performance.now() + 3_000
  while (performance.now() < until) {
    const chunk: unknown = socket.read(1_000_000) ?? socket.read()
    if (chunk instanceof Buffer) took += chunk.length
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect([state.open, took > 1_000_000]).toEqual([1, true])
  socket.destroy()
  await expect.poll(() => [state.open, state.left]).toEqual([0, 1])
})

test('the time in which a piece is made is not the reader’s', async () => {
  const state = await serve(async function* () {
    yield 'a'
    await new Promise((resolve) => setTimeout(resolve, 500))
    yield 'b'
  }, 100)
  const text = await (await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`)).text()
  expect([text, state.open, state.left]).toEqual(['ab', 0, 1])
})

test('whoever was given up cannot read on as if it were whole', async () => {
  http = createServer()
  let closed = 0
  const idle = { close: () => void closed++, cut: () => undefined, idleMs: 10 }
  const reader = streamOf(endless(), idle).getReader()
  await reader.read()
  await expect.poll(() => closed).toBe(1)
  await expect(reader.read()).rejects.toThrow('took nothing')
})

test('pieces of any sizes are the same text, sent in chunks that are bounded', async () => {
  http = createServer()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 60_000, unit: 'binary' }), { maxLength: 5 }), async (texts) => {
      async function* pieces(): AsyncGenerator<string> {
        yield* texts
      }
      const idle = { close: () => undefined, cut: () => undefined, idleMs: 1_000 }
      const chunks: Uint8Array[] = []
      for await (const chunk of streamOf(pieces(), idle)) chunks.push(chunk)
      expect(Math.max(0, ...chunks.map(({ length }) => length))).toBeLessThanOrEqual(WEB_LIMITS.sentBytesAtOnce)
      expect(Buffer.concat(chunks).equals(Buffer.from(texts.join('')))).toBe(true)
    }),
    { numRuns: 20 },
  )
})
