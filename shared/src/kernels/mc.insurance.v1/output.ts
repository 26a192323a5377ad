// From the total of all shards to the published figures: exact rationals, each rounded once to the nearest double.
import { rational, sqrtToNumber, toNumber, type Rational } from '../../exact/rational.ts'
import type { InsuranceArgs } from './args.ts'
import { BINS } from './histogram.ts'
import type { ShardPartial } from './partial.ts'
import type { InsurancePlan } from './plan.ts'
import { quantiles } from './quantiles.ts'
import { truncation } from './truncation.ts'

const U32_MAX = 0xffffffff

/** All shards added up; sums in quanta. */
export interface Total {
  years: bigint
  sum: bigint
  sumSquares: bigint
  claims: bigint
  zeroYears: bigint
  yearsAtAggregateLimit: bigint
  least: number
  greatest: number
  readonly counts: BigUint64Array
}

export const emptyTotal = (): Total => ({
  years: 0n,
  sum: 0n,
  sumSquares: 0n,
  claims: 0n,
  zeroYears: 0n,
  yearsAtAggregateLimit: 0n,
  least: 0xffffffff,
  greatest: 0,
  counts: new BigUint64Array(BINS),
})

export function addShard(total: Total, shard: ShardPartial): void {
  total.years += BigInt(shard.units)
  total.sum += shard.sum
  total.sumSquares += shard.sumSquares
  total.claims += shard.claims
  total.zeroYears += BigInt(shard.zeroYears)
  total.yearsAtAggregateLimit += BigInt(shard.yearsAtAggregateLimit)
  total.least = Math.min(total.least, shard.least)
  total.greatest = Math.max(total.greatest, shard.greatest)
  // As pairs of words with a carry: a BigInt for every bin of every shard took most of a large job's reduction.
  const words = new Uint32Array(total.counts.buffer, total.counts.byteOffset, 2 * total.counts.length)
  shard.bins.forEach((bin, i) => {
    const low = (words[2 * bin] ?? 0) + (shard.counts[i] ?? 0)
    words[2 * bin] = low
    if (low > U32_MAX) words[2 * bin + 1] = (words[2 * bin + 1] ?? 0) + 1
  })
}

export function output(total: Total, args: InsuranceArgs, plan: InsurancePlan): { loss: Record<string, unknown> } {
  const { years: n, sum, sumSquares } = total
  const { fractionBits } = plan.facts
  const quantum = 1n << BigInt(fractionBits)
  const money = (quanta: bigint): number => toNumber(rational(quanta, quantum))
  const share = (years: bigint): number => toNumber(rational(years, n))
  // (n sum(L^2) - sum(L)^2) / (n (n - 1)), in money squared
  const variance: Rational | null =
    n > 1n ? rational(n * sumSquares - sum * sum, n * (n - 1n) * quantum * quantum) : null
  const truncated = truncation(args, plan)
  return {
    loss: {
      mean: toNumber(rational(sum, n * quantum)),
      variance: variance && toNumber(variance),
      std_dev: variance && sqrtToNumber(variance),
      std_error: variance && sqrtToNumber({ ...variance, denominator: variance.denominator * n }),
      min: money(BigInt(total.least)),
      max: money(BigInt(total.greatest)),
      p_zero: share(total.zeroYears),
      p_at_aggregate_limit: share(total.yearsAtAggregateLimit),
      claims: Number(total.claims),
      years: Number(n),
      quantum: toNumber(rational(1n, quantum)),
      quantiles: quantiles({ ...total, years: n }, fractionBits),
      ...(truncated.length > 0 ? { truncation: truncated } : {}),
    },
  }
}
