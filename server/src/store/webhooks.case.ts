// What webhooks are told, of every store: in the transaction of the change, once, to those who asked.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { expect, test } from 'vitest'
import { AT_MS, booking, DAY_MS, register, type LedgerTool } from './ledger.fixtures.ts'
import { accepted, aJob, complete, identityOf, noWrites } from './store.fixtures.ts'
import { saying, webhookTool } from './webhooks.fixtures.ts'

export function testWebhooks(tool: LedgerTool): void {
  const { store, sql, freshProject } = tool
  const { hookOf, told, claimed, emptied } = webhookTool(tool)

  test('each end of a job is told once, with what it cost, to the hooks that asked for it', async () => {
    await emptied()
    const projectId = await freshProject()
    const [all, failures, others] = [
      await hookOf(projectId),
      await hookOf(projectId, ['job.failed']),
      await hookOf(await freshProject()),
    ]
    const completed = await register(store(), projectId)
    await complete(store(), completed, accepted(completed, [0, 1]))
    const free = await register(store(), projectId, { mode: 'test' })
    await complete(store(), free, noWrites)
    const failed = await register(store(), projectId)
    const why = problem('TIMED_OUT', 'x')
    await store().finishJob(failed, { state: 'FAILED', problem: why, finishedAtMs: AT_MS + 9 })
    const cancelled = await register(store(), projectId)
    const end = { state: 'CANCELLED', problem: problem('CANCELLED', 'x'), finishedAtMs: AT_MS + 9 } as const
    expect(await store().finishJob(cancelled, end)).toBe(true)
    expect(await store().finishJob(cancelled, { ...end, finishedAtMs: AT_MS + 10 })).toBe(false)

    expect((await told(projectId, all)).map(({ type }) => type)).toEqual([
      'job.completed',
      'job.completed',
      'job.failed',
      'job.cancelled',
    ])
    expect((await told(projectId, failures)).map(({ eventId }) => eventId)).toEqual([`evt_${failed}_failed`])
    expect(await claimed([others])).toEqual([])
    await emptied()
    const again = await register(store(), projectId)
    await store().finishJob(again, end)
    expect((await claimed([all])).map(saying)).toEqual([
      {
        type: 'job.cancelled',
        timestamp: new Date(AT_MS + 9).toISOString(),
        data: {
          project_id: projectId,
          job_id: again,
          client_job_id: null,
          op: null,
          credits: 0,
          state: 'CANCELLED',
          problem: 'CANCELLED',
          link: `/api/v0/jobs/${again}`,
        },
      },
    ])
  })

  test('credits are what the project pays, by the settlement', async () => {
    await emptied()
    const projectId = await freshProject()
    const hook = await hookOf(projectId, ['job.completed'])
    const said: unknown[] = []
    for (const [mode, microCredits] of [
      ['billable', 1_420_000n],
      ['test', 1_420_000n],
    ] as const) {
      const job = await register(store(), projectId, { mode, microCredits })
      await complete(store(), job, noWrites)
    }
    for (const one of await claimed([hook])) said.push(saying(one).data)
    expect(said).toMatchObject([{ credits: 1.42 }, { credits: 0 }])
  })

  test('a job does not end without being told of, and what is rolled back is not told', async () => {
    const projectId = await freshProject()
    const hook = await hookOf(projectId)
    const id = await register(store(), projectId)
    await sql(`alter table webhook_deliveries add constraint refused check (project_id <> '${projectId}') not valid`)
    try {
      await expect(complete(store(), id, noWrites)).rejects.toThrow(/refused/)
    } finally {
      await sql('alter table webhook_deliveries drop constraint refused')
    }
    expect(await store().job(id)).toMatchObject({ state: 'QUEUED' })
    expect(await told(projectId, hook)).toEqual([])
    await complete(store(), id, noWrites)
    expect(await told(projectId, hook)).toHaveLength(1)
  })

  test('notices are told: of exposed work, and of credits given back', async () => {
    await emptied()
    const projectId = await freshProject()
    const hook = await hookOf(projectId, ['job.notice'])
    const id = await register(store(), projectId)
    await complete(store(), id, accepted(id, [0, 1]))
    await store().noticeFinished(identityOf('first'), 'caught', AT_MS + 20)
    await store().noticeFinished(identityOf('first'), 'caught', AT_MS + 21)
    await store().creditNote(id, { microCredits: 400n, reason: 'sorry', atMs: AT_MS + 22 })
    const link = `/api/v0/jobs/${id}/notices`
    const data = { project_id: projectId, job_id: id, client_job_id: null, op: null, state: 'COMPLETED', link }
    expect((await claimed([hook])).toSorted((a, b) => a.number - b.number).map(saying)).toEqual([
      {
        type: 'job.notice',
        timestamp: new Date(AT_MS + 20).toISOString(),
        data: { ...data, kind: 'integrity', number: 0, credits: 0 },
      },
      {
        type: 'job.notice',
        timestamp: new Date(AT_MS + 22).toISOString(),
        data: { ...data, kind: 'credit-note', number: 1, credits: 0.0004 },
      },
    ])
  })

  test('a threshold of the day’s credits is told when it is reached, once a day, however many jobs come at once', async () => {
    await emptied()
    const projectId = await freshProject()
    const hook = await hookOf(projectId, ['billing.burn_warning'])
    const burnWarnings = [2_000n, 5_000n]
    const run = async (atMs: number, change = {}): Promise<JobId> => {
      const job = aJob(projectId, { createdAtMs: atMs })
      const booked = booking({ microCredits: 1_000n, ...change }, { burnWarnings })
      expect(await store().registerJob(job, booked)).toEqual({ inserted: true })
      return job.id
    }
    await run(AT_MS)
    await run(AT_MS, { mode: 'test', microCredits: 90_000n })
    expect(await told(projectId, hook)).toEqual([])
    await Promise.all([1, 2, 3].map(() => run(AT_MS)))
    expect(await told(projectId, hook)).toHaveLength(1)
    // What failed is given back, and reached again: it was told that day.
    const failed = await run(AT_MS)
    await store().finishJob(failed, { state: 'FAILED', problem: problem('TIMED_OUT', 'x'), finishedAtMs: AT_MS })
    await run(AT_MS)
    await run(AT_MS + DAY_MS, { microCredits: 1_999n })
    await run(AT_MS + DAY_MS)
    const date = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)
    expect(
      (await claimed([hook])).toSorted((a, b) => a.number - b.number).map((one) => saying(one).data),
    ).toMatchObject([
      { date: date(AT_MS), threshold_credits: 0.002, used_credits: 0.002, link: '/api/v0/usage' },
      { date: date(AT_MS), threshold_credits: 0.005, used_credits: 0.005 },
      { date: date(AT_MS + DAY_MS), threshold_credits: 0.002, used_credits: 0.002999 },
    ])
  })

  test('a job ends whether its hook is there or just being deleted', async () => {
    const projectId = await freshProject()
    for (let round = 0; round < 8; round++) {
      const hook = await hookOf(projectId)
      const ids = await Promise.all([1, 2].map(() => register(store(), projectId)))
      const ends = ids.map((id) => complete(store(), id, noWrites))
      await Promise.all([...ends, store().deleteWebhook(projectId, hook)])
      for (const id of ids) expect(await store().job(id)).toMatchObject({ state: 'COMPLETED' })
    }
  })
}
