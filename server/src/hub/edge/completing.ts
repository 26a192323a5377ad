// From the core's word that a job is complete to its end in the store: the accepted partials are reduced, the answer is
// priced, and what was decided is durable before anybody is told.
import { PartialError, shardsOf } from '@forge/shared/kernels/kernel.ts'
import type { ProblemCode } from '@forge/shared/contract/problem.ts'
import type { Store } from '../../store/store.ts'
import { answerOf, type PricedAnswer } from './answer.ts'
import type { FreshPartials } from './fresh-partials.ts'
import type { HubRows, HubRowsDeps } from './hub-rows.ts'
import type { IdentityRows } from './identity-rows.ts'
import { QUICK_SHARDS_MAX } from './limits.ts'
import type { PlannedJob } from './planning.ts'
import { behindVerdicts } from './reduction.ts'

export interface CompletingDeps extends Pick<HubRows, 'reading' | 'failed'>, Omit<HubRowsDeps, 'isQuick'> {
  readonly fresh: Pick<FreshPartials, 'behind'>
  /** Who was proven wrong is exposed by then. */
  readonly settled: IdentityRows['settled']
  persist<T>(what: string, write: () => Promise<T>): Promise<T>
  finish(jobId: PlannedJob['row']['id'], what: string, end: Parameters<Store['finishJob']>[1]): Promise<boolean>
}

export function createCompleting(deps: CompletingDeps): HubRows['completed'] {
  const { store, logger, labelsOf, owner, closing, keepArtifacts, fresh, persist, reading, finish, failed } = deps
  return async (planned, command) => {
    const { type: _, jobId, verdicts, ...ending } = command
    const decided = { verdicts, ending: JSON.stringify(ending) }
    const isAtOnce = endsAtOnce(planned)
    let priced: PricedAnswer
    try {
      // Who was proven wrong on the way is exposed by then, whatever happens between.
      await deps.settled()
      if (!isAtOnce) await persist('the verdicts', () => store.writeEnding(jobId, verdicts, decided.ending, owner()))
      const { acceptedPartials } = isAtOnce ? behindVerdicts(verdicts, store, fresh) : store
      const reads = { acceptedPartials, transactionsOf: store.transactionsOf }
      priced = await reading(() => answerOf(planned, command, reads, keepArtifacts))
    } catch (error) {
      if (closing.aborted) throw error
      logger.error({ ...labelsOf(jobId), err: error }, 'the reduction failed')
      return failed(jobId, ...whyNotReduced(error))
    }
    const end = { state: 'COMPLETED', ...priced, finishedAtMs: Date.now() } as const
    await finish(jobId, 'the result', isAtOnce ? { ...end, decided } : end)
    logger.info({ ...labelsOf(jobId), verification: ending.record }, 'job completed')
  }
}

/** Reduced in no time, and nothing is written on the way: what was decided is as durable with the end as before it. */
export const endsAtOnce = ({ contract, plan }: Pick<PlannedJob, 'contract' | 'plan'>): boolean =>
  shardsOf(plan.grid) <= QUICK_SHARDS_MAX && contract.artifacts?.persist !== true

const whyNotReduced = (error: unknown): [ProblemCode, string] =>
  error instanceof PartialError
    ? ['VERIFICATION_FAILED', contradiction(error)]
    : ['INTERNAL', 'The accepted partials could not be reduced.']

/** Each partial was plausible when it came: what cannot be true now contradicts another one. */
export const contradiction = ({ message }: PartialError): string =>
  `Accepted answers contradict each other: ${message}. Nothing is billed; the job may be sent again.`
