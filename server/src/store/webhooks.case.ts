// Webhooks, of every store: what happens is told in the transaction of its change, once, to those who asked; and the queue of
// it is claimed, fenced and bounded, so that neither a dead sender nor a dead receiver holds up anybody else.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { webhookPayloadSchema, type SubscribedEvent, type WebhookPayload } from '@forge/shared/contract/webhooks.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { AT_MS, booking, DAY_MS, register, type LedgerTool } from './ledger.fixtures.ts'
import { accepted, aJob, complete, identityOf, noWrites } from './store.fixtures.ts'
import type { AttemptResult, ClaimBounds, ClaimedDelivery, DeliveryRow } from './webhook-store.ts'

const ALL: readonly SubscribedEvent[] = [
  'job.completed',
  'job.failed',
  'job.cancelled',
  'job.notice',
  'billing.burn_warning',
]
const BOUNDS: ClaimBounds = { most: 100, mostAiling: 100, perWebhook: 100, perProject: 100, leaseMs: 60_000 }
const LATER_MS = AT_MS + DAY_MS
const page = { after: null, limit: 100 }

export function testWebhooks({ store, sql, freshProject }: LedgerTool): void {
  const hookOf = async (projectId: ProjectId, events = ALL, secret = 'whsec_b25l'): Promise<string> => {
    const id = ulid()
    const hook = { id, projectId, url: 'https://hooks.example.com/', description: '', events, createdAtMs: 1, secret }
    expect(await store().insertWebhook(hook, 9)).toBe(true)
    return id
  }
  const told = async (projectId: ProjectId, id: string): Promise<DeliveryRow[]> => {
    const rows = await store().webhookDeliveries(projectId, id, page)
    return (rows ?? []).toReversed()
  }
  /** All that is due of these, with what they say. */
  const claimed = async (hooks: readonly string[], nowMs = LATER_MS, bounds = BOUNDS): Promise<ClaimedDelivery[]> => {
    const all = await store().claimDeliveries(nowMs, bounds)
    return all.filter(({ webhookId }) => hooks.includes(webhookId))
  }
  const saying = ({ body }: ClaimedDelivery): WebhookPayload => webhookPayloadSchema.parse(JSON.parse(body))
  const ended = (kind: 'delivered' | 'gave-up' | 'gone', change: Partial<AttemptResult> = {}): AttemptResult => {
    return { atMs: LATER_MS + 5, status: 200, error: null, then: { kind }, disableAfter: 2, ...change }
  }
  /** Nothing of other tests is in the queue. */
  const emptied = async (): Promise<void> => {
    await sql('delete from webhook_deliveries')
  }

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

  test('a hook belongs to its project, and has as many beside it as its project may have', async () => {
    const [projectId, other] = [await freshProject(), await freshProject()]
    const id = await hookOf(projectId)
    const row = await store().webhook(projectId, id)
    expect(row).toMatchObject({ id, projectId, events: ALL, disabledReason: null, failedDeliveries: 0 })
    expect(JSON.stringify(row)).not.toContain('whsec_')
    expect(JSON.stringify(await store().webhooks(projectId, page))).not.toContain('whsec_')
    expect(await store().webhook(other, id)).toBeNull()
    expect(await store().webhookDeliveries(other, id, page)).toBeNull()
    expect(await store().updateWebhook(other, id, { enabled: false }, 2)).toBeNull()
    expect(await store().rotateWebhookSecret(other, id, 'whsec_eA==', 9, 2)).toBeNull()
    expect(await store().putTestDelivery(other, id, 'evt_a', 2, 9)).toBe('absent')
    expect(await store().redeliver(other, id, 'evt_a', 2)).toBe('absent')
    expect(await store().deleteWebhook(other, id)).toBe(false)
    const results = await Promise.all(
      Array.from({ length: 6 }, () => {
        const hook = { id: ulid(), projectId, url: 'x', description: '', events: ALL, createdAtMs: 1, secret: 's' }
        return store().insertWebhook(hook, 4)
      }),
    )
    expect(results.filter(Boolean)).toHaveLength(3)
    expect(await store().deleteWebhook(projectId, id)).toBe(true)
    expect(await store().deleteWebhook(projectId, id)).toBe(false)
    expect(await store().webhooks(projectId, page)).toHaveLength(3)
  })

  test('for the overlap both secrets are given to whoever signs', async () => {
    await emptied()
    const projectId = await freshProject()
    const id = await hookOf(projectId, ALL, 'whsec_old')
    expect(await store().rotateWebhookSecret(projectId, id, 'whsec_new', AT_MS + 9, AT_MS)).toMatchObject({
      previousUntilMs: AT_MS + 9,
    })
    await store().putTestDelivery(projectId, id, `evt_${ulid()}`, AT_MS, 9)
    expect(await claimed([id])).toMatchObject([
      { secret: 'whsec_new', previousSecret: 'whsec_old', previousUntilMs: AT_MS + 9, attempt: 1, ailing: false },
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

  test('what is claimed is nobody else’s until the lease is over, and a late report changes nothing', async () => {
    await emptied()
    const projectId = await freshProject()
    const id = await hookOf(projectId)
    const eventId = `evt_${ulid()}`
    await store().putTestDelivery(projectId, id, eventId, AT_MS, 9)
    const rounds = await Promise.all([1, 2, 3].map(() => claimed([id], AT_MS)))
    const [first, ...more] = rounds.flat()
    if (first === undefined) throw new Error('one of them has it')
    expect(more).toEqual([])
    expect(await claimed([id], AT_MS + BOUNDS.leaseMs - 1)).toEqual([])
    const second = (await claimed([id], AT_MS + BOUNDS.leaseMs))[0]
    expect(second).toMatchObject({ number: first.number, attempt: 2, body: first.body })
    const nextAtMs = LATER_MS + 77
    const again = ended('gone', { status: 500, error: 'no', then: { kind: 'again', nextAtMs } })
    expect(await store().recordAttempt(first, again)).toBe('late')
    expect((await store().webhook(projectId, id))?.failingSinceMs).toBeNull()
    expect(await store().recordAttempt(second ?? first, again)).toBe('recorded')
    expect(await told(projectId, id)).toMatchObject([
      { eventId, status: 'pending', attempts: 2, nextAtMs, leasedUntilMs: null, lastStatus: 500, lastError: 'no' },
    ])
    expect(await store().webhook(projectId, id)).toMatchObject({ failingSinceMs: LATER_MS + 5, failedDeliveries: 0 })
    expect(await claimed([id], nextAtMs - 1)).toEqual([])
    const third = (await claimed([id], nextAtMs))[0]
    expect(third).toMatchObject({ attempt: 3, ailing: true })
    // It arrived at the first one after all: the second was a double, and there will be no third report.
    expect(await store().recordAttempt(first, ended('delivered'))).toBe('recorded')
    expect(await told(projectId, id)).toMatchObject([{ status: 'delivered', endedAtMs: LATER_MS + 5 }])
    expect(await store().webhook(projectId, id)).toMatchObject({ failingSinceMs: null })
    expect(await store().recordAttempt(third ?? first, again)).toBe('late')
  })

  test('a hook is disabled by 410 and by deliveries given up in a row, and drops what waits', async () => {
    await emptied()
    const projectId = await freshProject()
    for (const [reason, kinds] of [
      ['gone', ['gone']],
      ['failing', ['gave-up', 'gave-up']],
    ] as const) {
      const id = await hookOf(projectId)
      for (let i = 0; i < 4; i++) await store().putTestDelivery(projectId, id, `evt_${ulid()}`, AT_MS + i, 9)
      const due = await claimed([id])
      // One that arrives in between begins the count anew.
      if (reason === 'failing' && due[3] !== undefined) {
        expect(await store().recordAttempt(due[3], ended('gave-up'))).toBe('recorded')
        await store().redeliver(projectId, id, due[3].eventId, LATER_MS)
        const [again] = await claimed([id])
        if (again !== undefined) await store().recordAttempt(again, ended('delivered'))
      }
      const results = []
      for (const [i, kind] of kinds.entries()) {
        const one = due[i]
        if (one !== undefined) results.push(await store().recordAttempt(one, ended(kind, { error: 'x' })))
      }
      expect(results.at(-1)).toBe('disabled')
      expect(await store().webhook(projectId, id)).toMatchObject({
        disabledReason: reason,
        disabledAtMs: LATER_MS + 5,
        failingSinceMs: LATER_MS + 5,
      })
      const statuses = (await told(projectId, id)).map(({ status }) => status)
      expect(statuses).toContain('cancelled')
      expect(statuses).not.toContain('pending')
      expect(await store().putTestDelivery(projectId, id, 'evt_x', LATER_MS, 9)).toBe('disabled')
      const job = await register(store(), projectId)
      await complete(store(), job, noWrites)
      expect(await told(projectId, id)).toHaveLength(4)
      expect(await store().updateWebhook(projectId, id, { enabled: true }, LATER_MS)).toMatchObject({
        disabledReason: null,
        disabledAtMs: null,
        failingSinceMs: null,
        failedDeliveries: 0,
      })
      const [cancelled] = (await told(projectId, id)).filter(({ status }) => status === 'cancelled')
      expect(await store().redeliver(projectId, id, cancelled?.eventId ?? '', LATER_MS)).toMatchObject({
        status: 'pending',
        attempts: 0,
        endedAtMs: null,
      })
      await store().deleteWebhook(projectId, id)
    }
  })

  test('tests that wait are bounded, and what is just being sent is left alone', async () => {
    await emptied()
    const projectId = await freshProject()
    const id = await hookOf(projectId)
    expect(await store().putTestDelivery(projectId, id, 'evt_a', AT_MS, 2)).toMatchObject({ type: 'webhook.test' })
    expect(await store().putTestDelivery(projectId, id, 'evt_b', AT_MS, 2)).toMatchObject({ status: 'pending' })
    expect(await store().putTestDelivery(projectId, id, 'evt_c', AT_MS, 2)).toBe('too-many')
    expect(await claimed([id], AT_MS)).toHaveLength(2)
    expect(await store().redeliver(projectId, id, 'evt_a', AT_MS + 1)).toMatchObject({ attempts: 1 })
    expect(await claimed([id], AT_MS + 1)).toEqual([])
    expect(await store().redeliver(projectId, id, 'evt_none', AT_MS + 1)).toBe('absent')
  })

  test('projects take turns, each hook has few at once, and those where nothing arrives come last', async () => {
    await emptied()
    const projects = await Promise.all([1, 2, 3].map(freshProject))
    const hooks = await Promise.all(projects.map((projectId) => hookOf(projectId)))
    const put = async (i: number, count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        await store().putTestDelivery(projects[i] as ProjectId, hooks[i] ?? '', `evt_${ulid()}`, AT_MS + i, 99)
      }
    }
    const counts = (claims: readonly ClaimedDelivery[]): number[] =>
      hooks.map((hook) => claims.filter(({ webhookId }) => webhookId === hook).length)
    await put(0, 20)
    await put(1, 3)
    await put(2, 1)
    expect(counts(await claimed(hooks, AT_MS + 9, { ...BOUNDS, most: 4 }))).toEqual([2, 1, 1])
    expect(counts(await claimed(hooks, AT_MS + 9, { ...BOUNDS, perWebhook: 3 }))).toEqual([1, 2, 0])
    expect(counts(await claimed(hooks, AT_MS + 9, { ...BOUNDS, perProject: 3 }))).toEqual([0, 0, 0])
    // The leases end, and by then the first hook is known to be dead.
    const second = AT_MS + 9 + BOUNDS.leaseMs
    await sql(`update webhooks set failing_since_ms = 1 where id = '${hooks[0]}'`)
    const bounds = { ...BOUNDS, most: 5, mostAiling: 1 }
    expect(counts(await claimed(hooks, second, bounds))).toEqual([1, 3, 1])
    expect(counts(await claimed(hooks, second, { ...BOUNDS, mostAiling: 0 }))).toEqual([0, 0, 0])
  })

  test('deliveries are kept for their time after their end, and pending ones for ever', async () => {
    await emptied()
    const projectId = await freshProject()
    const id = await hookOf(projectId)
    for (const eventId of ['evt_a', 'evt_b']) await store().putTestDelivery(projectId, id, eventId, AT_MS, 9)
    const [one] = await claimed([id], AT_MS, { ...BOUNDS, most: 1 })
    if (one !== undefined) await store().recordAttempt(one, ended('delivered'))
    expect(await store().dropDeliveries(LATER_MS + 5)).toBe(false)
    expect(await told(projectId, id)).toHaveLength(2)
    await store().dropDeliveries(LATER_MS + 6)
    expect(await told(projectId, id)).toMatchObject([{ status: 'pending' }])
  })
}
