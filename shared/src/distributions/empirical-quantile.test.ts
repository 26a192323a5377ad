// Tables of empirical severities against the exact piecewise linear function: bounds, order, atoms, refusals.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, ceil, compare, floor, multiply, rational, rationalFromNumber, toNumber } from '../exact/rational.ts'
import type { Rational } from '../exact/rational.ts'
import { compileEmpirical, empiricalGreatest, type EmpiricalSpec, type Quantiles } from './empirical-quantile.ts'
import { narrowSpec, wideSpec } from './empirical.case.ts'
import { OCTAVES, ROW_WORDS, SEGMENTS, wideQuantileFromTable, wideRowValue } from './lognormal-quantile.ts'

const ROWS = 2 * OCTAVES * SEGMENTS
const LAST_T = 2 ** 31 - 32
const CERTAIN = rational(1n)

/** Q(u) 2^F cut at the ceiling, from the points themselves. */
function quantileOf({ quantiles: points, fractionBits, ceiling }: EmpiricalSpec, u: Rational): Rational {
  const next = points.findIndex(([p], i) => i > 0 && compare(u, rationalFromNumber(p)) <= 0)
  const [[p1, x1] = [0, 0], [p2, x2] = [1, 0]] = points.slice(next - 1, next + 1)
  const [start, end, low, high] = [p1, p2, x1, x2].map((value) => rationalFromNumber(value)) as [
    Rational,
    Rational,
    Rational,
    Rational,
  ]
  const less = (a: Rational, b: Rational): Rational => add(a, rational(-b.numerator, b.denominator))
  const over = (a: Rational, b: Rational): Rational => multiply(a, rational(b.denominator, b.numerator))
  const share = over(less(u, start), less(end, start))
  const value = multiply(add(low, multiply(share, less(high, low))), rational(1n << BigInt(fractionBits)))
  const top = ceiling === null ? value : rational(BigInt(ceiling))
  return compare(value, top) > 0 ? top : value
}

/** Q at both ends of a row, the lesser first. */
function endsOf(spec: EmpiricalSpec, row: number): readonly [Rational, Rational] {
  const index = row % (ROWS / 2)
  const bits = BigInt(Math.floor(index / SEGMENTS) + 7)
  const tail = BigInt(SEGMENTS + (index % SEGMENTS))
  const [p0, p1] = [rational(tail, 1n << bits), rational(tail + 1n, 1n << bits)]
  const from = (p: Rational): Rational => add(CERTAIN, rational(-p.numerator, p.denominator))
  return row < ROWS / 2
    ? [quantileOf(spec, p0), quantileOf(spec, p1)]
    : [quantileOf(spec, from(p1)), quantileOf(spec, from(p0))]
}

const unitOf = (words: Uint32Array, row: number): bigint => 1n << BigInt(words[row * ROW_WORDS + 3] ?? 99)

describe('a row of an empirical severity', () => {
  it.each([
    ['narrow', narrowSpec],
    ['wide', wideSpec],
  ])('of a %s table lies between the quantiles at its ends, to a few units, and in their order', (_, specs) => {
    fc.assert(
      fc.property(specs, fc.integer({ min: 1, max: 2 ** 26 - 2 }), (spec, middle) => {
        const words = compileEmpirical(spec)
        for (let row = 0; row < ROWS; row++) {
          const [low, high] = endsOf(spec, row)
          const unit = unitOf(words, row)
          const values = [0, middle * 32, LAST_T].map((t) => wideRowValue(words, row, t))
          const [least, greatest] = [floor(low) - unit, ceil(high) + 3n * unit]
          expect(values.every((value) => value > least && value < greatest)).toBe(true)
          const [first = 0n, second = 0n, third = 0n] = row < ROWS / 2 ? values : values.toReversed()
          expect(second >= first - unit && third >= second - unit).toBe(true)
        }
      }),
      { numRuns: 6 },
    )
  })

  it('of a wide table has 28 significant bits in its values or its rise', () => {
    fc.assert(
      fc.property(wideSpec, (spec) => {
        const words = compileEmpirical(spec)
        for (let row = 0; row < ROWS; row++) {
          const unit = unitOf(words, row)
          if (unit > 1n) expect(ceil(endsOf(spec, row)[1]) >= unit * 2n ** 27n).toBe(true)
          expect(unit <= 2n ** 32n).toBe(true)
        }
      }),
      { numRuns: 6 },
    )
  })

  it('is the amount itself where the severity is an atom', () => {
    const spec = { fractionBits: 12, ceiling: null, wide: false }
    const words = compileEmpirical({
      ...spec,
      quantiles: [
        [0, 250.3],
        [0.5, 250.3],
        [1, 250.3],
      ],
    })
    const value = Math.round(250.3 * 4096)
    expect(words.every((word, i) => word === (i % ROW_WORDS === 0 ? value : 0))).toBe(true)
  })

  it('is exactly right beside a jump on its border', () => {
    const quantiles: Quantiles = [
      [0, 100],
      [0.5, 100],
      [0.5 + 2 ** -50, 7000],
      [1, 7000],
    ]
    const words = compileEmpirical({ quantiles, fractionBits: 6, ceiling: null, wide: false })
    const fromHalf = ROWS / 2 + SEGMENTS - 1
    for (let row = 0; row < ROWS; row++) {
      if (row === fromHalf) continue
      for (const t of [0, 2 ** 30, LAST_T]) expect(wideRowValue(words, row, t)).toBe(row < ROWS / 2 ? 6400n : 448_000n)
    }
    // The row with the jump at its end, which takes 2^-43 of it.
    for (const t of [32, 2 ** 30, LAST_T])
      expect(Number(wideRowValue(words, fromHalf, t)) - 448_000).toBeGreaterThan(-2)
  })
})

describe('an empirical severity', () => {
  it('never exceeds the greatest that the planner reckons with', () => {
    fc.assert(
      fc.property(
        fc.oneof(narrowSpec, wideSpec),
        fc.nat(2 ** 32 - 1),
        fc.nat(2 ** 32 - 1),
        (spec, word, refinement) => {
          const words = compileEmpirical(spec)
          const greatest = multiply(empiricalGreatest(spec.quantiles), rational(1n << BigInt(spec.fractionBits)))
          const allowed = Math.ceil(toNumber(greatest)) + 3
          for (const drawn of [word, 2 ** 31, 0xffffffff]) {
            expect(Number(wideQuantileFromTable(words, drawn, refinement))).toBeLessThanOrEqual(allowed)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  it('as steep as a table is wide is still a table, with its mean', () => {
    const points: Quantiles = [
      [0, 0],
      [0.3, 0],
      [0.3 + 2 ** -30, 60_000_000],
      [1, 60_000_000],
    ]
    const words = compileEmpirical({ quantiles: points, fractionBits: 6, ceiling: null, wide: false })
    const row = 0.3 * 128 - 32
    const values = [0, 2 ** 30, LAST_T].map((t) => Number(wideRowValue(words, Math.floor(row), t)))
    expect((values[2] ?? 0) - (values[0] ?? 0)).toBeLessThanOrEqual(2 ** 28 + 2)
    expect(values.every((value) => value >= 0 && value <= 60_000_000 * 64)).toBe(true)
  })

  it.each<[Quantiles, string]>([
    [[[0, 1]], '1 points'],
    [Array.from({ length: 1025 }, (_, i) => [i / 1024, 1] as const), '1025 points'],
    [
      [
        [0.1, 1],
        [1, 2],
      ],
      'from probability 0 to 1',
    ],
    [
      [
        [0, 1],
        [0.9, 2],
      ],
      'from probability 0 to 1',
    ],
    [
      [
        [0, 1],
        [0.5, 1],
        [0.5, 2],
        [1, 3],
      ],
      'does not exceed',
    ],
    [
      [
        [0, 1],
        [Number.NaN, 1],
        [1, 3],
      ],
      'does not exceed',
    ],
    [
      [
        [0, 2],
        [1, 1],
      ],
      'less than the one before',
    ],
    [
      [
        [0, -1],
        [1, 1],
      ],
      'less than the one before',
    ],
    [
      [
        [0, 0],
        [1, 1.1e15],
      ],
      'exceeds',
    ],
    [
      [
        [0, 0],
        [1, 1e8],
      ],
      'leaves the range of u32 quanta',
    ],
  ])('of %j is refused', (points, sentence) => {
    const spec = { quantiles: points, fractionBits: 6, ceiling: null, wide: false }
    expect(() => compileEmpirical(spec)).toThrow(sentence)
  })

  it('of the greatest amounts fits a wide table, where they stay below 2^63 quanta', () => {
    const spec = {
      quantiles: [
        [0, 0],
        [1, 1e15],
      ] as const,
      ceiling: null,
      wide: true,
    }
    expect(wideQuantileFromTable(compileEmpirical({ ...spec, fractionBits: 13 }), 2 ** 31, 0) > 2n ** 62n).toBe(true)
    expect(() => compileEmpirical({ ...spec, fractionBits: 16 })).toThrow('below 2^63')
  })
})
