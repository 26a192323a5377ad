// An agent that lies: it flips one bit of a partial and signs it like any other. Under `full` the output is still that of
// one honest thread and the record shows the mismatch; what cannot be true at all never becomes an answer. All agents here are
// Node agents, because no volunteer's page can be made to lie.
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startNodeAgent, type NodeAgent } from '@forge/agent-node/node-agent.ts'
import { expectSameBits } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { CLAIMS_BYTE, flip, SUM_BYTE, UNITS_BYTE } from './support/lies.ts'
import { eventually } from './support/eventually.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'

/** Of years; as few as three agents share, for the reference takes its time. */
const THREE_SHARDS = 2 ** 18 + 3

const FULL = { policy: { min_agents: 3, verify: 'full' } } as const

const refusedAs = (agent: NodeAgent | undefined, words: string) =>
  eventually(
    'the liar’s state',
    () => agent?.snapshot(),
    (snapshot) => snapshot?.state === 'refused' && snapshot.why.includes(words),
  )

let pool: Pool
beforeAll(async () => {
  pool = await startPool({ FORGE_REFEREE: 'on' })
})
afterEach(() => pool?.empty())
afterAll(() => pool?.close())

test.each([
  ['the number of claims', CLAIMS_BYTE],
  ['the sum of losses', SUM_BYTE],
])('one liar among two honest agents, who changes %s: found, shown, and without effect', async (_, byte) => {
  const [liar] = await pool.agents({ tamper: flip(byte) }, {}, {})
  const contract = smallContract(FULL)
  const answer = await pool.client.run(contract)
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
  const { verification, metrics } = answer.hub
  expect(verification.mismatches).toBeGreaterThan(0)
  expect(verification).toMatchObject({ mode: 'full', checked: metrics.shards })
  await refusedAs(liar, 'wrong answer')
})

test('two liars who tell the same lie do not win against one honest agent', async () => {
  const liars = await pool.agents({ tamper: flip(CLAIMS_BYTE) }, { tamper: flip(CLAIMS_BYTE) }, {})
  const contract = smallContract(FULL)
  const answer = await pool.client.run(contract)
  expect(answer.hub.verification.mismatches).toBeGreaterThan(0)
  // The news of it may come to the agent after the answer came to the client.
  await eventually(
    'the liars’ states',
    () => liars.slice(0, 2).map((liar) => liar.snapshot().state),
    (states) => states.includes('refused'),
  )
})

test('one lie in one shard is enough to be found, and the liar stays out under the same identity', async () => {
  // In whichever shard comes first: which agent is given which is the Hub's affair and the clock's.
  let lies = 0
  const [liar] = await pool.agents({ tamper: flip(CLAIMS_BYTE, () => lies++ === 0) }, {}, {})
  const contract = smallContract({ ...FULL, args: { iterations: THREE_SHARDS } })
  // By the reference, which no agent here has: the liar's own engine does not judge it.
  expectSameBits(await pool.client.run(contract), await expectedOf(contract))
  await refusedAs(liar, 'wrong answer')
  const again = await startNodeAgent({ url: pool.url, ...(liar === undefined ? {} : { identity: liar.identity }) })
  onTestFinished(() => again.stop())
  await refusedAs(again, 'wrong answer before')
  await again.ended
})

test('a partial that cannot be true is refused at once, and others run its shard', async () => {
  const [liar] = await pool.agents({ tamper: flip(UNITS_BYTE) }, {}, {})
  const contract = smallContract(FULL)
  const answer = await pool.client.run(contract)
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
  expect(answer.hub.verification).toMatchObject({
    mismatches: 0,
    status: 'clean',
    checked: answer.hub.metrics.shards,
  })
  expect(liar?.snapshot().tally.accepted).toBe(0)
  expect(pool.log.some((line) => line.includes('a partial cannot be true') && line.includes('units'))).toBe(true)
})

test('under spotcheck of every shard the lie is found as well', async () => {
  const [liar] = await pool.agents({ tamper: flip(SUM_BYTE) }, {})
  const contract = smallContract({ policy: { min_agents: 2, verify: 'spotcheck', spotcheck_rate: 1 } })
  const answer = await pool.client.run(contract)
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
  expect(answer.hub.verification.mismatches).toBeGreaterThan(0)
  await refusedAs(liar, 'wrong answer')
})
