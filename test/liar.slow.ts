// Fresh keys where no referee is, and nobody whose word counts: `full` waits for a checker until its deadline, and no answer is
// better than one that nobody vouches for, whether one of them lies or none. Slow, because it waits that long.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { smallContract } from './support/contract.ts'
import { CLAIMS_BYTE, flip } from './support/lies.ts'
import { startPool, type Pool } from './support/pool.ts'

const FULL = { policy: { min_agents: 3, verify: 'full', timeout_ms: 20_000 } } as const

let pool: Pool
beforeAll(async () => {
  pool = await startPool()
})
afterEach(() => pool?.empty())
afterAll(() => pool?.close())

test.each([
  ['three who are honest', {}],
  ['a liar among two who are honest', { tamper: flip(CLAIMS_BYTE) }],
])('%s: the job fails at its deadline, with the reason and without a bill', async (_, first) => {
  await pool.agents(first, {}, {})
  const reply = await pool.client.post(smallContract(FULL))
  expect(reply).toMatchObject({ status: 503, body: { ok: false, code: 'NO_ELIGIBLE_CHECKER', retryable: true } })
  expect(reply.body).not.toHaveProperty('hub')
  expect(reply.body).not.toHaveProperty('billing')
})
