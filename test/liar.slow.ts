// A liar where no referee is: honest agents agree without one, and where they cannot, no answer is better than a wrong one.
// Slow, because the pool waits ten seconds for a judge before it gives up.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { expectSameBits } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { expectedOf } from './support/expected.ts'
import { CLAIMS_BYTE, flip } from './support/lies.ts'
import { startPool, type Pool } from './support/pool.ts'

const FULL = { policy: { min_agents: 3, verify: 'full' } } as const

let pool: Pool
beforeAll(async () => {
  pool = await startPool()
})
afterEach(() => pool?.empty())
afterAll(() => pool?.close())

test('three honest agents agree on everything', async () => {
  await pool.agents({}, {}, {})
  const contract = smallContract(FULL)
  const answer = await pool.client.run(contract)
  expectSameBits(answer, await expectedOf(contract))
  expect(answer.hub.verification).toMatchObject({ mismatches: 0, checked_by_trusted: 0, status: 'clean' })
})

test('a liar among honest agents: the job fails, with the reason and without a bill', async () => {
  await pool.agents({ tamper: flip(CLAIMS_BYTE) }, {}, {})
  const reply = await pool.client.post(smallContract(FULL))
  expect(reply).toMatchObject({ status: 502, body: { ok: false, code: 'VERIFICATION_FAILED', retryable: true } })
  expect(reply.body).not.toHaveProperty('hub')
  expect(reply.body).not.toHaveProperty('billing')
})
