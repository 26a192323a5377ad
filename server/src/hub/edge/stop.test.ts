// A server that is stopped lets what it writes end, and does not wait for a store that says nothing any more.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import { STOP_LIMITS } from './limits.ts'
import { SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: await freshDataDir() })
})
afterAll(() => store?.close())
afterEach(() => void vi.restoreAllMocks())

const limits: { readonly writesMs: number } = STOP_LIMITS
const WITHIN_MS = 5_000

/** A pool whose agent's answers are being written, by a store that takes its time until it is let go on. */
async function writing() {
  let goOn = (): void => undefined
  const held = new Promise<void>((resolve) => (goOn = resolve))
  const told: string[] = []
  const writeShards = vi.fn<Store['writeShards']>(async (writes) => {
    await held
    await store.writeShards(writes)
    told.push('written')
  })
  const pool = new TinyPool({ ...store, writeShards })
  await pool.start()
  pool.agent()
  await pool.submit({ shards: SHARDS, twice: false })
  await vi.waitFor(() => expect(writeShards).toHaveBeenCalled(), WITHIN_MS)
  const stop = (): Promise<unknown> => pool.stop().then(() => told.push('stopped'))
  return { goOn, told, stop }
}

test('a stop is not held up for ever by a store that never answers', async () => {
  vi.spyOn(limits, 'writesMs', 'get').mockReturnValue(50)
  const { told, stop } = await writing()
  void stop()
  await vi.waitFor(() => expect(told).toEqual(['stopped']), WITHIN_MS)
})

test('a stop lets writes end that a slow store takes after all', async () => {
  const { goOn, told, stop } = await writing()
  const stopped = stop()
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
  goOn()
  await stopped
  // It may have several of them.
  expect([told[0], told.at(-1)]).toEqual(['written', 'stopped'])
})
