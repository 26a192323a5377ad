// Narrow severity tables: their moments against closed forms, every row inside its range, digests that must not move.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  exp,
  fixedFromNumber,
  fixedMultiply,
  LN_2,
  ONE,
  rationalFromFixed,
  upperTail,
  upperTailQuantile,
} from '../exact/fixed-point.ts'
import { multiply, rational, toNumber } from '../exact/rational.ts'
import {
  logNormalGreatest,
  needsRefinement,
  OCTAVES,
  quantileFromTable,
  ROW_WORDS,
  rowValue,
  SEGMENTS,
} from './lognormal-quantile.ts'
import { compileLogNormal } from './lognormal-table.ts'

const ROWS = 2 * OCTAVES * SEGMENTS
const LAST_T = 2 ** 31 - 32
const LAST_WORD = 0xffffffff
const u32 = fc.integer({ min: 0, max: LAST_WORD })
/** Half of the words lie in a tail, where the refinement matters. */
const severityWord = fc.oneof(
  u32,
  fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4095 })).map(([upper, low]) => (upper ? 2 ** 31 : 0) + low),
)

interface Narrow {
  readonly mu: number
  readonly sigma: number
  readonly fractionBits: number
  readonly ceiling: number | null
}
const compileNarrow = ({ ceiling, ...rest }: Narrow): Uint32Array =>
  compileLogNormal({ ...rest, ceiling: ceiling?.toString() ?? null, wide: false })

/** Parameters whose greatest value fits, as the planner chooses them. */
const spec: fc.Arbitrary<Narrow> = fc.record({
  mu: fc.double({ min: -50, max: 50, noNaN: true }),
  sigma: fc.double({ min: 0, max: 5, noNaN: true }),
  fractionBits: fc.integer({ min: 6, max: 16 }),
  ceiling: fc.integer({ min: 0, max: Math.floor(2 ** 32 / 1.25) }),
})

/** The README's definition, word for word, in BigInt. */
function valueByDefinition(words: Uint32Array, word: number, refinement: number): { p: bigint; value: number } {
  const low = BigInt(word) & 0x7fffffffn
  const needed = 2n * low + 1n < 1n << 12n
  const v = needed ? 2n * ((low << 32n) + BigInt(refinement)) + 1n : 2n * low + 1n
  const width = needed ? 64 : 32
  const octave = width - v.toString(2).length
  const m = needed ? ((v << BigInt(octave)) & 0xffffffffffffffffn) >> 32n : v << BigInt(octave)
  const t = ((m << 6n) & 0xffffffffn) >> 1n
  const row = (((word >>> 31) * OCTAVES + octave) * SEGMENTS + Number((m >> 26n) & 31n)) * ROW_WORDS
  const c = (i: number): bigint => BigInt.asIntN(32, BigInt(words[row + i] ?? 0))
  const value = c(0) + ((t * (c(1) + ((t * c(2)) >> 32n))) >> 32n)
  return { p: (v * ONE) >> BigInt(width + 1), value: Number(BigInt.asUintN(32, value)) }
}

describe('a severity', () => {
  const table = compileNarrow({ mu: 6, sigma: 1, fractionBits: 10, ceiling: null })

  it('is what the definition says', () => {
    fc.assert(
      fc.property(severityWord, u32, (word, refinement) => {
        expect(quantileFromTable(table, word, refinement)).toBe(valueByDefinition(table, word, refinement).value)
      }),
      { numRuns: 5000 },
    )
  })

  it('is refined in the octaves from 20 on', () => {
    for (const low of [0, 1, 2046, 2047, 2048, 2049, 0x7fffffff]) {
      for (const word of [low, (low + 2 ** 31) >>> 0]) expect(needsRefinement(word)).toBe(low < 2048)
    }
  })

  it('is the quantile of its tail probability, to 3 quanta and one millionth', () => {
    fc.assert(
      fc.property(severityWord, u32, (word, refinement) => {
        const { p } = valueByDefinition(table, word, refinement)
        const z = upperTailQuantile(p)
        const exact = exp(6n * ONE + (word >= 2 ** 31 ? z : -z) + 10n * LN_2)
        const quanta = toNumber(rationalFromFixed(exact))
        expect(Math.abs(quantileFromTable(table, word, refinement) - quanta)).toBeLessThan(3 + quanta * 1e-6)
      }),
    )
  })

  it('rises from row to row, but for the roundings where two meet', () => {
    for (let row = 0; row < ROWS / 2 - SEGMENTS; row++) {
      const next = (row + 1) % SEGMENTS === 0 ? row + 1 - 2 * SEGMENTS : row + 1
      if (next < 0) continue
      const [end, start] = [rowValue(table, row, LAST_T), rowValue(table, next, 0)]
      expect(start).toBeGreaterThanOrEqual(end * (1 - 1e-6) - 4)
      const [upperEnd, upperStart] = [rowValue(table, row + ROWS / 2, LAST_T), rowValue(table, next + ROWS / 2, 0)]
      expect(upperStart).toBeLessThanOrEqual(upperEnd * (1 + 1e-6) + 4)
    }
  })
})

describe('every row of any table', () => {
  it('stays in range, and below 1.25 ceilings, at every t', () => {
    fc.assert(
      fc.property(spec, fc.integer({ min: 0, max: 2 ** 26 - 1 }), (parameters, step) => {
        // The compiler proves the range and throws otherwise; a wrap would show as a value near 2^32.
        const words = compileNarrow(parameters)
        const allowed = 1.25 * (parameters.ceiling ?? 0) + 4
        const outside = Array.from({ length: ROWS }, (_, row) => row).filter((row) =>
          [0, step * 32, LAST_T].some((t) => rowValue(words, row, t) > allowed),
        )
        expect(outside).toEqual([])
      }),
      { numRuns: 15 },
    )
  })

  it('lies below the greatest severity that the planner reckons with', () => {
    fc.assert(
      fc.property(spec, ({ mu, sigma, fractionBits }) => {
        const greatest = toNumber(multiply(logNormalGreatest(mu, sigma), rational(1n << BigInt(fractionBits))))
        fc.pre(greatest < 2 ** 32)
        const words = compileNarrow({ mu, sigma, fractionBits, ceiling: null })
        for (let row = 0; row < ROWS; row++) {
          expect(Math.max(rowValue(words, row, 0), rowValue(words, row, LAST_T)) <= greatest).toBe(true)
        }
      }),
      { numRuns: 10 },
    )
  })

  it('carries nothing through a run of flat rows', () => {
    // With sigma 0.2 rows are widest at the median and far out: here 20 octaves of flat rows lie between.
    const mu = fixedFromNumber(1.5448)
    const words = compileNarrow({ mu: 1.5448, sigma: 0.2, fractionBits: 6, ceiling: null })
    for (let octave = 0; octave < OCTAVES; octave++) {
      const z = upperTailQuantile(ONE >> BigInt(octave + 2))
      const exact = exp(mu + fixedMultiply(fixedFromNumber(0.2), z) + 6n * LN_2)
      const value = rowValue(words, (OCTAVES + octave) * SEGMENTS, 0)
      expect(Math.abs(value - toNumber(rationalFromFixed(exact)))).toBeLessThan(3)
    }
  })

  it('of sigma 0 is one value', () => {
    const words = compileNarrow({ mu: 7, sigma: 0, fractionBits: 12, ceiling: null })
    const value = Math.round(Math.exp(7) * 4096)
    expect(words.every((word, i) => word === (i % ROW_WORDS === 0 ? value : 0))).toBe(true)
  })

  it('is refused when it leaves u32', () => {
    expect(() => compileNarrow({ mu: 6, sigma: 1, fractionBits: 12, ceiling: null })).toThrow('range of u32')
    expect(() => compileNarrow({ mu: 51, sigma: 1, fractionBits: 12, ceiling: 1 })).toThrow('mu is 51')
    expect(() => compileNarrow({ mu: 5, sigma: Number.NaN, fractionBits: 12, ceiling: 1 })).toThrow('sigma')
  })

  it('is near the planner’s greatest at the furthest draw', () => {
    const words = compileNarrow({ mu: 6, sigma: 1, fractionBits: 10, ceiling: null })
    const greatest = toNumber(logNormalGreatest(6, 1)) * 1024
    expect(quantileFromTable(words, 2 ** 31, 0) / greatest).toBeGreaterThan(0.999)
  })
})

describe('the moments of a table', () => {
  const FURTHEST = 9.155293772686072
  const normalCdf = (x: number): number => {
    const tail = Math.abs(x) > 10 ? 0 : toNumber(rationalFromFixed(upperTail(fixedFromNumber(Math.abs(x)))))
    return x < 0 ? tail : 1 - tail
  }

  /** E[min(X, ceiling)^power] of the log-normal within |z| <= 9.155: what the table stands for. */
  function closedForm({ mu, sigma, fractionBits, ceiling }: Narrow, power: number): number {
    const limit = ceiling === null ? Infinity : ceiling / 2 ** fractionBits
    const b = Math.min(FURTHEST, (Math.log(limit) - mu) / sigma)
    const shift = power * sigma
    const scale = toNumber(
      rationalFromFixed(
        exp(fixedFromNumber(power * mu) + fixedMultiply(fixedFromNumber(shift), fixedFromNumber(shift)) / 2n),
      ),
    )
    const below = scale * (normalCdf(b - shift) - normalCdf(-FURTHEST - shift))
    return b === FURTHEST ? below : below + limit ** power * (normalCdf(FURTHEST) - normalCdf(b))
  }

  /** The integer rows at 1,024 midpoints each; the floors and the sampling leave some 1e-10. */
  function momentsOf(parameters: Narrow): [number, number] {
    const words = compileNarrow(parameters)
    const samples = 1024
    let mean = 0
    let second = 0
    for (let row = 0; row < ROWS; row++) {
      let sum = 0
      let sumSquares = 0
      for (let i = 0; i < samples; i++) {
        const value = rowValue(words, row, ((2 * i + 1) * 2 ** 30) / samples)
        const x = Math.min(value, parameters.ceiling ?? LAST_WORD) / 2 ** parameters.fractionBits
        sum += x
        sumSquares += x * x
      }
      const octave = Math.floor(row / SEGMENTS) % OCTAVES
      mean += sum / samples / 2 ** (octave + 7)
      second += sumSquares / samples / 2 ** (octave + 7)
    }
    return [mean, second]
  }

  it.each([
    [6, 1, 12, 2 ** 31, 1e-9, 4e-9],
    [6, 1, 10, null, 1e-9, 4e-9],
    [6, 0.3, 12, null, 1e-9, 4e-9],
    [10, 1.5, 12, 50_000 * 4096, 4e-9, 8e-9],
    [5, 2, 12, 100_000 * 4096, 4e-9, 4e-9],
    [2, 3, 10, 2 ** 31, 4e-8, 4e-9],
  ])(
    'for mu %s, sigma %s, %s fraction bits and ceiling %s are those of the log-normal',
    (mu, sigma, bits, ceiling, mean, second) => {
      const parameters = { mu, sigma, fractionBits: bits, ceiling }
      const [tableMean, tableSecond] = momentsOf(parameters)
      expect(Math.abs(tableMean / closedForm(parameters, 1) - 1)).toBeLessThan(mean)
      expect(Math.abs(tableSecond / closedForm(parameters, 2) - 1)).toBeLessThan(second)
    },
  )
})
