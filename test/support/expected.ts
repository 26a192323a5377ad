// What a contract must give, computed here without a server, a store or an agent: the kernel's reference over every shard,
// in one thread. Jobs too large for it (half a million years a second) are computed by the WASM kernel, which other
// stories hold against the reference.
import type { Digest } from '@forge/shared/exact/digest.ts'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { computeAll, planQuestion, type Computed } from '@forge/shared/verifier/audit.ts'
import type { Contract } from './contract.ts'

export interface Expected extends Computed {
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

async function compute({ op, args, seed }: Contract, by: 'reference' | 'wasm'): Promise<Expected> {
  const question = planQuestion({ op, args, rootSeed: seed.value })
  const engine = by === 'reference' ? createReferenceEngine(artifacts) : createWasmEngine(artifacts)
  return {
    ...(await computeAll(question, engine)),
    contractDigest: contractDigest(question.kernel, question.args, seed.value),
    shards: shardsOf(question.plan.grid),
  }
}
