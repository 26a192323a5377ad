// What a contract must give, computed here without a server, a store or an agent: the kernel's reference over every shard,
// in one thread. Jobs too large for it (half a million years a second) are computed by the WASM kernel, which other
// stories hold against the reference.
import { compileTable } from '@forge/shared/distributions/table.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { isRefusal, shardRange } from '@forge/shared/kernels/kernel.ts'
import { kernelName, kernels } from '@forge/shared/kernels/registry.gen.ts'
import { contractDigest, keyOfSeed } from '@forge/shared/planner/contract.ts'
import { createReducer, type Reduction } from '@forge/shared/reducer/reduce.ts'
import type { Contract } from './contract.ts'

export interface Expected extends Reduction {
  readonly contractDigest: Digest
  readonly shards: number
}

const known = new Map<string, Promise<Expected>>()

/** Computed once for each contract of a test file. */
export function expectedOf(contract: Contract, by: 'reference' | 'wasm' = 'reference'): Promise<Expected> {
  const { op, args, seed } = contract
  const name = JSON.stringify([by, op, args, seed])
  const found = known.get(name) ?? compute(contract, by)
  known.set(name, found)
  return found
}

async function compute({ op, args: sent, seed }: Contract, by: 'reference' | 'wasm'): Promise<Expected> {
  const name = kernelName({ op: op.name, version: op.version, profile: op.profile })
  const kernel = kernels.get(name)
  if (kernel === undefined) throw new Error(`there is no kernel ${name}`)
  const args = kernel.argsSchema.parse(sent)
  const plan = kernel.plan(args)
  if (isRefusal(plan)) throw new Error(`it cannot be planned: ${JSON.stringify(plan.errors)}`)
  const tables = Object.fromEntries(
    Object.entries(plan.tables).map(([table, spec]) => [table, compileTable(spec).words] as const),
  )
  const engine = by === 'reference' ? createReferenceEngine(artifacts) : createWasmEngine(artifacts)
  const loaded = await engine.load(name, kernel.launch(plan, keyOfSeed(kernel.id, seed.value), tables))
  const reducer = createReducer(kernel, args, plan)
  const ranges = Array.from({ length: plan.grid.shards }, (_, shard) => shardRange(plan.grid, shard))
  await loaded.run(ranges, (shard, partial) => reducer.add(shard, partial))
  return {
    ...reducer.finish(),
    contractDigest: contractDigest(kernel, args, seed.value),
    shards: plan.grid.shards,
  }
}
