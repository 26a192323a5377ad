// A job of few shards writes what was decided of it with its end, a larger one before it; both leave the same behind.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import { QUICK_SHARDS_MAX } from './limits.ts'
import { TinyPool } from './tiny-pool.fixtures.ts'

let folder: string
let store: Store
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 60_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** Without its waiting for agents. */
async function begunAndEnded(id: JobId): Promise<string[]> {
  const events = await store.eventsOf(id, -1)
  const told = events.map(({ type, data }) => (type === 'state' ? String(JSON.parse(data).state) : type))
  return told.filter((what) => what !== 'registered' && what !== 'QUEUED')
}

test.each([
  ['one shard', 1, 0],
  ['as many as are quick', QUICK_SHARDS_MAX, 0],
  ['one more', QUICK_SHARDS_MAX + 1, 1],
])('%s', async (_, shards, before) => {
  const endings: number[] = []
  const pool = new TinyPool({
    ...store,
    async writeEnding(id, verdicts, ...rest) {
      endings.push(verdicts.length)
      await store.writeEnding(id, verdicts, ...rest)
    },
  })
  await pool.start()
  pool.agent()
  const id = await pool.submit({ shards, twice: false })
  const { answer } = await pool.ended(id)
  await pool.stop()
  expect(endings).toEqual(Array.from({ length: before }, () => shards))
  expect(answer?.hub.verification.shards).toBe(shards)
  const verdicts = await store.verdicts(id)
  expect(verdicts.map(({ shard }) => shard)).toEqual(Array.from({ length: shards }, (_one, shard) => shard))
  const row = await store.job(id)
  expect(JSON.parse(row?.ending ?? '')).toMatchObject({ record: { shards } })
  expect(row?.planDigest).toBe(answer?.hub.replay.plan_digest)
  expect(row?.startedAtMs).not.toBeNull()
  expect(await begunAndEnded(id)).toEqual(['RUNNING', 'completed'])
})

test('an end that the store refuses at first is written whole, once it takes it', async () => {
  let refusals = 2
  const pool = new TinyPool({
    ...store,
    finishJob(...args) {
      if (refusals-- > 0) return Promise.reject(Object.assign(new Error('away'), { code: 'CONNECTION_CLOSED' }))
      return store.finishJob(...args)
    },
  })
  await pool.start()
  pool.agent()
  const id = await pool.submit({ shards: 3, twice: false })
  expect((await pool.ended(id)).code).toBeUndefined()
  await pool.stop()
  expect(await store.verdicts(id)).toHaveLength(3)
  expect(await begunAndEnded(id)).toEqual(['RUNNING', 'completed'])
})
