// A contract computed here, without server, agents or store: all of it, or one shard of it. What the pool answers can be
// held against this by anybody, because the bits depend on the contract and the root seed alone.
import type { Engine } from '../agent/engines/engine.ts'
import { compileTable } from '../distributions/table.ts'
import type { Digest } from '../exact/digest.ts'
import {
  isRefusal,
  passOf,
  shardRange,
  shardsOf,
  type Kernel,
  type KernelPlan,
  type Launch,
  type PassPlan,
  type TableSpec,
} from '../kernels/kernel.ts'
import { kernelName, kernels } from '../kernels/registry.gen.ts'
import { keyOfSeed } from '../planner/contract.ts'
import { createReducer, partialDigest, type Reducer, type Reduction } from '../reducer/reduce.ts'

/** What of a contract the output depends on. */
export interface Question {
  readonly op: { readonly name: string; readonly version: number; readonly profile: string }
  readonly args: unknown
  readonly rootSeed: string
}

export interface PlannedQuestion {
  readonly kernel: Kernel
  readonly kernelName: string
  /** With every default filled in. */
  readonly args: unknown
  readonly plan: KernelPlan
  /** Compiled, by name. */
  readonly tables: Readonly<Record<string, Uint32Array>>
  launch(pass: PassPlan): Launch
}

/** Throws with a sentence when there is no such kernel or the args cannot be planned. */
export function planQuestion(
  { op, args: sent, rootSeed }: Question,
  compile: (spec: TableSpec) => Uint32Array = (spec) => compileTable(spec).words,
): PlannedQuestion {
  const name = kernelName({ op: op.name, version: op.version, profile: op.profile })
  const kernel = kernels.get(name)
  if (kernel === undefined) throw new Error(`there is no kernel ${name}`)
  const args = kernel.argsSchema.parse(sent)
  const plan = kernel.plan(args)
  if (isRefusal(plan)) throw new Error(`it cannot be planned: ${JSON.stringify(plan.errors)}`)
  const tables = Object.fromEntries(Object.entries(plan.tables).map(([table, spec]) => [table, compile(spec)]))
  const key = keyOfSeed(kernel.id, rootSeed)
  return { kernel, kernelName: name, args, plan, tables, launch: (pass) => kernel.launch(plan, pass, key, tables) }
}

export interface Computed extends Reduction {
  /** By the shard's number in the job. */
  readonly partials: readonly Uint8Array[]
  /** All passes; the last one, where the plan refines, as it followed from the others. */
  readonly passes: readonly PassPlan[]
}

/** Every shard of every pass, one after another. */
export async function computeAll(question: PlannedQuestion, engine: Engine): Promise<Computed> {
  const { kernel, args, plan } = question
  const reducer = createReducer(kernel, args, plan)
  const partials: Uint8Array[] = []
  const passes = [...plan.passes]
  for (let index = 0; index < plan.grid.passes; index++) {
    const pass = passes[index] ?? reducer.refinement().pass
    passes[index] = pass
    await runPass(question, engine, pass, index, reducer, partials)
  }
  return { ...reducer.finish(), partials, passes }
}

async function runPass(
  question: PlannedQuestion,
  engine: Engine,
  pass: PassPlan,
  index: number,
  reducer: Reducer,
  partials: Uint8Array[],
): Promise<void> {
  const { grid } = question.plan
  const ranges = Array.from({ length: grid.shards }, (_, i) => shardRange(grid, index * grid.shards + i))
  const loaded = await engine.load(question.kernelName, question.launch(pass))
  try {
    await loaded.run(ranges, (shard, partial) => {
      partials[shard] = partial
      reducer.add(shard, partial)
    })
  } finally {
    loaded.close()
  }
}

/**
 * Re-runs one shard and returns its digest, which must be the one in the job's Merkle tree. A shard of a pass that
 * followed from others needs that pass, as the receipt has it. Throws a `RangeError` when there is no such shard.
 */
export async function auditShard(
  question: PlannedQuestion,
  engine: Engine,
  shard: number,
  refined?: PassPlan,
): Promise<Digest> {
  const { grid, passes } = question.plan
  const range = shardRange(grid, shard)
  const pass = passes[passOf(grid, shard)] ?? refined
  if (pass === undefined) {
    throw new RangeError(`shard ${shard} of ${shardsOf(grid)} belongs to a pass that follows from the others' total`)
  }
  const loaded = await engine.load(question.kernelName, question.launch(pass))
  try {
    const found: Digest[] = []
    await loaded.run([range], (_, partial) => found.push(partialDigest(partial)))
    const [digest] = found
    if (digest === undefined) throw new Error(`the engine gave nothing for shard ${shard}`)
    return digest
  } finally {
    loaded.close()
  }
}
