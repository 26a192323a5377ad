// The partial of a shard of the second pass: every loss that lies in one of the selected bins, and the sums of those that
// lie between them. Exact order statistics and the means beyond them follow from it. README.md, "The second pass".
import { PartialError, type Witness } from '../kernel.ts'
import { binLower, binUpper } from './histogram.ts'
import { LossSums } from './loss-sums.ts'
import { putInteger, readInteger, type ShardPartial } from './partial.ts'
import type { Profile } from './profile.ts'
import { VarintReader, VarintWriter } from './varint.ts'

/** A shard that lists losses keeps room for one a year. */
export const TAIL_UNITS_MAX = 2 ** 18
const HEAD_BYTES = 8

/** In quanta: a number in the narrow profile, which holds every u32, and a bigint in the wide one. */
export type Loss = number | bigint

/** Sums over the years of one segment, in quanta. */
export interface Segment {
  readonly sum: bigint
  readonly squares: bigint
}

export interface TailPartial {
  readonly units: number
  /** Segment s holds the losses above the s-th selected bin and below the next: one more than bins. */
  readonly segments: readonly Segment[]
  /** The distinct losses in selected bins, ascending, and how many years have each. */
  readonly losses: readonly Loss[]
  readonly counts: readonly number[]
  /** Over the years of each selected bin. */
  readonly bins: readonly ListedBin[]
}

export interface ListedBin extends Segment {
  readonly years: bigint
  /** How many of `losses` lie in it. */
  readonly losses: number
}

/** Of a shard of at most `units` years: all of them listed, each loss a varint of its own. */
export const tailBytesMax = (profile: Profile, segments: number, units: number): number =>
  HEAD_BYTES + segments * (profile.sumBytes + profile.squareBytes) + units * (profile.lossBytes + 2)

/** `losses` are those of all listed years, ascending. */
export function encodeTail(
  profile: Profile,
  units: number,
  segments: readonly Segment[],
  losses: Uint32Array | BigUint64Array,
): Uint8Array {
  const width = profile.sumBytes + profile.squareBytes
  const writer = new VarintWriter(HEAD_BYTES + segments.length * width)
  let before: Loss = 0
  for (let i = 0; i < losses.length;) {
    const loss: Loss = losses[i] ?? 0
    let end = i + 1
    while (end < losses.length && losses[end] === loss) end++
    const count = end - i
    i = end
    const flag = count > 1 ? 1 : 0
    if (typeof loss === 'number') writer.number(2 * (loss - Number(before)) + flag)
    else writer.big(2n * (loss - BigInt(before)) + BigInt(flag))
    if (count > 1) writer.number(count - 2)
    before = loss
  }
  const bytes = writer.finish()
  const view = new DataView(bytes.buffer)
  view.setUint32(0, profile.tailLayout, true)
  view.setUint32(4, units, true)
  segments.forEach(({ sum, squares }, i) => {
    putInteger(bytes, HEAD_BYTES + i * width, profile.sumBytes, sum)
    putInteger(bytes, HEAD_BYTES + i * width + profile.sumBytes, profile.squareBytes, squares)
  })
  return bytes
}

/** Throws a `PartialError` that says what no honest agent could have returned. */
export function decodeTail(
  profile: Profile,
  bytes: Uint8Array,
  units: number,
  selected: readonly number[],
  witness: Witness | undefined,
): TailPartial {
  const width = profile.sumBytes + profile.squareBytes
  const end = HEAD_BYTES + (selected.length + 1) * width
  if (bytes.length < end) throw new PartialError(`it has at least ${end} bytes, not ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const layout = view.getUint32(0, true)
  if (layout !== profile.tailLayout) throw new PartialError(`layout ${layout} is not ${profile.tailLayout}`)
  const listed = decodeLosses(profile, bytes.subarray(end), units)
  const shard: TailPartial = {
    units: view.getUint32(4, true),
    ...listed,
    bins: listedBins(profile, listed, selected),
    segments: Array.from({ length: selected.length + 1 }, (_, i) => ({
      sum: readInteger(bytes, HEAD_BYTES + i * width, profile.sumBytes),
      squares: readInteger(bytes, HEAD_BYTES + i * width + profile.sumBytes, profile.squareBytes),
    })),
  }
  if (shard.units !== units) throw new PartialError(`it counts ${shard.units} units, the shard has ${units}`)
  const found = witnessOf(shard)
  if (witness !== undefined && !found.every((value, i) => value === witness[i])) {
    throw new PartialError('it contradicts what the first pass found in the same years')
  }
  return shard
}

function decodeLosses(
  profile: Profile,
  bytes: Uint8Array,
  units: number,
): { readonly losses: Loss[]; readonly counts: number[] } {
  const reader = new VarintReader(bytes, 'the list of losses')
  const next = profile.lossBytes === 4 ? narrowSteps(reader) : wideSteps(reader, profile.none)
  const losses: Loss[] = []
  const counts: number[] = []
  let years = 0
  while (!reader.done) {
    const { loss, isNew, several } = next()
    if (!isNew && losses.length > 0) throw new PartialError('a loss is listed twice')
    if (loss >= profile.none) throw new PartialError('a listed loss is out of range')
    const count = several ? reader.number(units) + 2 : 1
    years += count
    if (years > units) throw new PartialError(`it lists more than the shard's ${units} years`)
    losses.push(loss)
    counts.push(count)
  }
  return { losses, counts }
}

interface Step {
  readonly loss: Loss
  /** It differs from the one before. */
  readonly isNew: boolean
  readonly several: boolean
}

function narrowSteps(reader: VarintReader): () => Step {
  let loss = 0
  return () => {
    const word = reader.number(2 ** 33 - 1)
    const step = Math.floor(word / 2)
    loss += step
    return { loss, isNew: step > 0, several: word % 2 === 1 }
  }
}

function wideSteps(reader: VarintReader, none: bigint): () => Step {
  let loss = 0n
  return () => {
    const word = reader.big(2n * none + 1n)
    loss += word >> 1n
    return { loss, isNew: word > 1n, several: (word & 1n) === 1n }
  }
}

function listedBins(
  profile: Profile,
  { losses, counts }: Pick<TailPartial, 'losses' | 'counts'>,
  selected: readonly number[],
): ListedBin[] {
  let at = 0
  const bins = selected.map((bin): ListedBin => {
    const [lower, upper, from] = [binLower(profile, bin), binUpper(profile, bin), at]
    const sums = new LossSums()
    for (let loss = losses[at]; loss !== undefined && lower <= loss && loss < upper; loss = losses[++at]) {
      sums.add(loss, counts[at] ?? 0)
    }
    return { ...sums.total(), losses: at - from }
  })
  if (at < losses.length) {
    throw new PartialError(`it lists a loss of ${losses[at]} quanta, which is in none of the selected bins`)
  }
  return bins
}

/** Sum, sum of squares, and the years in each selected bin: what the first pass found too. */
function witnessOf({ segments, bins }: TailPartial): bigint[] {
  const parts = [...segments, ...bins]
  return [
    parts.reduce((sum, part) => sum + part.sum, 0n),
    parts.reduce((sum, part) => sum + part.squares, 0n),
    ...bins.map(({ years }) => years),
  ]
}

/** The same of a shard of the first pass. */
export function witnessOfFirst({ sum, sumSquares, bins, counts }: ShardPartial, selected: readonly number[]): bigint[] {
  return [sum, sumSquares, ...selected.map((bin) => BigInt(counts[bins.indexOf(bin)] ?? 0))]
}
