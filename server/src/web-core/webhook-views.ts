// What is shown of webhooks and their deliveries, and the shape of it. A secret is in the one answer that made it; what a
// delivery says is sent to its webhook and shown to nobody else.
import { z } from 'zod'
import { subscribedEventSchema, WEBHOOK_EVENTS } from '@forge/shared/contract/webhooks.ts'
import { DELIVERY_STATUSES, DISABLED_REASONS, type DeliveryRow, type WebhookRow } from '../store/webhook-store.ts'
import { isoOf, isoOrNull } from './times.ts'

const time = z.iso.datetime()

export const webhookSchema = z.strictObject({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  events: z.array(subscribedEventSchema),
  enabled: z.boolean(),
  disabled: z
    .strictObject({
      reason: z
        .enum(DISABLED_REASONS)
        .describe('by its client; `gone`: the receiver answered 410; `failing`: nothing arrived for too long'),
      at: time,
    })
    .nullable(),
  failing_since: time.nullable().describe('no attempt has succeeded since; null after one that has'),
  failed_deliveries: z.int().describe('given up after their last attempt, since the last success'),
  previous_secret_until: time.nullable().describe('until then the secret before signs as well'),
  created_at: time,
  updated_at: time,
})

export const deliverySchema = z.strictObject({
  id: z.string().describe('of the event: what `webhook-id` says, at each attempt'),
  event: z.enum(WEBHOOK_EVENTS),
  status: z
    .enum(DELIVERY_STATUSES)
    .describe('`failed`: given up; `cancelled`: its webhook was disabled before it arrived'),
  attempts: z.int().describe('begun since it was put or asked for again'),
  next_attempt_at: time.nullable().describe('of a pending one that is not just being sent'),
  last_attempt: z
    .strictObject({
      at: time,
      status: z.int().nullable().describe('what the receiver answered; null where it did not'),
      error: z.string().nullable().describe('null after a 2xx, and while it is being sent'),
    })
    .nullable(),
  created_at: time,
  ended_at: time.nullable(),
})

export const webhookView = (row: WebhookRow): z.input<typeof webhookSchema> => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: [...row.events],
  enabled: row.disabledReason === null,
  disabled:
    row.disabledReason === null || row.disabledAtMs === null
      ? null
      : { reason: row.disabledReason, at: isoOf(row.disabledAtMs) },
  failing_since: isoOrNull(row.failingSinceMs),
  failed_deliveries: row.failedDeliveries,
  previous_secret_until: isoOrNull(row.previousUntilMs),
  created_at: isoOf(row.createdAtMs),
  updated_at: isoOf(row.updatedAtMs),
})

export function deliveryView(row: DeliveryRow, nowMs: number): z.input<typeof deliverySchema> {
  const isBeingSent = row.leasedUntilMs !== null && row.leasedUntilMs > nowMs
  return {
    id: row.eventId,
    event: row.type,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status !== 'pending' || isBeingSent ? null : isoOf(row.nextAtMs),
    last_attempt:
      row.lastAttemptAtMs === null
        ? null
        : { at: isoOf(row.lastAttemptAtMs), status: row.lastStatus, error: row.lastError },
    created_at: isoOf(row.createdAtMs),
    ended_at: isoOrNull(row.endedAtMs),
  }
}
