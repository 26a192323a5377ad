// What the webhooks' cases need: hooks, what they were told, and a queue that holds nothing of other cases.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { webhookPayloadSchema, type SubscribedEvent, type WebhookPayload } from '@forge/shared/contract/webhooks.ts'
import { ulid } from 'ulid'
import { expect } from 'vitest'
import { AT_MS, DAY_MS, type LedgerTool } from './ledger.fixtures.ts'
import type { ClaimBounds, ClaimedDelivery, DeliveryRow } from './webhook-store.ts'

export const ALL_EVENTS: readonly SubscribedEvent[] = [
  'job.completed',
  'job.failed',
  'job.cancelled',
  'job.notice',
  'billing.burn_warning',
]
export const BOUNDS: ClaimBounds = { most: 100, mostAiling: 100, perWebhook: 100, perProject: 100, leaseMs: 60_000 }
export const LATER_MS = AT_MS + DAY_MS
export const FIRST_PAGE = { after: null, limit: 100 }

export const saying = ({ body }: ClaimedDelivery): WebhookPayload => webhookPayloadSchema.parse(JSON.parse(body))

export function webhookTool({ store, sql }: LedgerTool) {
  return {
    async hookOf(projectId: ProjectId, events = ALL_EVENTS, secret = 'whsec_b25l'): Promise<string> {
      const id = ulid()
      const hook = { id, projectId, url: 'https://hooks.example.com/', description: '', events, createdAtMs: 1, secret }
      expect(await store().insertWebhook(hook, 9)).toBe(true)
      return id
    },
    async told(projectId: ProjectId, id: string): Promise<DeliveryRow[]> {
      const rows = await store().webhookDeliveries(projectId, id, FIRST_PAGE)
      return (rows ?? []).toReversed()
    },
    /** All that is due of these. */
    async claimed(hooks: readonly string[], nowMs = LATER_MS, bounds = BOUNDS): Promise<ClaimedDelivery[]> {
      const all = await store().claimDeliveries(nowMs, bounds)
      return all.filter(({ webhookId }) => hooks.includes(webhookId))
    },
    async emptied(): Promise<void> {
      await sql('delete from webhook_deliveries')
    },
  }
}
