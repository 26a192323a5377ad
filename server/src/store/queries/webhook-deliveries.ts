// Deliveries: claimed for a while by whoever sends, and ended once. A claim counts its attempt before it is made, so the
// report of an attempt that was overtaken is known by its number.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { and, count, desc, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import type { PageOf } from '../tenants.ts'
import { deliveryOf, tested } from '../webhook-events.ts'
import { webhookDeliveries as deliveries, webhooks } from '../webhook-schema.ts'
import type { AttemptResult, ClaimBounds, ClaimedDelivery, DeliveryRow } from '../webhook-store.ts'
import { appendAct } from './acts.ts'
import { disable, lockWebhook, webhookById } from './webhooks.ts'

export async function deliveriesOf(
  db: Db,
  projectId: ProjectId,
  id: string,
  { after, limit }: PageOf<number>,
): Promise<DeliveryRow[] | null> {
  if ((await webhookById(db, projectId, id)) === null) return null
  const behind = after === null ? undefined : lt(deliveries.number, after)
  const rows = await db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.webhookId, id), behind))
    .orderBy(desc(deliveries.number))
    .limit(limit)
  return rows.map(shown)
}

export interface TestDelivery {
  readonly projectId: ProjectId
  readonly id: string
  readonly eventId: string
  readonly nowMs: number
  readonly most: number
}

export async function putTestDelivery(
  db: Db,
  { projectId, id, eventId, nowMs, most }: TestDelivery,
): Promise<DeliveryRow | 'absent' | 'disabled' | 'too-many'> {
  const hook = await lockWebhook(db, projectId, id)
  if (hook === null) return 'absent'
  if (hook.disabledReason !== null) return 'disabled'
  // On a later attempt it may be there already.
  const there = await deliveryById(db, id, eventId)
  if (there !== null) return shown(there)
  const [waiting] = await db
    .select({ tests: count() })
    .from(deliveries)
    .where(and(eq(deliveries.webhookId, id), eq(deliveries.status, 'pending'), eq(deliveries.type, 'webhook.test')))
  if ((waiting?.tests ?? 0) >= most) return 'too-many'
  const [put] = await db
    .insert(deliveries)
    .values(deliveryOf(id, tested(projectId, id, eventId, nowMs)))
    .returning()
  if (put === undefined) throw new Error('a delivery was inserted and is not there')
  return shown(put)
}

export async function redeliver(
  db: Db,
  projectId: ProjectId,
  id: string,
  eventId: string,
  nowMs: number,
): Promise<DeliveryRow | 'absent' | 'disabled'> {
  const hook = await lockWebhook(db, projectId, id)
  if (hook === null) return 'absent'
  const before = await deliveryById(db, id, eventId)
  if (before === null) return 'absent'
  if (hook.disabledReason !== null) return 'disabled'
  if (before.leasedUntilMs !== null && before.leasedUntilMs > nowMs) return shown(before)
  const anew = before.status === 'pending' ? {} : ({ status: 'pending', attempts: 0, endedAtMs: null } as const)
  const [after] = await db
    .update(deliveries)
    .set({ ...anew, nextAtMs: nowMs, leasedUntilMs: null })
    .where(eq(deliveries.number, before.number))
    .returning()
  return after === undefined ? 'absent' : shown(after)
}

/**
 * Of each webhook at most `perWebhook` less what is being sent to it, the same of each project, and projects take turns. Two
 * servers that claim at once each see what the other one had before: they may go a little beyond these bounds.
 */
export async function claimDeliveries(db: Db, nowMs: number, bounds: ClaimBounds): Promise<ClaimedDelivery[]> {
  const due = await dueNumbers(db, nowMs, bounds)
  if (due.length === 0) return []
  // Only those that are taken are locked: a lock is a write, and of a thousand that are due some are taken.
  const free = await db
    .select({ number: deliveries.number })
    .from(deliveries)
    .where(and(inArray(deliveries.number, due), isFree(nowMs)))
    .for('update', { skipLocked: true })
  const numbers = free.map(({ number }) => number)
  if (numbers.length === 0) return []
  const claimed = await db
    .update(deliveries)
    .set({
      attempts: sql`${deliveries.attempts} + 1`,
      leasedUntilMs: nowMs + bounds.leaseMs,
      lastAttemptAtMs: nowMs,
    })
    .where(inArray(deliveries.number, numbers))
    .returning({
      number: deliveries.number,
      webhookId: deliveries.webhookId,
      eventId: deliveries.eventId,
      body: deliveries.body,
      attempt: deliveries.attempts,
    })
  const hooks = await db
    .select({
      id: webhooks.id,
      url: webhooks.url,
      secret: webhooks.secret,
      previousSecret: webhooks.previousSecret,
      previousUntilMs: webhooks.previousUntilMs,
      failingSinceMs: webhooks.failingSinceMs,
    })
    .from(webhooks)
    .where(inArray(webhooks.id, [...new Set(claimed.map(({ webhookId }) => webhookId))]))
  const known = new Map(hooks.map((hook) => [hook.id, hook]))
  return claimed.flatMap((delivery) => {
    const hook = known.get(delivery.webhookId)
    if (hook === undefined) return []
    const { id: _same, failingSinceMs, ...to } = hook
    return [{ ...delivery, ...to, ailing: failingSinceMs !== null }]
  })
}

const isFree = (nowMs: number) =>
  and(eq(deliveries.status, 'pending'), or(isNull(deliveries.leasedUntilMs), lte(deliveries.leasedUntilMs, nowMs)))

/** Another server may take them first. */
async function dueNumbers(db: Db, nowMs: number, bounds: ClaimBounds): Promise<number[]> {
  const { most, mostAiling, perWebhook, perProject } = bounds
  const chosen = sql`(
    with flying as (
      select webhook_id, project_id from ${deliveries} where leased_until_ms > ${nowMs} and status = 'pending'
    ), by_webhook as (
      select webhook_id, count(*) as flying from flying group by webhook_id
    ), by_project as (
      select project_id, count(*) as flying from flying group by project_id
    ), due as (
      select next.number, next.next_at_ms, hook.project_id, hook.failing_since_ms is not null as ailing
      from ${webhooks} as hook
      left join by_webhook on by_webhook.webhook_id = hook.id
      cross join lateral (
        select waiting.number, waiting.next_at_ms from ${deliveries} as waiting
        where waiting.webhook_id = hook.id and waiting.status = 'pending' and waiting.next_at_ms <= ${nowMs}
          and (waiting.leased_until_ms is null or waiting.leased_until_ms <= ${nowMs})
        order by waiting.next_at_ms, waiting.number
        limit greatest(0, ${perWebhook}::integer - coalesce(by_webhook.flying, 0))
      ) as next
      where hook.disabled_reason is null
    ), in_turn as (
      select due.*, row_number() over (partition by project_id order by ailing, next_at_ms, number) as turn
      from due
    ), placed as (
      select in_turn.*, row_number() over (partition by ailing order by turn, next_at_ms, number) as place
      from in_turn
      left join by_project on by_project.project_id = in_turn.project_id
      where turn <= ${perProject}::integer - coalesce(by_project.flying, 0)
    )
    select number from placed where not ailing or place <= ${mostAiling}::integer
    order by ailing, turn, next_at_ms, number limit ${most}::integer
  ) as chosen`
  const rows = await db.select({ number: sql`chosen.number`.mapWith(Number) }).from(chosen)
  return rows.map(({ number }) => number)
}

export async function recordAttempt(
  db: Db,
  claim: Pick<ClaimedDelivery, 'number' | 'webhookId' | 'attempt' | 'url'>,
  result: AttemptResult,
): Promise<'recorded' | 'disabled' | 'late'> {
  const { atMs, status: lastStatus, error: lastError, outcome, disableAfter } = result
  const { number, webhookId, attempt, url } = claim
  // First the webhook, as everybody does.
  const [hook] = await db
    .select({
      projectId: webhooks.projectId,
      url: webhooks.url,
      failedDeliveries: webhooks.failedDeliveries,
      failingSinceMs: webhooks.failingSinceMs,
    })
    .from(webhooks)
    .where(eq(webhooks.id, webhookId))
    .for('no key update')
  if (hook === undefined) return 'late'
  const isOurs =
    outcome.kind === 'delivered'
      ? inArray(deliveries.status, ['pending', 'cancelled'])
      : and(eq(deliveries.status, 'pending'), eq(deliveries.attempts, attempt))
  const hasMoved = hook.url !== url
  const progress = hasMoved && outcome.kind !== 'delivered' ? begunAnew(atMs) : progressOf(outcome, atMs)
  const told = await db
    .update(deliveries)
    .set({ lastStatus, lastError, leasedUntilMs: null, ...progress })
    .where(and(eq(deliveries.number, number), isOurs))
    .returning({ number: deliveries.number })
  if (told.length === 0) return 'late'
  // What was heard from the address before says nothing of this one.
  if (hasMoved) return 'recorded'
  const failed = outcome.kind === 'gave-up' ? hook.failedDeliveries + 1 : hook.failedDeliveries
  await db
    .update(webhooks)
    .set(
      outcome.kind === 'delivered'
        ? { failingSinceMs: null, failedDeliveries: 0 }
        : { failingSinceMs: hook.failingSinceMs ?? atMs, failedDeliveries: failed },
    )
    .where(eq(webhooks.id, webhookId))
  const isFailing = outcome.kind === 'gave-up' && failed >= disableAfter
  if (outcome.kind !== 'gone' && !isFailing) return 'recorded'
  const reason = isFailing ? 'failing' : 'gone'
  await disable(db, webhookId, reason, atMs)
  const data = { enabled: false, reason }
  const { projectId: chain } = hook
  await appendAct(db, { chain, atMs, actor: 'server', type: 'webhook.changed', subject: webhookId, data })
  return 'disabled'
}

/** At the address that the webhook has by now, with all of its attempts before it. */
const begunAnew = (atMs: number) => ({ nextAtMs: atMs, attempts: 0 })

function progressOf(outcome: AttemptResult['outcome'], atMs: number) {
  switch (outcome.kind) {
    case 'delivered':
      return { status: 'delivered', endedAtMs: atMs } as const
    case 'gave-up':
    case 'gone':
      return { status: 'failed', endedAtMs: atMs } as const
    case 'again':
      return { nextAtMs: outcome.nextAtMs }
  }
}

export async function dropDeliveries(db: Db, endedBeforeMs: number): Promise<boolean> {
  const old = await db
    .select({ number: deliveries.number })
    .from(deliveries)
    .where(lt(deliveries.endedAtMs, endedBeforeMs))
    .limit(STORE_LIMITS.sweptPerBatch)
  if (old.length === 0) return false
  const numbers = old.map(({ number }) => number)
  // Not what was asked for again meanwhile.
  await db.delete(deliveries).where(and(inArray(deliveries.number, numbers), lt(deliveries.endedAtMs, endedBeforeMs)))
  return old.length === STORE_LIMITS.sweptPerBatch
}

async function deliveryById(db: Db, webhookId: string, eventId: string) {
  const [row] = await db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.webhookId, webhookId), eq(deliveries.eventId, eventId)))
  return row ?? null
}

function shown({ webhookId: _of, projectId: _by, body: _sent, ...row }: typeof deliveries.$inferSelect): DeliveryRow {
  return row
}
