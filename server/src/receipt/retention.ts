// Partials take the space of a job and are needed until it is reduced and signed; after that they only serve whoever wants to
// reduce it again. Once an hour those of jobs that ended longer ago than the setting says are deleted, some jobs at a time.
// Digests, verdicts and receipts stay as long as the job.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/store.ts'
import { RECEIPT_LIMITS } from './limits.ts'

const DAY_MS = 86_400_000

export interface RetentionDeps {
  readonly store: Pick<Store, 'dropPartials'>
  readonly logger: Logger
  readonly clock: () => number
  /** Null keeps them for ever. */
  readonly partialsDays: number | null
}

export interface Retention {
  close(): Promise<void>
}

/** One round; how many jobs lost their partials. */
export async function dropOld({ store, clock, partialsDays }: RetentionDeps, closing: AbortSignal): Promise<number> {
  if (partialsDays === null) return 0
  const before = clock() - partialsDays * DAY_MS
  let dropped = 0
  for (let ids: JobId[] = await store.dropPartials(before, clock()); ids.length > 0;) {
    dropped += ids.length
    if (closing.aborted) break
    ids = await store.dropPartials(before, clock())
  }
  return dropped
}

export function startRetention(deps: RetentionDeps): Retention {
  const closing = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const round = (): void => {
    running = dropOld(deps, closing.signal).then(
      (jobs) =>
        jobs > 0 ? deps.logger.info({ jobs }, 'partials were kept for their time and are deleted') : undefined,
      (error: unknown) => deps.logger.error({ err: error }, 'old partials could not be deleted; it is tried again'),
    )
  }
  round()
  const timer = setInterval(round, RECEIPT_LIMITS.retentionEveryMs).unref()
  return {
    async close() {
      closing.abort()
      clearInterval(timer)
      await running
    },
  }
}
