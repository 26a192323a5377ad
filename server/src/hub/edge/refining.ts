// The last pass of a job that refines, planned when the core asks for it: the partials are reduced, the basis is made
// durable, and only then does the core hear of it. The core decides whether it still wants what was planned.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { PartialError } from '@forge/shared/kernels/kernel.ts'
import type { Refinement } from '@forge/shared/reducer/reduce.ts'
import type { Logger } from '../../logger.ts'
import type { Store } from '../../store/store.ts'
import { labelsOfJob } from '../../trace.ts'
import type { HubCommand, HubEvent } from '../core/events.ts'
import { contradiction } from './completing.ts'
import type { HubRows } from './hub-rows.ts'
import type { PlannedJob } from './planning.ts'
import { refinementOf } from './reduction.ts'

type Command = Extract<HubCommand, { type: 'refine' }>
/** What the core is told, before the time is added. */
export type Refined =
  | Omit<Extract<HubEvent, { type: 'pass-planned' }>, 'nowMs'>
  | Omit<Extract<HubEvent, { type: 'pass-failed' }>, 'nowMs'>

export interface Refining {
  /** Null when a later attempt has replaced it, or the job has ended. */
  refine(planned: PlannedJob, command: Command): Promise<Refined | null>
  /** The job has ended: whatever is being planned for it is given up. */
  forget(jobId: JobId): void
}

export interface RefiningDeps {
  readonly store: Pick<Store, 'partials'>
  readonly rows: Pick<HubRows, 'reading' | 'basis'>
  readonly logger: Logger
  readonly closing: AbortSignal
}

export function createRefining({ store, rows, logger, closing }: RefiningDeps): Refining {
  /** From which basis a job's last pass was or is being planned: of two attempts the later one counts. */
  const latest = new Map<JobId, Digest>()

  const planned = async (job: PlannedJob, command: Command, isWanted: () => boolean): Promise<Refinement | null> => {
    const refinement = await rows.reading(() => refinementOf(job, command.digests, store, isWanted))
    if (refinement === null) return null
    await rows.basis(command.jobId, command.basis)
    return isWanted() ? refinement : null
  }

  return {
    async refine(job, command) {
      const { jobId, basis } = command
      latest.set(jobId, basis)
      const isWanted = (): boolean => latest.get(jobId) === basis && !closing.aborted
      try {
        const refinement = await planned(job, command, isWanted)
        if (refinement === null) return null
        job.refine(refinement)
        return { type: 'pass-planned', jobId, basis }
      } catch (error) {
        if (!isWanted()) return null
        logger.error({ ...labelsOfJob(job.row), err: error }, 'the last pass could not be planned')
        const failed = { type: 'pass-failed', jobId, basis } as const
        if (error instanceof PartialError) {
          return { ...failed, code: 'VERIFICATION_FAILED', detail: contradiction(error) }
        }
        return { ...failed, code: 'INTERNAL', detail: 'The last pass could not be planned from the others.' }
      }
    },
    forget: (jobId) => void latest.delete(jobId),
  }
}
