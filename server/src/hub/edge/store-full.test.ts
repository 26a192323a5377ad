// A store that runs full while a job runs: new jobs are refused, the one that runs waits for room and then ends as if
// nothing had been.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import { isStoreFull } from '../../store/sql-error.ts'
import type { Store } from '../../store/store.ts'
import { QUICK_SHARDS_MAX } from './limits.ts'
import { TinyPool } from './tiny-pool.fixtures.ts'

/** A job of fewer is reduced from memory. */
const READ_FROM_THE_STORE = QUICK_SHARDS_MAX + 1

let folder: string
let store: Store
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 120_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

test('what runs waits for room, what is new is refused', async () => {
  let isFull = false
  const refused: string[] = []
  const full = <A extends unknown[], T>(name: string, call: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      if (!isFull) return call(...args)
      refused.push(name)
      throw Object.assign(new Error('No space left on device'), { code: '53100' })
    }
  }
  const { registerJob, writeShards, updateJob, setBasis, finishJob, acceptedPartials } = store
  const changed: Pick<Store, 'registerJob' | 'writeShards' | 'updateJob' | 'setBasis' | 'finishJob'> = {
    registerJob: full('registerJob', registerJob),
    writeShards: full('writeShards', writeShards),
    updateJob: full('updateJob', updateJob),
    setBasis: full('setBasis', setBasis),
    finishJob: full('finishJob', finishJob),
  }
  // Reads may fail too: a sort that spills needs the disk.
  let failingReads = 1
  const reading: Store['acceptedPartials'] = async function* (...args) {
    if (failingReads-- > 0) throw Object.assign(new Error('No space left on device'), { code: '53100' })
    yield* acceptedPartials(...args)
  }
  const pool = new TinyPool({ ...store, ...changed, acceptedPartials: reading })
  await pool.start()
  const id = await pool.submit({ shards: READ_FROM_THE_STORE, twice: false })
  isFull = true
  pool.agent()
  await vi.waitFor(() => expect(refused).toContain('writeShards'), 10_000)
  const error: unknown = await pool.submit().catch((caught: unknown) => caught)
  expect(isStoreFull(error)).toBe(true)
  isFull = false
  expect(await pool.ended(id)).toMatchObject({
    code: undefined,
    answer: { hub: { verification: { shards: READ_FROM_THE_STORE } } },
  })
  expect(failingReads).toBeLessThan(0)
  await pool.stop()
})
