// VaR and TVaR: from the histogram alone as intervals [lower, upper) that surely hold the order statistic, never a point;
// with the second pass exactly. SPEC section 5 has the definitions.
import {
  ceil,
  floor,
  integerSqrt,
  rational,
  rationalFromDecimal,
  sqrtToNumber,
  toNumber,
  type Rational,
} from '../../exact/rational.ts'
import { DEFAULT_LEVELS } from './args.ts'
import { binLower, binUpper, octaveOf } from './histogram.ts'
import { SELECTED_MAX } from './launch.ts'
import type { TailTotal } from './tail-total.ts'
import type { Profile } from './profile.ts'

/** Fewer than this many years beyond VaR make the tail's mean a guess. */
const TAIL_YEARS_MIN = 100n

/** Amounts of money: lower <= figure < upper. */
export interface Interval {
  readonly lower: number
  readonly upper: number
}

/** From the histogram. */
export interface QuantileInterval {
  readonly p: number
  readonly var: Interval
  /** Between the order statistics at n p +- 1.96 sqrt(n p (1 - p)); null where a rank leaves 1..n. */
  readonly var_interval_95: Interval | null
  readonly tvar: Interval
  readonly low_tail_count: boolean
}

/** From the second pass: each figure the double nearest to the exact one. */
export interface ExactQuantile {
  readonly p: number
  readonly var: number
  /** Both ends are order statistics, hence lower <= upper. */
  readonly var_interval_95: Interval | null
  readonly tvar: number
  /** sd(max(L - VaR, 0)) / ((1 - p) sqrt n); null for one year. */
  readonly tvar_std_error: number | null
  readonly low_tail_count: boolean
}

export interface Histogram {
  readonly years: bigint
  readonly sum: bigint
  readonly sumSquares: bigint
  readonly least: bigint
  readonly greatest: bigint
  readonly counts: BigUint64Array
}

/** One non-empty bin: losses in quanta with lower <= loss < upper. */
interface Bin {
  readonly bin: number
  readonly lower: bigint
  readonly upper: bigint
  readonly count: bigint
  /** Years in lower bins. */
  readonly before: bigint
}

/** What a level asks of n years. */
interface Level {
  readonly p: number
  readonly rank: bigint
  /** Null where a rank leaves 1..n. */
  readonly ranks95: readonly [low: bigint, high: bigint] | null
  /** n (1 - p) */
  readonly tailYears: Rational
  readonly lowTailCount: boolean
}

function levelOf(p: number, n: bigint): Level {
  const decimal = decimalOf(p)
  const rank = ceil(rational(n * decimal.numerator, decimal.denominator))
  const tailYears = rational(n * (decimal.denominator - decimal.numerator), decimal.denominator)
  const [low, high] = ranks95(n, decimal)
  return {
    p,
    rank: rank > 0n ? rank : 1n,
    ranks95: low >= 1n && high <= n ? [low, high] : null,
    tailYears,
    lowTailCount: tailYears.numerator < TAIL_YEARS_MIN * tailYears.denominator,
  }
}

/** A level is the decimal written; JavaScript writes those below 10^-6 with an exponent. */
function decimalOf(p: number): Rational {
  const [digits = '', exponent = '0'] = String(p).split('e-')
  const { numerator, denominator } = rationalFromDecimal(digits)
  return rational(numerator, denominator * 10n ** BigInt(exponent))
}

const ranksOf = ({ rank, ranks95: around }: Level): bigint[] => [rank, ...(around ?? [])]

export function intervalQuantiles(profile: Profile, histogram: Histogram, fractionBits: number): QuantileInterval[] {
  const bins = binsOfHistogram(profile, histogram)
  return DEFAULT_LEVELS.map((p) => intervalOf(bins, levelOf(p, histogram.years), fractionBits))
}

function intervalOf(
  bins: readonly Bin[],
  { p, rank, ranks95: around, tailYears, lowTailCount }: Level,
  fractionBits: number,
): QuantileInterval {
  const money = (lower: Rational, upper: Rational): Interval => ({
    lower: moneyOf(lower, fractionBits),
    upper: moneyOf(upper, fractionBits),
  })
  const at = binOfRank(bins, rank)
  return {
    p,
    var: money(rational(at.lower), rational(at.upper)),
    var_interval_95:
      around && money(rational(binOfRank(bins, around[0]).lower), rational(binOfRank(bins, around[1]).upper)),
    tvar: money(tailMean(bins, at.lower, tailYears, 'lower'), tailMean(bins, at.upper, tailYears, 'upper')),
    low_tail_count: lowTailCount,
  }
}

/**
 * The bins whose losses the second pass lists: those of every rank that a level asks for, unless all losses of a bin are
 * equal. A level whose bins would make more years listed than a Hub keeps is left out, and stays an interval.
 */
export function binsToSelect(
  profile: Profile,
  histogram: Histogram,
  levels: readonly number[],
  yearsAtLimit = 0n,
): number[] {
  const bins = binsOfHistogram(profile, histogram)
  const selected = new Map<number, bigint>()
  let years = 0n
  for (const p of levels) {
    const wide = widesOf(profile, bins, levelOf(p, histogram.years)).filter(({ bin }) => !selected.has(bin))
    // Years at the aggregate limit are one entry a shard, however many they are, and lie in the last bin.
    const alike = wide.some((bin) => bin === bins.at(-1)) ? yearsAtLimit : 0n
    const more = wide.reduce((sum, { count }) => sum + count, -alike)
    if (years + more > BigInt(profile.listedYearsMax)) continue
    years += more
    for (const { bin, count } of wide) selected.set(bin, count)
  }
  if (selected.size > SELECTED_MAX) throw new RangeError(`${selected.size} bins are more than ${SELECTED_MAX}`)
  return [...selected.keys()].toSorted((a, b) => a - b)
}

/** The bins of a level's ranks that hold more than one loss, each once. */
const widesOf = (profile: Profile, bins: readonly Bin[], level: Level): Bin[] =>
  [...new Set(ranksOf(level).map((rank) => binOfRank(bins, rank)))].filter(({ bin }) => octaveOf(profile, bin) > 0)

export function exactQuantiles(
  profile: Profile,
  histogram: Histogram,
  tail: TailTotal,
  levels: readonly number[],
  fractionBits: number,
): (ExactQuantile | QuantileInterval)[] {
  const bins = binsOfHistogram(profile, histogram)
  const n = histogram.years
  const lossOfRank = (rank: bigint): bigint => {
    const { bin, lower, before } = binOfRank(bins, rank)
    return octaveOf(profile, bin) === 0 ? lower : tail.lossOfRank(bin, rank - before)
  }
  const money = (quanta: Rational): number => moneyOf(quanta, fractionBits)
  return levels.map((p) => {
    const level = levelOf(p, n)
    if (widesOf(profile, bins, level).some(({ bin }) => !tail.has(bin))) return intervalOf(bins, level, fractionBits)
    const { rank, ranks95: around, tailYears, lowTailCount } = level
    const value = lossOfRank(rank)
    const { years, sum, squares } = beyond(profile, bins, histogram, tail, value)
    const excess = sum - years * value
    const excessSquares = squares - 2n * value * sum + years * value * value
    const { numerator: a, denominator: b } = tailYears
    return {
      p,
      var: money(rational(value)),
      var_interval_95: around && {
        lower: money(rational(lossOfRank(around[0]))),
        upper: money(rational(lossOfRank(around[1]))),
      },
      // VaR + excess / (a / b) = (VaR a + excess b) / a
      tvar: money(rational(value * a + excess * b, a)),
      tvar_std_error: n > 1n ? tailStdError(n, excess, excessSquares, tailYears, fractionBits) : null,
      low_tail_count: lowTailCount,
    }
  })
}

/** sd / ((1 - p) sqrt n) = sqrt(variance n) / (n (1 - p)), with the variance over n - 1. */
function tailStdError(
  n: bigint,
  excess: bigint,
  excessSquares: bigint,
  { numerator, denominator }: Rational,
  fractionBits: number,
): number {
  const quantum = 1n << BigInt(fractionBits)
  const variance = n * excessSquares - excess * excess
  return sqrtToNumber(
    rational(variance * denominator * denominator, (n - 1n) * numerator * numerator * quantum * quantum),
  )
}

interface Sums {
  readonly years: bigint
  readonly sum: bigint
  readonly squares: bigint
}

/** Of the years whose loss exceeds `value`, which is the loss of a rank that was asked for. */
function beyond(profile: Profile, bins: readonly Bin[], total: Histogram, tail: TailTotal, value: bigint): Sums {
  const at = bins.find(({ lower, upper }) => lower <= value && value < upper)
  if (at === undefined) throw new RangeError(`no year has a loss of ${value} quanta`)
  if (octaveOf(profile, at.bin) > 0) {
    const { upTo, sum, squares } = tail.beyond(at.bin, value)
    return { years: total.years - at.before - upTo, sum, squares }
  }
  // Below every bin that holds more than one loss the histogram is exact.
  let { years, sum, sumSquares: squares } = total
  for (const { lower, count } of bins) {
    if (lower > value) break
    years -= count
    sum -= count * lower
    squares -= count * lower * lower
  }
  return { years, sum, squares }
}

const moneyOf = ({ numerator, denominator }: Rational, fractionBits: number): number =>
  toNumber(rational(numerator, denominator << BigInt(fractionBits)))

function binsOfHistogram(profile: Profile, { counts, least, greatest }: Histogram): Bin[] {
  const bins: Bin[] = []
  let before = 0n
  counts.forEach((count, bin) => {
    if (count === 0n) return
    const lower = binLower(profile, bin)
    const upper = binUpper(profile, bin)
    // The least and the greatest loss are known exactly: they narrow the outermost bins.
    bins.push({
      bin,
      lower: lower < least ? least : lower,
      upper: upper > greatest + 1n ? greatest + 1n : upper,
      count,
      before,
    })
    before += count
  })
  return bins
}

function binOfRank(bins: readonly Bin[], rank: bigint): Bin {
  const found = bins.find(({ before, count }) => before + count >= rank)
  if (found === undefined) throw new RangeError(`there is no year of rank ${rank}`)
  return found
}

/** VaR + sum max(L - VaR, 0) / (n (1 - p)) with every loss at one edge of its bin: TVaR grows with every loss. */
function tailMean(bins: readonly Bin[], valueAtRisk: bigint, tailYears: Rational, edge: 'lower' | 'upper'): Rational {
  let excess = 0n
  for (const bin of bins) if (bin[edge] > valueAtRisk) excess += bin.count * (bin[edge] - valueAtRisk)
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
