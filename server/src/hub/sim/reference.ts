// The tiny kernel of the simulated world: an integer of every unit and pass, a shard's partial is their sum, a job's output
// the sum of all. A last pass that follows from others depends on what it was planned from. The output of a completed job
// is compared with one machine's walk over the units, which knows no shards.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import { basisOf } from '../core/parts.ts'
import type { JobSpec } from '../core/state.ts'

/** `basis`: what a last pass that follows from others was planned from; all that is computed in it depends on that. */
export const trueDigest = (jobId: JobId, shard: number, basis: Digest | null = null): Digest =>
  digestOf('true', jobId, shard, basis)

export const digestOf = (who: string, jobId: JobId, shard: number, basis: Digest | null): Digest =>
  [who, jobId, shard, ...(basis === null ? [] : [basis])].join('|') as Digest

const numberOf = (text: string): number => {
  let hash = 0
  for (let n = 0; n < text.length; n++) hash = (Math.imul(hash, 31) + text.charCodeAt(n)) >>> 0
  return hash
}

const unitValue = (pass: number, unit: number, salt: number): number =>
  Math.imul(Math.imul(unit + 1, 0x9e3779b1) ^ (salt + pass), 0x85ebca6b) >>> 16

/** What an agent computes for a shard. */
function partialOf({ grid }: JobSpec, shard: number, basis: string): number {
  const salt = numberOf(basis)
  const pass = passOf(grid, shard)
  const first = (shard % grid.shards) * grid.unitsPerShard
  let sum = 0
  for (let unit = first; unit < first + grid.unitsPerShard; unit++) sum += unitValue(pass, unit, salt)
  return sum
}

/** The sum of the partials behind a job's verdicts: a digest says who computed what of which basis. */
export function outputOf(spec: JobSpec, digests: readonly Digest[]): number {
  return digests.reduce((sum, digest) => {
    const [who = '', , shard = '', basis = ''] = digest.split('|')
    return sum + partialOf(spec, Number(shard), basis) + (who === 'true' ? 0 : 1)
  }, 0)
}

/** The same on one machine that makes no mistake: unit after unit, pass after pass. */
export function referenceOutput(spec: JobSpec): number {
  const { grid, refines } = spec
  const planned = refines ? grid.passes - 1 : grid.passes
  const truths = Array.from({ length: planned * grid.shards }, (_, shard) => trueDigest(spec.id, shard))
  const salt = refines ? numberOf(basisOf(spec, truths)) : 0
  let sum = 0
  for (let unit = 0; unit < Number(grid.units); unit++) {
    for (let pass = 0; pass < grid.passes; pass++) sum += unitValue(pass, unit, pass < planned ? 0 : salt)
  }
  return sum
}
