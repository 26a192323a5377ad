// Laws of the figures: each is the double nearest to the exact fraction that a sum over all years gives, and neither the
// order of shards nor where they were cut can show.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOfJson } from '../../exact/digest.ts'
import { compare, multiply, rational, rationalFromNumber, sqrtToNumber, type Rational } from '../../exact/rational.ts'
import { kernel } from './kernel.ts'
import { output, type Total, type Totals } from './output.ts'
import { encodePartial } from './partial.ts'
import { NARROW, PROFILES, WIDE } from './profile.ts'
import { accumulated, planned, type Loss } from './simulate.case.ts'

interface Contract extends ReturnType<typeof planned> {
  readonly limit: bigint
}
const contractOf = (sent: object): Contract => {
  const found = planned({ iterations: 100, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1, ...sent })
  return { ...found, limit: BigInt(found.plan.facts.aggregateLimit) }
}
const narrow = contractOf({})
const wide = contractOf({ cat_limit: null, aggregate_limit: 1e9 })
const both = [
  { name: 'narrow', contract: narrow },
  { name: 'wide', contract: wide },
]

function totalOf({ plan, limit }: Contract, shards: readonly (readonly bigint[])[]): Total {
  const total = kernel.empty()
  const profile = PROFILES[plan.facts.profile]
  const pass = plan.passes[0] ?? { program: 'none', facts: {} }
  for (const losses of shards) {
    const bytes = encodePartial(profile, accumulated(losses, limit, 5n, profile))
    kernel.add(total, kernel.decode(bytes, losses.length, plan, pass), 0)
  }
  return total
}
const figures = ({ args, plan }: Contract, total: Total): Loss => output(total, args, plan).loss as unknown as Loss
/** Losses that a year of this contract can have, in quanta. */
const yearsOf = ({ plan, limit }: Contract): fc.Arbitrary<bigint[]> => {
  const loss = fc.oneof(
    fc.constantFrom(0n, 0n, 1n, limit),
    fc.bigInt({ min: 0n, max: 500n }),
    // Below what five claims and a catastrophe can cost.
    fc.bigInt({ min: 0n, max: 4n * BigInt(plan.facts.policyLimit) }),
  )
  return fc.array(loss, { minLength: 1, maxLength: 80 })
}

it('takes both profiles', () => {
  expect(both.map(({ contract }) => contract.plan.facts.profile)).toEqual([NARROW.name, WIDE.name])
})

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

describe.each(both)('the figures, $name', ({ contract }) => {
  const { limit, plan } = contract
  const { fractionBits } = plan.facts
  const quantum = 1n << BigInt(fractionBits)
  const years = yearsOf(contract)
  const of = (...shards: readonly bigint[][]): Loss => figures(contract, totalOf(contract, shards))
  const share = (losses: readonly bigint[], where: (l: bigint) => boolean): number =>
    losses.filter(where).length / losses.length

  it('are the doubles nearest to the exact fractions', () => {
    fc.assert(
      fc.property(years, (losses) => {
        const found = of(losses)
        const n = BigInt(losses.length)
        const sum = losses.reduce((s, l) => s + l, 0n)
        expectNearest(found.mean, rational(sum, n * quantum))
        const sorted = losses.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        expectNearest(found.min, rational(sorted[0] ?? 0n, quantum))
        expectNearest(found.max, rational(sorted.at(-1) ?? 0n, quantum))
        expect(found.p_zero).toBe(share(losses, (l) => l === 0n))
        expect(found.p_at_aggregate_limit).toBe(share(losses, (l) => l === limit))
        expect(found).toMatchObject({ claims: 5 * losses.length, years: losses.length, quantum: 1 / Number(quantum) })
      }),
    )
  })

  it('have the variance over n - 1, its root and its share of n, each rounded once', () => {
    fc.assert(
      fc.property(
        years.filter((losses) => losses.length > 1),
        (losses) => {
          const found = of(losses)
          const n = BigInt(losses.length)
          const sum = losses.reduce((s, l) => s + l, 0n)
          // The squared deviations one by one, times n^2: sum (n L - sum)^2 / (n^2 (n - 1)).
          const deviations = losses.reduce((s, l) => s + (n * l - sum) ** 2n, 0n)
          const variance = rational(deviations, n * n * (n - 1n) * quantum * quantum)
          expectNearest(found.variance ?? -1, variance)
          expectNearestRoot(found.std_dev ?? -1, variance)
          expectNearestRoot(found.std_error ?? -1, rational(variance.numerator, variance.denominator * n))
        },
      ),
    )
  })

  it('of one year are its loss, without a spread', () => {
    const one = { mean: 1, variance: null, std_dev: null, std_error: null, variance_std_error: null }
    expect(of([quantum])).toMatchObject(one)
  })

  it('of equal years have no spread, and of years without a loss are nothing', () => {
    const none = { variance: 0, std_dev: 0, std_error: 0 }
    expect(of([777n, 777n, 777n])).toMatchObject({ ...none, variance_std_error: null })
    expect(of([limit, limit, limit, limit])).toMatchObject({ ...none, variance_std_error: 0 })
    expect(of([0n, 0n])).toMatchObject({ mean: 0, variance: 0, min: 0, max: 0, p_zero: 1 })
  })

  it('keep their digits where the spread is small beside the mean', () => {
    // A quantum apart at the aggregate limit: doubles would lose it in the difference of squares.
    expect(of([limit, limit - 1n]).variance).toBe(0.5 * 2 ** (-2 * fractionBits))
  })

  it('of 10^12 years are exact, and JSON says them', () => {
    const { losses } = totalOf(contract, [[limit]])
    const n = 10n ** 12n
    const whole: Totals = {
      ...losses,
      years: n,
      sum: losses.sum * n,
      sumSquares: losses.sumSquares * n,
      claims: 10_000n * n,
      yearsAtAggregateLimit: n,
      counts: losses.counts.map((count) => count * n),
    }
    const found = figures(contract, { ...kernel.empty(), losses: whole })
    const mean = contract.args.aggregate_limit
    expect(found).toMatchObject({ mean, variance: 0, claims: 1e16, years: 1e12, p_at_aggregate_limit: 1 })
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
  })
})

describe.each(both)('adding shards, $name', ({ contract }) => {
  it('gives one digest, in any order and however the years are cut', () => {
    const cuts = fc.array(fc.nat(200), { maxLength: 12 })
    fc.assert(
      fc.property(yearsOf(contract), cuts, cuts, fc.infiniteStream(fc.nat()), (losses, some, others, order) => {
        const cut = (at: readonly number[]): bigint[][] => {
          const edges = [0, ...at.map((edge) => edge % losses.length), losses.length].toSorted((a, b) => a - b)
          return edges.flatMap((edge, i) => {
            const piece = losses.slice(edge, edges[i + 1] ?? edge)
            return piece.length > 0 ? [piece] : []
          })
        }
        const digest = (shards: readonly bigint[][]): string =>
          digestOfJson('output.v1', output(totalOf(contract, shards), contract.args, contract.plan))
        const shuffled = cut(others)
          .map((shard) => ({ shard, key: order.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
        expect(digest(shuffled.map(({ shard }) => shard))).toBe(digest(cut(some)))
      }),
      { numRuns: 60 },
    )
  })

  it('carries the count of a bin beyond 32 bits', () => {
    const total = kernel.empty()
    const pass = contract.plan.passes[0] ?? { program: 'none', facts: {} }
    const profile = PROFILES[contract.plan.facts.profile]
    const units = 2 ** 31 + 1
    const one = accumulated([0n], contract.limit, 5n, profile)
    const shard = { ...one, units, zeroYears: units, claims: 0n, histogram: one.histogram.with(0, units) }
    const bytes = encodePartial(profile, shard)
    for (let i = 0; i < 5; i++) kernel.add(total, kernel.decode(bytes, units, contract.plan, pass), 0)
    expect(total.losses.counts[0]).toBe(5n * BigInt(units))
    expect(total.losses.counts[1]).toBe(0n)
  })
})

describe('the standard error of a variance', () => {
  /** m4 within what the bins leave open: at the middle, a loss is off by half its bin's width at most. */
  const founding = [1853n, 907n, 3423n, 23_679n, 52_407n, 0n, 0n, 600n]
  const exact = (losses: readonly bigint[], quantum: bigint): number => {
    const n = BigInt(losses.length)
    const sum = losses.reduce((s, l) => s + l, 0n)
    // With d = n L - sum: m4 = sum d^4 / n^5, s^2 = sum d^2 / (n^2 (n - 1)).
    const fourths = losses.reduce((s, l) => s + (n * l - sum) ** 4n, 0n)
    const squares = losses.reduce((s, l) => s + (n * l - sum) ** 2n, 0n)
    const m4 = rational(fourths, n ** 5n)
    const s4 = rational((n - 3n) * squares * squares, n ** 4n * (n - 1n) ** 3n)
    const difference = m4.numerator * s4.denominator - s4.numerator * m4.denominator
    return sqrtToNumber(rational(difference, m4.denominator * s4.denominator * n * quantum ** 4n))
  }

  it.each(both)('is that of the exact fourth moment, within half a bin, $name', ({ name, contract }) => {
    const quantum = 1n << BigInt(contract.plan.facts.fractionBits)
    const width = name === 'narrow' ? 1 / 128 : 1 / 64
    // Heavy-tailed populations, as the figure is for: the greatest losses bring nearly all of the fourth moment.
    const loss = fc.double({ min: 0, max: 11, noNaN: true }).map((log) => BigInt(Math.floor(Math.exp(log))) * quantum)
    const populations = fc
      .array(loss, { minLength: 40, maxLength: 300 })
      .map((losses) => [...losses, 90_000n * quantum])
    fc.assert(
      fc.property(populations, (losses) => {
        const capped = losses.map((l) => (l > contract.limit ? contract.limit : l))
        const found = figures(contract, totalOf(contract, [capped])).variance_std_error ?? -1
        expect(Math.abs(found / exact(capped, quantum) - 1)).toBeLessThan(1.5 * width)
      }),
    )
  })

  it.each(both)('is exact where every bin holds one loss, $name', ({ name, contract }) => {
    const quantum = 1n << BigInt(contract.plan.facts.fractionBits)
    const most = name === 'narrow' ? 255n : 127n
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: most }), { minLength: 4, maxLength: 60 }), (losses) => {
        expect(figures(contract, totalOf(contract, [losses])).variance_std_error).toBe(exact(losses, quantum))
      }),
    )
  })

  it.each(both)('needs four years, $name', ({ contract }) => {
    expect(figures(contract, totalOf(contract, [founding.slice(0, 3)])).variance_std_error).toBe(null)
    expect(figures(contract, totalOf(contract, [founding.slice(0, 4)])).variance_std_error).toBeGreaterThan(0)
  })
})
