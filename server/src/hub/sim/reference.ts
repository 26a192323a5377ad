// What one machine that makes no mistake answers in the simulated world: it walks over the units, pass after pass, and knows
// no shards, no digests and no reducer. And, for the stories of `Pool`, which computes nothing, a shard's digest by name.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { digestOfJson, type Digest } from '@forge/shared/exact/digest.ts'
import { keyOfSeed } from '@forge/shared/planner/contract.ts'
import { saltOf, simKernel, valueOf, type SimArgs } from './kernel.ts'

export const trueDigest = (jobId: JobId, shard: number): Digest => `true|${jobId}|${shard}` as Digest

/** The digest of the output. */
export function referenceOutput({ units, passes, refines }: SimArgs, rootSeed: string): Digest {
  const [key] = keyOfSeed(simKernel.id, rootSeed)
  const walk = (of: (unit: number) => number): number => {
    let sum = 0
    for (let unit = 0; unit < units; unit++) sum += of(unit)
    return sum
  }
  const planned = refines ? passes - 1 : passes
  const sums = Array.from({ length: planned }, (_, pass) => walk((unit) => valueOf(key, pass, unit)))
  const [first = 0] = sums
  const salt = saltOf(sums)
  const weight = refines ? walk((unit) => valueOf(key ^ salt, 0, unit)) : 0
  return digestOfJson('output.v1', { sums: refines ? [...sums, first] : sums, weight })
}
