// From the total of all shards to the published figures: exact rationals, each rounded once to the nearest double.
import { rational, sqrtToNumber, toNumber, type Rational } from '../../exact/rational.ts'
import type { InsuranceArgs } from './args.ts'
import { exceedanceCurve } from './exceedance.ts'
import { binLower, binsOf, binUpper } from './histogram.ts'
import type { ShardPartial } from './partial.ts'
import type { InsurancePlan } from './plan.ts'
import { NARROW, PROFILES, WIDE, type Profile } from './profile.ts'
import { binsToSelect, exactQuantiles, intervalQuantiles } from './quantiles.ts'
import type { TailTotal } from './tail-total.ts'
import { coarseSeverities, countError, truncation } from './truncation.ts'

const U32_MAX = 0xffffffff
const MIDDLES_MAY_MISS = 20n

/** All shards of one first pass added up; sums in quanta. */
export interface Totals {
  years: bigint
  sum: bigint
  sumSquares: bigint
  claims: bigint
  zeroYears: bigint
  yearsAtAggregateLimit: bigint
  least: bigint
  greatest: bigint
  readonly counts: BigUint64Array
}

export const emptyTotals = (): Totals => ({
  years: 0n,
  sum: 0n,
  sumSquares: 0n,
  claims: 0n,
  zeroYears: 0n,
  yearsAtAggregateLimit: 0n,
  least: WIDE.none,
  greatest: 0n,
  counts: new BigUint64Array(Math.max(binsOf(NARROW), binsOf(WIDE))),
})

export function addShard(total: Totals, shard: ShardPartial): void {
  total.years += BigInt(shard.units)
  total.sum += shard.sum
  total.sumSquares += shard.sumSquares
  total.claims += shard.claims
  total.zeroYears += BigInt(shard.zeroYears)
  total.yearsAtAggregateLimit += BigInt(shard.yearsAtAggregateLimit)
  if (shard.least < total.least) total.least = shard.least
  if (shard.greatest > total.greatest) total.greatest = shard.greatest
  // As pairs of words with a carry: a BigInt for every bin of every shard took most of a large job's reduction.
  const words = new Uint32Array(total.counts.buffer, total.counts.byteOffset, 2 * total.counts.length)
  shard.bins.forEach((bin, i) => {
    const low = (words[2 * bin] ?? 0) + (shard.counts[i] ?? 0)
    words[2 * bin] = low
    if (low > U32_MAX) words[2 * bin + 1] = (words[2 * bin + 1] ?? 0) + 1
  })
}

/** A job's passes: the years' losses, their greatest events where asked, and the second pass where asked. */
export interface Total {
  readonly losses: Totals
  readonly events: Totals
  tail: TailTotal | null
}

export function selectBins({ losses }: Total, { quantiles }: InsuranceArgs, { facts }: InsurancePlan): number[] {
  return binsToSelect(PROFILES[facts.profile], losses, quantiles, losses.yearsAtAggregateLimit)
}

export function output(total: Total, args: InsuranceArgs, plan: InsurancePlan): { loss: Record<string, unknown> } {
  const { years: n, sum, sumSquares } = total.losses
  const { fractionBits } = plan.facts
  const profile = PROFILES[plan.facts.profile]
  const quantum = 1n << BigInt(fractionBits)
  const money = (quanta: bigint): number => toNumber(rational(quanta, quantum))
  const share = (years: bigint): number => toNumber(rational(years, n))
  // (n sum(L^2) - sum(L)^2) / (n (n - 1)), in money squared
  const variance: Rational | null =
    n > 1n ? rational(n * sumSquares - sum * sum, n * (n - 1n) * quantum * quantum) : null
  const truncated = truncation(args, plan)
  const coarse = coarseSeverities(args, fractionBits)
  const count = countError(args)
  return {
    loss: {
      mean: toNumber(rational(sum, n * quantum)),
      variance: variance && toNumber(variance),
      variance_std_error: varianceStdError(profile, total.losses, fractionBits),
      std_dev: variance && sqrtToNumber(variance),
      std_error: variance && sqrtToNumber({ ...variance, denominator: variance.denominator * n }),
      min: money(total.losses.least),
      max: money(total.losses.greatest),
      p_zero: share(total.losses.zeroYears),
      p_at_aggregate_limit: share(total.losses.yearsAtAggregateLimit),
      claims: Number(total.losses.claims),
      years: Number(n),
      quantum: toNumber(rational(1n, quantum)),
      ...distribution(total, args, profile, fractionBits),
      ...(truncated.length > 0 ? { truncation: truncated } : {}),
      ...(count === null ? {} : { claim_freq_error: count }),
      ...(coarse.length > 0 ? { coarse_quantum: coarse } : {}),
    },
  }
}

function distribution({ losses, events, tail }: Total, args: InsuranceArgs, profile: Profile, fractionBits: number) {
  const oep = args.oep ? { oep: exceedanceCurve(profile, events, fractionBits) } : {}
  const aep = args.oep || args.quantiles.length > 0 ? { aep: exceedanceCurve(profile, losses, fractionBits) } : {}
  if (args.quantiles.length === 0)
    return { quantiles: intervalQuantiles(profile, losses, fractionBits), ...aep, ...oep }
  if (tail === null) throw new Error('exact quantiles need the second pass')
  return {
    quantiles: exactQuantiles(profile, losses, tail, args.quantiles, fractionBits),
    ...aep,
    ...oep,
  }
}

/**
 * sqrt((m4 - (n - 3) / (n - 1) s^4) / n) with the unbiased variance s^2 and the fourth central moment m4, which takes every
 * loss at the middle of its bin: a bin is at most 1/128 (wide: 1/64) as wide as its losses, so m4 is right to 1.6 % (3.2 %)
 * of what the tail brings and the error to half of that. Null for fewer than four years, and where the losses lie in so
 * few bins that their middles miss the variance itself by more than a twentieth.
 */
function varianceStdError(profile: Profile, total: Totals, fractionBits: number): number | null {
  const { years: n, sum, sumSquares, counts, least, greatest } = total
  if (n < 4n) return null
  // With d = 2 n (middle - mean), an integer: m4 = sum(count d^4) / (16 n^5).
  let [seconds, fourths] = [0n, 0n]
  counts.forEach((count, bin) => {
    if (count === 0n) return
    const lower = max(binLower(profile, bin), least)
    const upper = min(binUpper(profile, bin) - 1n, greatest)
    const d = n * (lower + upper) - 2n * sum
    seconds += count * d * d
    fourths += count * d * d * d * d
  })
  const spread = n * sumSquares - sum * sum
  // The second moment by the same middles against the exact one: sum(count d^2) / (4 n^3) against spread / n^2.
  const [byMiddles, exact] = [seconds, 4n * n * spread]
  if (abs(byMiddles - exact) * MIDDLES_MAY_MISS > exact) return null
  // m4 and s^4 over one denominator, 16 n^5 (n - 1)^3
  const m4 = fourths * (n - 1n) ** 3n
  const s4 = 16n * n ** 3n * (n - 3n) * spread * spread
  const quantum = 1n << BigInt(fractionBits)
  const numerator = max(m4 - s4, 0n)
  return sqrtToNumber(rational(numerator, 16n * n ** 6n * (n - 1n) ** 3n * quantum ** 4n))
}

const abs = (a: bigint): bigint => (a < 0n ? -a : a)
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
