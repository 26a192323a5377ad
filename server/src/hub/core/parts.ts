// The parts of a job as seen from outside: which are open to work, whose shard is which, and what the last one rests on.
import { utf8, toHex } from '@forge/shared/exact/bytes.ts'
import { hmacSha256, type Digest } from '@forge/shared/exact/digest.ts'
import type { Job, JobPart, Shard } from './state.ts'

export const sizeOf = ({ first, end }: JobPart): number => end - first

/** Our own mistake if there is none: the parts cover the grid. */
export function partOf(job: Job, index: number): JobPart {
  const part = job.parts.find(({ end }) => index < end)
  if (part === undefined) throw new Error(`shard ${index} of job ${job.id} is in no part`)
  return part
}

export const releasedParts = (job: Job): readonly JobPart[] => job.parts.slice(0, job.released)
export const isAllReleased = (job: Job): boolean => job.released === job.parts.length
export const isReleased = (job: Job, index: number): boolean => job.parts.indexOf(partOf(job, index)) < job.released
export const isAllAnswered = (part: JobPart): boolean => part.answered === sizeOf(part)
/** Nothing is left of it but checks that wait for somebody. */
export const hasOnlyChecksLeft = (part: JobPart): boolean =>
  isAllAnswered(part) && part.accepted + part.toCheck === sizeOf(part)

/** An exposure took back what the last pass rests on: what is missing of it comes before everything else. */
export const isInDoubt = (job: Job): boolean => job.released > 1 && job.parts[0]?.settled === false

/**
 * Sums up a list of accepted digests, in shard order, so that a row can hold it. Under the job's key and id: a job with
 * another history cannot have it.
 */
export const basisOf = ({ id, samplingKey }: Pick<Job, 'id' | 'samplingKey'>, digests: readonly Digest[]): Digest =>
  toHex(hmacSha256(samplingKey, utf8(`basis|${id}|${digests.join('|')}`))) as Digest

/** The first pass's shard of the same units: what a shard of the last pass must agree with. */
export const witnessOf = ({ grid }: Pick<Job, 'grid'>, index: number): number => index % grid.shards

/**
 * Whether the shard is of the last pass and its witness was contradicted and does not stand again: whoever ran it now
 * would be marked for the fault of another.
 */
export function isWitnessInDoubt(job: Job, index: number): boolean {
  const witness = witnessOf(job, index)
  if (!job.contradicted.has(witness) || partOf(job, index) === job.parts[0]) return false
  return job.shards[witness]?.accepted !== job.basisDigests?.[witness]
}

/** The referee found that a contradicted shard is not what the last pass was planned from: nothing can mend that. */
export const isRefuted = (job: Job): boolean =>
  [...job.contradicted.keys()].some((index) => {
    const referee = job.shards[index]?.submissions.find(({ role }) => role === 'referee')
    return referee !== undefined && contradictsBasis(job, index, referee.digest)
  })

/** An answer other than the one that the last pass was planned from: one of the two is wrong, and a check tells which. */
export function contradictsBasis(job: Job, index: number, digest: Digest): boolean {
  const planned = job.released > 1 ? job.basisDigests?.[index] : undefined
  return planned !== undefined && planned !== digest
}

export function countAnswered(job: Job, index: number, by: 1 | -1): void {
  job.answered += by
  partOf(job, index).answered += by
}

/** Another agent has it, or has just answered it: it is settled when that comes in. */
export const HELD: ReadonlySet<Shard['status']> = new Set(['leased', 'storing', 'checking', 'refereeing'])
