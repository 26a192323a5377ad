// The partial of a shard: its bytes, strictly written and strictly read. README.md has the layout. One set of
// accumulators has one text, so two honest engines return equal bytes and a digest compares them.
import { PartialError } from '../kernel.ts'
import { BINS, binLower, binOf, binUpper } from './histogram.ts'

const LAYOUT = 1
const HEAD_BYTES = 52
const NONE = 0xffffffff
const U32_MASK = 0xffffffffn
/**
 * Head, then at worst one run of all bins: a skip of one byte, a length of two, counts of five. A second run would cost
 * three bytes at most and need an empty bin, which spares five. Years fill a real shard's bins with far smaller counts,
 * but whatever an engine accumulates must be written whole, so that a fault shows instead of being cut off.
 */
export const PARTIAL_BYTES_MAX = HEAD_BYTES + 3 + BINS * 5

/** What an engine accumulates over one shard; all sums in quanta. */
export interface Accumulators {
  readonly units: number
  readonly sum: bigint
  readonly sumSquares: bigint
  readonly claims: bigint
  readonly zeroYears: number
  readonly yearsAtAggregateLimit: number
  readonly least: number
  readonly greatest: number
  /** One u32 count a bin, 3,328 of them. */
  readonly histogram: Uint32Array
}

/** A parsed partial: as accumulated, with the histogram as (bin, count) pairs in ascending order. */
export interface ShardPartial extends Omit<Accumulators, 'histogram'> {
  readonly bins: readonly number[]
  readonly counts: readonly number[]
}

/** What the plan says about any year of the job; the bounds a partial must respect. */
export interface PartialBounds {
  /** Quanta, or 2^32 - 1 for none. */
  readonly aggregateLimit: number
  readonly aggregateDeductible: number
  readonly greatestCount: number
  readonly greatestPayment: number
  readonly greatestCatastrophe: number
}

export function encodePartial(shard: Accumulators): Uint8Array {
  const bytes = new Uint8Array(PARTIAL_BYTES_MAX)
  const view = new DataView(bytes.buffer)
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true)
  u32(0, LAYOUT)
  u32(4, shard.units)
  view.setBigUint64(8, shard.sum, true)
  view.setBigUint64(16, shard.sumSquares & ((1n << 64n) - 1n), true)
  u32(24, Number((shard.sumSquares >> 64n) & U32_MASK))
  view.setBigUint64(28, shard.claims, true)
  u32(36, shard.zeroYears)
  u32(40, shard.yearsAtAggregateLimit)
  u32(44, shard.least)
  u32(48, shard.greatest)
  let at = HEAD_BYTES
  const varint = (value: number): void => {
    let rest = value >>> 0
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
  }
  let bin = 0
  while (bin < BINS) {
    const start = bin
    while (bin < BINS && shard.histogram[bin] === 0) bin++
    if (bin === BINS) break
    let end = bin
    while (end < BINS && shard.histogram[end] !== 0) end++
    varint(bin - start)
    varint(end - bin)
    for (; bin < end; bin++) varint(shard.histogram[bin] ?? 0)
  }
  return bytes.slice(0, at)
}

/** Throws a `PartialError` that says what no honest agent could have returned. */
export function decodePartial(bytes: Uint8Array, units: number, bounds: PartialBounds): ShardPartial {
  if (bytes.length < HEAD_BYTES)
    throw new PartialError(`a partial has at least ${HEAD_BYTES} bytes, not ${bytes.length}`)
  if (bytes.length > PARTIAL_BYTES_MAX) throw new PartialError(`a partial has at most ${PARTIAL_BYTES_MAX} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number): number => view.getUint32(at, true)
  if (u32(0) !== LAYOUT) throw new PartialError(`layout ${u32(0)} is not ${LAYOUT}`)
  const shard: ShardPartial = {
    units: u32(4),
    sum: view.getBigUint64(8, true),
    sumSquares: view.getBigUint64(16, true) | (BigInt(u32(24)) << 64n),
    claims: view.getBigUint64(28, true),
    zeroYears: u32(36),
    yearsAtAggregateLimit: u32(40),
    least: u32(44),
    greatest: u32(48),
    ...decodeHistogram(bytes.subarray(HEAD_BYTES)),
  }
  checkPlausible(shard, units, bounds)
  return shard
}

function decodeHistogram(bytes: Uint8Array): { bins: number[]; counts: number[] } {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let place = 1; place <= 2 ** 28; place *= 0x80) {
      const byte = bytes[at++]
      if (byte === undefined) throw new PartialError('the histogram ends inside a number')
      value += (byte & 0x7f) * place
      if (byte < 0x80) {
        if (byte === 0 && place > 1) throw new PartialError('a number of the histogram is longer than it needs to be')
        if (value > NONE) throw new PartialError('a number of the histogram exceeds 32 bits')
        return value
      }
    }
    throw new PartialError('a number of the histogram exceeds 32 bits')
  }
  const bins: number[] = []
  const counts: number[] = []
  let bin = 0
  while (at < bytes.length) {
    const skip = varint()
    if (skip === 0 && bins.length > 0) throw new PartialError('two runs of the histogram touch')
    bin += skip
    const length = varint()
    if (length === 0) throw new PartialError('a run of the histogram is empty')
    if (bin + length > BINS) throw new PartialError(`the histogram runs past its ${BINS} bins`)
    for (const end = bin + length; bin < end; bin++) {
      const count = varint()
      if (count === 0) throw new PartialError('a run of the histogram counts nothing')
      bins.push(bin)
      counts.push(count)
    }
  }
  return { bins, counts }
}

function checkPlausible(shard: ShardPartial, units: number, bounds: PartialBounds): void {
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) throw new PartialError(sentence)
  }
  must(shard.units === units, `it counts ${shard.units} units, the shard has ${units}`)
  // Exact as a double: at most 3,328 counts of 32 bits.
  const years = shard.counts.reduce((sum, count) => sum + count, 0)
  must(years === units, `its bins hold ${years} years, the shard has ${units}`)
  must(shard.least <= shard.greatest, 'its least loss exceeds its greatest')
  must(binOf(shard.least) === shard.bins[0], 'its least loss is not in its first bin')
  must(binOf(shard.greatest) === shard.bins.at(-1), 'its greatest loss is not in its last bin')
  const { leastSum, greatestSum, leastSquares, greatestSquares } = allowedSums(shard)
  must(leastSum <= shard.sum && shard.sum <= greatestSum, 'its sum is not one that its bins allow')
  must(
    leastSquares <= shard.sumSquares && shard.sumSquares <= greatestSquares,
    'its squares are not what its bins allow',
  )
  must(shard.sum * shard.sum <= shard.sumSquares * BigInt(years), 'its squares are too small for its sum')
  must(shard.zeroYears === (shard.bins[0] === 0 ? shard.counts[0] : 0), 'its zero years are not those of the first bin')
  must(shard.claims <= BigInt(units) * BigInt(bounds.greatestCount), 'it counts more claims than can be drawn')
  const payments = (claims: bigint, catastrophes: bigint): bigint =>
    claims * BigInt(bounds.greatestPayment) + catastrophes * BigInt(bounds.greatestCatastrophe)
  const greatestLoss = max(payments(BigInt(bounds.greatestCount), 1n) - BigInt(bounds.aggregateDeductible), 0n)
  must(BigInt(shard.greatest) <= greatestLoss, 'its greatest loss is more than a year can cost')
  must(shard.sum <= payments(shard.claims, BigInt(years)), 'its sum is more than its claims can cost')
  if (bounds.aggregateLimit === NONE) {
    must(shard.yearsAtAggregateLimit === 0, 'it counts years at an aggregate limit that is not there')
    return
  }
  must(shard.greatest <= bounds.aggregateLimit, 'its greatest loss exceeds the aggregate limit')
  const reached = shard.greatest === bounds.aggregateLimit
  must(reached === shard.yearsAtAggregateLimit > 0, 'its years at the aggregate limit do not fit its greatest loss')
  const last = shard.counts.at(-1) ?? 0
  must(shard.yearsAtAggregateLimit <= last, 'it counts more years at the aggregate limit than its last bin holds')
}

/**
 * Between what the bins of a shard allow its two sums to be. A bin holds the losses from m 2^k to (m + 1) 2^k - 1 with
 * m < 2^8, so what an octave adds up stays below 2^48 and is exact in doubles: BigInt a bin took ten times as long.
 */
function allowedSums({ bins, counts, least, greatest }: ShardPartial): Sums {
  const sums = { leastSum: 0n, greatestSum: 0n, leastSquares: 0n, greatestSquares: 0n }
  for (let i = 0; i < bins.length;) {
    const octave = octaveOf(bins[i])
    let [count, mantissas, squares] = [0, 0, 0]
    for (; i < bins.length && octaveOf(bins[i]) === octave; i++) {
      const [years, mantissa] = [counts[i] ?? 0, (bins[i] ?? 0) - octave * OCTAVE_BINS]
      count += years
      mantissas += years * mantissa
      squares += years * mantissa * mantissa
    }
    const [n, lower, lowerSquares, k] = [BigInt(count), BigInt(mantissas), BigInt(squares), BigInt(octave)]
    const upper = lower + n
    sums.leastSum += lower << k
    sums.greatestSum += (upper << k) - n
    sums.leastSquares += lowerSquares << (2n * k)
    sums.greatestSquares += ((lowerSquares + lower + upper) << (2n * k)) - (upper << (k + 1n)) + n
  }
  const replace = (end: 'least' | 'greatest', years: number, edge: bigint, by: bigint): void => {
    sums[`${end}Sum`] += BigInt(years) * (by - edge)
    sums[`${end}Squares`] += BigInt(years) * (by * by - edge * edge)
  }
  const [first, last] = [bins[0] ?? 0, bins.at(-1) ?? 0]
  const [from, to] = [BigInt(least), BigInt(greatest)]
  // No year lies outside the two, which narrows the outermost bins; and one year has each of them exactly.
  replace('least', counts[0] ?? 0, binLower(first), from)
  replace('greatest', counts.at(-1) ?? 0, binUpper(last) - 1n, to)
  replace('least', 1, max(binLower(last), from), to)
  replace('greatest', 1, min(binUpper(first) - 1n, to), from)
  return sums
}

interface Sums {
  readonly leastSum: bigint
  readonly greatestSum: bigint
  readonly leastSquares: bigint
  readonly greatestSquares: bigint
}

const OCTAVE_BINS = 128
/** The binary logarithm of a bin's width; see histogram.ts. */
const octaveOf = (bin = 0): number => Math.max(0, Math.floor(bin / OCTAVE_BINS) - 1)
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
