// Tries again what the world interrupted, a bounded number of times. What it is given must be idempotent: after a lost
// connection nobody knows whether the commit was done.
import { setTimeout as sleep } from 'node:timers/promises'
import { STORE_LIMITS } from './limits.ts'
import { isPassing, withoutParameters } from './sql-error.ts'

/** `attempt` counts from 1. */
export async function retrying<T>(
  once: (attempt: number) => Promise<T>,
  closed: AbortSignal,
  retried: () => void = () => undefined,
): Promise<T> {
  let delayMs: number = STORE_LIMITS.retryFirstMs
  for (let attempt = 1; ; attempt++) {
    if (closed.aborted) throw new Error('the store is closed')
    try {
      return await once(attempt)
    } catch (wrapped) {
      const error = withoutParameters(wrapped)
      if (!isPassing(error) || attempt === STORE_LIMITS.attemptsMax) throw error
    }
    retried()
    await sleep(delayMs, undefined, { signal: closed }).catch(() => undefined)
    delayMs = Math.min(delayMs * 2, STORE_LIMITS.retryDelayMsMax)
  }
}
