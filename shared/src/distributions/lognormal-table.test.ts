// The compiler of log-normal tables against the plain way to compute them, and its wide rows against narrow ones, exact
// quantiles and the bounds that planners reckon with. What narrow tables mean is tested in lognormal-quantile.test.ts.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  exp,
  FRACTION_BITS,
  fixedFromNumber,
  fixedMultiply,
  LN_2,
  ONE,
  rationalFromFixed,
  type Fixed,
} from '../exact/fixed-point.ts'
import { add, ceil, multiply, rational, toNumber } from '../exact/rational.ts'
import {
  logNormalGreatest,
  needsRefinement,
  OCTAVES,
  ROW_WORDS,
  rowValue,
  SEGMENTS,
  wideQuantileFromTable,
  wideRowValue,
} from './lognormal-quantile.ts'
import { compileLogNormal, type LogNormalSpec } from './lognormal-table.ts'
import { NODE_OFFSET, normalNodes } from './normal-nodes.ts'

const ROWS = 2 * OCTAVES * SEGMENTS
const LAST_T = 2 ** 31 - 32
const u32 = fc.integer({ min: 0, max: 0xffffffff })

const nodes = normalNodes()

/** The README's rules for a narrow table, one plain exponential a node and nothing shared between the sides. */
function compiledPlainly({ mu, sigma, fractionBits, ceiling }: LogNormalSpec): Uint32Array {
  const whole = (x: Fixed): bigint => x >> FRACTION_BITS
  const words: bigint[] = []
  for (const side of [-1n, 1n]) {
    let carry = 0n
    for (let index = 0; index < ROWS / 2; index++) {
      if (index % SEGMENTS === 0) carry *= 2n
      const [first = 0n, middle = 0n, last = 0n] = nodes
        .slice(3 * index, 3 * index + 3)
        .map((z) =>
          exp(fixedFromNumber(mu) + BigInt(fractionBits) * LN_2 + side * fixedMultiply(fixedFromNumber(sigma), z)),
        )
      const a2 = (8n * (first - 2n * middle + last)) / 3n
      const a1 = ((last - first) << FRACTION_BITS) / (2n * NODE_OFFSET) - a2
      const [c1, c2] = [whole(2n * a1 + ONE), whole(4n * a2 + ONE / 2n)]
      const m = middle - a2 / 4n + a2 / 3n + carry - ((3n * c1 + c2) * ONE) / 12n + (5n * ONE) / 8n
      const flat = last - first > -ONE && last - first < ONE
      const row = flat ? [whole(middle + ONE / 2n), 0n, 0n] : [whole(m + ONE / 2n), c1, c2]
      carry = flat ? 0n : m - (row[0] ?? 0n) * ONE
      const [c = 0n, slope = 0n, bend = 0n] = row
      const t = BigInt(LAST_T)
      const end = c + ((t * (slope + ((t * bend) >> 32n))) >> 32n)
      const above = ceiling !== null && (end < c ? end : c) >= BigInt(ceiling)
      words.push(...(above ? [BigInt(ceiling), 0n, 0n] : row), 0n)
    }
  }
  return Uint32Array.from(words, (word) => Number(BigInt.asUintN(32, word)))
}

describe('a narrow table', () => {
  it.each<Omit<LogNormalSpec, 'wide'>>([
    { mu: 6, sigma: 1, fractionBits: 12, ceiling: '204800000' },
    { mu: 10, sigma: 1.5, fractionBits: 12, ceiling: '204800000' },
    { mu: -3.25, sigma: 1.25, fractionBits: 16, ceiling: null },
    { mu: 1.5448, sigma: 0.2, fractionBits: 6, ceiling: null },
    { mu: 50, sigma: 5, fractionBits: 16, ceiling: '3000000000' },
    { mu: -50, sigma: 5, fractionBits: 32, ceiling: null },
    { mu: 0.1, sigma: 0, fractionBits: 8, ceiling: null },
    { mu: 4, sigma: 2.75, fractionBits: 9, ceiling: '70000' },
  ])('of %o has the words of the plain way', (spec) => {
    const narrow = { ...spec, wide: false }
    expect(Buffer.from(compileLogNormal(narrow).buffer).equals(Buffer.from(compiledPlainly(narrow).buffer))).toBe(true)
  })

  it('is refused a ceiling that is no count of quanta', () => {
    for (const ceiling of ['-1', '1.5', '', '01', '1e3', '9223372036854775809', '99999999999999999999']) {
      const spec = { mu: 6, sigma: 1, fractionBits: 8, ceiling, wide: true }
      expect(() => compileLogNormal(spec)).toThrow('is not a ceiling')
    }
  })
})

/** Parameters whose greatest value fits, as the planner chooses them; some tables cross from s = 0 to s = 32. */
const wideSpec: fc.Arbitrary<LogNormalSpec> = fc
  .record({
    mu: fc.double({ min: -10, max: 40, noNaN: true }),
    sigma: fc.double({ min: 0, max: 5, noNaN: true }),
    fractionBits: fc.integer({ min: 0, max: 16 }),
    ceiling: fc.option(fc.bigInt({ min: 0n, max: 1n << 62n }).map(String)),
    wide: fc.constant(true),
  })
  .filter((spec) => spec.ceiling !== null || greatestOf(spec) < 1n << 63n)

/** The bound that the planner reckons with: the greatest severity, and 4 quanta for rounding. */
const greatestOf = ({ mu, sigma, fractionBits }: LogNormalSpec): bigint =>
  ceil(add(multiply(logNormalGreatest(mu, sigma), rational(1n << BigInt(fractionBits))), rational(4n)))

const shiftOf = (words: Uint32Array, row: number): number => words[row * ROW_WORDS + 3] ?? -1

describe('a wide table', () => {
  const spec = { mu: 18, sigma: 2, fractionBits: 10, ceiling: null, wide: true }
  const table = compileLogNormal(spec)

  it('is the quantile of its tail probability, to 3 quanta and one millionth', () => {
    for (let index = 0; index < ROWS; index++) {
      const side = index < ROWS / 2 ? -2n : 2n
      const middle = exp(18n * ONE + side * (nodes[3 * (index % (ROWS / 2)) + 1] ?? 0n) + 10n * LN_2)
      const quanta = toNumber(rationalFromFixed(middle))
      expect(Math.abs(Number(wideRowValue(table, index, 2 ** 30)) - quanta)).toBeLessThan(3 + quanta * 1e-6)
    }
  })

  it('has 30 significant bits in every row, and shifts only where 31 do not suffice', () => {
    for (let row = 0; row < ROWS; row++) {
      const greatest = Math.max(rowValue(table, row, 0), rowValue(table, row, LAST_T))
      expect(greatest < 2 ** 31 && (shiftOf(table, row) === 0 || greatest >= 2 ** 30 - 4)).toBe(true)
    }
    expect(Math.max(...Array.from({ length: ROWS }, (_, row) => shiftOf(table, row)))).toBe(32)
  })

  it('has the words of a narrow one where all values are below 2^31', () => {
    for (const parameters of [
      { mu: 6, sigma: 1, fractionBits: 8, ceiling: null },
      { mu: 2, sigma: 1.5, fractionBits: 6, ceiling: '50000' },
    ]) {
      expect(compileLogNormal({ ...parameters, wide: true })).toEqual(compileLogNormal({ ...parameters, wide: false }))
    }
  })

  it('reads a draw as the row’s value, shifted', () => {
    fc.assert(
      fc.property(u32, u32, (word, refinement) => {
        fc.pre(!needsRefinement(word))
        const octave = Math.clz32(((word << 1) | 1) >>> 0)
        const m = (((word << 1) | 1) << octave) >>> 0
        const row = ((word >>> 31) * OCTAVES + octave) * SEGMENTS + ((m >>> 26) & 31)
        const value = BigInt(rowValue(table, row, (m << 6) >>> 1)) * 2n ** BigInt(shiftOf(table, row))
        expect(wideQuantileFromTable(table, word, refinement)).toBe(value)
      }),
    )
  })

  it('has the mean of the log-normal up to its last draw', () => {
    // Octave 63 reaches z = 9.155; the share of the mean beyond it is P(Z > 7.155), 4e-13.
    let mean = 0
    for (let row = 0; row < ROWS; row++) {
      let sum = 0
      for (let i = 0; i < 512; i++) sum += Number(wideRowValue(table, row, ((2 * i + 1) * 2 ** 30) / 512))
      mean += sum / 512 / 2 ** ((Math.floor(row / SEGMENTS) % OCTAVES) + 7)
    }
    const exact = toNumber(rationalFromFixed(exp(20n * ONE + 10n * LN_2)))
    expect(Math.abs(mean / exact - 1)).toBeLessThan(2e-8)
  })

  it('stays below the planner’s greatest, or 1.25 ceilings, at every t', () => {
    fc.assert(
      fc.property(wideSpec, fc.integer({ min: 0, max: 2 ** 26 - 1 }), (parameters, step) => {
        fc.pre(parameters.ceiling === null || (BigInt(parameters.ceiling) * 5n) / 4n < 1n << 62n)
        const words = compileLogNormal(parameters)
        const ceiling = parameters.ceiling === null ? null : (BigInt(parameters.ceiling) * 5n) / 4n + 4n
        const greatest = greatestOf(parameters)
        const allowed = ceiling === null || greatest < ceiling ? greatest : ceiling
        const outside = Array.from({ length: ROWS }, (_, row) => row).filter(
          (row) =>
            shiftOf(words, row) > 32 || [0, step * 32, LAST_T].some((t) => wideRowValue(words, row, t) > allowed),
        )
        expect(outside).toEqual([])
      }),
      { numRuns: 15 },
    )
  })

  it('is flat from the ceiling on, at the least value that says so', () => {
    for (const ceiling of [12_345n, 2n ** 31n - 1n, 2n ** 31n + 1n, 2n ** 45n + 1n]) {
      const words = compileLogNormal({ ...spec, ceiling: String(ceiling) })
      const furthest = (OCTAVES + OCTAVES - 1) * SEGMENTS
      const unit = 1n << BigInt(shiftOf(words, furthest))
      expect(wideRowValue(words, furthest, LAST_T)).toBe(((ceiling + unit - 1n) / unit) * unit)
      expect(ceiling < 2n ** 31n ? unit === 1n : ceiling >= unit * 2n ** 30n).toBe(true)
    }
  })

  it('is refused when it leaves u64, or asks for more fraction bits than amounts have', () => {
    expect(() => compileLogNormal({ ...spec, mu: 40 })).toThrow('leaves the range of quanta below 2^63')
    expect(() => compileLogNormal({ ...spec, fractionBits: 33 })).toThrow('from 0 to 32')
    expect(() => compileLogNormal({ ...spec, mu: 40, ceiling: String(2n ** 63n) })).toThrow('leaves the range')
  })
})
