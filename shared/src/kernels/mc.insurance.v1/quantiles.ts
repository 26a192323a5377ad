// VaR and TVaR from the histogram: intervals [lower, upper) that surely hold the order statistic, never a point.
// SPEC section 5 has the definitions; a second pass for exact ones is another kernel feature.
import {
  ceil,
  floor,
  integerSqrt,
  rational,
  rationalFromDecimal,
  toNumber,
  type Rational,
} from '../../exact/rational.ts'
import { binLower, binUpper } from './histogram.ts'

/** Levels as the decimals they are; each is published with its interval. */
export const LEVELS = ['0.5', '0.9', '0.95', '0.99', '0.995', '0.999'] as const
/** Fewer than this many years beyond VaR make the tail's mean a guess. */
const TAIL_YEARS_MIN = 100n

/** Amounts of money: lower <= figure < upper. */
export interface Interval {
  readonly lower: number
  readonly upper: number
}

export interface Quantile {
  readonly p: number
  readonly var: Interval
  /** Between the order statistics at n p +- 1.96 sqrt(n p (1 - p)); null where a rank leaves 1..n. */
  readonly var_interval_95: Interval | null
  readonly tvar: Interval
  readonly low_tail_count: boolean
}

export interface Histogram {
  readonly years: bigint
  readonly least: number
  readonly greatest: number
  readonly counts: BigUint64Array
}

/** One non-empty bin: losses in quanta with lower <= loss < upper. */
interface Bin {
  readonly lower: bigint
  readonly upper: bigint
  readonly count: bigint
}

export function quantiles(histogram: Histogram, fractionBits: number): Quantile[] {
  const bins = binsOf(histogram)
  const quantum = 1n << BigInt(fractionBits)
  const n = histogram.years
  const money = (lower: Rational, upper: Rational): Interval => ({
    lower: toNumber({ ...lower, denominator: lower.denominator * quantum }),
    upper: toNumber({ ...upper, denominator: upper.denominator * quantum }),
  })
  return LEVELS.map((level) => {
    const p = rationalFromDecimal(level)
    const rank = ceil(rational(n * p.numerator, p.denominator))
    const at = binOfRank(bins, rank > 0n ? rank : 1n)
    const tailYears = rational(n * (p.denominator - p.numerator), p.denominator)
    const [lowRank, highRank] = ranks95(n, p)
    const ranked = lowRank >= 1n && highRank <= n
    return {
      p: Number(level),
      var: money(rational(at.lower), rational(at.upper)),
      var_interval_95: ranked
        ? money(rational(binOfRank(bins, lowRank).lower), rational(binOfRank(bins, highRank).upper))
        : null,
      tvar: money(tailMean(bins, at.lower, tailYears, 'lower'), tailMean(bins, at.upper, tailYears, 'upper')),
      low_tail_count: tailYears.numerator < TAIL_YEARS_MIN * tailYears.denominator,
    }
  })
}

function binsOf({ counts, least, greatest }: Histogram): Bin[] {
  const bins: Bin[] = []
  counts.forEach((count, bin) => {
    if (count === 0n) return
    const lower = binLower(bin)
    const upper = binUpper(bin)
    // The least and the greatest loss are known exactly: they narrow the outermost bins.
    bins.push({
      lower: lower < BigInt(least) ? BigInt(least) : lower,
      upper: upper > BigInt(greatest) + 1n ? BigInt(greatest) + 1n : upper,
      count,
    })
  })
  return bins
}

function binOfRank(bins: readonly Bin[], rank: bigint): Bin {
  let before = 0n
  for (const bin of bins) {
    before += bin.count
    if (before >= rank) return bin
  }
  throw new RangeError(`there is no year of rank ${rank} among ${before}`)
}

/** VaR + sum max(L - VaR, 0) / (n (1 - p)) with every loss at one edge of its bin: TVaR grows with every loss. */
function tailMean(bins: readonly Bin[], valueAtRisk: bigint, tailYears: Rational, edge: 'lower' | 'upper'): Rational {
  let excess = 0n
  for (const bin of bins) if (bin[edge] > valueAtRisk) excess += bin.count * (bin[edge] - valueAtRisk)
  // VaR + excess / (a / b) = (VaR a + excess b) / a
  return rational(valueAtRisk * tailYears.numerator + excess * tailYears.denominator, tailYears.numerator)
}

/** floor(n p - w) and ceil(n p + w) with w = 1.96 sqrt(n p (1 - p)), exactly. */
function ranks95(n: bigint, { numerator, denominator }: Rational): [bigint, bigint] {
  // p = P / D: n p -+ w = (100 n P -+ sqrt(196^2 n P (D - P))) / (100 D), and of a fraction floored twice one floor shows.
  const square = 38_416n * n * numerator * (denominator - numerator)
  const root = integerSqrt(square)
  const rootUp = root * root === square ? root : root + 1n
  const centre = 100n * n * numerator
  return [floor(rational(centre - rootUp, 100n * denominator)), ceil(rational(centre + rootUp, 100n * denominator))]
}
