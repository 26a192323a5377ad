// Compiles the table of a severity that the client gave as data: points (p, x) of its quantile function Q, linear between
// them. Layout and reading are those of a log-normal's table (lognormal-quantile.ts), wide rows included
// (lognormal-table.ts); part of a kernel's frozen definition, so any change here that changes a word is a new kind.
//
// Kind `empirical-quantile.v1`. Q is first cut at the ceiling, min(Q, ceiling), because no payment can tell the
// difference; all values are in quanta, exact but for floors at 2^-256. A table has 64 rows of each probability 2^-(K+7),
// K from 0 to 63, and no row may hold a point of Q inside, or the distribution would be wrong by a part of a row. So the
// pieces of Q are dealt out to rows by probability instead of by place, which a distribution allows. From K = 0 on:
// - every range of a piece that is left is worth floor(its probability / 2^-(K+7)) chunks of a row's probability. As long
//   as there are at most 64 ranges these are at least 64, because twice as much is left as the octave takes;
// - the middle 64 of them, in ascending order, become the octave's rows in ascending order of the variate: side 0 from
//   j = 0 to 31, side 1 from 31 to 0. What lies further out is left for the next octaves, so that the table keeps the
//   order of Q where the pieces allow it. A range gives its upper end if only chunks below were left over, else its lower
//   one, or its middle, once, if it holds them all.
// A row is the straight line over its chunk, from A to B, D = B - A: below one unit it is flat, floor(M + 1/2) with M the
// chunk's mean, and sets the carry to 0, so that an atom is drawn as the amount itself, rounded to the quantum. One that is
// steeper than 2^28 units is drawn together about its mean to that in a narrow table, so that c1 fits i32; in a wide one
// its shift is the least with which its values stay below 2^31 and D is at most 2^28 units.
// The words are c1 = floor(2 D + 1/2), negative on side 1 where Q falls with t, and c0 = floor(m + 1/2), where m is M and
// the carry, less c1/4, plus what the floor takes: 1/2, less 1/(4 c1) if c1 is odd. Then c0 is moved so that no value falls
// below floor(A), nor, where both are possible, exceeds ceil(B), or ceil(B) + 1 at t = 0. The carry is m - c0, as a
// log-normal's: in quanta, doubled from octave to octave, but never more than one unit, so that no rare row pays for a run
// of others.
//
// So every piece has its probability to 2^-64 and is uniform between its amounts, but for quanta.
import { bitLength, floor, multiply, rational, rationalFromNumber, type Rational } from '../exact/rational.ts'
import { OCTAVES, ROW_WORDS, SEGMENTS } from './lognormal-quantile.ts'
import {
  ceilingRow,
  fitsWord,
  flatRow,
  requireScale,
  type Row,
  ROWS,
  type SeverityScale,
  writeRow,
} from './severity-row.ts'

export type Quantiles = readonly (readonly [p: number, x: number])[]

export interface EmpiricalSpec extends SeverityScale {
  readonly quantiles: Quantiles
}

/** 62 pieces; the ceiling may cut one in two, and the middle of the first octave another. */
const POINTS_MAX = 63
const RANGES_MAX = 64
const AMOUNT_MAX = 1e15
/** Probabilities are integers in units of 2^-1074: every double is one, and so is every row's end. */
const PROBABILITY_BITS = 1074n
const CERTAIN = 1n << PROBABILITY_BITS
/** Values are in quanta with so many fraction bits: a row's mean, a difference over 2^-70, keeps 180 of them. */
const VALUE_BITS = 256n
const QUANTUM = 1n << VALUE_BITS
const HALF = QUANTUM / 2n
/** No row may be steeper: c1 is up to 4 times as great, and is an i32. */
const SPAN_MAX = 1n << 28n

/**
 * An upper bound, with 3 quanta, on every value that a table of the quantiles can give, in the client's money: the last
 * amount times 1 + 2^-25. A row stays less than three units above its greater end, and a unit of a wide row is one
 * quantum or at most 2^-27 of it. Throws a `RangeError` where {@link compileEmpirical} would.
 */
export function empiricalGreatest(quantiles: Quantiles): Rational {
  requireQuantiles(quantiles)
  const last = rationalFromNumber(quantiles.at(-1)?.[1] ?? 0)
  return multiply(last, rational((1n << 25n) + 1n, 1n << 25n))
}

/** Compiles a table of 2 x 64 x 32 rows, 64 KiB. Throws a `RangeError` when the spec or a row is out of range. */
export function compileEmpirical(spec: EmpiricalSpec): Uint32Array {
  requireQuantiles(spec.quantiles)
  const ceiling = requireScale(spec)
  const stretches = dealtOut(piecesOf(spec, ceiling))
  const words = new Uint32Array(ROWS * ROW_WORDS)
  for (const side of [0, 1]) {
    let carry = 0n
    for (let index = 0; index < ROWS / 2; index++) {
      if (index % SEGMENTS === 0) carry *= 2n
      const stretch = stretches[(side * ROWS) / 2 + index]
      if (stretch === undefined) throw new Error('every row has a stretch of the distribution')
      const fitted = fittedRow(stretch, side === 1, carry, spec.wide)
      carry = fitted.carry
      const above = ceiling !== null && stretch.low >= ceiling * QUANTUM
      const row = above ? ceilingRow(ceiling, spec.wide) : fitted.row
      writeRow(words, (side * ROWS) / 2 + index, row, spec.wide, `up to ${spec.quantiles.at(-1)?.[1]}`)
    }
  }
  return words
}

function requireQuantiles(quantiles: Quantiles): void {
  if (quantiles.length < 2 || quantiles.length > POINTS_MAX) {
    throw new RangeError(`${quantiles.length} points are no quantile function; give 2 to ${POINTS_MAX}`)
  }
  if (quantiles[0]?.[0] !== 0 || quantiles.at(-1)?.[0] !== 1) {
    throw new RangeError('the points of a quantile function go from probability 0 to 1')
  }
  let previous: readonly [number, number] = [-1, 0]
  for (const [p, x] of quantiles) {
    if (!(p > previous[0])) throw new RangeError(`probability ${p} does not exceed the one before it`)
    if (!(x >= previous[1])) throw new RangeError(`amount ${x} is less than the one before it, or than 0`)
    if (x > AMOUNT_MAX) throw new RangeError(`amount ${x} exceeds ${AMOUNT_MAX}`)
    previous = [p, x]
  }
}

/** Q from `start` to `end`, from `low` to `high`, linear; `start` is less than `end`. */
interface Piece {
  readonly start: bigint
  readonly end: bigint
  readonly low: bigint
  readonly high: bigint
}

/** min(Q, ceiling) in pieces, without the one of no width that a point next to the ceiling may leave. */
function piecesOf({ quantiles, fractionBits }: EmpiricalSpec, ceiling: bigint | null): Piece[] {
  const points = quantiles.map(([p, x]) => ({
    at: scaled(p, PROBABILITY_BITS),
    value: scaled(x, VALUE_BITS + BigInt(fractionBits)),
  }))
  const top = ceiling === null ? null : ceiling * QUANTUM
  const pieces: Piece[] = []
  const append = (start: bigint, end: bigint, low: bigint, high: bigint): void => {
    if (start < end) pieces.push({ start, end, low, high })
  }
  for (const [i, { at: end, value: high }] of points.entries()) {
    const before = points[i - 1]
    if (before === undefined) continue
    const { at: start, value: low } = before
    if (top === null || high <= top) append(start, end, low, high)
    else {
      const crossing = low >= top ? start : start + ((top - low) * (end - start)) / (high - low)
      append(start, crossing, low, top)
      append(crossing, CERTAIN, top, top)
      break
    }
  }
  return pieces
}

const scaled = (value: number, bits: bigint): bigint => floor(multiply(rationalFromNumber(value), rational(1n << bits)))

/** What a row stands for: values from `low` to `high`, each as probable as another. */
interface Stretch {
  readonly low: bigint
  readonly high: bigint
}

/** A part of a piece that no row has yet, between two probabilities of it. */
interface Range {
  readonly piece: Piece
  readonly from: bigint
  readonly to: bigint
}

/** The stretch of every row, by its index. */
function dealtOut(pieces: readonly Piece[]): Stretch[] {
  const stretches: Stretch[] = Array.from({ length: ROWS })
  let ranges: Range[] = pieces.map((piece) => ({ piece, from: piece.start, to: piece.end }))
  for (let octave = 0; octave < OCTAVES; octave++) {
    if (ranges.length > RANGES_MAX) throw new Error(`${ranges.length} ranges are more than ${RANGES_MAX}`)
    const { taken, left } = middleOf(ranges, CERTAIN >> BigInt(octave + 7))
    taken.forEach((stretch, i) => {
      const segment = i < SEGMENTS ? i : 2 * SEGMENTS - 1 - i
      stretches[(i < SEGMENTS ? 0 : ROWS / 2) + octave * SEGMENTS + segment] = stretch
    })
    ranges = left
  }
  return stretches
}

/** The middle chunks of this size, as many as an octave has rows, and what is left of the ranges. */
function middleOf(ranges: readonly Range[], size: bigint): { taken: Stretch[]; left: Range[] } {
  const chunks = ranges.map(({ from, to }) => (to - from) / size)
  const surplus = chunks.reduce((sum, count) => sum + count, 0n) - BigInt(2 * SEGMENTS)
  let below = surplus / 2n
  let above = surplus - below
  const most = chunks.map((count) => {
    const kept = min(count, below)
    below -= kept
    return { count: count - kept, kept }
  })
  // From the upper end, what is too many there.
  const counts = most.toReversed().map(({ count, kept }) => {
    const keptAbove = min(count, above)
    above -= keptAbove
    return { count: count - keptAbove, kept, keptAbove }
  })
  const taken: Stretch[] = []
  const left: Range[] = []
  for (const [i, { count, kept, keptAbove }] of counts.toReversed().entries()) {
    const range = ranges[i]
    if (range === undefined) throw new Error('there is a range for every count')
    const length = count * size
    const from = kept === 0n ? range.from : keptAbove === 0n ? range.to - length : range.from + kept * size
    for (let chunk = 0n; chunk < count; chunk++) {
      const start = from + chunk * size
      taken.push({ low: valueAt(range.piece, start), high: valueAt(range.piece, start + size) })
    }
    for (const rest of [
      { ...range, to: from },
      { ...range, from: from + length },
    ]) {
      if (rest.from < rest.to) left.push(rest)
    }
  }
  return { taken, left }
}

const valueAt = ({ start, end, low, high }: Piece, at: bigint): bigint =>
  low + ((high - low) * (at - start)) / (end - start)

interface Fitted {
  readonly row: Row
  readonly carry: bigint
}

/** The row, in the finest units of 2^shift quanta that it may have. */
function fittedRow(stretch: Stretch, falls: boolean, carry: bigint, wide: boolean): Fitted {
  if (!wide) return rowInUnits(stretch, falls, carry)
  // With a finer unit than this the greater end is 2^32 units or more, hence the row too high or too steep.
  for (let shift = BigInt(Math.max(0, bitLength(stretch.high >> VALUE_BITS) - 32)); ; shift++) {
    const units = { low: stretch.low >> shift, high: stretch.high >> shift }
    if (units.high - units.low > SPAN_MAX * QUANTUM) continue
    const { row, carry: rest } = rowInUnits(units, falls, carry >> shift)
    if (fitsWord(row, true)) return { row: { ...row, shift }, carry: rest << shift }
  }
}

/** The integers of a row; the header says what they are. */
function rowInUnits({ low, high }: Stretch, falls: boolean, carry: bigint): Fitted {
  const mean = (low + high) / 2n
  if (high - low < QUANTUM) return { row: flatRow(whole(mean + HALF)), carry: 0n }
  const slope = whole(2n * min(high - low, SPAN_MAX * QUANTUM) + HALF)
  const c1 = falls ? -slope : slope
  const wanted = mean + carry - (c1 * QUANTUM) / 4n + takenByFloor(c1)
  // In quarters of a unit, how far the row's end lies from c0.
  const rise = 2n * c1
  const [floorOfLow, ceilOfHigh] = [whole(low), -whole(-high)]
  const least = falls ? -((rise - 4n * floorOfLow) >> 2n) : floorOfLow
  // The floor brings any t above 0 a unit down, and no t reaches a rising row's end.
  const most = falls ? ceilOfHigh + 1n : (4n * ceilOfHigh + 4n - rise) >> 2n
  const c0 = max(min(whole(wanted + HALF), most), least)
  const rest = wanted - c0 * QUANTUM
  return { row: { c0, c1, c2: 0n, shift: 0n }, carry: max(min(rest, QUANTUM), -QUANTUM) }
}

/** What the mean of the row's values lacks of c0 + c1/4; c1 is not 0. */
const takenByFloor = (c1: bigint): bigint => (c1 % 2n === 0n ? HALF : HALF - QUANTUM / (4n * c1))

const whole = (value: bigint): bigint => value >> VALUE_BITS
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
