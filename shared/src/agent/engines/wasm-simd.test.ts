// SIMD against scalar over millions of claims: one in a million needs its refinement, in any place of any block, and so
// few of them are out of the reference's reach. That either engine is right elsewhere is in engines.test.ts.
import { expect, test } from 'vitest'
import { compileTable } from '../../distributions/table.ts'
import { artifact } from '../../kernels/mc.insurance.v1/artifact.ts'
import { kernel } from '../../kernels/mc.insurance.v1/kernel.ts'
import { plannedCase } from '../../kernels/vectors.ts'
import { createWasmEngine } from './wasm-engine.ts'

const YEARS = 2 ** 19 - 3

test.each([
  { claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 },
  { claim_freq: 9, claim_severity_mu: 2, claim_severity_sig: 1.5, cat_prob: 0.7, cat_mu: 4, aggregate_limit: null },
  { claim_freq: 30, claim_severity_mu: 1, claim_severity_sig: 1, policy_limit: 100, deductible: 1, cat_prob: 0 },
])('with SIMD and without it, the same partials of $claim_freq claims a year', { timeout: 60_000 }, async (args) => {
  const { launch } = plannedCase({ name: 'long', args, root_seed: 'long' }, kernel, (spec) => compileTable(spec).words)
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
