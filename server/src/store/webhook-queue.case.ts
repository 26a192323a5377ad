// Webhooks and the queue of what they are to be told, of every store: claimed, fenced and bounded, so that neither a dead
// sender nor a dead receiver holds up anybody else.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { AT_MS, register, type LedgerTool } from './ledger.fixtures.ts'
import { complete, noWrites } from './store.fixtures.ts'
import type { AttemptResult, ClaimedDelivery } from './webhook-store.ts'
import { ALL_EVENTS, BOUNDS, FIRST_PAGE, LATER_MS, webhookTool } from './webhooks.fixtures.ts'

export function testWebhookQueue(tool: LedgerTool): void {
  const { store, sql, freshProject } = tool
  const { hookOf, told, claimed, emptied } = webhookTool(tool)
  const ended = (kind: 'delivered' | 'gave-up' | 'gone', change: Partial<AttemptResult> = {}): AttemptResult => {
    return { atMs: LATER_MS + 5, status: 200, error: null, outcome: { kind }, disableAfter: 2, ...change }
  }

  test('a hook belongs to its project, and has as many beside it as its project may have', async () => {
    const [projectId, other] = [await freshProject(), await freshProject()]
    const id = await hookOf(projectId)
    const row = await store().webhook(projectId, id)
    expect(row).toMatchObject({ id, projectId, events: ALL_EVENTS, disabledReason: null, failedDeliveries: 0 })
    expect(JSON.stringify(row)).not.toContain('whsec_')
    expect(JSON.stringify(await store().webhooks(projectId, FIRST_PAGE))).not.toContain('whsec_')
    expect(await store().webhook(other, id)).toBeNull()
    expect(await store().webhookDeliveries(other, id, FIRST_PAGE)).toBeNull()
    expect(await store().updateWebhook(other, id, { enabled: false }, 2)).toBeNull()
    expect(await store().rotateWebhookSecret(other, id, 'whsec_eA==', 9, 2)).toBeNull()
    expect(await store().putTestDelivery(other, id, 'evt_a', 2, 9)).toBe('absent')
    expect(await store().redeliver(other, id, 'evt_a', 2)).toBe('absent')
    expect(await store().deleteWebhook(other, id)).toBe(false)
    const results = await Promise.all(
      Array.from({ length: 6 }, () => {
        const hook = {
          id: ulid(),
          projectId,
          url: 'x',
          description: '',
          events: ALL_EVENTS,
          createdAtMs: 1,
          secret: 's',
        }
        return store().insertWebhook(hook, 4)
      }),
    )
    expect(results.filter(Boolean)).toHaveLength(3)
    expect(await store().deleteWebhook(projectId, id)).toBe(true)
    expect(await store().deleteWebhook(projectId, id)).toBe(false)
    expect(await store().webhooks(projectId, FIRST_PAGE)).toHaveLength(3)
  })

  test('for the overlap both secrets are given to whoever signs', async () => {
    await emptied()
    const projectId = await freshProject()
    const id = await hookOf(projectId, ALL_EVENTS, 'whsec_old')
    expect(await store().rotateWebhookSecret(projectId, id, 'whsec_new', AT_MS + 9, AT_MS)).toMatchObject({
      previousUntilMs: AT_MS + 9,
    })
    await store().putTestDelivery(projectId, id, `evt_${ulid()}`, AT_MS, 9)
    expect(await claimed([id])).toMatchObject([
      { secret: 'whsec_new', previousSecret: 'whsec_old', previousUntilMs: AT_MS + 9, attempt: 1, ailing: false },
    ])
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
    const again = ended('gone', { status: 500, error: 'no', outcome: { kind: 'again', nextAtMs } })
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

  test('what is heard of an address counts for it alone: a hook that was moved meanwhile begins anew', async () => {
    await emptied()
    const projectId = await freshProject()
    for (const kind of ['gone', 'gave-up', 'again', 'delivered'] as const) {
      const id = await hookOf(projectId)
      await store().putTestDelivery(projectId, id, `evt_${ulid()}`, AT_MS, 9)
      const [one] = await claimed([id])
      if (one === undefined) throw new Error('it is due')
      const url = 'https://other.example.com/'
      await store().updateWebhook(projectId, id, { url }, LATER_MS)
      const outcome = kind === 'again' ? { kind, nextAtMs: LATER_MS + 99 } : { kind }
      const result = { ...ended('gone', { status: 410, error: 'no' }), outcome, disableAfter: 1 }
      expect(await store().recordAttempt(one, result)).toBe('recorded')
      expect(await store().webhook(projectId, id)).toMatchObject({
        url,
        disabledReason: null,
        failingSinceMs: null,
        failedDeliveries: 0,
      })
      // It has arrived where it was to arrive when it was sent; all else goes to the new address, at once.
      const again = await claimed([id], LATER_MS + 5)
      if (kind === 'delivered') expect(again).toEqual([])
      else expect(again).toMatchObject([{ number: one.number, url, attempt: 1, ailing: false }])
    }
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
      const [act] = await store().actsOf(projectId, { after: null, limit: 1 })
      const data = JSON.stringify({ enabled: false, reason })
      expect(act).toMatchObject({ type: 'webhook.changed', actor: 'server', subject: id, data })
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
