// One row of a severity table, whatever it stands for: its integers, the proof that no draw takes them out of range, the
// row of a ceiling, and what a spec says of them. How a row is fitted is its distribution's matter.
import { ROW_WORDS, OCTAVES, SEGMENTS } from './lognormal-quantile.ts'

export const ROWS = 2 * OCTAVES * SEGMENTS

/** What every severity's spec says of its table. */
export interface SeverityScale {
  /** Values are in quanta of 2^-fractionBits. */
  readonly fractionBits: number
  /** In quanta, in decimal; no payment can tell values at or above it apart. `null`: none. */
  readonly ceiling: string | null
  /** Whether rows have shifts and values may reach 2^63, instead of 2^32. */
  readonly wide: boolean
}

/** (c0 + hi(t (c1 + hi(t c2)))) 2^shift quanta for t in [0, 2^31). */
export interface Row {
  readonly c0: bigint
  readonly c1: bigint
  readonly c2: bigint
  readonly shift: bigint
}

export const flatRow = (value: bigint, shift = 0n): Row => ({ c0: value, c1: 0n, c2: 0n, shift })

const U32_LIMIT = 1n << 32n
const I32_LIMIT = 1n << 31n
/** A wide row's values before the shift; the other bit is what an engine's signed comparisons would trip over. */
const WIDE_ROW_LIMIT = 1n << 31n
const WIDE_LIMIT = 1n << 63n
/** t is a multiple of 32. */
const LAST_T = I32_LIMIT - 32n

const FRACTION_BITS_MAX = 32

/** The ceiling in quanta. Throws a `RangeError` on fraction bits or a ceiling that no table has. */
export function requireScale({ fractionBits, ceiling }: SeverityScale): bigint | null {
  if (!Number.isInteger(fractionBits) || fractionBits < 0 || fractionBits > FRACTION_BITS_MAX) {
    throw new RangeError(`${fractionBits} is not a number of fraction bits from 0 to ${FRACTION_BITS_MAX}`)
  }
  if (ceiling === null) return null
  if (!/^(0|[1-9]\d{0,18})$/.test(ceiling) || BigInt(ceiling) > WIDE_LIMIT) {
    throw new RangeError(`"${ceiling}" is not a ceiling in whole quanta of at most 2^63`)
  }
  return BigInt(ceiling)
}

/**
 * The flat row that stands for values at or above the ceiling: the ceiling itself, or in a wide table, where it takes
 * 32 bits or more, the least value from the ceiling on that a row can say, which every payment cuts to the same.
 */
export function ceilingRow(ceiling: bigint, wide: boolean): Row {
  if (!wide) return flatRow(ceiling)
  let shift = 0n
  while (-(-ceiling >> shift) >= WIDE_ROW_LIMIT) shift++
  return flatRow(-(-ceiling >> shift), shift)
}

/** The lesser of the row's values at its first and last t, in quanta. */
export function leastOfRow({ c0, c1, c2, shift }: Row): bigint {
  const last = c0 + ((LAST_T * (c1 + ((LAST_T * c2) >> 32n))) >> 32n)
  return (last < c0 ? last : c0) << shift
}

/**
 * Whether no t in [0, 2^31) takes the row's value, before the shift, below 0 or out of its word, or its inner sum out
 * of i32.
 * The real quadratic h(t) = c0 + t c1 / 2^32 + t^2 c2 / 2^64 is monotone when c1 and c1 + c2 have one sign, so it lies
 * between h(0) = c0 and h(2^31) = c0 + c1/2 + c2/4. The inner floor takes less than 1 times t / 2^32 < 1/2, and nothing
 * where c2 is 0; the outer takes less than 1: the row's value is an integer in (h - 3/2, h], hence not negative where
 * h >= 1/2, or where h >= 0 and c2 is 0. If the row rises, its inner sum is never negative either, and c0 its least value.
 */
export function fitsWord({ c0, c1, c2 }: Row, wide: boolean): boolean {
  const limit = wide ? WIDE_ROW_LIMIT : U32_LIMIT
  const rises = c1 >= 0n && c1 + c2 >= 0n
  const falls = c1 <= 0n && c1 + c2 <= 0n
  const end = 4n * c0 + 2n * c1 + c2
  const least = rises ? 4n * c0 : c2 === 0n ? end : end - 2n
  const greatest = rises ? end : 4n * c0
  const inI32 = [c1, c1 + (c2 >> 1n) - 1n, c2].every((c) => -I32_LIMIT <= c && c < I32_LIMIT)
  return (rises || falls) && inI32 && least >= 0n && greatest <= 4n * (limit - 1n)
}

/** Writes the row's four words. Throws a `RangeError` about `what` when the row leaves the range of its table. */
export function writeRow(words: Uint32Array, index: number, row: Row, wide: boolean, what: string): void {
  if (!fitsWord(row, wide)) throw outOfRange(what, wide)
  if (greatestOfRow(row) >= WIDE_LIMIT) throw outOfRange(what, wide)
  const at = index * ROW_WORDS
  words[at] = Number(BigInt.asUintN(32, row.c0))
  words[at + 1] = Number(BigInt.asUintN(32, row.c1))
  words[at + 2] = Number(BigInt.asUintN(32, row.c2))
  words[at + 3] = Number(row.shift)
}

/** A bound, rounded up, on the row's values in quanta. */
function greatestOfRow({ c0, c1, c2, shift }: Row): bigint {
  const end = c0 + -(-(2n * c1 + c2) >> 2n)
  return (end > c0 ? end : c0) << shift
}

const outOfRange = (what: string, wide: boolean): RangeError =>
  new RangeError(`a severity of ${what} leaves the range of ${wide ? 'quanta below 2^63' : 'u32 quanta'}`)
