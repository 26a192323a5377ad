// Tables of empirical severities against the exact piecewise linear function: bounds, order, atoms, refusals.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { multiply, rational, toNumber } from '../exact/rational.ts'
import { compileEmpirical, empiricalGreatest, type EmpiricalSpec, type Quantiles } from './empirical-quantile.ts'
import { narrowSpec, wideSpec } from './empirical.case.ts'
import { OCTAVES, ROW_WORDS, SEGMENTS, wideQuantileFromTable, wideRowValue } from './lognormal-quantile.ts'

const ROWS = 2 * OCTAVES * SEGMENTS
const LAST_T = 2 ** 31 - 32
/** What a row that is too steep for its table may cost: it stays about its mean. */
const STEEP = 1e-9

/** P(X <= x) of the points, x in quanta: 1 from the ceiling on. */
function probabilityOf({ quantiles: points, fractionBits, ceiling }: EmpiricalSpec, x: number): number {
  if (ceiling !== null && x >= Number(ceiling)) return 1
  const amount = x / 2 ** fractionBits
  const next = points.findIndex(([, value]) => value > amount)
  if (next < 0) return 1
  const [[p1, x1] = [0, 0], [p2, x2] = [1, 0]] = points.slice(Math.max(0, next - 1), next + 1)
  return next === 0 ? 0 : p1 + ((p2 - p1) * (amount - x1)) / (x2 - x1)
}

const endsOf = (words: Uint32Array, row: number): readonly [low: number, high: number] => {
  const values = [0, LAST_T].map((t) => Number(wideRowValue(words, row, t)))
  return [Math.min(...values), Math.max(...values)]
}

/** The same of a table: every row holds all values between its ends alike. */
function probabilityIn(words: Uint32Array, x: number): number {
  let sum = 0
  for (let row = 0; row < ROWS; row++) {
    const [low, high] = endsOf(words, row)
    const share = x >= high ? 1 : x < low ? 0 : (x - low) / (high - low)
    sum += share / 2 ** ((Math.floor(row / SEGMENTS) % OCTAVES) + 7)
  }
  return sum
}

/** The rows of an octave in the order of the variate. */
const inOrder = (octave: number): number[] => {
  const segments = Array.from({ length: SEGMENTS }, (_, j) => octave * SEGMENTS + j)
  return [...segments, ...segments.toReversed().map((row) => row + ROWS / 2)]
}

const unitOf = (words: Uint32Array, row: number): bigint => 1n << BigInt(words[row * ROW_WORDS + 3] ?? 99)

describe('a row of an empirical severity', () => {
  it.each([
    ['narrow', narrowSpec],
    ['wide', wideSpec],
  ])('of a %s table stands in the order of its octave, between the least and the greatest amount', (_, specs) => {
    fc.assert(
      fc.property(specs, (spec) => {
        const words = compileEmpirical(spec)
        const [least, greatest] = [0, -1].map((at) => (spec.quantiles.at(at)?.[1] ?? 0) * 2 ** spec.fractionBits)
        const top = Math.min(greatest ?? 0, spec.ceiling === null ? Infinity : Number(spec.ceiling))
        for (let octave = 0; octave < OCTAVES; octave++) {
          let before = 0
          for (const row of inOrder(octave)) {
            const unit = Number(unitOf(words, row))
            const [low, high] = endsOf(words, row)
            expect(low).toBeGreaterThan(Math.min(least ?? 0, top) - 2 * unit)
            expect(high).toBeLessThan(top + 4 * unit + top * 2 ** -50)
            expect(low).toBeGreaterThanOrEqual(before - 4 * unit)
            before = low
          }
        }
      }),
      { numRuns: 6 },
    )
  })

  it('has, with all others, the probabilities of the points wherever these lie', () => {
    fc.assert(
      fc.property(narrowSpec, (spec) => {
        const words = compileEmpirical(spec)
        for (const [, amount] of spec.quantiles) {
          // Between two quanta, away from rounding; a row that is steeper than the table was drawn together.
          const x = Math.floor(amount * 2 ** spec.fractionBits) + 3.5
          const slack = 8 / 2 ** spec.fractionBits
          const around = [-slack, slack].map((d) => probabilityOf(spec, x + d * 2 ** spec.fractionBits))
          const found = probabilityIn(words, x)
          expect(found).toBeGreaterThan((around[0] ?? 0) - STEEP)
          expect(found).toBeLessThan((around[1] ?? 1) + STEEP)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('of a wide table has 28 significant bits in its values or its rise', () => {
    fc.assert(
      fc.property(wideSpec, (spec) => {
        const words = compileEmpirical(spec)
        for (let row = 0; row < ROWS; row++) {
          const unit = unitOf(words, row)
          const [, high] = endsOf(words, row)
          if (unit > 1n) expect(high).toBeGreaterThanOrEqual(Number(unit) * 2 ** 27)
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

  it.each([0.1, 0.3, 0.55, 1 / 3, 0.999])('of an atom of probability %d and another: as probable as that', (p) => {
    const quantiles: Quantiles = [
      [0, 100],
      [p, 100],
      [p + 2 ** -50, 7000],
      [1, 7000],
    ]
    const words = compileEmpirical({ quantiles, fractionBits: 6, ceiling: null, wide: false })
    expect(Math.abs(probabilityIn(words, 6400.5) - p)).toBeLessThanOrEqual(2 ** -49)
    expect(Math.abs(probabilityIn(words, 447_999.5) - p)).toBeLessThanOrEqual(2 ** -49)
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
    for (let row = 0; row < ROWS; row++) {
      const [low, high] = endsOf(words, row)
      expect(high - low).toBeLessThanOrEqual(2 ** 28 + 2)
      expect(low >= 0 && high <= 60_000_000 * 64).toBe(true)
    }
  })

  it.each<[Quantiles, string]>([
    [[[0, 1]], '1 points'],
    [Array.from({ length: 64 }, (_, i) => [i / 63, 1] as const), '64 points'],
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
