// What a server that died, or a store that broke off, leaves half told: the next start, or the same server when the store is
// back, tells the rest.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { NewJob, Store } from '../../store/store.ts'
import { accepted, aJob, complete, identityOf, noWrites } from '../../store/store.fixtures.ts'
import { SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: await freshDataDir() })
})
afterAll(() => store?.close())
afterEach(() => void vi.useRealTimers())

test('a server that died behind a quarantine: the finished jobs get their notices at the next start, once', async () => {
  const job = aJob(await store.defaultProject())
  await store.insertJob(job)
  await complete(store, job.id, accepted(job.id, [0, 1, 2]))
  const exposed = { identity: identityOf('first'), number: 1, reason: 'it lied', atMs: 1_790_000_000_000 }
  await store.writeShards({ ...noWrites, quarantines: [exposed] })
  for (let start = 0; start < 2; start++) {
    const pool = new TinyPool(store)
    await pool.start()
    await vi.waitFor(async () => expect(await store.unnoticed()).toEqual([]), 10_000)
    expect(await store.noticesOf(job.id)).toMatchObject([{ identity: exposed.identity, atMs: exposed.atMs }])
    await pool.stop()
  }
})

/** Registers, and is cut off before it can say so. */
const registered: JobId[] = []
const lossy = (): Store => ({
  ...store,
  async registerJob(job: NewJob, ...more) {
    await store.registerJob({ ...job, clientJobId: null }, ...more)
    registered.push(job.id)
    throw Object.assign(new Error('the connection was lost'), { code: 'CONNECTION_CLOSED' })
  },
})

test('a job whose registration nobody could confirm is unbilled when it has no name, and the client was told so', async () => {
  const pool = new TinyPool(lossy())
  await pool.start()
  pool.agent()
  await expect(pool.submit({ shards: SHARDS, twice: false })).rejects.toThrow('the connection was lost')
  const [id] = registered
  if (id === undefined) throw new Error('no job was registered')
  const ended = { state: 'FAILED', problem: { code: 'STORE_UNAVAILABLE' } }
  await vi.waitFor(async () => expect(await store.job(id)).toMatchObject(ended), 10_000)
  await pool.stop()
})

test('a deadline that passed while the server was down is told as that, and is nothing that the client gave up', async () => {
  const before = new TinyPool(store)
  await before.start()
  before.agent({ holds: () => true })
  const begun = await before.submit()
  const waiting = await before.submit({ shards: SHARDS }, { min_agents: 2 })
  await vi.waitFor(async () => {
    expect(await store.job(begun)).toMatchObject({ state: 'RUNNING' })
    expect(await store.job(waiting)).toMatchObject({ state: 'QUEUED', reason: expect.stringContaining('min_agents 2') })
  }, 10_000)
  await before.stop()
  const { request, kernelDigest, deadlineAtMs } = (await store.job(begun)) ?? {}
  if (request === undefined || kernelDigest === undefined || deadlineAtMs === undefined) throw new Error('it is gone')
  const untouched = aJob(await store.defaultProject(), { request, kernelDigest, deadlineAtMs })
  await store.insertJob(untouched)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  const after = new TinyPool(store)
  await after.start()
  const ends = await Promise.all([begun, waiting, untouched.id].map((id) => after.ended(id)))
  expect(ends).toMatchObject([
    {
      code: 'TIMED_OUT',
      detail: expect.stringMatching(/^The deadline passed while the server was not running; .*had begun/),
    },
    {
      code: 'NO_ELIGIBLE_AGENTS',
      detail: expect.stringMatching(/^The deadline passed while .* still waiting for agents: 1 of min_agents 2/),
    },
    { code: 'TIMED_OUT', detail: expect.stringMatching(/^The deadline passed while .*had not begun\.$/) },
  ])
  expect(await store.givenUpOnDay(await store.defaultProject(), Date.now(), 9)).toBe(0)
  await after.stop()
})
