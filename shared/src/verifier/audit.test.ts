// Laws of the audit: a contract computed here is the same on every engine, and any shard of any of its passes, re-run by
// itself, gives the digest that is in the job's tree. Three passes: losses, greatest events, and the tail that follows.
import { beforeAll, describe, expect, it } from 'vitest'
import { createReferenceEngine } from '../agent/engines/reference-engine.ts'
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { compileTable, tableKey } from '../distributions/table.ts'
import { digestOfJson } from '../exact/digest.ts'
import { merkleRoot } from '../exact/merkle.ts'
import { artifacts } from '../kernels/artifacts.gen.ts'
import type { TableSpec } from '../kernels/kernel.ts'
import { partialDigest } from '../reducer/reduce.ts'
import { auditShard, computeAll, planQuestion, type Computed, type PlannedQuestion } from './audit.ts'

const compiled = new Map<string, Uint32Array>()
function compile(spec: TableSpec): Uint32Array {
  const words = compiled.get(tableKey(spec)) ?? compileTable(spec).words
  compiled.set(tableKey(spec), words)
  return words
}
const op = { name: 'mc', version: 1, profile: 'insurance.v1' }
const sent = {
  iterations: 35_000,
  claim_freq: 15,
  claim_severity_mu: 6,
  claim_severity_sig: 1,
  policy_limit: 50_000,
  aggregate_limit: null,
  quantiles: [0.5, 0.99],
  oep: true,
}
const wasm = createWasmEngine(artifacts)
const reference = createReferenceEngine(artifacts)

it('plans a job of three passes of three shards', () => {
  const { plan } = planQuestion({ op, args: sent, rootSeed: 'audit' }, compile)
  expect(plan.grid).toEqual({ units: 35_000n, unitsPerShard: 16_384, shards: 3, passes: 3 })
})

describe.each([
  { profile: 'narrow', change: {} },
  { profile: 'wide', change: { cat_limit: null } },
])('a $profile job', ({ profile, change }) => {
  const all = Array.from({ length: 9 }, (_, shard) => shard)
  let question: PlannedQuestion
  let computed: Computed
  let found: readonly string[]
  beforeAll(async () => {
    question = planQuestion({ op, args: { ...sent, ...change }, rootSeed: 'audit' }, compile)
    computed = await computeAll(question, wasm)
    found = computed.partials.map(partialDigest)
  }, 60_000)

  it('has its passes, its tree over all of their shards, and the digest of its output', () => {
    const { passes, partials, output, outputDigest, merkleRoot: root } = computed
    expect(passes.map(({ program }) => program)).toEqual([profile, profile, `${profile}.tail`])
    expect(passes[2]?.facts).toMatchObject({ of: 'tail', bins: expect.any(Array) })
    expect(partials).toHaveLength(9)
    expect(new Set(found).size).toBe(9)
    expect(root).toBe(merkleRoot(partials.map(partialDigest)))
    expect(outputDigest).toBe(digestOfJson('output.v1', output))
    const { loss } = output as { loss: { years: number; quantiles: object[]; oep: object[] } }
    expect(loss.years).toBe(35_000)
    expect(loss.quantiles).toMatchObject([{ p: 0.5 }, { p: 0.99 }])
    expect(loss.oep.length).toBeGreaterThan(10)
  })

  it('is the same without SIMD', async () => {
    expect(await computeAll(question, createWasmEngine(artifacts, { simd: false }))).toEqual(computed)
  })

  it('has, of each shard re-run by itself, the digest that is in its tree', async () => {
    for (const shard of all) expect(await auditShard(question, wasm, shard, computed.passes[2])).toBe(found[shard])
  })

  // The shortest shard of each pass: the reference is slow.
  it.each([2, 5, 8])('and of shard %d on the reference', async (shard) => {
    expect(await auditShard(question, reference, shard, computed.passes[2])).toBe(found[shard])
  })

  it('needs the last pass for its shards, and for no others', async () => {
    expect(await auditShard(question, wasm, 5)).toBe(found[5])
    await expect(auditShard(question, wasm, 6)).rejects.toThrow(
      "shard 6 of 9 belongs to a pass that follows from the others' total",
    )
    const other = { ...computed.passes[2], program: `${profile}.tail`, facts: { of: 'tail', bins: [700] } }
    expect(await auditShard(question, wasm, 6, other)).not.toBe(found[6])
  })

  it('has no other shard', async () => {
    for (const shard of [-1, 9, 0.5]) {
      await expect(auditShard(question, wasm, shard, computed.passes[2])).rejects.toThrow(RangeError)
    }
  })

  it('gives other bits for another seed', async () => {
    const other = planQuestion({ op, args: { ...sent, ...change }, rootSeed: 'audit again' }, compile)
    for (const shard of [0, 3, 6])
      expect(await auditShard(other, wasm, shard, computed.passes[2])).not.toBe(found[shard])
  })
})

describe('a question', () => {
  it('of another kernel, or one that cannot be planned, is refused with a sentence', () => {
    const other = { op: { ...op, version: 2 }, args: sent, rootSeed: 'audit' }
    expect(() => planQuestion(other, compile)).toThrow('there is no kernel mc/2/insurance.v1')
    const huge = { ...sent, claim_severity_mu: 50, policy_limit: null }
    expect(() => planQuestion({ op, args: huge, rootSeed: 'audit' }, compile)).toThrow('args.policy_limit')
  })
})
