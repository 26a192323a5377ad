// Compiles the table of a severity that the client gave as data: points (p, x) of its quantile function Q, linear between
// them. Layout and reading are those of a log-normal's table (lognormal-quantile.ts), wide rows included
// (lognormal-table.ts); part of a kernel's frozen definition, so any change here that changes a word is a new kind.
//
// Kind `empirical-quantile.v1`. Q is first cut at the ceiling, min(Q, ceiling), because no payment can tell the
// difference; all values are in quanta, exact but for floors at 2^-256. Segment (K, j) covers tail probabilities from
// p0 = 2^-(K+2) (1 + j/32), of width w = 2^-(K+2)/32; its row stands for Q(p0 + w tau) on side 0 and for
// Q(1 - p0 - w tau) on side 1. With A and B the lesser and the greater of Q at its ends, D = B - A and M its mean:
// - a row with D below one unit is flat, floor(M + 1/2), and sets the carry to 0. So an atom (one x at many p) is drawn
//   as the amount itself, rounded to the quantum as every amount of the contract is;
// - every other row is the quadratic through both ends with the row's mean: A + b y + a y^2, a = 3 D - 6 (M - A),
//   b = D - a, y running from the end where Q is A. Inside one linear piece that is the line itself. It rises over the
//   whole row if M lies in the middle third of [A, B]; below, it is A + 3 (M - A) y^2, above B - 3 (B - M) (1 - y)^2,
//   which keep the mean, one end and the bounds. (A least-squares line would leave [A, B] or break at the row's ends.)
// - a row steeper than 2^28 units is drawn together about its mean by 2^28 / D in a narrow table, so that c1 and c2 fit
//   i32; in a wide one its shift is the least with which its values stay below 2^31 and D is at most 2^28 units.
// The words are c2 = floor(4 a2 + 1/2) and c1 = floor(2 a1 + 1), or floor(2 a1 + 1/2) if c2 is 0, moved by as much as
// keeps c1 and c1 + c2 of the row's sign; c0 = floor(m + 1/2), where m is M and the carry, less c1/4 + c2/12, plus what
// the floors take: 5/8, or 1/2 if c2 is 0, less 1/(4 c1) if c1 is odd besides, which is exact. Then c0 is moved so that no
// value falls below floor(A), nor, where both are possible, exceeds ceil(B), or ceil(B) + 1 at t = 0. The carry is m - c0, as a log-normal's: in
// quanta, doubled from octave to octave, but never more than one unit, so that no rare row pays for a run of others.
//
// What a client may notice: only rows that contain a point differ from Q. There the mean is right and the shape is not:
// draws stay within [A, B], and each such row shifts the second moment by at most its probability, 2^-(K+7), times
// D^2 / 4. A jump in Q that lies on a row's border (k/128 from 1/4 to 3/4, k/256 from 1/8 to 7/8 and so on) costs nothing.
// A flat row rounds its mean by up to half a quantum.
import { bitLength, floor, multiply, rational, rationalFromNumber, type Rational } from '../exact/rational.ts'
import { ROW_WORDS, SEGMENTS } from './lognormal-quantile.ts'
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

const POINTS_MAX = 1024
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
  const pieces = piecesOf(spec, ceiling)
  const words = new Uint32Array(ROWS * ROW_WORDS)
  for (const side of [0, 1]) {
    let carry = 0n
    for (let index = 0; index < ROWS / 2; index++) {
      if (index % SEGMENTS === 0) carry *= 2n
      const ends = endsOf(index).map((tail) => pointAt(pieces, side === 0 ? tail : CERTAIN - tail))
      const stretch = stretchBetween(ends)
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
  /** Twice the integral of Q from 0 to `start`. */
  readonly twiceBefore: bigint
}

/** min(Q, ceiling) in pieces, without the one of no width that a point next to the ceiling may leave. */
function piecesOf({ quantiles, fractionBits }: EmpiricalSpec, ceiling: bigint | null): Piece[] {
  const points = quantiles.map(([p, x]) => ({
    at: scaled(p, PROBABILITY_BITS),
    value: scaled(x, VALUE_BITS + BigInt(fractionBits)),
  }))
  const top = ceiling === null ? null : ceiling * QUANTUM
  const pieces: Piece[] = []
  let twiceBefore = 0n
  const append = (start: bigint, end: bigint, low: bigint, high: bigint): void => {
    if (start === end) return
    pieces.push({ start, end, low, high, twiceBefore })
    twiceBefore += (low + high) * (end - start)
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

/** The tail probabilities between which a row lies. */
function endsOf(index: number): readonly bigint[] {
  const octave = Math.floor(index / SEGMENTS)
  const width = CERTAIN >> BigInt(octave + 7)
  const start = width * BigInt(SEGMENTS + (index % SEGMENTS))
  return [start, start + width]
}

interface Point {
  readonly at: bigint
  readonly value: bigint
  /** Twice the integral of Q from 0 to here. */
  readonly twiceBefore: bigint
}

function pointAt(pieces: readonly Piece[], at: bigint): Point {
  let index = 0
  for (let step = POINTS_MAX; step >= 1; step /= 2) {
    const piece = pieces[index + step]
    if (piece !== undefined && piece.start <= at) index += step
  }
  const piece = pieces[index]
  if (piece === undefined) throw new Error('a quantile function has a piece at every probability')
  const into = at - piece.start
  const value = piece.low + ((piece.high - piece.low) * into) / (piece.end - piece.start)
  return { at, value, twiceBefore: piece.twiceBefore + (piece.low + value) * into }
}

/** What a row stands for: the least and the greatest value of Q, and its mean. */
interface Stretch {
  readonly low: bigint
  readonly high: bigint
  readonly mean: bigint
}

function stretchBetween([one, other]: readonly Point[]): Stretch {
  if (one === undefined || other === undefined) throw new Error('a row has two ends')
  const [first, last] = one.at < other.at ? [one, other] : [other, one]
  const mean = (last.twiceBefore - first.twiceBefore) / (2n * (last.at - first.at))
  return { low: first.value, high: last.value, mean: min(max(mean, first.value), last.value) }
}

interface Fitted {
  readonly row: Row
  readonly carry: bigint
}

/** The row, in the finest units of 2^shift quanta that it may have. */
function fittedRow(stretch: Stretch, falls: boolean, carry: bigint, wide: boolean): Fitted {
  if (!wide) return rowInUnits(stretch, falls, carry)
  // With a finer unit than this the greater end is 2^32 units or more, hence the row too high or too steep.
  for (let shift = BigInt(Math.max(0, bitLength(stretch.high >> VALUE_BITS) - 32)); ; shift++) {
    const units = { low: stretch.low >> shift, high: stretch.high >> shift, mean: stretch.mean >> shift }
    if (units.high - units.low > SPAN_MAX * QUANTUM) continue
    const { row, carry: rest } = rowInUnits(units, falls, carry >> shift)
    if (fitsWord(row, true)) return { row: { ...row, shift }, carry: rest << shift }
  }
}

/** The integers of a row; the header says what they are. */
function rowInUnits(stretch: Stretch, falls: boolean, carry: bigint): Fitted {
  const { low, high, mean } = stretch
  if (high - low < QUANTUM) return { row: flatRow(whole(mean + HALF)), carry: 0n }
  const [a1, a2] = shapeOf(stretch, falls)
  const c2 = whole(4n * a2 + HALF)
  const slope = whole(2n * a1 + (c2 === 0n ? HALF : QUANTUM))
  const c1 = falls ? min(min(slope, -c2), 0n) : max(max(slope, -c2), 0n)
  const wanted = mean + carry - ((3n * c1 + c2) * QUANTUM) / 12n + takenByFloors(c1, c2)
  // In quarters of a unit, how far the row's end lies from c0, and what the floors may take (`fitsWord` says why).
  const rise = 2n * c1 + c2
  const room = c2 === 0n ? 0n : 2n
  const [floorOfLow, ceilOfHigh] = [whole(low), -whole(-high)]
  const least = falls ? -((rise - 4n * floorOfLow - room) >> 2n) : floorOfLow
  // The floor brings any t above 0 a unit down, and no t reaches a rising row's end.
  const most = rise === 0n ? ceilOfHigh : falls ? ceilOfHigh + 1n : (4n * ceilOfHigh + 4n - rise) >> 2n
  const c0 = max(min(whole(wanted + HALF), most), least)
  const rest = wanted - c0 * QUANTUM
  return { row: { c0, c1, c2, shift: 0n }, carry: max(min(rest, QUANTUM), -QUANTUM) }
}

/** a1 and a2 of the row's a0 + a1 tau + a2 tau^2. */
function shapeOf({ low, high, mean }: Stretch, falls: boolean): readonly [a1: bigint, a2: bigint] {
  const span = high - low
  const third = 3n * (mean - low)
  // b y + a y^2 above the end where Q is least.
  const [b, a] =
    third < span
      ? [0n, third]
      : third > 2n * span
        ? [2n * (3n * span - third), third - 3n * span]
        : [2n * third - 2n * span, 3n * span - 2n * third]
  const steepest = SPAN_MAX * QUANTUM
  const [bKept, aKept] = span > steepest ? [(b * steepest) / span, (a * steepest) / span] : [b, a]
  return falls ? [-(bKept + 2n * aKept), aKept] : [bKept, aKept]
}

/** What the mean of the row's values lacks of c0 + c1/4 + c2/12. */
function takenByFloors(c1: bigint, c2: bigint): bigint {
  if (c2 !== 0n) return (5n * QUANTUM) / 8n
  if (c1 === 0n) return 0n
  return c1 % 2n === 0n ? HALF : HALF - QUANTUM / (4n * c1)
}

const whole = (value: bigint): bigint => value >> VALUE_BITS
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
