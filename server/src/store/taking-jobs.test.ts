// Servers that take the jobs of a dead one at the same time, on a real Postgres: no two are given the same job.
import postgres from 'postgres'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startPostgres, type Postgres } from '../../../scripts/machine/postgres.ts'
import { openStore } from './open-store.ts'
import type { Store } from './store.ts'
import { aJob } from './store.fixtures.ts'

let server: Postgres
let tool: postgres.Sql
let store: Store
beforeAll(async () => {
  server = await startPostgres()
  tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  store = await openStore({ databaseUrl: server.url, dataDir: '' })
}, 60_000)
afterAll(async () => {
  await store?.close()
  await tool?.end()
  await server?.stop()
})

/** Another's transaction that changes the job's row and is not over yet. */
async function changing(id: JobId) {
  const session = postgres(server.url, { max: 1, onnotice: () => undefined })
  await session.unsafe('begin')
  const [row] = await session.unsafe(`update jobs set reason = 'changed' where id = '${id}' returning pg_backend_pid()`)
  return {
    /** Until somebody wants the row. */
    isWaitedFor: () => waits(`${row?.['pg_backend_pid']} = any(pg_blocking_pids(pid))`),
    async end() {
      await session.unsafe('commit')
      await session.end()
    },
  }
}

const waits = (who: string): Promise<void> =>
  vi.waitFor(
    async () => expect(await tool.unsafe(`select 1 from pg_stat_activity where ${who}`)).toHaveLength(1),
    10_000,
  )

/** Of a server that drew a number and is gone, or nobody's; in the order in which a taker comes to them. */
async function deserted(createdAtMs: number, owner: number | null): Promise<JobId> {
  const job = aJob(await store.defaultProject(), { createdAtMs, owner })
  await store.insertJob(job)
  return job.id
}

test('what one server is taking is not given to another one that came meanwhile', async () => {
  const [here, gone] = [await store.enter(nothing), await store.enter(nothing)]
  await gone.leave()
  const [first, second] = [await deserted(1, null), await deserted(2, null)]
  const third = await deserted(3, gone.number)

  // Postgres, at the first row that it finds changed, looks once more at who lives. At further ones it goes by that look.
  const [early, late] = [await changing(first), await changing(second)]
  const toHere = store.takeJobs(here.number, null)
  await early.isWaitedFor()
  await early.end()
  await late.isWaitedFor()
  const there = await store.enter(nothing)
  const toThere = store.takeJobs(there.number, [gone.number])
  await Promise.race([toThere, waits(`wait_event_type = 'Lock' and wait_event = 'advisory'`)])
  await late.end()

  const given = [await toHere, await toThere].map((rows) => rows.map(({ id }) => id))
  expect(given).toEqual([[first, second, third], []])
  for (const id of [first, second, third]) expect((await store.job(id))?.owner).toBe(here.number)
  for (const place of [here, there]) await place.leave()
})

const nothing = (): void => undefined
