// Every bound of the sending of webhooks, with its unit and its reason. What a project may have is in the contract's
// webhooks.ts.
import { GIVEN_UP_MAX } from '@forge/shared/contract/webhook-rules.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/**
 * Pauses between attempts, each about three times the one before until they are hours: a restart is bridged in seconds, a
 * broken night in ten attempts. With the first attempt twelve, over 25 hours.
 */
export const RETRY_PAUSES_MS: readonly number[] = [
  5 * SECOND_MS,
  15 * SECOND_MS,
  MINUTE_MS,
  3 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  7 * HOUR_MS,
  7 * HOUR_MS,
]

export const SEND_LIMITS = {
  /** From what happened until somebody looks for what it made due: what happens meanwhile is looked for with it. */
  gatherMs: 100,
  /** A pause is drawn between 1 - this and 1 + this of what the table says, so that a crowd does not come back at once. */
  jitter: 0.2,
  /** Of the whole attempt, name lookup and answer included. A receiver should answer first and work afterwards. */
  attemptMs: 15_000,
  /** Looking an address up when a webhook is made. */
  lookupMs: 5_000,
  /** One query of a name server; the second try waits twice as long, and both fit into a lookup. */
  queryMs: 1_000,
  queryTries: 2,
  /** What is read of an answer's body before the connection is closed; nobody looks at it. */
  answerBytesMax: 16 * 1024,
  answerHeaderBytesMax: 16 * 1024,
  /** Longer than an attempt by far, so that clocks may differ by the rest before anything is sent twice. */
  leaseMs: 60_000,
  /** Attempts at once, of one server. */
  attemptsMax: 256,
  /** Of those, that have begun less than this ago: what takes longer waits for a timeout, and must not keep others waiting. */
  quickMax: 32,
  quickMs: 2_000,
  /** To webhooks where nothing has arrived of late: most of these end in a timeout. */
  ailingMax: 16,
  perWebhookMax: 2,
  perProjectMax: 8,
  /** What another server put into the queue, and retries, begin that much late at most. */
  pollMs: 2_000,
  /** Given up in a row. */
  disableAfterDeliveries: GIVEN_UP_MAX,
  /** How often deliveries are looked for that have been kept for their time. */
  retentionEveryMs: HOUR_MS,
} as const

/** Null after the last attempt. `attempt` counts from 1; `chance` lies in [0, 1). */
export function pauseAfter(attempt: number, chance: number): number | null {
  const pause = RETRY_PAUSES_MS[attempt - 1]
  if (pause === undefined) return null
  return Math.round(pause * (1 - SEND_LIMITS.jitter + 2 * SEND_LIMITS.jitter * chance))
}
