// The price of a contract: the one way from a plan to credits, for the estimate, the reservation, the answer and whoever
// checks them. The list and its arithmetic are shared with the offline check; the ledger is the store's.
import { contributionOf, priceOf, type Price, type Work } from '@forge/shared/billing/price.ts'
import { PRICE_LIST, priceListDigest, type PriceList } from '@forge/shared/billing/price-list.ts'
import type { Contract } from '@forge/shared/contract/envelope.ts'
import { multiply, rational } from '@forge/shared/exact/rational.ts'
import type { Kernel, KernelPlan } from '@forge/shared/kernels/kernel.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import type { Terms } from '../store/ledger-store.ts'

export interface Priced {
  readonly kernel: Pick<Kernel, 'id'>
  readonly plan: Pick<KernelPlan, 'grid' | 'drawsPerUnit'>
  readonly contract: Pick<Contract, 'policy' | 'ctx'>
}

export function workOf({ kernel, plan, contract }: Priced): Work {
  const { policy, ctx } = contract
  return {
    profile: kernel.id,
    iterations: plan.grid.units,
    drawsPerUnit: multiply(plan.drawsPerUnit, rational(BigInt(plan.grid.passes))),
    verify: policy.verify,
    spotcheckRate: policy.spotcheck_rate,
    mode: ctx.billing.mode,
  }
}

/** As asked for; zero in `test` mode. */
export const priceOfContract = (priced: Priced, list: PriceList = PRICE_LIST): Price => priceOf(workOf(priced), list)

/** A job whose checks could not be placed pays for the level that was reached. */
export const priceReached = (priced: Priced, isDegraded: boolean, list: PriceList = PRICE_LIST): Price =>
  priceOf({ ...workOf(priced), ...(isDegraded ? { verify: 'none' as const } : {}) }, list)

/** What a test job is counted with against its quota: the price that it would have. */
export const listPrice = (priced: Priced, isDegraded = false, list: PriceList = PRICE_LIST): Price =>
  priceOf({ ...workOf(priced), mode: 'billable', ...(isDegraded ? { verify: 'none' as const } : {}) }, list)

export function termsOf(priced: Priced, list: PriceList = PRICE_LIST): Terms {
  const { kernel, plan, contract } = priced
  const { units, unitsPerShard, shards } = plan.grid
  const lastUnits = units - BigInt(unitsPerShard) * BigInt(shards - 1)
  const earned = (some: bigint): bigint => contributionOf(kernel.id, some, plan.drawsPerUnit, list)
  return {
    mode: contract.ctx.billing.mode,
    op: kernelName(kernel.id),
    priceList: priceListDigest(list),
    microCredits: listPrice(priced, false, list).microCredits,
    shardMicroCredits: earned(BigInt(unitsPerShard)),
    lastShardMicroCredits: earned(lastUnits),
    shardsPerPass: shards,
  }
}
