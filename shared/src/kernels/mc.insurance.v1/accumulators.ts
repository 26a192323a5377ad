// One shard's accumulators as the programs keep them: u32 words that start at 0. Read here, written by the WASM and the
// WGSL; wide numbers are limbs, the low one first.
import { encodePartial } from './partial.ts'
import { binsOf } from './histogram.ts'
import { SELECTED_MAX } from './launch.ts'
import { NARROW, WIDE, type Profile, type ProfileName } from './profile.ts'
import { encodeTail } from './tail.ts'

/** Words before the histogram, and before the segments. */
const HEAD = 16

/** Where the words of a year's loss are kept: [first word, words]. `least` is kept inverted. */
const PLACES: Readonly<Record<ProfileName, Places>> = {
  narrow: { sum: [0, 2], squares: [2, 3], claims: [5, 2], atLimit: 7, least: [8, 1], greatest: [9, 1] },
  wide: { sum: [0, 4], squares: [4, 5], claims: [9, 2], atLimit: 11, least: [12, 2], greatest: [14, 2] },
}
type Limbs = readonly [word: number, words: number]
interface Places extends Record<'sum' | 'squares' | 'claims' | 'least' | 'greatest', Limbs> {
  readonly atLimit: number
}

/** Word 0 of a tail program's counts the words it listed; segment s has SEGMENT words: sum (4), squares (5), unused. */
export const LISTED_AT = 0
const SEGMENT = 10

export const accumulatorsOf = (profile: Profile): number => HEAD + binsOf(profile)
export const TAIL_ACCUMULATORS = HEAD + SEGMENT * (SELECTED_MAX + 1)

export const encodeNarrow = (words: Uint32Array, units: number): Uint8Array => encodeTotals(NARROW, words, units)
export const encodeWide = (words: Uint32Array, units: number): Uint8Array => encodeTotals(WIDE, words, units)

function encodeTotals(profile: Profile, words: Uint32Array, units: number): Uint8Array {
  const place = PLACES[profile.name]
  const histogram = words.subarray(HEAD, HEAD + binsOf(profile))
  return encodePartial(profile, {
    units,
    sum: limbs(words, ...place.sum),
    sumSquares: limbs(words, ...place.squares),
    claims: limbs(words, ...place.claims),
    // Bin 0 holds the losses of 0 and no others.
    zeroYears: histogram[0] ?? 0,
    yearsAtAggregateLimit: words[place.atLimit] ?? 0,
    least: profile.none - limbs(words, ...place.least),
    greatest: limbs(words, ...place.greatest),
    histogram,
  })
}

/** The number of segments is the launch's, one more than it selects bins. */
export function encodeTailWords(
  profile: Profile,
  words: Uint32Array,
  units: number,
  listed: Uint32Array,
  selected: number,
): Uint8Array {
  const segments = Array.from({ length: selected + 1 }, (_, i) => {
    const at = HEAD + SEGMENT * i
    return { sum: limbs(words, at, 4), squares: limbs(words, at + 4, 5) }
  })
  // An engine lists in any order; the copy is aligned as u64 wants it, little endian like every machine with a browser.
  const own = listed.slice()
  const losses = profile.lossBytes === 4 ? own : new BigUint64Array(own.buffer, 0, own.length >> 1)
  // The copy is ours to sort; another one would be garbage of each shard.
  // oxlint-disable-next-line unicorn/no-array-sort
  return encodeTail(profile, units, segments, losses.sort())
}

function limbs(words: Uint32Array, at: number, count: number): bigint {
  let value = 0n
  for (let i = count - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[at + i] ?? 0)
  return value
}
