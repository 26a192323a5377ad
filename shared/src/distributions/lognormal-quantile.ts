// The severity table: a log-normal's quantile function as 4,096 integer quadratics, which every engine evaluates with
// the same few u32 operations. The layout and the rules are defined in kernels/mc.insurance.v1/README.md, "Words" and
// "Table of a severity"; part of a kernel's frozen definition, so any change here that changes a word is a new table.
import {
  exp,
  FRACTION_BITS,
  fixedFromNumber,
  fixedMultiply,
  fixedSqrt,
  LN_2,
  ONE,
  rationalFromFixed,
  reciprocalDensity,
  shiftedQuantile,
  upperTail,
  upperTailQuantile,
} from '../exact/fixed-point.ts'
import type { Fixed } from '../exact/fixed-point.ts'
import { mulHigh } from '../exact/philox.ts'
import { add, multiply, rational } from '../exact/rational.ts'
import type { Rational } from '../exact/rational.ts'

export const OCTAVES = 64
export const SEGMENTS = 32
const ROWS = 2 * OCTAVES * SEGMENTS
/** c0, c1, c2 as i32 in u32 words, and a 0 that keeps rows on 16 bytes. */
export const ROW_WORDS = 4

/** From this octave on the word alone is too coarse, and a refinement word is drawn. */
const REFINED_OCTAVE = 20
const LOW_31 = 0x7fffffff
const U32_MAX = 0xffffffff
const I32_LIMIT = 2 ** 31

export interface LogNormalQuantileSpec {
  readonly mu: number
  readonly sigma: number
  /** Values are in quanta of 2^-fractionBits. */
  readonly fractionBits: number
  /** In quanta; rows at or above it are the ceiling itself. `null`: none. */
  readonly ceiling: number | null
}

/** Whether the severity's word lies so far in a tail (k >= 20, once in 2^20) that its refinement must be drawn. */
export const needsRefinement = (word: number): boolean => ((word << 1) | 1) >>> 0 < 1 << (32 - REFINED_OCTAVE)

/** The value, in quanta, of a severity's word; `refinement` is read only where {@link needsRefinement} says so. */
export function quantileFromTable(words: Uint32Array, word: number, refinement: number): number {
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
  return rowValue(words, row, (normalized << 6) >>> 1)
}

/** c0 + hi(t (c1 + hi(t c2))) of one row, in quanta; t in [0, 2^31). */
export function rowValue(words: Uint32Array, row: number, t: number): number {
  const at = row * ROW_WORDS
  const slope = wordAt(words, at + 1) + signedHigh(t, wordAt(words, at + 2))
  return (wordAt(words, at) + signedHigh(t, slope)) >>> 0
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
 */
export function logNormalGreatest(mu: number, sigma: number): Rational {
  requireParameters(mu, sigma)
  furthestQuantile ??= upperTailQuantile(ONE >> 65n)
  const greatest = exp(fixedFromNumber(mu) + fixedMultiply(fixedFromNumber(sigma), furthestQuantile))
  return add(multiply(rationalFromFixed(greatest), rational((1n << 20n) + 1n, 1n << 20n)), rational(1n, 16n))
}
let furthestQuantile: Fixed | undefined

/** Compiles a table of 2 x 64 x 32 rows, 64 KiB. Throws a `RangeError` when a row leaves the range of u32. */
export function compileLogNormalQuantile(spec: LogNormalQuantileSpec): Uint32Array {
  requireParameters(spec.mu, spec.sigma)
  if (!Number.isInteger(spec.fractionBits) || spec.fractionBits < 0 || spec.fractionBits > 32) {
    throw new RangeError(`${spec.fractionBits} is not a number of fraction bits from 0 to 32`)
  }
  if (spec.ceiling !== null && (!Number.isSafeInteger(spec.ceiling) || spec.ceiling < 0)) {
    throw new RangeError(`${spec.ceiling} is not a ceiling in whole quanta`)
  }
  normalNodes ??= compileNormalNodes()
  // exp(mu -+ sigma z) 2^F as one exponential: the quanta are part of mu.
  const mu = fixedFromNumber(spec.mu) + BigInt(spec.fractionBits) * LN_2
  const sigma = fixedFromNumber(spec.sigma)
  const ceiling = spec.ceiling === null ? null : BigInt(spec.ceiling)
  const words = new Uint32Array(ROWS * ROW_WORDS)
  let at = 0
  for (const side of [-sigma, sigma]) {
    let carry = 0n
    for (const [index, [z0, z1, z2]] of normalNodes.entries()) {
      // Rows of the next octave are half as probable, so that what is carried into it weighs twice.
      if (index % SEGMENTS === 0) carry *= 2n
      const fitted = quadraticRow(
        exp(mu + fixedMultiply(side, z0)),
        exp(mu + fixedMultiply(side, z1)),
        exp(mu + fixedMultiply(side, z2)),
        carry,
      )
      carry = fitted.carry
      const row = ceiling !== null && leastOfRow(fitted.row) >= ceiling ? flatRow(ceiling) : fitted.row
      requireRange(row, spec)
      words.set(
        row.map((c) => Number(BigInt.asUintN(32, c))),
        at,
      )
      at += ROW_WORDS
    }
  }
  return words
}

type Row = readonly [c0: bigint, c1: bigint, c2: bigint]
const flatRow = (value: bigint): Row => [value, 0n, 0n]

/** cos(pi/6) / 2: Chebyshev's nodes lie at 1/2 -+ this, and at 1/2. */
const NODE_OFFSET = fixedSqrt((3n * ONE) / 16n)
const HALF = ONE / 2n
const whole = (x: Fixed): bigint => x >> FRACTION_BITS

/**
 * The integer quadratic nearest to the one through three values, in quanta, at Chebyshev's nodes; README, "Table of a
 * severity". What c0 rounds away of the row's mean is carried to the next row, so that the whole table's mean is right
 * to 4e-10 where rounding each row by itself left 5e-9 (mu 6, sigma 1, 12 fraction bits). A flat row ends the chain:
 * through a run of them the carry would double from octave to octave and land on a rare row.
 */
function quadraticRow(first: Fixed, middle: Fixed, last: Fixed, carry: Fixed): { row: Row; carry: Fixed } {
  const span = last - first
  if (-ONE < span && span < ONE) return { row: flatRow(whole(middle + HALF)), carry: 0n }
  // The nodes are d = NODE_OFFSET apart and d^2 = 3/16, so the second difference over 2 d^2 is 8/3 of it.
  const a2 = (8n * (first - 2n * middle + last)) / 3n
  const a1 = (span << FRACTION_BITS) / (2n * NODE_OFFSET) - a2
  const a0 = middle - a1 / 2n - a2 / 4n
  // t stands for tau = t / 2^31 and hi divides by 2^32: hence the 2 and the 4. Each floor takes 1/2 on average, of
  // which c1 makes up for the inner one and c0 for the outer one.
  const c1 = whole(2n * a1 + ONE)
  const c2 = whole(4n * a2 + HALF)
  // The mean over tau of the wanted quadratic, less that of hi(t (c1 + hi(t c2))): (c1 - 1/2) / 4 + c2 / 12 - 1/2.
  const wanted = a0 + a1 / 2n + a2 / 3n + carry - ((3n * c1 + c2) * ONE) / 12n + (5n * ONE) / 8n
  const c0 = whole(wanted + HALF)
  return { row: [c0, c1, c2], carry: wanted - c0 * ONE }
}

/** The lesser of the row's values at its first and last t. */
function leastOfRow([c0, c1, c2]: Row): bigint {
  const t = BigInt(LOW_31 - 31)
  const last = c0 + ((t * (c1 + ((t * c2) >> 32n))) >> 32n)
  return last < c0 ? last : c0
}

/**
 * Proves that no t in [0, 2^31) takes the row out of u32, or its inner sum out of i32.
 * The real quadratic h(t) = c0 + t c1 / 2^32 + t^2 c2 / 2^64 is monotone when c1 and c1 + c2 have one sign, so it lies
 * between h(0) = c0 and h(2^31) = c0 + c1/2 + c2/4. The inner floor takes less than 1 times t / 2^32 < 1/2, the outer
 * less than 1: the row's value is an integer in (h - 3/2, h], hence not negative where h >= 1/2.
 */
function requireRange([c0, c1, c2]: Row, spec: LogNormalQuantileSpec): void {
  const ends = [4n * c0, 4n * c0 + 2n * c1 + c2]
  const flat = c1 === 0n && c2 === 0n
  const monotone = (c1 >= 0n && c1 + c2 >= 0n) || (c1 <= 0n && c1 + c2 <= 0n)
  const inI32 = [c1, c1 + (c2 >> 1n) - 1n, c2].every((c) => -I32_LIMIT <= c && c < I32_LIMIT)
  const inU32 = ends.every((end) => end >= (flat ? 0n : 2n) && end <= 4n * BigInt(U32_MAX))
  if (monotone && inI32 && inU32) return
  throw new RangeError(`a severity of mu ${spec.mu} and sigma ${spec.sigma} leaves the range of u32 quanta`)
}

function requireParameters(mu: number, sigma: number): void {
  if (!(mu >= -50 && mu <= 50)) throw new RangeError(`mu is ${mu}; it must be from -50 to 50`)
  if (!(sigma >= 0 && sigma <= 5)) throw new RangeError(`sigma is ${sigma}; it must be from 0 to 5`)
}

type NodesOfRow = readonly [first: Fixed, middle: Fixed, last: Fixed]
/** The same for every table, hence computed once a process, in some 0.2 s. */
let normalNodes: readonly NodesOfRow[] | undefined

/**
 * z(p) at the three nodes of each segment (K, j), row by row, within 2^-100.
 * A walk from the smallest p to the greatest: a step of at most p/70 by Taylor's series predicts z within 2^-30, and
 * one correction by the series of the same order, from the tail computed there, leaves 2^-150 beside rounding.
 */
function compileNormalNodes(): readonly NodesOfRow[] {
  const rows: NodesOfRow[] = []
  let p = ONE >> BigInt(OCTAVES + 1)
  let z = upperTailQuantile(p)
  const walkTo = (target: Fixed): Fixed => {
    const predicted = shiftedQuantile(z, fixedMultiply(p - target, reciprocalDensity(z)))
    const reciprocal = reciprocalDensity(predicted)
    z = shiftedQuantile(predicted, fixedMultiply(upperTail(predicted, reciprocal) - target, reciprocal))
    p = target
    return z
  }
  for (let octave = OCTAVES - 1; octave >= 0; octave--) {
    const width = ONE >> BigInt(octave + 7) // 2^-(octave + 2) / 32
    const offset = fixedMultiply(width, NODE_OFFSET)
    const octaveRows: NodesOfRow[] = []
    for (let segment = 0n; segment < SEGMENTS; segment++) {
      const middle = width * (32n + segment) + width / 2n
      octaveRows.push([walkTo(middle - offset), walkTo(middle), walkTo(middle + offset)])
    }
    rows.unshift(...octaveRows)
  }
  return rows
}
