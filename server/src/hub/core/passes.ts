// A job's parts one after another: each is settled when everything in it is accepted and checked. From the first one the
// last pass is planned, where the job refines; if what it was planned from turns out to be wrong, the job fails.
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { HubCommand, HubEvent } from './events.ts'
import { fail } from './failing.ts'
import { basisOf, isAllAnswered, isAllReleased, isRefuted, hasOnlyChecksLeft, releasedParts, sizeOf } from './parts.ts'
import { place } from './settle.ts'
import { shardOf, type HubState, type Job } from './state.ts'
import { topUpChecks } from './strata.ts'

/*
 * The last pass of a job that refines:
 *
 *   waiting  -> planning   the first part is settled: `refine` goes out with its accepted digests
 *   planning -> planning   an exposure took something back, and the part is settled again: `refine` goes out again
 *   planning -> released   `pass-planned` of the latest basis, while the first part is settled
 *   released -> released   an exposure took something back, and the part is settled again with the same digests
 *   released -> failed     the same with other digests; after a restart also before it is released again, if there are
 *                          answers of the last pass
 */

/** Tops up the checks of each released part, notes which are settled, and asks for the last pass when it is time. */
export function settleParts(job: Job): HubCommand[] {
  // Not when all that the liar's exposure took back has run again: perhaps nobody is there to run it.
  if (isRefuted(job)) return [fail(job, 'VERIFICATION_FAILED', BASIS_CHANGED)]
  const commands: HubCommand[] = []
  for (const part of releasedParts(job)) {
    if (part.settled || !isAllAnswered(part)) continue
    if (hasOnlyChecksLeft(part)) topUpChecks(job, part)
    if (part.accepted < sizeOf(part)) continue
    part.settled = true
    if (job.refines && part.first === 0) commands.push(...refine(job))
  }
  return commands
}

export const isComplete = (job: Job): boolean => isAllReleased(job) && job.parts.every(({ settled }) => settled)

function refine(job: Job): HubCommand[] {
  const [part, last] = job.parts
  if (part === undefined || last === undefined) throw new Error(`job ${job.id} refines and has one part`)
  const digests = job.shards.slice(part.first, part.end).map(({ accepted }, index): Digest => {
    if (accepted === null) throw new Error(`shard ${index} of job ${job.id} is settled and has no accepted digest`)
    return accepted
  })
  const basis = basisOf(job, digests)
  const isBound = isAllReleased(job) || last.answered > 0
  if (isBound && job.basis !== basis) return [fail(job, 'VERIFICATION_FAILED', BASIS_CHANGED)]
  if (isAllReleased(job)) return []
  job.basis = basis
  job.basisDigests = digests
  return [{ type: 'refine', jobId: job.id, basis, digests }]
}

const BASIS_CHANGED =
  'An answer on which the last pass was planned was found wrong. Nothing is billed; the job may be sent again.'

/** Opens the last pass to work, unless something it rests on has been taken back in the meantime. */
export function takePlanned(state: HubState, event: Extract<HubEvent, { type: 'pass-planned' }>): HubCommand[] {
  const job = state.jobs.get(event.jobId)
  if (job?.phase !== 'running' || isAllReleased(job)) return []
  if (job.basis !== event.basis || job.parts[0]?.settled !== true) return []
  job.released = job.parts.length
  job.checkerMissingSinceMs = null
  for (let index = job.parts[0].end; index < job.shards.length; index++) place(job, index, shardOf(job, index).status)
  return []
}

/** The last pass could not be planned: only the latest attempt counts. */
export function takeUnplanned(state: HubState, event: Extract<HubEvent, { type: 'pass-failed' }>): HubCommand[] {
  const job = state.jobs.get(event.jobId)
  if (job?.phase !== 'running' || isAllReleased(job) || job.basis !== event.basis) return []
  return [fail(job, event.code, event.detail)]
}
