// The bytes behind the digests of the simulated world: what agents computed, true and false, from which launch; and what
// the Hub's edge makes of them with the real reducer, the last pass and the output. Only the world knows which are true.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { PartialError, passOf, shardRange, shardsOf, type Launch, type PassPlan } from '@forge/shared/kernels/kernel.ts'
import { keyOfSeed } from '@forge/shared/planner/contract.ts'
import { createReducer, partialDigest, type Reduction, type Refinement } from '@forge/shared/reducer/reduce.ts'
import { encode, simKernel, wordsOf } from './kernel.ts'
import { jobOf, type JobPlan, type Scenario } from './scenario.ts'

/** `basis`: what the last pass was planned from, as the core sums it up; null in the other passes. */
interface Work {
  readonly jobId: JobId
  readonly shard: number
  readonly basis: Digest | null
}

interface Made {
  readonly bytes: Uint8Array
  /** Mostly one: two bases may come to the same. */
  readonly bases: Set<Digest | null>
}

export class Partials {
  readonly #scenario: Scenario
  readonly #made = new Map<string, Made>()
  /** By what was computed and by whom. */
  readonly #known = new Map<string, Digest>()
  readonly #refinements = new Map<Digest, Refinement>()
  readonly #launches = new Map<string, Launch>()

  constructor(scenario: Scenario) {
    this.#scenario = scenario
  }

  truth(work: Work): Digest {
    return this.#digestOf(work, '')
  }

  /** The same for all who lie under one name. */
  lie(work: Work, name: string): Digest {
    return this.#digestOf(work, name)
  }

  /** Whether somebody computed it, from this basis. */
  isOf({ jobId, shard, basis }: Work, digest: Digest): boolean {
    return this.#made.get(`${jobId}|${shard}|${digest}`)?.bases.has(basis) === true
  }

  /** As the edge plans the last pass, once for each basis. */
  refine(jobId: JobId, basis: Digest, digests: readonly Digest[]): void {
    if (this.#refinements.has(basis)) return
    const { args, plan } = jobOf(this.#scenario, jobId)
    const reducer = createReducer(simKernel, args, plan, { rereads: true })
    digests.forEach((digest, shard) => reducer.add(shard, this.#bytesOf(jobId, shard, digest)))
    for (let shard = 0; shard < plan.grid.shards; shard++) {
      reducer.witness(shard, this.#bytesOf(jobId, shard, digests[shard]))
    }
    this.#refinements.set(basis, reducer.refinement())
  }

  /** As the edge reduces a completed job: throws on what it would refuse. */
  reduce(jobId: JobId, digests: readonly Digest[]): Reduction {
    const { args, plan } = jobOf(this.#scenario, jobId)
    const reducer = createReducer(simKernel, args, plan)
    digests.forEach((digest, shard) => reducer.add(shard, this.#bytesOf(jobId, shard, digest)))
    return reducer.finish()
  }

  /** What the edge finds wrong with an answer of the last pass before the core hears of it; null: nothing. */
  contradiction({ jobId, shard, basis }: Work, digest: Digest): string | null {
    const { plan } = jobOf(this.#scenario, jobId)
    const refinement = basis === null ? undefined : this.#refinements.get(basis)
    const bytes = this.#made.get(`${jobId}|${shard}|${digest}`)?.bytes
    if (refinement === undefined || bytes === undefined || passOf(plan.grid, shard) < plan.passes.length) return null
    const witness = refinement.witnesses[shard % plan.grid.shards]
    if (witness === undefined) throw new Error(`shard ${shard} has no witness`)
    try {
      simKernel.decode(bytes, shardRange(plan.grid, shard).units, plan, refinement.pass, witness)
      return null
    } catch (error) {
      if (error instanceof PartialError) return error.message
      throw error
    }
  }

  #bytesOf(jobId: JobId, shard: number, digest: Digest | undefined): Uint8Array {
    const made = this.#made.get(`${jobId}|${shard}|${digest}`)
    if (made === undefined) throw new Error(`nobody computed what is accepted of shard ${shard}`)
    return made.bytes
  }

  #digestOf(work: Work, name: string): Digest {
    const { jobId, shard, basis } = work
    const key = `${jobId}|${shard}|${basis}|${name}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const job = jobOf(this.#scenario, jobId)
    const bytes = name === '' ? this.#compute(job, work) : this.#falsify(job, work, name)
    const digest = partialDigest(bytes)
    const made = this.#made.get(`${jobId}|${shard}|${digest}`) ?? { bytes, bases: new Set() }
    this.#made.set(`${jobId}|${shard}|${digest}`, made)
    made.bases.add(basis)
    this.#known.set(key, digest)
    return digest
  }

  #compute(job: JobPlan, { shard, basis }: Work): Uint8Array {
    return simKernel.reference(this.#launch(job, shard, basis), shardRange(job.plan.grid, shard))
  }

  /** Plausible, so that no frame shows it. Every second lie in a last pass keeps to what the first one said of the units. */
  #falsify(job: JobPlan, work: Work, name: string): Uint8Array {
    const { sum, weight } = wordsOf(this.#compute(job, work))
    const { grid, passes } = job.plan
    const by = (shard: number, value: number): number => {
      const off = offset(`${name}|${job.spec.id}|${shard}`)
      return value > off ? value - off : value + off
    }
    if (passOf(grid, work.shard) < passes.length) return encode({ sum: by(work.shard, sum), weight })
    const lied = work.shard % 2 === 0 ? by(work.shard % grid.shards, sum) : sum
    return encode({ sum: lied, weight: by(work.shard, weight) })
  }

  #launch({ spec, plan, rootSeed }: JobPlan, shard: number, basis: Digest | null): Launch {
    const key = `${spec.id}|${passOf(plan.grid, shard)}|${basis}`
    const known = this.#launches.get(key)
    if (known !== undefined) return known
    if (shard >= shardsOf(plan.grid)) throw new Error(`there is no shard ${shard}`)
    const refined = basis === null ? undefined : this.#refinements.get(basis)?.pass
    const pass: PassPlan | undefined = plan.passes[passOf(plan.grid, shard)] ?? refined
    if (pass === undefined) throw new Error(`shard ${shard} of ${spec.id} is of a pass that was never planned`)
    const launch = simKernel.launch(plan, pass, keyOfSeed(simKernel.id, rootSeed), {})
    this.#launches.set(key, launch)
    return launch
  }
}

/** 1 to 1,000, by name. */
function offset(text: string): number {
  let hash = 0
  for (let n = 0; n < text.length; n++) hash = (Math.imul(hash, 31) + text.charCodeAt(n)) >>> 0
  return 1 + (hash % 1_000)
}
