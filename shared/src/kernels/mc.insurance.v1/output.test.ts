// Laws of the figures: each is the double nearest to the exact fraction that a sum over all years gives, and neither the
// order of shards nor where they were cut can show.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOfJson } from '../../exact/digest.ts'
import { compare, multiply, rational, rationalFromNumber, type Rational } from '../../exact/rational.ts'
import { emptyTotal, addShard, output, type Total } from './output.ts'
import { decodePartial, encodePartial } from './partial.ts'
import { accumulated, planned, type Loss } from './simulate.case.ts'

const { args, plan } = planned({ iterations: 100, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 })
const { aggregateLimit, fractionBits } = plan.facts

function totalOf(shards: readonly (readonly number[])[]): Total {
  const total = emptyTotal()
  for (const losses of shards) {
    const bytes = encodePartial(accumulated(losses, aggregateLimit, 5n))
    addShard(total, decodePartial(bytes, losses.length, plan.facts))
  }
  return total
}
const figures = (total: Total): Loss => output(total, args, plan).loss as unknown as Loss
/** Losses that a year of this contract can have, in quanta. */
const loss = fc.oneof(
  fc.constantFrom(0, 0, 1, aggregateLimit),
  fc.integer({ min: 0, max: 500 }),
  // Below what five claims and a catastrophe can cost.
  fc.integer({ min: 0, max: 4 * plan.facts.policyLimit }),
)
const years = fc.array(loss, { minLength: 1, maxLength: 80 })

/** Neighbours of a positive double or 0, by its bits. */
function neighbour(value: number, step: bigint): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + step)
  return view.getFloat64(0)
}
/** Halfway to the neighbours: what lies strictly between rounds to the value. */
function halves(value: number): { below: Rational; above: Rational } {
  const half = (a: number, b: number): Rational => {
    const [x, y] = [rationalFromNumber(a), rationalFromNumber(b)]
    return rational(x.numerator * y.denominator + y.numerator * x.denominator, 2n * x.denominator * y.denominator)
  }
  const above = half(value, neighbour(value, 1n))
  return { below: value === 0 ? rational(0n) : half(neighbour(value, -1n), value), above }
}
function expectNearest(value: number, exact: Rational): void {
  const { below, above } = halves(value)
  expect(compare(below, exact)).toBeLessThanOrEqual(0)
  expect(compare(exact, above)).toBeLessThanOrEqual(0)
}
function expectNearestRoot(value: number, square: Rational): void {
  const { below, above } = halves(value)
  expect(compare(multiply(below, below), square)).toBeLessThanOrEqual(0)
  expect(compare(square, multiply(above, above))).toBeLessThanOrEqual(0)
}

describe('the figures', () => {
  it('are the doubles nearest to the exact fractions', () => {
    fc.assert(
      fc.property(years, (losses) => {
        const found = figures(totalOf([losses]))
        const n = BigInt(losses.length)
        const quantum = 1n << BigInt(fractionBits)
        const sum = losses.reduce((s, l) => s + BigInt(l), 0n)
        expectNearest(found.mean, rational(sum, n * quantum))
        // The squared deviations one by one, times n^2: sum (n L - sum)^2 / (n^2 (n - 1)).
        const deviations = losses.reduce((s, l) => s + (n * BigInt(l) - sum) ** 2n, 0n)
        if (n === 1n) {
          expect(found).toMatchObject({ variance: null, std_dev: null, std_error: null })
        } else {
          const variance = rational(deviations, n * n * (n - 1n) * quantum * quantum)
          expectNearest(found.variance ?? -1, variance)
          expectNearestRoot(found.std_dev ?? -1, variance)
          expectNearestRoot(found.std_error ?? -1, rational(variance.numerator, variance.denominator * n))
        }
        expect(found.min).toBe(Math.min(...losses) / Number(quantum))
        expect(found.max).toBe(Math.max(...losses) / Number(quantum))
        expect(found.p_zero).toBe(losses.filter((l) => l === 0).length / losses.length)
        expect(found.p_at_aggregate_limit).toBe(losses.filter((l) => l === aggregateLimit).length / losses.length)
        expect(found).toMatchObject({ claims: 5 * losses.length, years: losses.length, quantum: 1 / Number(quantum) })
      }),
    )
  })

  it('of one year are its loss, without a spread', () => {
    expect(figures(totalOf([[4096]]))).toMatchObject({ mean: 1, variance: null, std_dev: null, std_error: null })
  })

  it('of equal years have no spread, and of years without a loss are nothing', () => {
    expect(figures(totalOf([[777, 777, 777]]))).toMatchObject({ variance: 0, std_dev: 0, std_error: 0 })
    expect(figures(totalOf([[0, 0]]))).toMatchObject({ mean: 0, variance: 0, min: 0, max: 0, p_zero: 1 })
  })

  it('keep their digits where the spread is small beside the mean', () => {
    // 2^-12 apart at 250,000: doubles would lose it in the difference of squares.
    const found = figures(totalOf([[aggregateLimit, aggregateLimit - 1]]))
    expect(found.variance).toBe(2 ** -25)
  })

  it('of 10^12 years are exact, and JSON says them', () => {
    const total = totalOf([[aggregateLimit]])
    const n = 10n ** 12n
    const whole = {
      ...total,
      years: n,
      sum: total.sum * n,
      sumSquares: total.sumSquares * n,
      claims: 10_000n * n,
      yearsAtAggregateLimit: n,
      counts: total.counts.map((count) => count * n),
    }
    const found = figures(whole)
    expect(found).toMatchObject({ mean: 250_000, variance: 0, claims: 1e16, years: 1e12, p_at_aggregate_limit: 1 })
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
  })
})

describe('adding shards', () => {
  it('gives one digest, in any order and however the years are cut', () => {
    const cuts = fc.array(fc.nat(200), { maxLength: 12 })
    fc.assert(
      fc.property(years, cuts, cuts, fc.infiniteStream(fc.nat()), (losses, some, others, order) => {
        const cut = (at: readonly number[]): number[][] => {
          const edges = [0, ...at.map((edge) => edge % losses.length), losses.length].toSorted((a, b) => a - b)
          return edges.flatMap((edge, i) => {
            const piece = losses.slice(edge, edges[i + 1] ?? edge)
            return piece.length > 0 ? [piece] : []
          })
        }
        const digest = (shards: readonly number[][]): string =>
          digestOfJson('output.v1', output(totalOf(shards), args, plan))
        const shuffled = cut(others)
          .map((shard) => ({ shard, key: order.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
        expect(digest(shuffled.map(({ shard }) => shard))).toBe(digest(cut(some)))
      }),
    )
  })
})
