// The reduction: all accepted partials, in any order, to one output, its digest and the Merkle root. It adds integers
// and rounds at the end, so the order cannot show; it refuses a gap, a double and a partial that cannot be true.
import type { Digest } from '../exact/digest.ts'
import { digest, digestOfJson } from '../exact/digest.ts'
import { merkleRoot } from '../exact/merkle.ts'
import { shardRange, type Kernel, type KernelOutput, type KernelPlan } from '../kernels/kernel.ts'

export interface Reduction {
  readonly output: KernelOutput
  readonly outputDigest: Digest
  readonly merkleRoot: Digest
}

export interface Reducer {
  /** Throws on a shard that was added before and on a partial that cannot be true. */
  add(shard: number, partial: Uint8Array): void
  /** Throws while a shard is missing. */
  finish(): Reduction
}

export const partialDigest = (partial: Uint8Array): Digest => digest('partial.v1', partial)

export function createReducer(kernel: Kernel, args: unknown, plan: KernelPlan): Reducer {
  const total = kernel.empty()
  const digests: (Digest | undefined)[] = Array.from({ length: plan.grid.shards })
  let missing = plan.grid.shards
  return {
    add(shard, partial) {
      const { units } = shardRange(plan.grid, shard)
      if (digests[shard] !== undefined) throw new Error(`shard ${shard} is added twice`)
      kernel.add(total, kernel.decode(partial, units, plan))
      digests[shard] = partialDigest(partial)
      missing--
    },
    finish() {
      const leaves = digests.filter((leaf) => leaf !== undefined)
      if (missing > 0) throw new Error(`${missing} of ${plan.grid.shards} shards are missing`)
      const output = kernel.output(total, args, plan)
      return { output, outputDigest: digestOfJson('output.v1', output), merkleRoot: merkleRoot(leaves) }
    },
  }
}
