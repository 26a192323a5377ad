// Laws of the partial: one set of accumulators has one text, nothing else is read, and what no honest agent can have
// accumulated is refused with a sentence. A stranger sends these bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PartialError } from '../kernel.ts'
import { binLower, binOf, binsOf, binUpper } from './histogram.ts'
import { kernel } from './kernel.ts'
import { decodePartial, encodePartial, partialBytesMax, type Accumulators, type PartialBounds } from './partial.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import { accumulated } from './simulate.case.ts'

/** Bounds that leave room for any loss. */
const roomy = ({ none }: Profile): PartialBounds => ({
  aggregateLimit: none,
  greatestLoss: none,
  greatestCount: 10,
  greatestPayment: none,
  greatestCatastrophe: none,
})
const both = [
  { profile: NARROW, head: 52 },
  { profile: WIDE, head: 76 },
]
const years = (profile: Profile, losses: readonly bigint[], limit = profile.none): Accumulators =>
  accumulated(losses, limit, 3n, profile)

const lossesOf = ({ none }: Profile): fc.Arbitrary<bigint[]> =>
  fc.array(
    fc.oneof(
      fc.constantFrom(0n, none - 1n),
      fc.bigInt({ min: 0n, max: 300n }),
      fc.bigInt({ min: 0n, max: 100_000n }),
      fc.bigInt({ min: 0n, max: none - 1n }),
    ),
    { minLength: 1, maxLength: 60 },
  )

function decoded(profile: Profile, bytes: Uint8Array, units: number, bounds = roomy(profile)): Accumulators {
  const { bins, counts, ...rest } = decodePartial(profile, bytes, units, bounds)
  const histogram = new Uint32Array(binsOf(profile))
  bins.forEach((bin, i) => (histogram[bin] = counts[i] ?? 0))
  return { ...rest, histogram }
}
const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

describe.each(both)('one text, $profile.name', ({ profile, head }) => {
  const losses = lossesOf(profile)
  const textOf = (some: readonly bigint[]): Uint8Array => encodePartial(profile, years(profile, some))
  function attempt(bytes: Uint8Array, units: number): Accumulators | null {
    try {
      return decoded(profile, bytes, units)
    } catch (error) {
      expect(error).toBeInstanceOf(PartialError)
      return null
    }
  }

  it('is read back as it was accumulated', () => {
    fc.assert(
      fc.property(losses, fc.boolean(), (some, limited) => {
        const aggregateLimit = limited ? (some.toSorted(ascending).at(-1) ?? 0n) : profile.none
        const shard = years(profile, some, aggregateLimit)
        const bytes = encodePartial(profile, shard)
        expect(decoded(profile, bytes, some.length, { ...roomy(profile), aggregateLimit })).toEqual(shard)
      }),
      { numRuns: 30 },
    )
  })

  it('has its fields where README.md puts them', () => {
    const shard = {
      ...years(profile, [0n]),
      units: 0x04030201,
      sum: 0x08070605n,
      sumSquares: 0x0c0b0a09n,
      claims: 0x100f0e0dn,
      zeroYears: 0x14131211,
      yearsAtAggregateLimit: 0x18171615,
      least: 0x1c1b1a19n,
      greatest: 0x201f1e1dn,
    }
    const [sum, square, loss] = profile === NARROW ? [8, 12, 4] : [16, 20, 8]
    const field = (value: number, bytes: number): number[] =>
      Array.from({ length: bytes }, (_, i) => (i < 4 ? value + i : 0))
    // The layout, the eight fields, and one run: skip 0, length 1, one year without a loss.
    const [layout, run] = [Uint32Array.of(profile === NARROW ? 1 : 2), [0, 1, 1]]
    expect([...encodePartial(profile, shard)]).toEqual([
      ...new Uint8Array(layout.buffer),
      ...field(1, 4),
      ...field(5, sum),
      ...field(9, square),
      ...field(13, 8),
      ...field(17, 4),
      ...field(21, 4),
      ...field(25, loss),
      ...field(29, loss),
      ...run,
    ])
  })

  it('is read from the middle of a frame', () => {
    const shard = years(profile, [1n, 2n, 70_000n])
    const text = encodePartial(profile, shard)
    const frame = new Uint8Array(text.length + 14).fill(0xaa)
    frame.set(text, 7)
    expect(decoded(profile, frame.subarray(7, 7 + text.length), 3)).toEqual(shard)
  })

  it('is the only one: a change of any byte to any value is refused or is the text of other accumulators', () => {
    const nines = Array.from({ length: 300 }, () => 900n)
    const some = [0n, 0n, 5n, 6n, 7n, 300n, 300n, 70_000n, (profile.none / 16n) * 15n, ...nines]
    const text = textOf(some)
    let read = 0
    for (let at = 0; at < text.length; at++) {
      for (let value = 0; value < 256; value++) {
        if (value === text[at]) continue
        const changed = text.with(at, value)
        const shard = attempt(changed, some.length)
        if (shard === null) continue
        expect(encodePartial(profile, shard)).toEqual(changed)
        read++
      }
    }
    // The sums' low bytes and the claims can be anything that the bins allow.
    expect(read).toBeGreaterThan(100)
    expect(read).toBeLessThan(256 * 50)
  })

  it('is the only one for random texts too', () => {
    const change = fc.record({
      at: fc.nat(),
      value: fc.nat(255),
      cut: fc.nat(3),
      more: fc.uint8Array({ maxLength: 4 }),
    })
    fc.assert(
      fc.property(losses, fc.array(change, { minLength: 1, maxLength: 3 }), (some, changes) => {
        let bytes = textOf(some)
        for (const { at, value, cut, more } of changes) {
          bytes = bytes.with(head + (at % (bytes.length - head)), value)
          bytes = Uint8Array.of(...bytes.subarray(0, Math.max(bytes.length - cut, head + 1)), ...more)
        }
        const shard = attempt(bytes, some.length)
        if (shard !== null) expect(encodePartial(profile, shard)).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('has no shorter and no longer form', () => {
    fc.assert(
      fc.property(losses, fc.uint8Array({ minLength: 1, maxLength: 5 }), (some, more) => {
        const text = textOf(some)
        const read = (bytes: Uint8Array) => () => decodePartial(profile, bytes, some.length, roomy(profile))
        for (let length = 0; length < text.length; length++) {
          expect(read(text.subarray(0, length))).toThrow(PartialError)
        }
        expect(read(Uint8Array.of(...text, ...more))).toThrow(PartialError)
      }),
      { numRuns: 30 },
    )
  })
})

describe.each(both)('a histogram is refused, $profile.name', ({ profile, head }) => {
  const start = encodePartial(profile, years(profile, [5n])).subarray(0, head)
  const bins = binsOf(profile)
  it.each([
    ['that is empty', [], 'hold 0 years'],
    ['with a padded skip', [0x85, 0x00, 1, 1], 'longer than it needs'],
    ['with a padded length', [5, 0x81, 0x00, 1], 'longer than it needs'],
    ['with a padded count', [5, 1, 0x81, 0x80, 0x00], 'longer than it needs'],
    ['with a count of 0', [5, 1, 0], 'counts nothing'],
    ['with an empty run', [5, 0], 'run of the histogram is empty'],
    ['whose runs touch', [4, 1, 1, 0, 1, 1], 'touch'],
    ['that ends after a skip', [5, 1, 1, 9], 'ends inside'],
    ['that ends inside a number', [5, 1, 0x80], 'ends inside'],
    ['with a number of 33 bits', [5, 1, 0xff, 0xff, 0xff, 0xff, 0x1f], 'exceeds 4294967295'],
    ['with a number of six bytes', [5, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 1], 'exceeds 4294967295'],
    ['with a number of twelve bytes', [5, 1, ...Array.from({ length: 11 }, () => 0xff), 1], 'exceeds 4294967295'],
    ['past its bins', [0x80 | (bins & 0x7f), bins >> 7, 1, 1], `past its ${bins} bins`],
    ['with a run past its bins', [5, 0xff, 0xff, 0xff, 0xff, 0x0f, 1], `past its ${bins} bins`],
  ])('%s', (_, bytes, sentence) => {
    expect(() => decodePartial(profile, Uint8Array.of(...start, ...bytes), 1, roomy(profile))).toThrow(sentence)
  })

  it('in another layout: of the future, or of the other width', () => {
    const bytes = encodePartial(profile, years(profile, [5n]))
    for (const layout of [0, 3 - profile.layout, 3, 4, 5]) {
      expect(() => decodePartial(profile, bytes.with(0, layout), 1, roomy(profile))).toThrow(
        `layout ${layout} is not ${profile.layout}`,
      )
    }
  })
})

describe.each(both)('what cannot be true is refused, $profile.name', ({ profile }) => {
  const { none } = profile
  const some = [0n, 3n, 300n, 301n, 5000n, 5000n, 90_000n]
  const limited: PartialBounds = {
    aggregateLimit: 90_000n,
    greatestLoss: 410_000n,
    greatestCount: 10,
    greatestPayment: 40_000n,
    greatestCatastrophe: 10_000n,
  }
  const honest = years(profile, some, 90_000n)
  const refused = (changes: Partial<Accumulators>, bounds = limited): string => {
    try {
      decodePartial(profile, encodePartial(profile, { ...honest, ...changes }), some.length, bounds)
    } catch (error) {
      expect(error).toBeInstanceOf(PartialError)
      return String(error)
    }
    return 'read'
  }
  const withBin = (lossOf: bigint, count: number): Uint32Array => honest.histogram.with(binOf(profile, lossOf), count)
  // The losses of 5,000 share a bin of this width with others: sums may err by what the bins leave open, and no more.
  const off = 1000n

  it.each<[string, Partial<Accumulators>, PartialBounds, string]>([
    ['nothing, when it is honest', {}, limited, 'read'],
    ['units of another shard', { units: 8 }, limited, 'counts 8 units'],
    ['a year too many', { histogram: withBin(3n, 2) }, limited, 'hold 8 years'],
    ['a sum too small', { sum: honest.sum - off }, limited, 'sum is not one'],
    ['a sum too great', { sum: honest.sum + off }, limited, 'sum is not one'],
    ['squares too small', { sumSquares: honest.sumSquares - 3_000_000n }, limited, 'squares are not'],
    ['squares too great', { sumSquares: honest.sumSquares + 3_000_000n }, limited, 'squares are not'],
    ['other zero years', { zeroYears: 2 }, limited, 'zero years'],
    ['a least loss elsewhere', { least: 1n }, limited, 'least loss is not in its first bin'],
    ['a least loss above the greatest', { least: 90_001n }, limited, 'least loss exceeds its greatest'],
    ['a greatest loss elsewhere', { greatest: 80_000n }, limited, 'greatest loss is not in its last bin'],
    ['claims that no word draws', { claims: 71n }, limited, 'more claims'],
    ['fewer claims than the sum costs', { claims: 0n }, limited, 'more than its claims can cost'],
    ['a loss above the limit', {}, { ...limited, aggregateLimit: 89_999n }, 'exceeds the aggregate limit'],
    ['years at a limit that is not there', {}, { ...limited, aggregateLimit: none }, 'not there'],
    ['no year at the limit that is reached', { yearsAtAggregateLimit: 0 }, limited, 'do not fit'],
    ['more years at the limit than the last bin', { yearsAtAggregateLimit: 2 }, limited, 'last bin holds'],
    ['a loss that no year can cost', {}, { ...limited, greatestLoss: 89_999n }, 'a year can cost'],
  ])('%s', (_, changes, bounds, sentence) => {
    expect(refused(changes, bounds)).toContain(sentence)
  })

  it('sums and squares one beyond what the bins, the least and the greatest loss allow', () => {
    fc.assert(
      fc.property(lossesOf(profile), (drawn) => {
        const shard = years(profile, drawn)
        const { least: from, greatest: to } = shard
        // One year has the least loss and one the greatest; all others lie anywhere in their bins between the two.
        const sorted = drawn.toSorted(ascending).map((one) => binOf(profile, one))
        const atLeast = sorted.map((bin, i) => (i === drawn.length - 1 ? to : larger(binLower(profile, bin), from)))
        const atMost = sorted.map((bin, i) => (i === 0 ? from : smaller(binUpper(profile, bin) - 1n, to)))
        const sum = (all: readonly bigint[]): bigint => all.reduce((a, b) => a + b, 0n)
        const squares = (all: readonly bigint[]): bigint => sum(all.map((one) => one * one))
        const sentence = (changes: Partial<Accumulators>): string => {
          if (Object.values(changes).some((value) => typeof value === 'bigint' && value < 0n)) return 'below 0'
          try {
            decodePartial(profile, encodePartial(profile, { ...shard, ...changes }), drawn.length, roomy(profile))
            return 'read'
          } catch (error) {
            return String(error)
          }
        }
        expect(sentence({ sum: sum(atLeast) - 1n })).toMatch(/sum is not one|below 0/)
        expect(sentence({ sum: sum(atMost) + 1n })).toContain('sum is not one')
        expect(sentence({ sumSquares: squares(atLeast) - 1n })).toMatch(/squares are not|below 0/)
        expect(sentence({ sumSquares: squares(atMost) + 1n })).toContain('squares are not')
        // The extremes themselves are believed, each with the squares that belong to it.
        expect(sentence({ sum: sum(atLeast), sumSquares: squares(atLeast) })).toBe('read')
        expect(sentence({ sum: sum(atMost), sumSquares: squares(atMost) })).toBe('read')
      }),
    )
  })
  const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
  const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)

  it('squares that are less than those of an even spread', () => {
    // Their mean is 70,320 and their squared deviations from it add up to 48,000.
    const shard = years(profile, [70_200n, 70_300n, 70_300n, 70_300n, 70_500n])
    const changed = { ...shard, sumSquares: shard.sumSquares - 48_001n }
    expect(() => decodePartial(profile, encodePartial(profile, changed), 5, roomy(profile))).toThrow(
      'too small for its sum',
    )
  })

  it('any sum of a single year but its loss', () => {
    const loss = fc.bigInt({ min: 3n, max: none - 4n })
    const error = fc.bigInt({ min: -3n, max: 3n }).filter((value) => value !== 0n)
    fc.assert(
      fc.property(loss, error, (year, wrong) => {
        const shard = years(profile, [year])
        const bytes = encodePartial(profile, { ...shard, sum: shard.sum + wrong })
        expect(() => decodePartial(profile, bytes, 1, roomy(profile))).toThrow('sum is not one')
      }),
    )
  })
})

describe.each(both)('the greatest partial, $profile.name', ({ profile, head }) => {
  const bytesOf = (value: number): number => (value < 128 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 5)
  const bins = binsOf(profile)

  it('is the one that the limit names', () => {
    const worst = { ...years(profile, [1n]), histogram: new Uint32Array(bins).fill(0xffffffff) }
    expect(encodePartial(profile, worst)).toHaveLength(partialBytesMax(profile))
    const more = new Uint8Array(partialBytesMax(profile) + 1)
    expect(() => decodePartial(profile, more, 1, roomy(profile))).toThrow('at most')
  })

  it('is greater than that of any other choice of runs', () => {
    // most[end]: bytes of the best text whose last run ends there. Only the shortest gap of each length of a skip counts.
    const most = new Int32Array(bins + 1).fill(-1)
    for (let end = 1; end <= bins; end++) {
      for (let length = 1; length <= end; length++) {
        const run = bytesOf(length) + 5 * length
        const start = end - length
        let before = bytesOf(start)
        for (const gap of [1, 128]) if (gap < start) before = Math.max(before, (most[start - gap] ?? 0) + bytesOf(gap))
        most[end] = Math.max(most[end] ?? 0, before + run)
      }
    }
    expect(head + Math.max(...most)).toBe(partialBytesMax(profile))
  })

  it('fits what the kernel says of itself', () => {
    expect(partialBytesMax(profile)).toBeLessThanOrEqual(kernel.partialBytesMax)
  })
})
