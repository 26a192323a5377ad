// Computes a contract here, in one thread, without a server, an agent or a store, and prints the digests that the pool's
// answer must show. `tsx docs/recompute.ts request.json` computes every shard; a shard's number after it prints that one's.
import { readFile } from 'node:fs/promises'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { auditShard, computeAll, planQuestion } from '@forge/shared/verifier/audit.ts'

const [, , file = 'test/fixtures/founding-request.json', only] = process.argv
const { op, seed, args: sent } = contractSchema.parse(JSON.parse(await readFile(file, 'utf8')))
if (seed.mode === 'derived') throw new Error('write the root_seed of the answer as an explicit seed')

const question = planQuestion({ op, args: sent, rootSeed: seed.value })
const engine = createWasmEngine(artifacts)
if (only === undefined) {
  const { outputDigest, merkleRoot } = await computeAll(question, engine)
  console.log(`contract_digest ${contractDigest(question.kernel, question.args, seed.value)}`)
  console.log(`kernel_digest   ${question.kernel.digest}`)
  console.log(`merkle_root     ${merkleRoot}`)
  console.log(`output_digest   ${outputDigest}`)
} else {
  const shard = Number(only)
  const { passes, grid } = question.plan
  // A shard of the last pass can only be run once the others are known.
  const refined = passOf(grid, shard) < passes.length ? undefined : (await computeAll(question, engine)).passes.at(-1)
  console.log(`shard ${shard}: partial digest ${await auditShard(question, engine, shard, refined)}`)
}
