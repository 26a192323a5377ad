// Laws of the second pass's partial: one list and its sums have one text, nothing else is read, and what contradicts the
// first pass over the same years is refused with a sentence. A stranger sends these bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PartialError, type Witness } from '../kernel.ts'
import { binLower, binOf, binsOf, binUpper } from './histogram.ts'
import { decodePartial } from './partial.ts'
import { firstPartial, populationsOf, segmentsOf, tailPartial } from './populations.case.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import { decodeTail, encodeTail, tailBytesMax, witnessOfFirst, type TailPartial } from './tail.ts'

const both = [
  { profile: NARROW, width: 20 },
  { profile: WIDE, width: 36 },
]

interface Shard {
  readonly losses: bigint[]
  readonly selected: number[]
}
/** Losses, and bins that hold some of them and some that hold none. */
const shardsOf = (profile: Profile): fc.Arbitrary<Shard> =>
  fc
    .tuple(populationsOf(profile, profile.none - 1n), fc.array(fc.nat(), { maxLength: 12 }), fc.boolean())
    .map(([losses, picks, others]) => {
      const held = [...new Set(losses.map((loss) => binOf(profile, loss)))]
      const picked = picks.map((pick, i) => (others && i % 3 === 0 ? pick % binsOf(profile) : held[pick % held.length]))
      return { losses, selected: [...new Set(picked)].map((bin) => bin ?? 0).toSorted((a, b) => a - b) }
    })

const witnessOf = (profile: Profile, losses: readonly bigint[], selected: readonly number[]): Witness => {
  const { none } = profile
  const bounds = { aggregateLimit: none, greatestLoss: none, greatestPayment: none, greatestCatastrophe: none }
  const bytes = firstPartial(profile, losses)
  return witnessOfFirst(decodePartial(profile, bytes, losses.length, { ...bounds, greatestCount: 1 }), selected)
}
/** The text of what was read. */
function again(profile: Profile, { units, segments, losses, counts }: TailPartial): Uint8Array {
  const all = losses.flatMap((loss, i) => Array.from({ length: counts[i] ?? 0 }, () => BigInt(loss)))
  return encodeTail(profile, units, segments, BigUint64Array.from(all))
}

describe.each(both)('one text, $profile.name', ({ profile, width }) => {
  const shards = shardsOf(profile)
  const read = (bytes: Uint8Array, { losses, selected }: Shard): TailPartial =>
    decodeTail(profile, bytes, losses.length, selected, witnessOf(profile, losses, selected))

  it('is read back: segments, distinct losses with their years, and the sums of each bin', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const { losses, selected } = shard
        const found = read(tailPartial(profile, losses, selected), shard)
        expect(found.units).toBe(losses.length)
        expect(found.segments).toEqual(segmentsOf(profile, losses, selected))
        const inBin = (bin: number): bigint[] =>
          losses.filter((loss) => binLower(profile, bin) <= loss && loss < binUpper(profile, bin))
        const listed = selected.flatMap(inBin)
        const told = found.losses.map(BigInt)
        expect(told).toEqual([...new Set(listed)])
        expect(found.counts).toEqual(told.map((loss) => listed.filter((one) => one === loss).length))
        expect(found.bins).toEqual(
          selected.map(inBin).map((years) => ({
            years: BigInt(years.length),
            losses: new Set(years).size,
            sum: years.reduce((sum, loss) => sum + loss, 0n),
            squares: years.reduce((sum, loss) => sum + loss * loss, 0n),
          })),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('is as long as its layout says, and never longer than the limit', () => {
    fc.assert(
      fc.property(shards, ({ losses, selected }) => {
        const { length } = tailPartial(profile, losses, selected)
        expect(length).toBeGreaterThanOrEqual(8 + width * (selected.length + 1))
        expect(length).toBeLessThanOrEqual(tailBytesMax(profile, selected.length + 1, losses.length))
      }),
    )
    const nothing = tailPartial(profile, [1n, 2n], [])
    expect(nothing).toHaveLength(8 + width)
    // One loss of one byte, one of two with a count of none beyond two.
    const exact = binOf(profile, 3n)
    expect([...tailPartial(profile, [3n], [exact]).subarray(8 + 2 * width)]).toEqual([6])
    expect([...tailPartial(profile, [3n, 3n], [exact]).subarray(8 + 2 * width)]).toEqual([7, 0])
    expect([...tailPartial(profile, [3n, 3n, 3n, 4n], [exact, exact + 1]).subarray(8 + 3 * width)]).toEqual([7, 1, 2])
  })

  it('is the only one: a change of any byte to any value is refused or is the text of what is read', () => {
    const losses = [0n, 0n, 1n, 90n, 90n, 90n, 3000n, 3001n, 3009n, 70_000n, 70_001n, profile.none - 1n]
    const selected = [...new Set([0n, 90n, 3000n, 70_000n, profile.none - 1n].map((loss) => binOf(profile, loss)))]
    const text = tailPartial(profile, losses, selected)
    const witness = witnessOf(profile, losses, selected)
    const list = 8 + width * (selected.length + 1)
    let taken = 0
    for (let at = 0; at < text.length; at++) {
      // Of a sum's byte every value is as good as another.
      for (let value = 0; value < 256; value += at >= 8 && at < list ? 85 : 1) {
        if (value === text[at]) continue
        const changed = text.with(at, value)
        const shard = attempt(() => decodeTail(profile, changed, losses.length, selected, undefined))
        if (shard === null) continue
        expect(String(again(profile, shard))).toBe(String(changed))
        taken++
        // And none of them agrees with the first pass.
        expect(attempt(() => decodeTail(profile, changed, losses.length, selected, witness))).toBe(null)
      }
    }
    expect(taken).toBeGreaterThan(3 * width * selected.length)
  })

  it('is the only one for random texts too', () => {
    const change = fc.record({
      at: fc.nat(),
      value: fc.nat(255),
      cut: fc.nat(3),
      more: fc.uint8Array({ maxLength: 4 }),
    })
    fc.assert(
      fc.property(shards, fc.array(change, { minLength: 1, maxLength: 3 }), ({ losses, selected }, changes) => {
        let bytes = tailPartial(profile, losses, selected)
        const head = 8 + width * (selected.length + 1)
        for (const { at, value, cut, more } of changes) {
          if (bytes.length > head) bytes = bytes.with(head + (at % (bytes.length - head)), value)
          bytes = Uint8Array.of(...bytes.subarray(0, Math.max(bytes.length - cut, head)), ...more)
        }
        const shard = attempt(() => decodeTail(profile, bytes, losses.length, selected, undefined))
        if (shard !== null) expect(again(profile, shard)).toEqual(bytes)
      }),
      { numRuns: 200 },
    )
  })

  it('has no shorter form', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const text = tailPartial(profile, shard.losses, shard.selected)
        for (const length of new Set([0, 1, 8, 8 + width, text.length - 2, text.length - 1])) {
          const cut = text.subarray(0, Math.min(length, text.length - 1))
          expect(() => read(cut, shard)).toThrow(PartialError)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is read from the middle of a frame', () => {
    const shard = { losses: [5n, 3000n, 3001n], selected: [binOf(profile, 3000n)] }
    const text = tailPartial(profile, shard.losses, shard.selected)
    const frame = new Uint8Array(text.length + 14).fill(0xaa)
    frame.set(text, 7)
    expect(read(frame.subarray(7, 7 + text.length), shard)).toEqual(read(text, shard))
  })
})

function attempt(read: () => TailPartial): TailPartial | null {
  try {
    return read()
  } catch (error) {
    expect(error).toBeInstanceOf(PartialError)
    return null
  }
}

describe.each(both)('a list is refused, $profile.name', ({ profile, width }) => {
  const selected = [binOf(profile, 5n), binOf(profile, 100n), binsOf(profile) - 1]
  const start = tailPartial(profile, [1n, 2n, 3n], selected).subarray(0, 8 + 4 * width)
  /** 2 x (2^32 - 1), or 2 x (2^64 - 1): the loss that stands for none. */
  const none = profile === NARROW ? [0xfe, 0xff, 0xff, 0xff, 0x1f] : [0xfe, ...Array.from({ length: 8 }, () => 0xff), 3]

  it.each<[string, number[], string]>([
    ['whose loss comes twice', [10, 0], 'a loss is listed twice'],
    ['whose loss comes twice, with a count', [10, 1, 0], 'a loss is listed twice'],
    ['of a loss between the selected bins', [12], 'a loss of 6 quanta, which is in none of the selected bins'],
    ['of a loss below them', [8], 'a loss of 4 quanta, which is in none'],
    ['of a loss after one that is right', [10, 2], 'a loss of 6 quanta, which is in none'],
    ['of the loss that stands for none', none, 'out of range'],
    ['that steps out of range', [10, ...none], 'out of range'],
    ['of four years', [11, 2], "more than the shard's 3 years"],
    ['of four years in two losses', [11, 0, 191, 1, 0], "more than the shard's 3 years"],
    ['with a count of many', [11, 0xff, 0xff, 0xff, 0xff, 0x0f], 'a number exceeds 3'],
    ['with a padded loss', [0x8a, 0x00], 'longer than it needs'],
    ['with a padded count', [11, 0x80, 0x00], 'longer than it needs'],
    ['that ends inside a loss', [0x8a], 'ends inside'],
    ['that ends before a count', [11], 'ends inside'],
    ['with a loss of eleven bytes', [...Array.from({ length: 10 }, () => 0x80), 1], 'a number exceeds'],
  ])('%s', (_, bytes, sentence) => {
    const read = () => decodeTail(profile, Uint8Array.of(...start, ...bytes), 3, selected, undefined)
    expect(read).toThrow(PartialError)
    expect(read).toThrow(sentence)
  })

  it('in another layout, of other units, of another number of bins', () => {
    const text = tailPartial(profile, [5n, 100n, 7n], selected)
    const read =
      (bytes: Uint8Array, units = 3, bins = selected) =>
      () =>
        decodeTail(profile, bytes, units, bins, undefined)
    expect(read(text)).not.toThrow()
    for (const layout of [0, 1, 2, 7 - profile.tailLayout, 5]) {
      expect(read(text.with(0, layout))).toThrow(`layout ${layout} is not ${profile.tailLayout}`)
    }
    expect(read(text, 4)).toThrow('it counts 3 units, the shard has 4')
    expect(read(text, 3, selected.slice(0, 2))).toThrow(PartialError)
    expect(read(text.subarray(0, 8 + 4 * width - 1))).toThrow(`at least ${8 + 4 * width} bytes`)
  })
})

describe.each(both)('what the first pass contradicts is refused, $profile.name', ({ profile }) => {
  const sentence = 'it contradicts what the first pass found in the same years'

  it('in the sum, the squares, or the years of a bin', () => {
    const off = fc.constantFrom(-1n, 1n)
    fc.assert(
      fc.property(shardsOf(profile), fc.nat(), off, ({ losses, selected }, index, by) => {
        const text = tailPartial(profile, losses, selected)
        const witness = witnessOf(profile, losses, selected)
        expect(witness).toHaveLength(2 + selected.length)
        const read = (of: Witness) => () => decodeTail(profile, text, losses.length, selected, of)
        expect(read(witness)).not.toThrow()
        const at = index % witness.length
        expect(read(witness.with(at, (witness[at] ?? 0n) + by))).toThrow(sentence)
      }),
      { numRuns: 60 },
    )
  })

  it('when the years are others', () => {
    fc.assert(
      fc.property(shardsOf(profile), fc.nat(), ({ losses, selected }, index) => {
        const at = index % losses.length
        const others = losses.with(at, losses[at] === 0n ? 1n : (losses[at] ?? 0n) - 1n)
        const text = tailPartial(profile, others, selected)
        expect(() => decodeTail(profile, text, losses.length, selected, witnessOf(profile, losses, selected))).toThrow(
          sentence,
        )
      }),
      { numRuns: 60 },
    )
  })
})
