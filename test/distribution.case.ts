// The exact distribution as a client gets it: three passes over the same years, the last planned from the first's total,
// on tabs and Node agents, narrow and wide, with the same bits as one thread alone; and with an agent that lies about the
// tail. same-bits.e2e.ts tells it, with the tab on WebGPU that it has.
import { beforeAll, describe, expect, test } from 'vitest'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { partialDigest } from '@forge/shared/reducer/reduce.ts'
import { auditShard, planQuestion } from '@forge/shared/verifier/audit.ts'
import { expectSameBits } from './support/client.ts'
import { smallContract, type Contract } from './support/contract.ts'
import type { Crew } from './support/crew.ts'
import { expectedOf } from './support/expected.ts'
import { flip, SUM_BYTE } from './support/lies.ts'
import type { Pool } from './support/pool.ts'

const exact = { quantiles: true, oep: true }
const wide = { claim_severity_sig: 3, policy_limit: null, aggregate_limit: null, cat_prob: 0 }
const data = {
  claim_severity: {
    kind: 'empirical',
    quantiles: [
      [0, 0],
      [0.3, 0],
      [0.8, 900],
      [1, 40_000],
    ],
  },
  claim_severity_mu: undefined,
  claim_severity_sig: undefined,
}

/** `undefined` leaves an argument out. */
const contractOf = (args: object, policy: object): Contract =>
  JSON.parse(JSON.stringify(smallContract({ args: { iterations: 150_007, ...args }, policy })))

const narrow = { name: 'narrow', args: exact }
// Its shaders alone take seconds to compile.
const ofWide = { name: 'wide', args: { ...exact, ...wide } }
const ofData = { name: 'a severity as data, levels of its own', args: { ...data, quantiles: [0.25, 0.9999] } }
const told = process.env['FORGE_TEST_ALL'] === '1' ? [narrow, ofWide, ofData] : [narrow, ofData]

/** The pool has a referee. */
export function testDistribution(stage: () => { readonly pool: Pool; readonly crew: Crew }): void {
  describe('the exact distribution on a WASM tab, a WebGPU tab and a Node agent', () => {
    beforeAll(() => stage().crew.of('a WASM tab', 'a WebGPU tab', 'a WASM agent'))

    test.each(told)('$name: every shard twice, the same bits', async ({ args }) => {
      const contract = contractOf(args, { target: 'any', min_agents: 3, verify: 'full' })
      const answer = await stage().pool.client.run(contract)
      const expected = await expectedOf(contract)
      expectSameBits(answer, expected)
      expect(answer.hub.metrics).toMatchObject({ shards: expected.shards })
      expect(answer.hub.verification).toMatchObject({ status: 'clean', checked: expected.shards, mismatches: 0 })
    })
  })
}

export function testLastPass(stage: () => { readonly pool: Pool; readonly crew: Crew }): void {
  describe('the last pass', () => {
    test('a shard of it can be run again from what the answer says of that pass', async () => {
      const { pool, crew } = stage()
      await crew.of('a WASM agent')
      const contract = contractOf({ quantiles: [0.995] }, { verify: 'none' })
      const { hub } = await pool.client.run(contract)
      const [, last] = hub.replay.passes ?? []
      if (last === undefined) throw new Error('the answer names two passes')
      const question = planQuestion({ op: contract.op, args: contract.args, rootSeed: contract.seed.value })
      const { partials } = await expectedOf(contract)
      const digest = await auditShard(question, createWasmEngine(artifacts), last.first_shard, last)
      expect(digest).toBe(partialDigest(partials[last.first_shard] ?? new Uint8Array()))
    })

    test('a lie about the tail contradicts the first pass and is refused at once', async () => {
      const { pool, crew } = stage()
      await crew.of()
      const contract = contractOf({ quantiles: [0.995] }, { min_agents: 2, verify: 'none' })
      const expected = await expectedOf(contract)
      await pool.agents({ tamper: flip(SUM_BYTE, (shard) => shard >= expected.shards / 2) }, {})
      expectSameBits(await pool.client.run(contract), expected)
      expect(pool.log.some((line) => line.includes('contradicts what the first pass found'))).toBe(true)
    })
  })
}
