// Partials take the space of a job and are needed until it is reduced and signed; after that they only serve whoever wants to
// reduce it again. Once an hour those of jobs that ended longer ago than the setting says are deleted, some jobs at a time.
// Digests, verdicts and receipts stay as long as the job. So do answers, but not the networks that they came from, where a
// setting bounds that.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/store.ts'
import { RECEIPT_LIMITS } from './limits.ts'

const DAY_MS = 86_400_000

export interface RetentionDeps {
  readonly store: Pick<Store, 'dropPartials' | 'forgetNetworks'>
  readonly logger: Logger
  readonly clock: () => number
  /** Null keeps them for ever. */
  readonly partialsDays: number | null
  /** The same for the networks that answers came from. */
  readonly networksDays: number | null
}

export interface Retention {
  close(): Promise<void>
}

/** One round; of how many jobs. */
export const dropOld = ({ store, clock, partialsDays }: RetentionDeps, closing: AbortSignal): Promise<number> =>
  inBatches(partialsDays, clock, closing, (before) => store.dropPartials(before, clock()))

/** One round; of how many jobs. */
export const forgetOld = (
  {
    store,
    clock,
    networksDays,
  }: Pick<RetentionDeps, 'clock' | 'networksDays'> & {
    readonly store: Pick<Store, 'forgetNetworks'>
  },
  closing: AbortSignal,
): Promise<number> => inBatches(networksDays, clock, closing, (before) => store.forgetNetworks(before, clock()))

async function inBatches(
  days: number | null,
  clock: () => number,
  closing: AbortSignal,
  batch: (endedBeforeMs: number) => Promise<readonly JobId[]>,
): Promise<number> {
  if (days === null) return 0
  const before = clock() - days * DAY_MS
  let jobs = 0
  for (let ids = await batch(before); ids.length > 0;) {
    jobs += ids.length
    if (closing.aborted) break
    ids = await batch(before)
  }
  return jobs
}

export function startRetention(deps: RetentionDeps): Retention {
  const closing = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const both = async (): Promise<void> => {
    const dropped = await dropOld(deps, closing.signal)
    if (dropped > 0) deps.logger.info({ jobs: dropped }, 'partials were kept for their time and are deleted')
    const forgotten = await forgetOld(deps, closing.signal)
    if (forgotten > 0) deps.logger.info({ jobs: forgotten }, 'networks were kept for their time and are forgotten')
  }
  const round = (): void => {
    running = both().catch((error: unknown) =>
      deps.logger.error({ err: error }, 'what was kept for its time could not be deleted; it is tried again'),
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
