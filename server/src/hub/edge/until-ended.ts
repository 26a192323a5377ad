// Waiting for the end of a job, whichever server runs it: of one that this Hub holds the end wakes whoever waits, any other
// one is looked at in the store.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../../logger.ts'
import type { Store } from '../../store/store.ts'
import { OWNER_LIMITS } from './limits.ts'
import type { Waiters } from './waiters.ts'

export interface UntilEndedDeps {
  readonly store: Pick<Store, 'job'>
  readonly waiters: Pick<Waiters, 'unfinished' | 'wait'>
  readonly logger: Logger
  readonly closing: AbortSignal
}

/** Resolves at the end, after `waitMs`, or when `signal` or the Hub's closing says so; at once for a job that is not there. */
export async function untilEnded(
  id: JobId,
  waitMs: number,
  signal: AbortSignal | undefined,
  { store, waiters, logger, closing }: UntilEndedDeps,
): Promise<void> {
  const hasEnded = async (): Promise<boolean> => {
    try {
      const row = await store.job(id)
      return row === null || row.finishedAtMs !== null
    } catch (error) {
      // Whoever waits for it asks again afterwards, and is told then.
      logger.warn({ job_id: id, err: error }, 'a job that somebody waits for could not be looked at')
      return false
    }
  }
  const isStopped = (): boolean => closing.aborted || signal?.aborted === true
  const until = performance.now() + waitMs
  let leftMs = waitMs
  do {
    // Of one that has just ended here, the store has the row in memory.
    if (!waiters.unfinished.has(id) && (await hasEnded())) return
    const isHere = waiters.unfinished.has(id)
    await waiters.wait(id, isHere ? leftMs : Math.min(leftMs, OWNER_LIMITS.elsewhereLookMs), signal)
    leftMs = until - performance.now()
  } while (leftMs > 0 && !isStopped())
}
