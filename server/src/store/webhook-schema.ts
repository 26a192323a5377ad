// The tables of webhooks: where a project wants to be told of what, and every single telling. A delivery is written in the
// transaction of the change that it tells of, with the very bytes that will be sent; only its progress changes afterwards.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { WebhookEventType } from '@forge/shared/contract/webhooks.ts'
import { sql } from 'drizzle-orm'
import { bigint, check, index, integer, pgTable, text, unique } from 'drizzle-orm/pg-core'
import { projects } from './schema.ts'
import type { DeliveryStatus, DisabledReason } from './webhook-store.ts'

const ms = (name: string) => bigint(name, { mode: 'number' })
const projectId = () =>
  text('project_id')
    .$type<ProjectId>()
    .notNull()
    .references(() => projects.id)

export const webhooks = pgTable(
  'webhooks',
  {
    id: text('id').primaryKey(),
    projectId: projectId(),
    url: text('url').notNull(),
    description: text('description').notNull(),
    /** Types with a space between them. */
    events: text('events').notNull(),
    /** Null while it is enabled. */
    disabledReason: text('disabled_reason').$type<DisabledReason>(),
    disabledAtMs: ms('disabled_at_ms'),
    /** Since when no attempt has succeeded; null after one that has. */
    failingSinceMs: ms('failing_since_ms'),
    /** Given up since the last success. */
    failedDeliveries: integer('failed_deliveries').notNull().default(0),
    /** As it is: a signature needs it, and a digest would not do. */
    secret: text('secret').notNull(),
    /** Signs beside the new one until then. */
    previousSecret: text('previous_secret'),
    previousUntilMs: ms('previous_until_ms'),
    createdAtMs: ms('created_at_ms').notNull(),
    updatedAtMs: ms('updated_at_ms').notNull(),
  },
  (hook) => [
    index('webhooks_project').on(hook.projectId, hook.id),
    check('webhooks_disabled', sql`(disabled_reason is null) = (disabled_at_ms is null)`),
    check('webhooks_previous', sql`(previous_secret is null) = (previous_until_ms is null)`),
  ],
)

export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    number: bigint('number', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    webhookId: text('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    projectId: projectId(),
    /** The message's id, the same for each webhook that is told and for each attempt: `webhook-id`. */
    eventId: text('event_id').notNull(),
    type: text('type').$type<WebhookEventType>().notNull(),
    /** Canonical JSON, as it is signed and sent. */
    body: text('body').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    status: text('status').$type<DeliveryStatus>().notNull(),
    /** Begun since it was put or asked for again. */
    attempts: integer('attempts').notNull().default(0),
    nextAtMs: ms('next_at_ms').notNull(),
    /** Whoever sends it now has until then to say how it went; then it is anybody's. */
    leasedUntilMs: ms('leased_until_ms'),
    lastAttemptAtMs: ms('last_attempt_at_ms'),
    /** What the receiver answered; null where it did not. */
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    endedAtMs: ms('ended_at_ms'),
  },
  (delivery) => [
    unique('webhook_deliveries_once').on(delivery.webhookId, delivery.eventId),
    index('webhook_deliveries_listed').on(delivery.webhookId, delivery.number),
    index('webhook_deliveries_due')
      .on(delivery.webhookId, delivery.nextAtMs, delivery.number)
      .where(sql`status = 'pending'`),
    index('webhook_deliveries_leased')
      .on(delivery.leasedUntilMs)
      .where(sql`leased_until_ms is not null`),
    index('webhook_deliveries_ended')
      .on(delivery.endedAtMs)
      .where(sql`ended_at_ms is not null`),
    check(
      'webhook_deliveries_status',
      sql`case status
        when 'pending' then ended_at_ms is null
        when 'delivered' then ended_at_ms is not null and leased_until_ms is null
        when 'failed' then ended_at_ms is not null and leased_until_ms is null
        when 'cancelled' then ended_at_ms is not null and leased_until_ms is null
        else false end`,
    ),
  ],
)
