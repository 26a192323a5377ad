// One price, wherever it is shown: what the estimate says is what is reserved, and what a degraded or a test job pays follows
// from the same plan.
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { isRefusal } from '@forge/shared/kernels/kernel.ts'
import { kernel } from '@forge/shared/kernels/mc.insurance.v1/kernel.ts'
import { PRICE_LIST, priceListDigest } from '@forge/shared/billing/price-list.ts'
import { expect, test } from 'vitest'
import { listPrice, priceOfContract, priceReached, termsOf, type Priced } from './price.ts'

function founding(change: { mode?: 'test'; verify?: 'full'; iterations?: number } = {}): Priced {
  const { mode = 'billable', verify = 'spotcheck', iterations = 10_000_000 } = change
  const contract = contractSchema.parse({
    ctx: { billing: { mode } },
    op: { name: 'mc', version: 1, profile: 'insurance.v1' },
    seed: { mode: 'explicit', value: 'ROOT_SEED_001' },
    policy: { target: 'cpu', min_agents: 1, max_agents: 50, verify },
    args: { iterations, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 },
  })
  const plan = kernel.plan(kernel.argsSchema.parse(contract.args))
  if (isRefusal(plan)) throw new Error('the founding args have a plan')
  return { kernel, plan, contract }
}

test('the founding request is estimated, reserved and answered at 1.42 credits, 0.17 EUR', () => {
  const job = founding()
  expect(priceOfContract(job)).toEqual({ credits: 1.42, eur: 0.17, microCredits: 1_420_000n })
  expect(priceReached(job, false)).toEqual(priceOfContract(job))
  // The worked example of docs/billing.md.
  expect(termsOf(job)).toEqual({
    mode: 'billable',
    op: 'mc/1/insurance.v1',
    priceList: priceListDigest(PRICE_LIST),
    microCredits: 1_420_000n,
    shardMicroCredits: 16_922n,
    lastShardMicroCredits: 4_974n,
    shardsPerPass: 77,
  })
})

test('the second example of the docs: 10^6 iterations under full', () => {
  const job = founding({ iterations: 1_000_000, verify: 'full' })
  expect(priceOfContract(job)).toEqual({ credits: 0.26, eur: 0.03, microCredits: 260_000n })
  expect(termsOf(job).microCredits).toBe(260_000n)
})

test('a degraded job pays the price of none; a test job pays nothing, and is counted with its price', () => {
  expect(priceReached(founding(), true)).toMatchObject({ credits: 1.29, eur: 0.15 })
  const free = founding({ mode: 'test' })
  expect(priceOfContract(free)).toEqual({ credits: 0, eur: 0, microCredits: 0n })
  expect(listPrice(free).microCredits).toBe(1_420_000n)
  expect(listPrice(free, true).microCredits).toBe(1_290_000n)
  expect(termsOf(free)).toMatchObject({ mode: 'test', microCredits: 1_420_000n })
})
