// Computes a contract here, in one thread, without a server, an agent or a store, and prints the digests that the pool's
// answer must show. `tsx docs/recompute.ts request.json` computes every shard; a shard's number after it prints that one's.
import { readFile } from 'node:fs/promises'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { compileTable } from '@forge/shared/distributions/table.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { isRefusal, shardRange } from '@forge/shared/kernels/kernel.ts'
import { kernelName, kernels } from '@forge/shared/kernels/registry.gen.ts'
import { contractDigest, keyOfSeed } from '@forge/shared/planner/contract.ts'
import { createReducer, partialDigest } from '@forge/shared/reducer/reduce.ts'

const [, , file = 'test/fixtures/founding-request.json', only] = process.argv
const { op, seed, args: sent } = contractSchema.parse(JSON.parse(await readFile(file, 'utf8')))
if (seed.mode === 'derived') throw new Error('write the root_seed of the answer as an explicit seed')

const name = kernelName({ op: op.name, version: op.version, profile: op.profile })
const kernel = kernels.get(name)
if (kernel === undefined) throw new Error(`there is no kernel ${name}`)
const args = kernel.argsSchema.parse(sent)
const plan = kernel.plan(args)
if (isRefusal(plan)) throw new Error(JSON.stringify(plan.errors))

const tables = Object.fromEntries(Object.entries(plan.tables).map(([table, spec]) => [table, compileTable(spec).words]))
const loaded = await createWasmEngine(artifacts).load(
  name,
  kernel.launch(plan, keyOfSeed(kernel.id, seed.value), tables),
)
if (only === undefined) {
  const reducer = createReducer(kernel, args, plan)
  const shards = Array.from({ length: plan.grid.shards }, (_, shard) => shardRange(plan.grid, shard))
  await loaded.run(shards, (shard, partial) => reducer.add(shard, partial))
  const { outputDigest, merkleRoot } = reducer.finish()
  console.log(`contract_digest ${contractDigest(kernel, args, seed.value)}`)
  console.log(`kernel_digest   ${kernel.digest}`)
  console.log(`merkle_root     ${merkleRoot}`)
  console.log(`output_digest   ${outputDigest}`)
} else {
  await loaded.run([shardRange(plan.grid, Number(only))], (shard, partial) =>
    console.log(`shard ${shard}: ${partial.length} bytes, partial digest ${partialDigest(partial)}`),
  )
}
