// The reduction: all accepted partials, in any order, to one output, its digest and the Merkle root. It adds integers
// and rounds at the end, so the order cannot show; it refuses a gap, a double and a partial that cannot be true. Of a plan
// that refines it needs the first pass twice: it keeps its bytes, or is given them again by whoever has them stored.
import type { Digest } from '../exact/digest.ts'
import { digest, digestOfJson } from '../exact/digest.ts'
import { MerkleTree } from '../exact/merkle.ts'
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
  lastPass(): PassPlan
  /** A shard of the first pass once more, after all of the planned ones: what a reducer that rereads waits for. */
  witness(shard: number, partial: Uint8Array): void
  /** Throws where `lastPass` does, and while a witness is missing. */
  refinement(): Refinement
  /** Throws while a shard is missing. */
  finish(): Reduction
}

export const partialDigest = (partial: Uint8Array): Digest => digest('partial.v1', partial)

/** `rereads`: no bytes are kept; the first pass is given again to `witness`, before any shard of the last one. */
export function createReducer(
  kernel: Kernel,
  args: unknown,
  plan: KernelPlan,
  { rereads = false }: { readonly rereads?: boolean } = {},
): Reducer {
  return new PassReducer(kernel, args, plan, rereads)
}

class PassReducer implements Reducer {
  readonly #kernel: Kernel
  readonly #args: unknown
  readonly #plan: KernelPlan
  readonly #rereads: boolean
  readonly #total: unknown
  readonly #digests: (Digest | undefined)[]
  /** Of the shards in front of the first one that is missing. */
  readonly #tree = new MerkleTree()
  #inTree = 0
  /** Shards of the planned passes that are missing. */
  #missing: number
  /** The first pass's bytes, until the last pass is planned; then that one's that came too early. */
  readonly #first = new Map<number, Uint8Array>()
  readonly #early = new Map<number, Uint8Array>()
  #lastPass: PassPlan | undefined
  readonly #witnesses: (Witness | undefined)[]

  constructor(kernel: Kernel, args: unknown, plan: KernelPlan, rereads: boolean) {
    this.#kernel = kernel
    this.#args = args
    this.#plan = plan
    this.#rereads = rereads
    this.#total = kernel.empty()
    this.#digests = Array.from({ length: shardsOf(plan.grid) })
    this.#witnesses = Array.from({ length: plan.refines ? plan.grid.shards : 0 })
    this.#missing = plan.grid.shards * plan.passes.length
  }

  add(shard: number, partial: Uint8Array): void {
    const { grid, passes, refines } = this.#plan
    const { units } = shardRange(grid, shard)
    if (this.#digests[shard] !== undefined) throw new Error(`shard ${shard} is added twice`)
    const index = passOf(grid, shard)
    const pass = passes[index]
    if (pass === undefined) {
      if (this.#missing > 0 && !this.#rereads) this.#early.set(shard, partial)
      else this.#addRefined(shard, partial)
    } else {
      this.#kernel.add(this.#total, this.#kernel.decode(partial, units, this.#plan, pass), index)
      if (refines && index === 0 && !this.#rereads) this.#first.set(shard, partial)
      this.#missing--
    }
    this.#digests[shard] = partialDigest(partial)
    this.#growTree()
  }

  /** As the shards come, so that the last one does not leave thousands of hashes to be computed at once. */
  #growTree(): void {
    for (let leaf = this.#digests[this.#inTree]; leaf !== undefined; leaf = this.#digests[++this.#inTree]) {
      this.#tree.push(leaf)
    }
  }

  lastPass(): PassPlan {
    if (!this.#plan.refines) throw new Error('this plan has no pass that follows from others')
    if (this.#missing > 0) throw new Error(`${this.#missing} shards are missing before the last pass can be planned`)
    // Once, while the total is that of the planned passes alone.
    this.#lastPass ??= this.#kernel.refine(this.#total, this.#args, this.#plan)
    return this.#lastPass
  }

  witness(shard: number, partial: Uint8Array): void {
    const { grid, passes } = this.#plan
    const [first] = passes
    const pass = this.lastPass()
    if (first === undefined || passOf(grid, shard) !== 0) throw new Error(`shard ${shard} is not of the first pass`)
    if (partialDigest(partial) !== this.#digests[shard]) throw new Error(`shard ${shard} has other bytes than before`)
    const decoded = this.#kernel.decode(partial, shardRange(grid, shard).units, this.#plan, first)
    this.#witnesses[shard] = this.#kernel.witness(decoded, pass)
  }

  refinement(): Refinement {
    const pass = this.lastPass()
    for (const [shard, partial] of this.#first) this.witness(shard, partial)
    this.#first.clear()
    const witnesses = this.#witnesses.filter((witness) => witness !== undefined)
    if (witnesses.length < this.#plan.grid.shards) {
      throw new Error(`${this.#plan.grid.shards - witnesses.length} witnesses of the last pass are missing`)
    }
    return { pass, witnesses }
  }

  finish(): Reduction {
    const missing = shardsOf(this.#plan.grid) - this.#digests.filter((leaf) => leaf !== undefined).length
    if (missing > 0) throw new Error(`${missing} of ${shardsOf(this.#plan.grid)} shards are missing`)
    for (const [shard, partial] of this.#early) {
      this.#addRefined(shard, partial)
      this.#early.delete(shard)
    }
    const output = this.#kernel.output(this.#total, this.#args, this.#plan)
    return { output, outputDigest: digestOfJson('output.v1', output), merkleRoot: this.#tree.root() }
  }

  #addRefined(shard: number, partial: Uint8Array): void {
    const { grid } = this.#plan
    const pass = this.lastPass()
    if (this.#first.size > 0) this.refinement()
    const witness = this.#witnesses[shard % grid.shards]
    if (witness === undefined) throw new Error(`shard ${shard} has no witness of the first pass`)
    const decoded = this.#kernel.decode(partial, shardRange(grid, shard).units, this.#plan, pass, witness)
    this.#kernel.add(this.#total, decoded, passOf(grid, shard))
  }
}
