// Small populations of losses in both widths, sorted, and what the definitions of SPEC section 5 say of them: ranks are
// counted up and sums are over every year, so that nothing here is the arithmetic that it judges.
import fc from 'fast-check'
import { rational, type Rational } from '../../exact/rational.ts'
import type { InsuranceArgs } from './args.ts'
import { binLower, binOf, binsOf, binUpper } from './histogram.ts'
import { encodePartial } from './partial.ts'
import type { InsurancePlan } from './plan.ts'
import type { Profile } from './profile.ts'
import type { Histogram } from './quantiles.ts'
import { accumulated, planned } from './simulate.case.ts'
import { encodeTail, type Segment } from './tail.ts'

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** As clients have them: near each other, spread over all magnitudes, and with atoms; often one year or two. */
export function populationsOf({ lossBits, mantissaBits }: Profile, most: bigint): fc.Arbitrary<bigint[]> {
  const exact = 2n << BigInt(mantissaBits)
  const loss = fc.oneof(
    fc.constantFrom(0n, 0n, exact / 2n - 1n, exact / 2n, exact - 1n, exact, 4095n, most),
    fc.bigInt({ min: 0n, max: 400n }),
    fc.bigInt({ min: 90_000n, max: 100_000n }),
    fc.nat(lossBits - 1).chain((bits) => fc.bigInt({ min: 0n, max: least(1n << BigInt(bits), most) })),
    fc.bigInt({ min: most / 2n, max: most }),
  )
  const atom = fc.record({ loss, times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 150 })) })
  const mixed = fc.oneof(
    { arbitrary: fc.array(atom, { minLength: 1, maxLength: 30 }), weight: 4 },
    { arbitrary: fc.array(atom, { minLength: 1, maxLength: 2 }), weight: 1 },
  )
  const spread = fc.array(fc.bigInt({ min: 90_000n, max: 110_000n }), { minLength: 200, maxLength: 400 })
  const sorted = (years: readonly bigint[]): bigint[] => years.toSorted(ascending)
  return fc
    .oneof(
      { arbitrary: fc.array(loss, { minLength: 1, maxLength: 5 }), weight: 1 },
      { arbitrary: spread, weight: 1 },
      {
        arbitrary: mixed.map((atoms) =>
          atoms.flatMap(({ loss: of, times }) => Array.from({ length: times }, () => of)),
        ),
        weight: 4,
      },
    )
    .map(sorted)
}
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** Over all years: what the reducer has of a first pass. */
export function histogramOf(profile: Profile, losses: readonly bigint[]): Histogram {
  const { sum, sumSquares, least: from, greatest, histogram } = accumulated(losses, profile.none, 1n, profile)
  const counts = BigUint64Array.from(histogram, (count) => BigInt(count))
  return { years: BigInt(losses.length), sum, sumSquares, least: from, greatest, counts }
}

export function nth<T>(list: readonly T[], rank: number): T {
  const found = list[rank - 1]
  if (found === undefined) throw new RangeError(`there is no rank ${rank} among ${list.length}`)
  return found
}

/** A level between 0 and 1 as the decimal written: its fewest digits, and the place of the first. */
export function decimalOf(p: number): Rational {
  const [, first = '', rest = '', place = ''] = /^(\d)\.?(\d*)e-(\d+)$/.exec(p.toExponential()) ?? []
  return rational(BigInt(first + rest), 10n ** BigInt(Number(place) + rest.length))
}

/** k = max(1, ceil(n p)), counted up. */
export function rankOf(n: number, { numerator, denominator }: Rational): number {
  let k = 1
  while (BigInt(k) * denominator < BigInt(n) * numerator) k++
  return k
}

/** Whether r <= n p - w, or r >= n p + w, w = 1.96 sqrt(n p (1 - p)): squared, in integers. */
const isBeyond = (r: bigint, n: bigint, { numerator: P, denominator: D }: Rational, side: 1n | -1n): boolean => {
  const distance = side * (r * D - n * P)
  return distance >= 0n && 10_000n * distance * distance >= 38_416n * n * P * (D - P)
}
/** floor(n p - w) and ceil(n p + w), or null where one leaves 1..n. */
export function ranks95(n: number, p: Rational): readonly [number, number] | null {
  let low = n
  while (!isBeyond(BigInt(low), BigInt(n), p, -1n)) low--
  let high = 1
  while (!isBeyond(BigInt(high), BigInt(n), p, 1n)) high++
  return low < 1 || high > n ? null : [low, high]
}

/** VaR + sum max(L - VaR, 0) / (n (1 - p)), in quanta. */
export function tailMean(losses: readonly bigint[], p: Rational): Rational {
  const n = BigInt(losses.length)
  const value = nth(losses, rankOf(losses.length, p))
  const excess = losses.reduce((sum, loss) => (loss > value ? sum + loss - value : sum), 0n)
  // value + excess / (n (D - P) / D)
  const tail = n * (p.denominator - p.numerator)
  return rational(value * tail + excess * p.denominator, tail)
}

/** The square of sd(max(L - VaR, 0)) / ((1 - p) sqrt n), in quanta squared; of two years and more. */
export function tailErrorSquared(losses: readonly bigint[], p: Rational): Rational {
  const n = BigInt(losses.length)
  const value = nth(losses, rankOf(losses.length, p))
  const excesses = losses.map((loss) => (loss > value ? loss - value : 0n))
  const sum = excesses.reduce((a, b) => a + b, 0n)
  // Each deviation times n: sum (n e - sum e)^2 / (n^2 (n - 1)) is their variance.
  const squares = excesses.reduce((a, e) => a + (n * e - sum) ** 2n, 0n)
  const { numerator: P, denominator: D } = p
  return rational(squares * D * D, n * n * (n - 1n) * n * (D - P) * (D - P))
}

export const inMoney = ({ numerator, denominator }: Rational, fractionBits: number): Rational =>
  rational(numerator, denominator << BigInt(fractionBits))

/** What an honest engine returns for years of these losses, one claim each: of the first pass, and of the second. */
export const firstPartial = (profile: Profile, losses: readonly bigint[]): Uint8Array =>
  encodePartial(profile, accumulated(losses, profile.none, 1n, profile))
export function tailPartial(profile: Profile, losses: readonly bigint[], selected: readonly number[]): Uint8Array {
  const listed = losses.filter((loss) => selected.includes(binOf(profile, loss)))
  return encodeTail(
    profile,
    losses.length,
    segmentsOf(profile, losses, selected),
    BigUint64Array.from(listed).toSorted(),
  )
}

/** Sums between the selected bins, by the bins' edges. */
export function segmentsOf(profile: Profile, losses: readonly bigint[], selected: readonly number[]): Segment[] {
  return [...selected, binsOf(profile)].map((bin, s) => {
    const before = selected[s - 1]
    const from = before === undefined ? 0n : binUpper(profile, before)
    const between = losses.filter((loss) => from <= loss && loss < binLower(profile, bin))
    return {
      sum: between.reduce((sum, loss) => sum + loss, 0n),
      squares: between.reduce((sum, loss) => sum + loss * loss, 0n),
    }
  })
}

/** A contract of one claim a year at most, whose claim and catastrophe together reach nearly every loss of the width. */
export function roomyContract({ name }: Profile, args: object): { args: InsuranceArgs; plan: InsurancePlan } {
  const claims = { claim_freq: 1e-6, claim_severity_sig: 2, aggregate_limit: null }
  const amounts =
    name === 'narrow'
      ? { claim_severity_mu: 20, cat_mu: 20, policy_limit: 2 ** 15, cat_limit: (2 ** 31 - 2) * 2 ** -16 }
      : { claim_severity_mu: 30, cat_mu: 35, policy_limit: 9e14, cat_limit: 9e14 }
  return planned({ ...claims, ...amounts, ...args })
}
