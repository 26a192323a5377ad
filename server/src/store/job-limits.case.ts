// How many jobs a project may have, of every store: decided with the registration, so that no two take the last place.
import { expect, test } from 'vitest'
import { AT_MS, booking, fail, type LedgerTool } from './ledger.fixtures.ts'
import { aJob } from './store.fixtures.ts'

export function testJobLimits({ store, freshProject }: LedgerTool): void {
  test('of many jobs at once as many are registered as there are places', async () => {
    for (const limit of ['concurrent', 'queued'] as const) {
      const project = await freshProject()
      const jobs = Array.from({ length: 12 }, () => aJob(project, { createdAtMs: AT_MS }))
      const results = await Promise.all(
        jobs.map((job) => store().registerJob(job, booking({}, {}, { concurrent: 9, [limit]: 5 }))),
      )
      expect(results.filter(({ inserted }) => inserted)).toHaveLength(5)
      expect(results.filter((result) => 'tooMany' in result)).toEqual(
        Array.from({ length: 7 }, () => ({ inserted: false, tooMany: { limit, most: 5 } })),
      )
    }
  })

  test('a job that begins leaves the queue, one that ends leaves its place, and attaching takes none', async () => {
    const project = await freshProject()
    const jobs = { concurrent: 2, queued: 1 }
    const first = aJob(project, { createdAtMs: AT_MS, clientJobId: 'first' })
    const next = () => store().registerJob(aJob(project, { createdAtMs: AT_MS }), booking({}, {}, jobs))
    expect(await store().registerJob(first, booking({}, {}, jobs))).toEqual({ inserted: true })
    expect(await next()).toMatchObject({ tooMany: { limit: 'queued' } })
    expect(await store().jobsAtATime(project)).toEqual({ concurrent: 1, queued: 1 })
    await store().updateJob(first.id, { state: 'RUNNING', reason: null })
    expect(await next()).toEqual({ inserted: true })
    expect(await store().jobsAtATime(project)).toEqual({ concurrent: 2, queued: 1 })
    expect(await next()).toMatchObject({ tooMany: { limit: 'concurrent' } })
    const again = aJob(project, { createdAtMs: AT_MS, clientJobId: 'first' })
    expect(await store().registerJob(again, booking({}, {}, jobs))).toMatchObject({ existing: { id: first.id } })
    expect(await store().jobOfClient(project, 'first')).toMatchObject({ id: first.id })
    expect(await store().jobOfClient(project, 'second')).toBeNull()
    await fail(store(), first.id, 'CANCELLED')
    expect(await store().jobsAtATime(project)).toEqual({ concurrent: 1, queued: 1 })
    expect(await next()).toMatchObject({ tooMany: { limit: 'queued' } })
  })
}
