// Names by a DNS server of the test's own, which answers, has only one family, or is silent.
import { createSocket, type Socket } from 'node:dgram'
import { once, setMaxListeners } from 'node:events'
import { lstat } from 'node:fs/promises'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { SEND_LIMITS } from './limits.ts'
import { createResolve, type Resolve } from './resolve.ts'
import { createTargets } from './targets.ts'

const [A, AAAA] = [1, 28]
const ADDRESSES: Readonly<Record<string, Readonly<Record<number, readonly number[]>>>> = {
  'both.example': { [A]: [93, 184, 216, 34], [AAAA]: [0x26, 0x06, 0x28, ...Array<number>(12).fill(0), 1] },
  'old.example': { [A]: [93, 184, 216, 34] },
  'inside.example': { [A]: [10, 0, 0, 7] },
}

let server: Socket
let resolve: Resolve
/** Names that were asked for. */
const asked: string[] = []
beforeAll(async () => {
  server = createSocket('udp4')
  server.on('message', (query, { port, address }) => {
    const { name, type, end } = questionOf(query)
    asked.push(name)
    if (name.startsWith('silent')) return
    const bytes = ADDRESSES[name]?.[type]
    const record = bytes === undefined ? [] : [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]
    // The query's id and question; an answer without error, with one record or none.
    const head = [...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, record.length > 0 ? 1 : 0, 0, 0, 0, 0]
    server.send(Buffer.from([...head, ...query.subarray(12, end), ...record]), port, address)
  })
  await once(server.bind(0, '127.0.0.1'), 'listening')
  resolve = createResolve([`127.0.0.1:${server.address().port}`])
})
afterAll(() => void server.close())

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

const never = new AbortController().signal

test('addresses of both families, or of the one that there is', async () => {
  expect(await resolve('both.example', never)).toEqual([
    { address: '93.184.216.34', family: 4 },
    { address: '2606:2800::1', family: 6 },
  ])
  expect(await resolve('old.example', never)).toEqual([{ address: '93.184.216.34', family: 4 }])
  expect(await resolve('none.example', never)).toEqual([])
})

test('addresses and names of this machine are not asked of DNS', async () => {
  asked.length = 0
  expect(await resolve('10.0.0.7', never)).toEqual([{ address: '10.0.0.7', family: 4 }])
  expect(await resolve('::1', never)).toEqual([{ address: '::1', family: 6 }])
  for (const name of ['localhost', 'LOCALHOST.', 'a.localhost']) {
    expect(await resolve(name, never)).toMatchObject([{ address: '127.0.0.1' }, { address: '::1' }])
  }
  expect(asked).toEqual([])
})

test('targets go by it', async () => {
  const targets = createTargets({ allowPrivate: false, resolve })
  expect(await targets.refusalOf('https://both.example/')).toBeNull()
  expect(await targets.refusalOf('https://inside.example/')).toMatch(/not of the public internet/)
  expect(await targets.refusalOf('https://localhost/')).toMatch(/not of the public internet/)
  expect(await targets.refusalOf('https://none.example/')).toMatch(/leads nowhere/)
})

test('silent names hold nothing that others need, and end when nobody waits any more', async () => {
  asked.length = 0
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  const many = Array.from({ length: 50 }, (_, i) => resolve(`silent${i}.example`, over.signal))
  const settled = { count: 0 }
  for (const one of many) void one.finally(() => settled.count++)
  // All of them are out, and neither files nor other names wait for them.
  await expect.poll(() => new Set(asked).size).toBe(50)
  expect((await lstat(import.meta.filename)).isFile()).toBe(true)
  expect(await resolve('old.example', never)).toHaveLength(1)
  expect(settled.count).toBe(0)
  over.abort()
  // Long before a query's own time is over.
  await expect.poll(() => settled.count, { timeout: SEND_LIMITS.queryMs / 2, interval: 10 }).toBe(50)
  expect(await Promise.all(many)).toEqual(many.map(() => []))
  await expect(resolve('silent.example', over.signal)).rejects.toThrow(/abort/i)
})

test('a name whose server is silent is given up by itself, and its webhook refused in time', async () => {
  // Each try of a query waits twice as long as the one before.
  expect(SEND_LIMITS.queryMs * (2 ** SEND_LIMITS.queryTries - 1)).toBeLessThan(SEND_LIMITS.lookupMs)
  const limits: { readonly queryMs: number } = SEND_LIMITS
  const query = vi.spyOn(limits, 'queryMs', 'get').mockReturnValue(100)
  onTestFinished(() => query.mockRestore())
  const targets = createTargets({ allowPrivate: false, resolve })
  expect(await targets.refusalOf('https://silent.example/')).toMatch(/leads nowhere/)
})
