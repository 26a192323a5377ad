// Compiles the table of a log-normal severity, some 40 ms each; lognormal-quantile.ts reads it. The rules for narrow rows
// are in kernels/mc.insurance.v1/README.md, "Table of a severity"; part of a kernel's frozen definition, so any change
// here that changes a word is a new kind of table.
//
// Kind `lognormal-quantile.v2`. A narrow table has the words of `lognormal-quantile.v1`, shifts 0. In a wide one the
// fourth word of a row is its shift s, from 0 to 32, and its value is (c0 + hi(t (c1 + hi(t c2)))) 2^s quanta, a u64
// below 2^63. s is the least from 0 on for which the row, computed in units of 2^s quanta, provably stays below 2^31:
// the three node values are floored to units (of 192 fraction bits) and the row is fitted to them as a narrow one is to
// quanta, the rule for flat rows included, so that a row spans less than one unit or is not flat.
// The carry is kept in quanta: what comes from the row before is divided by 2^s (floor, of 192 fraction bits) and what
// c0 rounds away is multiplied by it. Where a row has a smaller unit than the one before, it may therefore take several
// units: on side 0 at the start of an octave up to 512 (2^-21 of it, sigma 5), elsewhere at most 1.
// A row at or above the ceiling is (ceiling, 0, 0, 0) if that is below 2^31, else (ceil(ceiling / 2^s), 0, 0, s) with
// the least s that keeps the first word below 2^31: from the ceiling on, no payment can tell values apart. Other rows
// stay below 1.25 ceilings and 4 units.
import { fromBase64 } from '../exact/bytes.ts'
import { EXPONENTIAL_BITS, exponential, type Exponential } from '../exact/exponential.ts'
import { FRACTION_BITS, fixedFromNumber, fixedMultiply, LN_2, ONE, type Fixed } from '../exact/fixed-point.ts'
import { bitLength } from '../exact/rational.ts'
import { requireParameters, ROW_WORDS, SEGMENTS } from './lognormal-quantile.ts'
import { normalNodesBase64 } from './normal-nodes.gen.ts'
import { NODE_OFFSET, nodesFromBytes } from './normal-nodes.ts'
import {
  ceilingRow,
  fitsWord,
  flatRow,
  leastOfRow,
  requireScale,
  type Row,
  ROWS,
  type SeverityScale,
  writeRow,
} from './severity-row.ts'

export interface LogNormalSpec extends SeverityScale {
  readonly mu: number
  readonly sigma: number
}

/** Compiles a table of 2 x 64 x 32 rows, 64 KiB. Throws a `RangeError` when a row leaves its table's range. */
export function compileLogNormal(spec: LogNormalSpec): Uint32Array {
  requireParameters(spec.mu, spec.sigma)
  const ceiling = requireScale(spec)
  const words = new Uint32Array(ROWS * ROW_WORDS)
  for (const [side, values] of nodeValues(spec).entries()) {
    let carry = 0n
    for (let index = 0; index < ROWS / 2; index++) {
      // Rows of the next octave are half as probable, so that what is carried into it weighs twice.
      if (index % SEGMENTS === 0) carry *= 2n
      const nodes: NodeValues = [values[3 * index] ?? 0n, values[3 * index + 1] ?? 0n, values[3 * index + 2] ?? 0n]
      const fitted = spec.wide ? wideRow(nodes, carry) : quadraticRow(nodes, carry)
      carry = fitted.carry
      const above = ceiling !== null && leastOfRow(fitted.row) >= ceiling
      const row = above ? ceilingRow(ceiling, spec.wide) : fitted.row
      writeRow(words, (side * ROWS) / 2 + index, row, spec.wide, `mu ${spec.mu} and sigma ${spec.sigma}`)
    }
  }
  return words
}

type NodeValues = readonly [first: Fixed, middle: Fixed, last: Fixed]
let nodes: readonly Fixed[] | undefined

/**
 * exp(mu -+ sigma z) 2^F at all nodes, in quanta, for side 0 and side 1, within 2^-180, relatively, of what exact nodes
 * would give (they are known to 2^-149 and less: see there), and one ulp.
 * One exponential serves both sides: e^(mu') e^(sigma z) and e^(mu') / e^(sigma z), mu' = mu + F ln 2.
 */
function nodeValues({ mu, sigma, fractionBits }: LogNormalSpec): readonly [Fixed[], Fixed[]] {
  nodes ??= nodesFromBytes(fromBase64(normalNodesBase64))
  const scale = exponential(fixedFromNumber(mu) + BigInt(fractionBits) * LN_2)
  const sigmaFixed = fixedFromNumber(sigma)
  const lower: Fixed[] = []
  const upper: Fixed[] = []
  for (const z of nodes) {
    const factor = exponential(fixedMultiply(sigmaFixed, z))
    lower.push(quotientOf(scale, factor))
    upper.push(productOf(scale, factor))
  }
  return [lower, upper]
}

const productOf = (a: Exponential, b: Exponential): Fixed =>
  shifted(a.mantissa * b.mantissa, a.power + b.power + FRACTION_BITS - 2n * EXPONENTIAL_BITS)
const quotientOf = (a: Exponential, b: Exponential): Fixed =>
  shifted((a.mantissa << EXPONENTIAL_BITS) / b.mantissa, a.power - b.power + FRACTION_BITS - EXPONENTIAL_BITS)
const shifted = (value: bigint, by: bigint): bigint => (by >= 0n ? value << by : value >> -by)

const HALF = ONE / 2n
const whole = (x: Fixed): bigint => x >> FRACTION_BITS

interface Fitted {
  readonly row: Row
  readonly carry: Fixed
}

/**
 * The integer quadratic nearest to the one through three values, in quanta, at Chebyshev's nodes; README, "Table of a
 * severity". What c0 rounds away of the row's mean is carried to the next row, so that the whole table's mean is right
 * to 4e-10 where rounding each row by itself left 5e-9 (mu 6, sigma 1, 12 fraction bits). A flat row ends the chain:
 * through a run of them the carry would double from octave to octave and land on a rare row.
 */
function quadraticRow([first, middle, last]: NodeValues, carry: Fixed): Fitted {
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
  return { row: { c0, c1, c2, shift: 0n }, carry: wanted - c0 * ONE }
}

/** The row in the finest units of 2^shift quanta that keep it below 2^31. */
function wideRow([first, middle, last]: NodeValues, carry: Fixed): Fitted {
  // With a finer unit than this the lesser of the outer nodes is 2^31 units or more by itself.
  const bits = bitLength(whole(first < last ? first : last))
  for (let shift = BigInt(Math.max(0, bits - 31)); ; shift++) {
    const { row, carry: rest } = quadraticRow([first >> shift, middle >> shift, last >> shift], carry >> shift)
    if (fitsWord(row, true)) return { row: { ...row, shift }, carry: rest << shift }
  }
}
