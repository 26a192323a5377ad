// The reduction: all accepted partials, in any order, to one output, its digest and the Merkle root. It adds integers
// and rounds at the end, so the order cannot show; it refuses a gap, a double and a partial that cannot be true.
import type { Digest } from '../exact/digest.ts'
import { digest, digestOfJson } from '../exact/digest.ts'
import { merkleRoot } from '../exact/merkle.ts'
import {
  passOf,
  shardRange,
  shardsOf,
  type Kernel,
  type KernelOutput,
  type KernelPlan,
  type PassPlan,
  type Witness,
} from '../kernels/kernel.ts'

export interface Reduction {
  readonly output: KernelOutput
  readonly outputDigest: Digest
  readonly merkleRoot: Digest
}

/** The last pass of a plan that refines, and what each of its shards, in their order, must agree with. */
export interface Refinement {
  readonly pass: PassPlan
  readonly witnesses: readonly Witness[]
}

export interface Reducer {
  /** Throws on a shard that was added before and on a partial that cannot be true. */
  add(shard: number, partial: Uint8Array): void
  /** Throws while a shard of the passes that were planned from the start is missing, or when the plan does not refine. */
  refinement(): Refinement
  /** Throws while a shard is missing. */
  finish(): Reduction
}

export const partialDigest = (partial: Uint8Array): Digest => digest('partial.v1', partial)

export function createReducer(kernel: Kernel, args: unknown, plan: KernelPlan): Reducer {
  return new PassReducer(kernel, args, plan)
}

class PassReducer implements Reducer {
  readonly #kernel: Kernel
  readonly #args: unknown
  readonly #plan: KernelPlan
  readonly #total: unknown
  readonly #digests: (Digest | undefined)[]
  /** Shards of the planned passes that are missing. */
  #missing: number
  /** The first pass's bytes, until the last pass is planned; then that one's that came too early. */
  readonly #first = new Map<number, Uint8Array>()
  readonly #early = new Map<number, Uint8Array>()
  #refinement: Refinement | undefined

  constructor(kernel: Kernel, args: unknown, plan: KernelPlan) {
    this.#kernel = kernel
    this.#args = args
    this.#plan = plan
    this.#total = kernel.empty()
    this.#digests = Array.from({ length: shardsOf(plan.grid) })
    this.#missing = plan.grid.shards * plan.passes.length
  }

  add(shard: number, partial: Uint8Array): void {
    const { grid, passes, refines } = this.#plan
    const { units } = shardRange(grid, shard)
    if (this.#digests[shard] !== undefined) throw new Error(`shard ${shard} is added twice`)
    const index = passOf(grid, shard)
    const pass = passes[index]
    if (pass === undefined) {
      if (this.#missing > 0) this.#early.set(shard, partial)
      else this.#addRefined(shard, partial)
    } else {
      this.#kernel.add(this.#total, this.#kernel.decode(partial, units, this.#plan, pass), index)
      if (refines && index === 0) this.#first.set(shard, partial)
      this.#missing--
    }
    this.#digests[shard] = partialDigest(partial)
  }

  refinement(): Refinement {
    const { grid, passes, refines } = this.#plan
    const [first] = passes
    if (!refines || first === undefined) throw new Error('this plan has no pass that follows from others')
    if (this.#missing > 0) throw new Error(`${this.#missing} shards are missing before the last pass can be planned`)
    if (this.#refinement === undefined) {
      const pass = this.#kernel.refine(this.#total, this.#args, this.#plan)
      const witnesses = Array.from({ length: grid.shards }, (_, shard): Witness => {
        const bytes = this.#first.get(shard) ?? new Uint8Array()
        return this.#kernel.witness(this.#kernel.decode(bytes, shardRange(grid, shard).units, this.#plan, first), pass)
      })
      this.#first.clear()
      this.#refinement = { pass, witnesses }
    }
    return this.#refinement
  }

  finish(): Reduction {
    const missing = this.#digests.filter((leaf) => leaf === undefined).length
    if (missing > 0) throw new Error(`${missing} of ${shardsOf(this.#plan.grid)} shards are missing`)
    for (const [shard, partial] of this.#early) this.#addRefined(shard, partial)
    const output = this.#kernel.output(this.#total, this.#args, this.#plan)
    const leaves = this.#digests.filter((leaf) => leaf !== undefined)
    return { output, outputDigest: digestOfJson('output.v1', output), merkleRoot: merkleRoot(leaves) }
  }

  #addRefined(shard: number, partial: Uint8Array): void {
    const { grid } = this.#plan
    const { pass, witnesses } = this.refinement()
    const { units } = shardRange(grid, shard)
    const decoded = this.#kernel.decode(partial, units, this.#plan, pass, witnesses[shard % grid.shards])
    this.#kernel.add(this.#total, decoded, passOf(grid, shard))
  }
}
