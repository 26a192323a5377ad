// The partial of a shard: its bytes, strictly written and strictly read. README.md has the layouts. One set of
// accumulators has one text, so two honest engines return equal bytes and a digest compares them.
import { PartialError } from '../kernel.ts'
import { binLower, binOf, binsOf, binUpper, octaveOf } from './histogram.ts'
import type { Profile } from './profile.ts'
import { VarintReader, VarintWriter } from './varint.ts'

const U32_MAX = 0xffffffff

/** What an engine accumulates over one shard; all sums in quanta. */
export interface Accumulators {
  readonly units: number
  readonly sum: bigint
  readonly sumSquares: bigint
  readonly claims: bigint
  readonly zeroYears: number
  readonly yearsAtAggregateLimit: number
  readonly least: bigint
  readonly greatest: bigint
  /** One u32 count a bin. */
  readonly histogram: Uint32Array
}

/** A parsed partial: as accumulated, with the histogram as (bin, count) pairs in ascending order. */
export interface ShardPartial extends Omit<Accumulators, 'histogram'> {
  readonly bins: readonly number[]
  readonly counts: readonly number[]
}

/** What the plan says about any year of a pass; the bounds a partial must respect. In quanta. */
export interface PartialBounds {
  /** The profile's none where there is no limit. */
  readonly aggregateLimit: bigint
  readonly greatestLoss: bigint
  readonly greatestCount: number
  readonly greatestPayment: bigint
  readonly greatestCatastrophe: bigint
}

/** Offsets of the head's fields, by the widths of its sums and losses. */
function headOf({ sumBytes, squareBytes, lossBytes }: Profile) {
  const squares = 8 + sumBytes
  const claims = squares + squareBytes
  const least = claims + 16
  return {
    squares,
    claims,
    zero: claims + 8,
    atLimit: claims + 12,
    least,
    greatest: least + lossBytes,
    end: least + 2 * lossBytes,
  }
}

/**
 * Head, then at worst one run of all bins: a skip of one byte, a length of two, counts of five. A second run would cost
 * three bytes at most and need an empty bin, which spares five. Years fill a real shard's bins with far smaller counts,
 * but whatever an engine accumulates must be written whole, so that a fault shows instead of being cut off.
 */
export const partialBytesMax = (profile: Profile): number => headOf(profile).end + 3 + binsOf(profile) * 5

export function encodePartial(profile: Profile, shard: Accumulators): Uint8Array {
  const head = headOf(profile)
  const bins = binsOf(profile)
  const writer = new VarintWriter(head.end)
  let bin = 0
  while (bin < bins) {
    const start = bin
    while (bin < bins && shard.histogram[bin] === 0) bin++
    if (bin === bins) break
    let end = bin
    while (end < bins && shard.histogram[end] !== 0) end++
    writer.number(bin - start)
    writer.number(end - bin)
    for (; bin < end; bin++) writer.number(shard.histogram[bin] ?? 0)
  }
  const bytes = writer.finish()
  const view = new DataView(bytes.buffer)
  view.setUint32(0, profile.layout, true)
  view.setUint32(4, shard.units, true)
  putInteger(bytes, 8, profile.sumBytes, shard.sum)
  putInteger(bytes, head.squares, profile.squareBytes, shard.sumSquares)
  putInteger(bytes, head.claims, 8, shard.claims)
  view.setUint32(head.zero, shard.zeroYears, true)
  view.setUint32(head.atLimit, shard.yearsAtAggregateLimit, true)
  putInteger(bytes, head.least, profile.lossBytes, shard.least)
  putInteger(bytes, head.greatest, profile.lossBytes, shard.greatest)
  return bytes
}

/** Little endian; what does not fit is cut off, as every engine's limbs do. */
export function putInteger(bytes: Uint8Array, at: number, length: number, value: bigint): void {
  let rest = value
  for (let i = 0; i < length; i++) {
    bytes[at + i] = Number(rest & 0xffn)
    rest >>= 8n
  }
}

export function readInteger(bytes: Uint8Array, at: number, length: number): bigint {
  let value = 0n
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0)
  return value
}

/** Throws a `PartialError` that says what no honest agent could have returned. */
export function decodePartial(profile: Profile, bytes: Uint8Array, units: number, bounds: PartialBounds): ShardPartial {
  const head = headOf(profile)
  const most = partialBytesMax(profile)
  if (bytes.length < head.end) throw new PartialError(`a partial has at least ${head.end} bytes, not ${bytes.length}`)
  if (bytes.length > most) throw new PartialError(`a partial has at most ${most} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number): number => view.getUint32(at, true)
  if (u32(0) !== profile.layout) throw new PartialError(`layout ${u32(0)} is not ${profile.layout}`)
  const shard: ShardPartial = {
    units: u32(4),
    sum: readInteger(bytes, 8, profile.sumBytes),
    sumSquares: readInteger(bytes, head.squares, profile.squareBytes),
    claims: view.getBigUint64(head.claims, true),
    zeroYears: u32(head.zero),
    yearsAtAggregateLimit: u32(head.atLimit),
    least: readInteger(bytes, head.least, profile.lossBytes),
    greatest: readInteger(bytes, head.greatest, profile.lossBytes),
    ...decodeHistogram(profile, bytes.subarray(head.end)),
  }
  checkPlausible(profile, shard, units, bounds)
  return shard
}

function decodeHistogram(profile: Profile, bytes: Uint8Array): { bins: number[]; counts: number[] } {
  const most = binsOf(profile)
  const reader = new VarintReader(bytes, 'the histogram')
  const bins: number[] = []
  const counts: number[] = []
  let bin = 0
  while (!reader.done) {
    const skip = reader.number(U32_MAX)
    if (skip === 0 && bins.length > 0) throw new PartialError('two runs of the histogram touch')
    bin += skip
    const length = reader.number(U32_MAX)
    if (length === 0) throw new PartialError('a run of the histogram is empty')
    if (bin + length > most) throw new PartialError(`the histogram runs past its ${most} bins`)
    for (const end = bin + length; bin < end; bin++) {
      const count = reader.number(U32_MAX)
      if (count === 0) throw new PartialError('a run of the histogram counts nothing')
      bins.push(bin)
      counts.push(count)
    }
  }
  return { bins, counts }
}

function checkPlausible(profile: Profile, shard: ShardPartial, units: number, bounds: PartialBounds): void {
  must(shard.units === units, `it counts ${shard.units} units, the shard has ${units}`)
  // Exact as a double: at most 3,776 counts of 32 bits.
  const years = shard.counts.reduce((sum, count) => sum + count, 0)
  must(years === units, `its bins hold ${years} years, the shard has ${units}`)
  must(shard.least <= shard.greatest, 'its least loss exceeds its greatest')
  must(binOf(profile, shard.least) === shard.bins[0], 'its least loss is not in its first bin')
  must(binOf(profile, shard.greatest) === shard.bins.at(-1), 'its greatest loss is not in its last bin')
  const { leastSum, greatestSum, leastSquares, greatestSquares } = allowedSums(profile, shard)
  must(leastSum <= shard.sum && shard.sum <= greatestSum, 'its sum is not one that its bins allow')
  must(
    leastSquares <= shard.sumSquares && shard.sumSquares <= greatestSquares,
    'its squares are not what its bins allow',
  )
  must(shard.sum * shard.sum <= shard.sumSquares * BigInt(years), 'its squares are too small for its sum')
  must(shard.zeroYears === (shard.bins[0] === 0 ? shard.counts[0] : 0), 'its zero years are not those of the first bin')
  must(shard.claims <= BigInt(units) * BigInt(bounds.greatestCount), 'it counts more claims than can be drawn')
  must(shard.greatest <= bounds.greatestLoss, 'its greatest loss is more than a year can cost')
  const paid = shard.claims * bounds.greatestPayment + BigInt(years) * bounds.greatestCatastrophe
  must(shard.sum <= paid, 'its sum is more than its claims can cost')
  checkAggregateLimit(profile, shard, bounds)
}

function checkAggregateLimit(profile: Profile, shard: ShardPartial, { aggregateLimit }: PartialBounds): void {
  if (aggregateLimit === profile.none) {
    must(shard.yearsAtAggregateLimit === 0, 'it counts years at an aggregate limit that is not there')
    return
  }
  must(shard.greatest <= aggregateLimit, 'its greatest loss exceeds the aggregate limit')
  const reached = shard.greatest === aggregateLimit
  must(reached === shard.yearsAtAggregateLimit > 0, 'its years at the aggregate limit do not fit its greatest loss')
  const last = shard.counts.at(-1) ?? 0
  must(shard.yearsAtAggregateLimit <= last, 'it counts more years at the aggregate limit than its last bin holds')
}

function must(holds: boolean, sentence: string): void {
  if (!holds) throw new PartialError(sentence)
}

/**
 * Between what the bins of a shard allow its two sums to be. A bin holds the losses from m 2^k to (m + 1) 2^k - 1 with
 * m < 2^8, so what an octave adds up stays below 2^48 and is exact in doubles: BigInt a bin took ten times as long.
 */
function allowedSums(profile: Profile, { bins, counts, least, greatest }: ShardPartial): Sums {
  const sums = { leastSum: 0n, greatestSum: 0n, leastSquares: 0n, greatestSquares: 0n }
  for (let i = 0; i < bins.length;) {
    const octave = octaveOf(profile, bins[i] ?? 0)
    let [count, mantissas, squares] = [0, 0, 0]
    for (; i < bins.length && octaveOf(profile, bins[i] ?? 0) === octave; i++) {
      const [years, mantissa] = [counts[i] ?? 0, (bins[i] ?? 0) - (octave << profile.mantissaBits)]
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
  // No year lies outside the two, which narrows the outermost bins; and one year has each of them exactly.
  replace('least', counts[0] ?? 0, binLower(profile, first), least)
  replace('greatest', counts.at(-1) ?? 0, binUpper(profile, last) - 1n, greatest)
  replace('least', 1, max(binLower(profile, last), least), greatest)
  replace('greatest', 1, min(binUpper(profile, first) - 1n, greatest), least)
  return sums
}

interface Sums {
  readonly leastSum: bigint
  readonly greatestSum: bigint
  readonly leastSquares: bigint
  readonly greatestSquares: bigint
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
