// Laws of VaR and TVaR: the figure that a sorted list of all years gives, by definition, lies in the published interval,
// whatever the sample: ties, atoms, one year, no loss at all.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rational, rationalFromDecimal, rationalFromNumber, toNumber, type Rational } from '../../exact/rational.ts'
import { LEVELS, quantiles, type Interval, type Quantile } from './quantiles.ts'
import { accumulated } from './simulate.case.ts'

function published(losses: readonly number[], fractionBits: number): Quantile[] {
  const { least, greatest, histogram } = accumulated(losses)
  const counts = BigUint64Array.from(histogram, (count) => BigInt(count))
  return quantiles({ years: BigInt(losses.length), least, greatest, counts }, fractionBits)
}

/** Losses as clients have them: near each other, spread over all magnitudes, and with atoms. */
const samples = fc
  .array(
    fc.record({
      loss: fc.oneof(
        fc.constantFrom(0, 0, 127, 128, 255, 256, 4095, 0xfffffffe),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 90_000, max: 100_000 }),
        fc.integer({ min: 0, max: 0xfffffffe }),
      ),
      times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 150 })),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((atoms) =>
    atoms.flatMap(({ loss, times }) => Array.from({ length: times }, () => loss)).toSorted((a, b) => a - b),
  )
const fractionBits = fc.integer({ min: 6, max: 16 })
const nth = <T>(list: readonly T[], rank: number): T => {
  const found = list[rank - 1]
  if (found === undefined) throw new RangeError(`rank ${rank} of ${list.length}`)
  return found
}
const holds = ({ lower, upper }: Interval, figure: number): boolean => lower <= figure && figure < upper
const eachLevel = (found: readonly Quantile[], f: (quantile: Quantile, p: Rational) => void): void =>
  LEVELS.forEach((level, i) => f(nth(found, i + 1), rationalFromDecimal(level)))

/** k = max(1, ceil(n p)), counted up. */
function rankOf(n: number, { numerator, denominator }: Rational): number {
  let k = 1
  while (BigInt(k) * denominator < BigInt(n) * numerator) k++
  return k
}

describe('VaR', () => {
  it('holds the k-th smallest loss, k = max(1, ceil(n p)), in a bin no wider than its 128th part', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, bits) => {
        eachLevel(published(losses, bits), (quantile, p) => {
          const value = nth(losses, rankOf(losses.length, p))
          expect(holds(quantile.var, value / 2 ** bits)).toBe(true)
          const { lower, upper } = quantile.var
          expect(upper - lower).toBeLessThanOrEqual(Math.max(2 ** -bits, lower / 128))
        })
      }),
    )
  })

  it('never exceeds what was seen, and its levels are those written', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, bits) => {
        const found = published(losses, bits)
        expect(found.map(({ p }) => p)).toEqual([0.5, 0.9, 0.95, 0.99, 0.995, 0.999])
        for (const { var: value, tvar } of found) {
          for (const { lower, upper } of [value, tvar]) {
            expect(lower).toBeGreaterThanOrEqual(nth(losses, 1) / 2 ** bits)
            expect(upper).toBeLessThanOrEqual((nth(losses, losses.length) + 1) / 2 ** bits)
            expect(lower).toBeLessThan(upper)
          }
        }
      }),
    )
  })
})

describe('the interval of VaR', () => {
  /** Whether r <= n p - w, or r >= n p + w, w = 1.96 sqrt(n p (1 - p)): squared, in integers. */
  const isBeyond = (r: bigint, n: bigint, { numerator: P, denominator: D }: Rational, side: 1n | -1n): boolean => {
    const distance = side * (r * D - n * P)
    return distance >= 0n && 10_000n * distance * distance >= 38_416n * n * P * (D - P)
  }
  const ranks = (n: number, p: Rational): [number, number] => {
    let low = n
    while (!isBeyond(BigInt(low), BigInt(n), p, -1n)) low--
    let high = 1
    while (!isBeyond(BigInt(high), BigInt(n), p, 1n)) high++
    return [low, high]
  }

  it('reaches from rank n p - w to rank n p + w, rounded outwards, and is null where one leaves 1..n', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, bits) => {
        const n = losses.length
        eachLevel(published(losses, bits), ({ var_interval_95: interval }, p) => {
          const [low, high] = ranks(n, p)
          if (low < 1 || high > n) return expect(interval).toBe(null)
          const money = { lower: nth(losses, low) / 2 ** bits, upper: nth(losses, high) / 2 ** bits }
          if (interval === null) throw new Error(`ranks ${low} to ${high} of ${n} have an interval`)
          expect(interval.lower).toBeLessThanOrEqual(money.lower)
          expect(interval.upper).toBeGreaterThan(money.upper)
          expect(interval.lower).toBeGreaterThanOrEqual((money.lower * 127) / 128 - 2 ** -bits)
          expect(interval.upper).toBeLessThanOrEqual((money.upper * 129) / 128 + 2 ** -bits)
        })
      }),
    )
  })

  it('has its exact ranks where the root is whole: 1201 and 1299 of 2500 at the median', () => {
    // sqrt(2500 / 4) = 25, 1.96 x 25 = 49; below 256 each loss has its own bin, so each rank shows.
    const at = (lowest: number): Interval | null | undefined =>
      published(
        Array.from({ length: 2500 }, (_, i) => Math.min(Math.max(i + 1 - lowest, 0), 200)),
        6,
      )[0]?.var_interval_95
    expect(at(1190)).toEqual({ lower: 11 / 64, upper: 110 / 64 })
  })
})

describe('TVaR', () => {
  it('holds VaR + sum max(L - VaR, 0) / (n (1 - p)) of all years', () => {
    fc.assert(
      fc.property(samples, fractionBits, (losses, bits) => {
        eachLevel(published(losses, bits), ({ tvar }, p) => {
          const figure = toNumber(inMoney(tailMean(losses, p), bits))
          expect(holds(tvar, figure), `${tvar.lower} <= ${figure} < ${tvar.upper}`).toBe(true)
        })
      }),
    )
  })

  it('is exact to a quantum where every bin holds one loss', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 300 }), (unsorted) => {
        const losses = unsorted.toSorted((a, b) => a - b)
        eachLevel(published(losses, 8), ({ tvar }, p) => {
          const quanta = tailMean(losses, p)
          expect(tvar.lower).toBe(toNumber(inMoney(quanta, 8)))
          expect(rationalFromNumber(tvar.upper)).toEqual(
            rationalFromNumber(
              toNumber(inMoney(rational(quanta.numerator + quanta.denominator, quanta.denominator), 8)),
            ),
          )
        })
      }),
    )
  })

  const inMoney = (quanta: Rational, bits: number): Rational =>
    rational(quanta.numerator, quanta.denominator << BigInt(bits))
  function tailMean(losses: readonly number[], p: Rational): Rational {
    const n = BigInt(losses.length)
    const value = BigInt(nth(losses, rankOf(losses.length, p)))
    const excess = losses.reduce((sum, loss) => (BigInt(loss) > value ? sum + BigInt(loss) - value : sum), 0n)
    // value + excess / (n (D - P) / D)
    const tail = n * (p.denominator - p.numerator)
    return rational(value * tail + excess * p.denominator, tail)
  }
})

describe('at the edges', () => {
  const quantum = { lower: 0, upper: 2 ** -10 }

  it('one year is every quantile, without an interval and with too small a tail', () => {
    for (const quantile of published([5000], 10)) {
      const only = { lower: 5000 / 1024, upper: 5001 / 1024 }
      expect(quantile).toMatchObject({ var: only, var_interval_95: null, tvar: only, low_tail_count: true })
    }
  })

  it('years without a loss have quantiles of nothing', () => {
    for (const quantile of published(
      Array.from({ length: 4000 }, () => 0),
      10,
    )) {
      expect(quantile).toMatchObject({ var: quantum, tvar: quantum })
    }
  })

  it('a tail of fewer than 100 years is flagged', () => {
    const flags = (n: number): boolean[] =>
      published(
        Array.from({ length: n }, (_, i) => i),
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
