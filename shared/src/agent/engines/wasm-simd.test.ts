// What is rare, where SIMD meets it. One claim in a million needs its refinement, in any place of any block: that is out
// of the reference's reach, and so SIMD is held against scalar. And vectors of a single year, which stand for what no
// random year shows, are put into every lane, for alone they would be left to the plain code. The rest is in engines.test.ts.
import { expect, test } from 'vitest'
import { compileTable } from '../../distributions/table.ts'
import { artifact } from '../../kernels/mc.insurance.v1/artifact.ts'
import { kernel } from '../../kernels/mc.insurance.v1/kernel.ts'
import vectors from '../../kernels/mc.insurance.v1/vectors.json' with { type: 'json' }
import type { TableSpec } from '../../kernels/kernel.ts'
import { plannedCase, vectorsSchema } from '../../kernels/vectors.ts'
import { createWasmEngine } from './wasm-engine.ts'

const YEARS = 2 ** 19 - 3
const compile = (spec: TableSpec): Uint32Array => compileTable(spec).words

test.each([
  { claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 },
  { claim_freq: 9, claim_severity_mu: 2, claim_severity_sig: 1.5, cat_prob: 0.7, cat_mu: 4, aggregate_limit: null },
  { claim_freq: 30, claim_severity_mu: 1, claim_severity_sig: 1, policy_limit: 100, deductible: 1, cat_prob: 0 },
])('with SIMD and without it, the same partials of $claim_freq claims a year', { timeout: 60_000 }, async (args) => {
  const { launch } = plannedCase({ name: 'long', args, root_seed: 'long' }, kernel, compile)
  const ranges = [0n, 2n ** 32n - 1001n].map((firstUnit, shard) => ({ shard, firstUnit, units: YEARS }))
  const partials = async (simd: boolean): Promise<Uint8Array[]> => {
    const loaded = await createWasmEngine([artifact], { simd }).load(artifact.name, launch)
    const found: Uint8Array[] = []
    await loaded.run(ranges, (_, partial) => found.push(partial))
    loaded.close()
    return found
  }
  expect(launch.program).toBe('narrow')
  expect(await partials(true)).toEqual(await partials(false))
})

const single = vectorsSchema.parse(vectors).cases.filter(({ units, program }) => units === 1 && program === 'narrow')

test.each(single.map((vector) => [vector.name, vector] as const))('"%s" in every lane', async (_, vector) => {
  const { launch } = plannedCase(vector, kernel, compile)
  const loaded = await createWasmEngine([artifact]).load(artifact.name, launch)
  const unit = BigInt(vector.first_unit)
  const ranges = [0n, 1n, 2n, 3n]
    .filter((lane) => lane <= unit)
    .map((lane, shard) => ({ shard, firstUnit: unit - lane, units: 8 }))
  await loaded.run(ranges, (shard, partial) => {
    const [range] = ranges.slice(shard)
    expect(range && kernel.reference(launch, range)).toEqual(partial)
  })
  expect.assertions(ranges.length)
})
