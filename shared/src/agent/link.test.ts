// Waiting before a reconnect, and tables that are what their name says.
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { wordsToBytes } from '../exact/bytes.ts'
import { digest } from '../exact/digest.ts'
import { backOffMs, httpTables, LINK_LIMITS } from './link.ts'

afterEach(() => vi.unstubAllGlobals())

test('the first try is at once, later ones wait any part of a time that doubles up to a minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, r) => {
        const ms = backOffMs(n, r)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(n === 0 ? 0 : Math.min(LINK_LIMITS.backOffMaxMs, 1000 * 2 ** (n - 1)))
      },
    ),
  )
  expect(backOffMs(20, 1)).toBe(60_000)
})

const words = Uint32Array.of(1, 2, 0xffffffff)
const name = digest('table.v1', wordsToBytes(words))

test('a table is fetched once and checked', async () => {
  const get = vi.fn<() => Promise<Response>>(async () => new Response(Uint8Array.from(wordsToBytes(words))))
  vi.stubGlobal('fetch', get)
  const tables = httpTables('http://pool.test')
  expect(await Promise.all([tables(name), tables(name)])).toEqual([words, words])
  expect(get).toHaveBeenCalledExactlyOnceWith(new URL(`http://pool.test/agent/tables/${name}`))
})

test('other bytes under its name are refused, and asked for again later', async () => {
  const arriving = [new Uint8Array(12), Uint8Array.from(wordsToBytes(words))]
  const get = vi.fn<() => Promise<Response>>(async () => new Response(arriving.shift()))
  vi.stubGlobal('fetch', get)
  const tables = httpTables('http://pool.test')
  await expect(tables(name)).rejects.toThrow('arrived with other bytes')
  expect(await tables(name)).toEqual(words)
})
