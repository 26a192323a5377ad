// Webhooks: where a project wants to be told of what. Whoever changes one locks its row first, so that disabling it and the
// report of an attempt take turns. Secrets leave this file for whoever signs, and for nobody else.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { subscribedEventSchema, type WebhookEventType } from '@forge/shared/contract/webhooks.ts'
import { and, count, desc, eq, lt } from 'drizzle-orm'
import type { Actor } from '../acts.ts'
import type { Db } from '../engine.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { PageOf } from '../tenants.ts'
import { webhookDeliveries, webhooks } from '../webhook-schema.ts'
import type { DisabledReason, NewWebhook, WebhookChange, WebhookRow } from '../webhook-store.ts'
import { appendAct } from './acts.ts'
import { lockProject } from './projects.ts'

const COLUMNS = {
  id: webhooks.id,
  projectId: webhooks.projectId,
  url: webhooks.url,
  description: webhooks.description,
  events: webhooks.events,
  disabledReason: webhooks.disabledReason,
  disabledAtMs: webhooks.disabledAtMs,
  failingSinceMs: webhooks.failingSinceMs,
  failedDeliveries: webhooks.failedDeliveries,
  previousUntilMs: webhooks.previousUntilMs,
  createdAtMs: webhooks.createdAtMs,
  updatedAtMs: webhooks.updatedAtMs,
}

export const eventTypesOf = ({ events }: { readonly events: string }): readonly WebhookEventType[] =>
  subscribedEventSchema.array().parse(events.split(' '))

const own = (projectId: ProjectId, id: string) => and(eq(webhooks.projectId, projectId), eq(webhooks.id, id))

export async function insertWebhook(db: Db, hook: NewWebhook, most: number, actor: Actor = 'server'): Promise<boolean> {
  const { projectId, events, createdAtMs } = hook
  await lockProject(db, projectId)
  const [stored] = await db.select({ secret: webhooks.secret }).from(webhooks).where(eq(webhooks.id, hook.id))
  if (stored !== undefined) {
    if (stored.secret === hook.secret) return true
    throw new StoreContradiction(`the webhook id ${hook.id} belongs to another one`)
  }
  const [held] = await db.select({ hooks: count() }).from(webhooks).where(eq(webhooks.projectId, projectId))
  if ((held?.hooks ?? 0) >= most) return false
  await db.insert(webhooks).values({ ...hook, events: events.join(' '), updatedAtMs: createdAtMs })
  const data = { ...hostOf(hook), events }
  await appendAct(db, {
    chain: projectId,
    atMs: createdAtMs,
    actor,
    type: 'webhook.created',
    subject: hook.id,
    data,
  })
  return true
}

/** The rest of an address may be a secret, and an act stays for ever. */
const hostOf = ({ url }: { readonly url: string }) => ({
  host: URL.canParse(url) ? new URL(url).host : null,
})

export async function webhookById(db: Db, projectId: ProjectId, id: string): Promise<WebhookRow | null> {
  const [row] = await db.select(COLUMNS).from(webhooks).where(own(projectId, id))
  return row === undefined ? null : parsed(row)
}

export async function webhooksOf(db: Db, projectId: ProjectId, page: PageOf<string>): Promise<WebhookRow[]> {
  const behind = page.after === null ? undefined : lt(webhooks.id, page.after)
  const rows = await db
    .select(COLUMNS)
    .from(webhooks)
    .where(and(eq(webhooks.projectId, projectId), behind))
    .orderBy(desc(webhooks.id))
    .limit(page.limit)
  return rows.map(parsed)
}

interface Doing {
  readonly nowMs: number
  readonly actor: Actor | undefined
}

export async function updateWebhook(
  db: Db,
  projectId: ProjectId,
  id: string,
  change: WebhookChange,
  { nowMs, actor = 'server' }: Doing,
): Promise<WebhookRow | null> {
  const before = await lockWebhook(db, projectId, id)
  if (before === null) return null
  const { url, description, events, enabled } = change
  const begins = enabled === true && before.disabledReason !== null
  const moves = url !== undefined && url !== before.url
  await db
    .update(webhooks)
    .set({
      url,
      description,
      events: events?.join(' '),
      updatedAtMs: nowMs,
      ...(begins ? { disabledReason: null, disabledAtMs: null } : {}),
      ...(begins || moves ? { failingSinceMs: null, failedDeliveries: 0 } : {}),
    })
    .where(own(projectId, id))
  if (enabled === false && before.disabledReason === null) await disable(db, id, 'client', nowMs)
  const after = await webhookById(db, projectId, id)
  const data = after === null ? {} : changed(before, after)
  if (Object.keys(data).length > 0) {
    await appendAct(db, { chain: projectId, atMs: nowMs, actor, type: 'webhook.changed', subject: id, data })
  }
  return after
}

/** What is other than before, as it is now. */
function changed(before: WebhookRow, after: WebhookRow): Readonly<Record<string, unknown>> {
  const [isEnabled, wasEnabled] = [after.disabledReason === null, before.disabledReason === null]
  return {
    ...(before.url === after.url ? {} : hostOf(after)),
    ...(before.description === after.description ? {} : { description: after.description }),
    ...(before.events.join() === after.events.join() ? {} : { events: after.events }),
    ...(isEnabled === wasEnabled ? {} : { enabled: isEnabled }),
  }
}

/** The caller holds its row. What is to be sent is dropped, and what is just being sent too, whatever becomes of it. */
export async function disable(db: Db, id: string, reason: DisabledReason, nowMs: number): Promise<void> {
  await db.update(webhooks).set({ disabledReason: reason, disabledAtMs: nowMs }).where(eq(webhooks.id, id))
  await db
    .update(webhookDeliveries)
    .set({ status: 'cancelled', leasedUntilMs: null, endedAtMs: nowMs })
    .where(and(eq(webhookDeliveries.webhookId, id), eq(webhookDeliveries.status, 'pending')))
}

export async function rotateSecret(
  db: Db,
  projectId: ProjectId,
  id: string,
  secret: string,
  until: Doing & { readonly previousUntilMs: number },
): Promise<WebhookRow | null> {
  if ((await lockWebhook(db, projectId, id)) === null) return null
  const [before] = await db.select({ secret: webhooks.secret }).from(webhooks).where(own(projectId, id))
  // On a later attempt the new one is there already, and must not become its own predecessor.
  if (before !== undefined && before.secret !== secret) {
    const { previousUntilMs, nowMs, actor = 'server' } = until
    await db
      .update(webhooks)
      .set({ secret, previousSecret: before.secret, previousUntilMs, updatedAtMs: nowMs })
      .where(own(projectId, id))
    const data = { previous_until_ms: previousUntilMs }
    await appendAct(db, { chain: projectId, atMs: nowMs, actor, type: 'webhook.secret-rotated', subject: id, data })
  }
  return webhookById(db, projectId, id)
}

export async function deleteWebhook(
  db: Db,
  projectId: ProjectId,
  id: string,
  { attempt, nowMs, actor = 'server' }: Doing & { readonly attempt: number },
): Promise<boolean> {
  const gone = await db.delete(webhooks).where(own(projectId, id)).returning({ url: webhooks.url })
  for (const hook of gone) {
    const data = hostOf(hook)
    await appendAct(db, { chain: projectId, atMs: nowMs, actor, type: 'webhook.deleted', subject: id, data })
  }
  // An earlier attempt may have deleted it: what its caller wanted is so either way.
  return gone.length > 0 || attempt > 1
}

/** Held until the transaction ends. */
export async function lockWebhook(db: Db, projectId: ProjectId, id: string): Promise<WebhookRow | null> {
  const [row] = await db.select(COLUMNS).from(webhooks).where(own(projectId, id)).for('no key update')
  return row === undefined ? null : parsed(row)
}

function parsed(row: Omit<WebhookRow, 'events'> & { readonly events: string }): WebhookRow {
  return { ...row, events: subscribedEventSchema.array().parse(row.events.split(' ')) }
}
