// A job of few shards writes what was decided of it with its end, a larger one before it; both leave the same behind.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
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

test('a quick job is reduced from memory, and from the store by a server that has begun since: the same comes of it', async () => {
  const read: JobId[] = []
  let isAway = true
  const away = Object.assign(new Error('away'), { code: 'CONNECTION_CLOSED' })
  const ends: JobId[] = []
  const pool = new TinyPool({
    ...store,
    partials(jobId, ...range) {
      read.push(jobId)
      return store.partials(jobId, ...range)
    },
    finishJob(jobId, end) {
      ends.push(jobId)
      return isAway ? Promise.reject(away) : store.finishJob(jobId, end)
    },
  })
  await pool.start()
  pool.agent()
  const interrupted = await pool.submit({ shards: 3, twice: false })
  await vi.waitFor(() => expect(ends).toContain(interrupted))
  expect(read).toEqual([])
  await pool.stop()
  isAway = false
  await pool.start()
  const resumed = await pool.ended(interrupted)
  expect(read).toEqual([interrupted])
  pool.agent()
  const whole = await pool.ended(await pool.submit({ shards: 3, twice: false }))
  await pool.stop()
  expect(read).toEqual([interrupted])
  expect(resumed.answer?.hub.output).toEqual(whole.answer?.hub.output)
  expect(resumed.answer?.hub.replay.merkle_root).toBe(whole.answer?.hub.replay.merkle_root)
})
