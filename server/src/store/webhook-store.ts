// What the store keeps of webhooks: who wants to be told of what, and a queue of what is to be told. Whoever sends claims a
// delivery for a while: if it dies, another one claims it again, so that each is told at least once. Times are those of the
// senders' clocks; servers whose clocks differ by more than a lease may send the same one twice.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { SubscribedEvent, WebhookEventType } from '@forge/shared/contract/webhooks.ts'
import type { Actor } from './acts.ts'
import type { PageOf } from './tenants.ts'

/** By its client, because the receiver said that it is gone (410), or because nothing arrived for too long. */
export const DISABLED_REASONS = ['client', 'gone', 'failing'] as const
export type DisabledReason = (typeof DISABLED_REASONS)[number]

/** To be sent or sent again; arrived; given up after the last attempt; dropped, because its webhook was disabled. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed', 'cancelled'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

export interface WebhookSecrets {
  /** `whsec_…`. */
  readonly secret: string
  readonly previousSecret: string | null
  /** The previous one signs beside it until then. */
  readonly previousUntilMs: number | null
}

/** Without its secrets, which only whoever signs is given. */
export interface WebhookRow {
  readonly id: string
  readonly projectId: ProjectId
  readonly url: string
  readonly description: string
  readonly events: readonly SubscribedEvent[]
  /** Null while it is enabled. */
  readonly disabledReason: DisabledReason | null
  readonly disabledAtMs: number | null
  /** Since when no attempt has succeeded; null after one that has. */
  readonly failingSinceMs: number | null
  /** Given up since the last success. */
  readonly failedDeliveries: number
  readonly previousUntilMs: number | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export type NewWebhook = Pick<WebhookRow, 'id' | 'projectId' | 'url' | 'description' | 'events' | 'createdAtMs'> &
  Pick<WebhookSecrets, 'secret'>

export interface WebhookChange {
  readonly url?: string
  readonly description?: string
  readonly events?: readonly SubscribedEvent[]
  readonly enabled?: boolean
}

export interface DeliveryRow {
  /** Later ones are greater. */
  readonly number: number
  readonly eventId: string
  readonly type: WebhookEventType
  readonly createdAtMs: number
  readonly status: DeliveryStatus
  readonly attempts: number
  /** When the next attempt may begin; of a pending one only. */
  readonly nextAtMs: number
  /** Somebody is sending it, until then at the latest. */
  readonly leasedUntilMs: number | null
  readonly lastAttemptAtMs: number | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly endedAtMs: number | null
}

/** A delivery to be sent now. */
export interface ClaimedDelivery extends WebhookSecrets {
  readonly number: number
  readonly webhookId: string
  readonly eventId: string
  readonly url: string
  readonly body: string
  /** From 1. */
  readonly attempt: number
  /** No attempt at its webhook has succeeded of late. */
  readonly ailing: boolean
}

/** How many more one sender takes, and how many deliveries of one webhook and one project all of them may have at once. */
export interface ClaimBounds {
  readonly most: number
  /** Of those, to webhooks where nothing has arrived of late: the others must not wait for their timeouts. */
  readonly mostAiling: number
  readonly perWebhook: number
  readonly perProject: number
  readonly leaseMs: number
}

export interface AttemptResult {
  readonly atMs: number
  readonly status: number | null
  readonly error: string | null
  /** `gone` disables the webhook, and so does the last of `disableAfter` deliveries in a row that were given up. */
  readonly outcome:
    | { readonly kind: 'delivered' | 'gave-up' | 'gone' }
    | { readonly kind: 'again'; readonly nextAtMs: number }
  readonly disableAfter: number
}

export interface WebhookStore {
  /** False, and nothing written, when the project has `most` webhooks. */
  insertWebhook(hook: NewWebhook, most: number, actor?: Actor): Promise<boolean>
  webhook(projectId: ProjectId, id: string): Promise<WebhookRow | null>
  /** Newest first. */
  webhooks(projectId: ProjectId, page: PageOf<string>): Promise<WebhookRow[]>
  /** Null when there is none. Disabling drops what is to be sent; enabling, and another address, forget past failures. */
  updateWebhook(
    projectId: ProjectId,
    id: string,
    change: WebhookChange,
    nowMs: number,
    actor?: Actor,
  ): Promise<WebhookRow | null>
  /** The secret that it had until now signs beside the new one until `previousUntilMs`. */
  rotateWebhookSecret(
    projectId: ProjectId,
    id: string,
    secret: string,
    previousUntilMs: number,
    nowMs: number,
    actor?: Actor,
  ): Promise<WebhookRow | null>
  /** With its deliveries; false when there is none. */
  deleteWebhook(projectId: ProjectId, id: string, actor?: Actor): Promise<boolean>

  /** Newest first; null when there is no such webhook. */
  webhookDeliveries(projectId: ProjectId, id: string, page: PageOf<number>): Promise<DeliveryRow[] | null>
  /** A test to be sent at once. `too-many`: as many as `most` wait. */
  putTestDelivery(
    projectId: ProjectId,
    id: string,
    eventId: string,
    nowMs: number,
    most: number,
  ): Promise<DeliveryRow | 'absent' | 'disabled' | 'too-many'>
  /** To be sent at once, from the first attempt on if it had ended. One that is just being sent stays as it is. */
  redeliver(
    projectId: ProjectId,
    id: string,
    eventId: string,
    nowMs: number,
  ): Promise<DeliveryRow | 'absent' | 'disabled'>

  /** What is due, some of each project; each with one attempt more. */
  claimDeliveries(nowMs: number, bounds: ClaimBounds): Promise<ClaimedDelivery[]>
  /**
   * Nothing when the delivery has ended, or was claimed by somebody else since, unless it arrived. A failure counts for the
   * address that it was sent to alone: if the webhook has another one by now, the delivery begins anew there.
   */
  recordAttempt(
    claim: Pick<ClaimedDelivery, 'number' | 'webhookId' | 'attempt' | 'url'>,
    result: AttemptResult,
  ): Promise<'recorded' | 'disabled' | 'late'>
  /** Deletes deliveries that ended before, a bounded number; true when there may be more. */
  dropDeliveries(endedBeforeMs: number): Promise<boolean>
}
