// Sends what waits for webhooks. The queue is in the store: this claims some of it, sends, and says how it went, so it may
// be stopped or killed at any moment; what it had claimed is somebody's again when the lease is over. Nobody waits for it.
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import type { AttemptResult, ClaimBounds, ClaimedDelivery, WebhookStore } from '../store/webhook-store.ts'
import { pauseAfter, SEND_LIMITS } from './limits.ts'
import { post, type Posted } from './post.ts'
import { signedHeaders } from './signature.ts'
import type { Targets } from './targets.ts'

const DAY_MS = 86_400_000
const GONE = 410

export interface DelivererDeps {
  readonly store: Pick<WebhookStore, 'claimDeliveries' | 'recordAttempt' | 'dropDeliveries'>
  readonly targets: Pick<Targets, 'find'>
  readonly logger: Logger
  readonly clock: () => number
  /** In [0, 1): of the pauses. */
  readonly chance: () => number
  /** After their end, for which deliveries are kept. */
  readonly days: number
}

export interface Deliverer {
  /** Something may be due; returns at once. */
  wake(): void
  /** Resolves when nothing is due, or what is due waits for what others send. */
  idle(): Promise<void>
  close(): Promise<void>
}

export function startDeliverer(deps: DelivererDeps): Deliverer {
  const { store, logger, clock } = deps
  const closing = new AbortController()
  const sending = new Map<number, Sending>()
  let running: Promise<void> | null = null
  let isAskedAgain = false

  const begin = (claim: ClaimedDelivery): void => {
    const done = attempt(claim, deps, closing.signal).then(() => {
      sending.delete(claim.number)
      look()
    })
    sending.set(claim.number, { ailing: claim.ailing, sinceMs: performance.now(), done })
  }
  const claim = async (): Promise<void> => {
    const { perWebhookMax: perWebhook, perProjectMax: perProject, leaseMs } = SEND_LIMITS
    const bounds = { ...roomBeside([...sending.values()], performance.now()), perWebhook, perProject, leaseMs }
    if (bounds.most <= 0) return
    for (const one of await store.claimDeliveries(clock(), bounds)) begin(one)
  }
  const run = async (): Promise<void> => {
    try {
      while (isAskedAgain && !closing.signal.aborted) {
        isAskedAgain = false
        await claim()
      }
    } catch (error) {
      if (!closing.signal.aborted) logger.warn({ err: error }, 'webhooks could not be claimed; it is tried again')
    } finally {
      running = null
    }
  }
  const look = (): void => {
    if (closing.signal.aborted) return
    isAskedAgain = true
    running ??= run()
  }
  let gathering: Promise<void> | null = null
  const wake = (): void => {
    gathering ??= pause(SEND_LIMITS.gatherMs, undefined, { signal: closing.signal })
      .then(look, () => undefined)
      .finally(() => (gathering = null))
  }
  let dropping: Promise<void> = Promise.resolve()
  const drop = (): void => {
    dropping = dropOld(deps, closing.signal)
  }
  look()
  drop()
  const timers = [setInterval(look, SEND_LIMITS.pollMs), setInterval(drop, SEND_LIMITS.retentionEveryMs)]
  for (const timer of timers) timer.unref()

  const settled = async (): Promise<void> => {
    for (;;) {
      const begun = [gathering, running].filter((one) => one !== null)
      const busy = [...begun, ...[...sending.values()].map(({ done }) => done)]
      if (busy.length === 0) return
      await Promise.all(busy)
    }
  }
  return {
    wake,
    idle: settled,
    async close() {
      closing.abort()
      for (const timer of timers) clearInterval(timer)
      await settled()
      await dropping
    },
  }
}

interface Sending {
  readonly ailing: boolean
  /** On the monotonic clock. */
  readonly sinceMs: number
  readonly done: Promise<void>
}

function roomBeside(sending: readonly Sending[], nowMs: number): Pick<ClaimBounds, 'most' | 'mostAiling'> {
  const { attemptsMax, quickMax, quickMs, ailingMax } = SEND_LIMITS
  const quick = sending.filter(({ sinceMs }) => nowMs - sinceMs < quickMs).length
  const ailing = sending.filter((one) => one.ailing).length
  return {
    most: Math.min(attemptsMax - sending.length, quickMax - quick),
    mostAiling: Math.max(0, ailingMax - ailing),
  }
}

/** Never rejects: what could not be recorded is sent again when its lease is over. */
async function attempt(claim: ClaimedDelivery, deps: DelivererDeps, closing: AbortSignal): Promise<void> {
  const { store, targets, logger, clock } = deps
  const { number, webhookId, eventId, url, body } = claim
  try {
    const posted = await post({ url, headers: signedHeaders(claim, claim, clock()), body }, targets, closing)
    const when = { atMs: clock(), chance: deps.chance(), isStopping: closing.aborted }
    const result = resultOf(claim, posted, when)
    const told = await store.recordAttempt({ number, webhookId, attempt: claim.attempt, url }, result)
    // No address: it may have a secret in its path.
    const line = { webhook_id: webhookId, event_id: eventId, attempt: claim.attempt, status: posted.status }
    logger.debug(line, 'a webhook was sent')
    if (told === 'disabled') logger.warn(line, 'a webhook was disabled, for nothing arrives there')
  } catch (error) {
    logger.warn({ webhook_id: webhookId, event_id: eventId, err: error }, 'an attempt at a webhook was not recorded')
  }
}

export function resultOf(
  { attempt: number }: Pick<ClaimedDelivery, 'attempt'>,
  { status, error }: Posted,
  { atMs, chance, isStopping }: { readonly atMs: number; readonly chance: number; readonly isStopping: boolean },
): AttemptResult {
  const result = { atMs, status, error, disableAfter: SEND_LIMITS.disableAfterDeliveries }
  if (error === null) return { ...result, outcome: { kind: 'delivered' } }
  // Not the receiver's fault: whoever runs next tries at once.
  if (isStopping && status === null) return { ...result, outcome: { kind: 'again', nextAtMs: atMs } }
  if (status === GONE) return { ...result, outcome: { kind: 'gone' } }
  const pauseMs = pauseAfter(number, chance)
  if (pauseMs === null) return { ...result, outcome: { kind: 'gave-up' } }
  return { ...result, outcome: { kind: 'again', nextAtMs: atMs + pauseMs } }
}

/** One round. */
async function dropOld({ store, logger, clock, days }: DelivererDeps, closing: AbortSignal): Promise<void> {
  try {
    while (!closing.aborted && (await store.dropDeliveries(clock() - days * DAY_MS))) continue
  } catch (error) {
    if (!closing.aborted) logger.warn({ err: error }, 'old deliveries could not be deleted; it is tried again')
  }
}
