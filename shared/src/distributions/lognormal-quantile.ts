// Reading a severity table: a quantile function as 4,096 integer quadratics, which every engine evaluates with the same
// few u32 operations; and the greatest value that a log-normal's can give. The layout is defined in
// kernels/mc.insurance.v1/README.md, "Words" and "Table of a severity"; lognormal-table.ts and empirical-table.ts
// compile such tables, and this file must not import them: a planner has no use for their constants.
import {
  exp,
  fixedFromNumber,
  fixedMultiply,
  ONE,
  rationalFromFixed,
  upperTailQuantile,
  type Fixed,
} from '../exact/fixed-point.ts'
import { mulHigh } from '../exact/philox.ts'
import { add, multiply, rational } from '../exact/rational.ts'
import type { Rational } from '../exact/rational.ts'

export const OCTAVES = 64
export const SEGMENTS = 32
/** c0, c1, c2 as i32 in u32 words, and the row's shift, 0 in every row of a narrow table. */
export const ROW_WORDS = 4

/** From this octave on the word alone is too coarse, and a refinement word is drawn. */
const REFINED_OCTAVE = 20
/** Whether the severity's word lies so far in a tail (k >= 20, once in 2^20) that its refinement must be drawn. */
export const needsRefinement = (word: number): boolean => ((word << 1) | 1) >>> 0 < 1 << (32 - REFINED_OCTAVE)

/** The value, in quanta, of a severity's word; `refinement` is read only where {@link needsRefinement} says so. */
export function quantileFromTable(words: Uint32Array, word: number, refinement: number): number {
  const { row, t } = placeOf(word, refinement)
  return rowValue(words, row, t)
}

/** The same of a wide table: a u64 below 2^63. */
export function wideQuantileFromTable(words: Uint32Array, word: number, refinement: number): bigint {
  const { row, t } = placeOf(word, refinement)
  return wideRowValue(words, row, t)
}

/** The row of a word, and how far into it the word lies, t / 2^31. */
function placeOf(word: number, refinement: number): { row: number; t: number } {
  let octave: number
  let normalized: number
  const high = ((word << 1) | 1) >>> 0
  if (!needsRefinement(word)) {
    octave = Math.clz32(high)
    normalized = high << octave
  } else {
    // V = 2 (low31 2^32 + r) + 1 as two words.
    const vHigh = ((word << 1) | (refinement >>> 31)) >>> 0
    const vLow = ((refinement << 1) | 1) >>> 0
    octave = vHigh === 0 ? 32 + Math.clz32(vLow) : Math.clz32(vHigh)
    normalized = vHigh === 0 ? vLow << (octave - 32) : (vHigh << octave) | (vLow >>> (32 - octave))
  }
  const segment = (normalized >>> 26) & (SEGMENTS - 1)
  const row = ((word >>> 31) * OCTAVES + octave) * SEGMENTS + segment
  return { row, t: (normalized << 6) >>> 1 }
}

/** c0 + hi(t (c1 + hi(t c2))) of one row, in quanta; t in [0, 2^31). */
export function rowValue(words: Uint32Array, row: number, t: number): number {
  const at = row * ROW_WORDS
  const slope = wordAt(words, at + 1) + signedHigh(t, wordAt(words, at + 2))
  return (wordAt(words, at) + signedHigh(t, slope)) >>> 0
}

/**
 * A wide table's row: its value in units of 2^shift quanta. In a compiled table that is below 2^31 and the shift at most
 * 32; of any other words engines take the shift modulo 64 and the result modulo 2^64.
 */
export function wideRowValue(words: Uint32Array, row: number, t: number): bigint {
  return BigInt.asUintN(64, BigInt(rowValue(words, row, t)) << BigInt(wordAt(words, row * ROW_WORDS + 3) & 63))
}

/** The high word of t c, c read as i32: a negative c is c + 2^32 as u32, which adds t to the product's high word. */
const signedHigh = (t: number, c: number): number => mulHigh(t, c >>> 0) - ((c | 0) < 0 ? t : 0)

function wordAt(words: Uint32Array, index: number): number {
  const word = words[index]
  if (word === undefined) throw new RangeError(`the table has no word ${index}`)
  return word
}

/**
 * An upper bound on every value that a table of exp(mu + sigma Z) can give, in the client's money, for fractionBits of
 * 6 and more. exp(mu + sigma z) at z = 9.155..., the normal quantile of the smallest drawable tail 2^-65, times
 * 1 + 2^-20 and plus 2^-4:
 * - interpolating a row of width w at Chebyshev's nodes errs by at most max|Q'''| w^3 / 192, with |Q'''| =
 *   Q sigma ((sigma + z)(sigma + 2z) + 1) / phi(z)^3; for sigma <= 5 that is below 2^-21 Q in the furthest row, and
 *   everywhere below what separates a lower row from the furthest one;
 * - rounding to integers adds less than 3 quanta of 2^-6, a carry of at most one among them.
 * A wide table, and one of fewer fraction bits, gives no value above this and 3 quanta: rounding adds less than 3 units
 * of 2^shift quanta, and such a unit is one quantum or at most 2^-29 of the row's values, so that 3 of them fit into
 * what interpolation leaves of the 2^-20.
 */
export function logNormalGreatest(mu: number, sigma: number): Rational {
  requireParameters(mu, sigma)
  furthestQuantile ??= upperTailQuantile(ONE >> 65n)
  const greatest = exp(fixedFromNumber(mu) + fixedMultiply(fixedFromNumber(sigma), furthestQuantile))
  return add(multiply(rationalFromFixed(greatest), rational((1n << 20n) + 1n, 1n << 20n)), rational(1n, 16n))
}
let furthestQuantile: Fixed | undefined

/** Throws a `RangeError` for parameters beyond those that tables are made for. */
export function requireParameters(mu: number, sigma: number): void {
  if (!(mu >= -50 && mu <= 50)) throw new RangeError(`mu is ${mu}; it must be from -50 to 50`)
  if (!(sigma >= 0 && sigma <= 5)) throw new RangeError(`sigma is ${sigma}; it must be from 0 to 5`)
}
