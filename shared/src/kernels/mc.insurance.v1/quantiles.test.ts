// Laws of VaR and TVaR from the histogram alone: the figure that a sorted list of all years gives, by definition, lies in
// the published interval, whatever the sample: ties, atoms, one year, no loss at all.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rational, rationalFromDecimal, toNumber, type Rational } from '../../exact/rational.ts'
import { histogramOf, inMoney, nth, populationsOf, rankOf, ranks95, tailMean } from './populations.case.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import { intervalQuantiles, type Interval, type QuantileInterval } from './quantiles.ts'

const LEVELS = ['0.5', '0.9', '0.95', '0.99', '0.995', '0.999']
const published = (profile: Profile, losses: readonly bigint[], fractionBits: number): QuantileInterval[] =>
  intervalQuantiles(profile, histogramOf(profile, losses), fractionBits)
const moneyOf = (quanta: bigint, bits: number): number => toNumber(inMoney(rational(quanta), bits))
const holds = ({ lower, upper }: Interval, figure: number): boolean => lower <= figure && figure < upper
const eachLevel = (found: readonly QuantileInterval[], f: (quantile: QuantileInterval, p: Rational) => void): void =>
  LEVELS.forEach((level, i) => f(nth(found, i + 1), rationalFromDecimal(level)))

describe.each([
  // The greatest losses of which the next one is still another double, for an interval is half open.
  { profile: NARROW, finest: 128, bits: { min: 6, max: 32 }, most: NARROW.none - 1n },
  { profile: WIDE, finest: 64, bits: { min: 0, max: 16 }, most: 2n ** 52n },
])('of $profile.name years', ({ profile, finest, bits, most }) => {
  const samples = populationsOf(profile, most)
  const fractionBits = fc.integer(bits)

  it('VaR holds the k-th smallest loss, k = max(1, ceil(n p)), in a bin as narrow as it may be', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, fraction) => {
        eachLevel(published(profile, losses, fraction), (quantile, p) => {
          const value = nth(losses, rankOf(losses.length, p))
          expect(holds(quantile.var, moneyOf(value, fraction))).toBe(true)
          const { lower, upper } = quantile.var
          expect(upper - lower).toBeLessThanOrEqual(Math.max(2 ** -fraction, lower / finest))
        })
      }),
    )
  })

  it('none exceeds what was seen, and the levels are those written', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, fraction) => {
        const found = published(profile, losses, fraction)
        expect(found.map(({ p }) => String(p))).toEqual(LEVELS)
        for (const { var: value, tvar } of found) {
          for (const { lower, upper } of [value, tvar]) {
            expect(lower).toBeGreaterThanOrEqual(moneyOf(nth(losses, 1), fraction))
            expect(upper).toBeLessThanOrEqual(moneyOf(nth(losses, losses.length) + 1n, fraction))
            expect(lower).toBeLessThan(upper)
          }
        }
      }),
    )
  })

  it('the interval of VaR reaches from rank n p - w to rank n p + w, rounded outwards, or is null', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, fraction) => {
        eachLevel(published(profile, losses, fraction), ({ var_interval_95: interval }, p) => {
          const ranks = ranks95(losses.length, p)
          if (ranks === null || interval === null) return expect([ranks, interval]).toEqual([null, null])
          const [lower = 0, upper = 0] = ranks.map((rank) => moneyOf(nth(losses, rank), fraction))
          expect(interval.lower).toBeLessThanOrEqual(lower)
          expect(interval.upper).toBeGreaterThan(upper)
          expect(interval.lower).toBeGreaterThanOrEqual((lower * (finest - 1)) / finest - 2 ** -fraction)
          expect(interval.upper).toBeLessThanOrEqual((upper * (finest + 1)) / finest + 2 ** -fraction)
        })
      }),
    )
  })

  it('TVaR holds VaR + sum max(L - VaR, 0) / (n (1 - p)) of all years', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, fraction) => {
        eachLevel(published(profile, losses, fraction), ({ tvar }, p) => {
          const figure = toNumber(inMoney(tailMean(losses, p), fraction))
          expect(holds(tvar, figure), `${tvar.lower} <= ${figure} < ${tvar.upper}`).toBe(true)
        })
      }),
    )
  })

  it('TVaR is exact to a quantum where every bin holds one loss', () => {
    const exact = fc.bigInt({ min: 0n, max: 2n * BigInt(finest) - 1n })
    fc.assert(
      fc.property(fc.array(exact, { minLength: 1, maxLength: 300 }), (unsorted) => {
        const losses = unsorted.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        eachLevel(published(profile, losses, 8), ({ tvar }, p) => {
          const { numerator, denominator } = tailMean(losses, p)
          expect(tvar.lower).toBe(toNumber(inMoney(rational(numerator, denominator), 8)))
          expect(tvar.upper).toBe(toNumber(inMoney(rational(numerator + denominator, denominator), 8)))
        })
      }),
    )
  })

  it('the interval has its exact ranks where the root is whole: 1201 and 1299 of 2500 at the median', () => {
    // sqrt(2500 / 4) = 25, 1.96 x 25 = 49; so small a loss has its own bin, so each rank shows.
    const steps = Array.from({ length: 2500 }, (_, i) => BigInt(Math.min(Math.max(i + 1 - 1190, 0), 120)))
    expect(published(profile, steps, 6)[0]?.var_interval_95).toEqual({ lower: 11 / 64, upper: 110 / 64 })
  })

  it('one year is every quantile, without an interval and with too small a tail', () => {
    for (const quantile of published(profile, [5000n], 10)) {
      const only = { lower: 5000 / 1024, upper: 5001 / 1024 }
      expect(quantile).toMatchObject({ var: only, var_interval_95: null, tvar: only, low_tail_count: true })
    }
  })

  it('years without a loss have quantiles of nothing', () => {
    const quantum = { lower: 0, upper: 2 ** -10 }
    const none = Array.from({ length: 4000 }, () => 0n)
    for (const quantile of published(profile, none, 10)) expect(quantile).toMatchObject({ var: quantum, tvar: quantum })
  })

  it('a tail of fewer than 100 years is flagged', () => {
    const flags = (n: number): boolean[] =>
      published(
        profile,
        Array.from({ length: n }, (_, i) => BigInt(i)),
        10,
      ).map((quantile) => quantile.low_tail_count)
    expect(flags(199)).toEqual([true, true, true, true, true, true])
    expect(flags(200)).toEqual([false, true, true, true, true, true])
    expect(flags(1000)).toEqual([false, false, true, true, true, true])
    expect(flags(10_000)).toEqual([false, false, false, false, true, true])
    expect(flags(20_000)).toEqual([false, false, false, false, false, true])
    expect(flags(99_999)).toEqual([false, false, false, false, false, true])
    expect(flags(100_000)).toEqual([false, false, false, false, false, false])
  })
})
