// Laws of the partial: one set of accumulators has one text, nothing else is read, and what no honest agent can have
// accumulated is refused with a sentence. A stranger sends these bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AGENT_LIMITS } from '../../contract/agent-events.ts'
import { PartialError } from '../kernel.ts'
import { binLower, BINS, binOf, binUpper } from './histogram.ts'
import { decodePartial, encodePartial, PARTIAL_BYTES_MAX, type Accumulators, type PartialBounds } from './partial.ts'
import { accumulated } from './simulate.case.ts'

const NONE = 0xffffffff
const HEAD = 52
/** Bounds that leave room for any loss. */
const wide: PartialBounds = {
  aggregateLimit: NONE,
  aggregateDeductible: 0,
  greatestCount: 10,
  greatestPayment: NONE,
  greatestCatastrophe: NONE,
}

const loss = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 0, max: NONE - 1 }),
)
const losses = fc.array(loss, { minLength: 1, maxLength: 60 })

function decoded(bytes: Uint8Array, units: number, bounds = wide): Accumulators {
  const { bins, counts, ...rest } = decodePartial(bytes, units, bounds)
  const histogram = new Uint32Array(BINS)
  bins.forEach((bin, i) => (histogram[bin] = counts[i] ?? 0))
  return { ...rest, histogram }
}

describe('one text', () => {
  it('is read back as it was accumulated', () => {
    fc.assert(
      fc.property(losses, fc.boolean(), (years, limited) => {
        const aggregateLimit = limited ? Math.max(...years) : NONE
        const shard = accumulated(years, aggregateLimit)
        expect(decoded(encodePartial(shard), years.length, { ...wide, aggregateLimit })).toEqual(shard)
      }),
    )
  })

  it('is read from the middle of a frame', () => {
    const shard = accumulated([1, 2, 70_000])
    const text = encodePartial(shard)
    const frame = new Uint8Array(text.length + 14).fill(0xaa)
    frame.set(text, 7)
    expect(decoded(frame.subarray(7, 7 + text.length), 3)).toEqual(shard)
  })

  it('is the only one: a change of any byte to any value is refused or is the text of other accumulators', () => {
    const years = [0, 0, 5, 6, 7, 300, 300, 70_000, 4_000_000_000, ...Array.from({ length: 300 }, () => 900)]
    const text = encodePartial(accumulated(years))
    let read = 0
    for (let at = 0; at < text.length; at++) {
      for (let value = 0; value < 256; value++) {
        if (value === text[at]) continue
        const changed = text.with(at, value)
        const shard = attempt(changed, years.length)
        if (shard === null) continue
        expect(encodePartial(shard)).toEqual(changed)
        read++
      }
    }
    // The sums' low bytes and the claims can be anything that the bins allow.
    expect(read).toBeGreaterThan(100)
    expect(read).toBeLessThan(256 * 30)
  })

  it('is the only one for random texts too', () => {
    const change = fc.record({
      at: fc.nat(),
      value: fc.nat(255),
      cut: fc.nat(3),
      more: fc.uint8Array({ maxLength: 4 }),
    })
    fc.assert(
      fc.property(losses, fc.array(change, { minLength: 1, maxLength: 3 }), (years, changes) => {
        let bytes = encodePartial(accumulated(years))
        for (const { at, value, cut, more } of changes) {
          bytes = bytes.with(HEAD + (at % (bytes.length - HEAD)), value)
          bytes = Uint8Array.of(...bytes.subarray(0, Math.max(bytes.length - cut, HEAD + 1)), ...more)
        }
        const shard = attempt(bytes, years.length)
        if (shard !== null) expect(encodePartial(shard)).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('has no shorter and no longer form', () => {
    fc.assert(
      fc.property(losses, fc.uint8Array({ minLength: 1, maxLength: 5 }), (years, more) => {
        const text = encodePartial(accumulated(years))
        for (let length = 0; length < text.length; length++) {
          expect(() => decodePartial(text.subarray(0, length), years.length, wide)).toThrow(PartialError)
        }
        expect(() => decodePartial(Uint8Array.of(...text, ...more), years.length, wide)).toThrow(PartialError)
      }),
      { numRuns: 30 },
    )
  })
})

function attempt(bytes: Uint8Array, units: number): Accumulators | null {
  try {
    return decoded(bytes, units)
  } catch (error) {
    expect(error).toBeInstanceOf(PartialError)
    return null
  }
}

describe('a histogram is refused', () => {
  const head = encodePartial(accumulated([5])).subarray(0, HEAD)
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
    ['with a number of 33 bits', [5, 1, 0xff, 0xff, 0xff, 0xff, 0x1f], '32 bits'],
    ['with a number of six bytes', [5, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 1], '32 bits'],
    ['past its bins', [0x80, 0x1a, 1, 1], 'past its 3328 bins'],
    ['with a run past its bins', [5, 0xff, 0xff, 0xff, 0xff, 0x0f, 1], 'past its 3328 bins'],
  ])('%s', (_, bytes, sentence) => {
    expect(() => decodePartial(Uint8Array.of(...head, ...bytes), 1, wide)).toThrow(sentence)
  })
})

describe('what cannot be true is refused', () => {
  const years = [0, 3, 300, 301, 5000, 5000, 90_000]
  const limited = { ...wide, aggregateLimit: 90_000, greatestPayment: 40_000, greatestCatastrophe: 10_000 }
  const honest = accumulated(years, 90_000)
  const refused = (changes: Partial<Accumulators>, bounds = limited): string => {
    try {
      decodePartial(encodePartial({ ...honest, ...changes }), years.length, bounds)
    } catch (error) {
      expect(error).toBeInstanceOf(PartialError)
      return String(error)
    }
    return 'read'
  }
  const withBin = (lossOf: number, count: number): Uint32Array => honest.histogram.with(binOf(lossOf), count)

  it.each<[string, Partial<Accumulators>, PartialBounds, string]>([
    ['nothing, when it is honest', {}, limited, 'read'],
    ['units of another shard', { units: 8 }, limited, 'counts 8 units'],
    ['a year too many', { histogram: withBin(3, 2) }, limited, 'hold 8 years'],
    ['a sum too small', { sum: honest.sum - 70n }, limited, 'sum is not one'],
    ['a sum too great', { sum: honest.sum + 70n }, limited, 'sum is not one'],
    ['squares too small', { sumSquares: honest.sumSquares - 700_000n }, limited, 'squares are not'],
    ['squares too great', { sumSquares: honest.sumSquares + 700_000n }, limited, 'squares are not'],
    ['other zero years', { zeroYears: 2 }, limited, 'zero years'],
    ['a least loss elsewhere', { least: 1 }, limited, 'least loss is not in its first bin'],
    ['a greatest loss elsewhere', { greatest: 89_000 }, limited, 'greatest loss is not in its last bin'],
    ['claims that no word draws', { claims: 71n }, limited, 'more claims'],
    ['fewer claims than the sum costs', { claims: 0n }, limited, 'more than its claims can cost'],
    ['a loss above the limit', {}, { ...limited, aggregateLimit: 89_999 }, 'exceeds the aggregate limit'],
    ['years at a limit that is not there', {}, { ...limited, aggregateLimit: NONE }, 'not there'],
    ['no year at the limit that is reached', { yearsAtAggregateLimit: 0 }, limited, 'do not fit'],
    ['more years at the limit than the last bin', { yearsAtAggregateLimit: 2 }, limited, 'last bin holds'],
    ['a loss that no year can cost', {}, { ...limited, greatestCount: 3, greatestPayment: 20_000 }, 'a year can cost'],
    ['a loss below the deductible', {}, { ...limited, aggregateDeductible: 400_000 }, 'a year can cost'],
  ])('%s', (_, changes, bounds, sentence) => {
    expect(refused(changes, bounds)).toContain(sentence)
  })

  it('sums and squares one beyond what the bins, the least and the greatest loss allow', () => {
    fc.assert(
      fc.property(losses, (some) => {
        const shard = accumulated(some)
        const [from, to] = [BigInt(shard.least), BigInt(shard.greatest)]
        // One year has the least loss and one the greatest; all others lie anywhere in their bins between the two.
        const sorted = some.toSorted((a, b) => a - b).map(binOf)
        const atLeast = sorted.map((bin, i) => (i === some.length - 1 ? to : larger(binLower(bin), from)))
        const atMost = sorted.map((bin, i) => (i === 0 ? from : smaller(binUpper(bin) - 1n, to)))
        const sum = (all: readonly bigint[]): bigint => all.reduce((a, b) => a + b, 0n)
        const squares = (all: readonly bigint[]): bigint => sum(all.map((one) => one * one))
        const sentence = (changes: Partial<Accumulators>): string => {
          if (Object.values(changes).some((value) => typeof value === 'bigint' && value < 0n)) return 'below 0'
          try {
            decodePartial(encodePartial({ ...shard, ...changes }), some.length, wide)
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
    const shard = accumulated([70_200, 70_300, 70_300, 70_300, 70_500])
    const changed = { ...shard, sumSquares: shard.sumSquares - 48_001n }
    expect(() => decodePartial(encodePartial(changed), 5, wide)).toThrow('too small for its sum')
  })

  it('any sum of a single year but its loss', () => {
    fc.assert(
      fc.property(loss, fc.bigInt({ min: -3n, max: 3n }), (year, off) => {
        const shard = accumulated([year])
        const changed = { ...shard, sum: shard.sum + off < 0n ? 1n : shard.sum + off }
        if (changed.sum === shard.sum) return
        expect(() => decodePartial(encodePartial(changed), 1, wide)).toThrow('sum is not one')
      }),
    )
  })

  it('a layout of the future', () => {
    const bytes = encodePartial(honest).with(0, 2)
    expect(() => decodePartial(bytes, 7, limited)).toThrow('layout 2 is not 1')
  })
})

describe('the greatest partial', () => {
  const bytesOf = (value: number): number => (value < 128 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 5)

  it('is the one that the limit names', () => {
    const worst = { ...accumulated([1]), histogram: new Uint32Array(BINS).fill(NONE) }
    expect(encodePartial(worst)).toHaveLength(PARTIAL_BYTES_MAX)
  })

  it('is greater than that of any other choice of runs', () => {
    // most[end]: bytes of the best text whose last run ends there. Only the shortest gap of each length of a skip counts.
    const most = new Int32Array(BINS + 1).fill(-1)
    for (let end = 1; end <= BINS; end++) {
      for (let length = 1; length <= end; length++) {
        const run = bytesOf(length) + 5 * length
        const start = end - length
        let before = bytesOf(start)
        for (const gap of [1, 128]) if (gap < start) before = Math.max(before, (most[start - gap] ?? 0) + bytesOf(gap))
        most[end] = Math.max(most[end] ?? 0, before + run)
      }
    }
    expect(HEAD + Math.max(...most)).toBe(PARTIAL_BYTES_MAX)
  })

  it('fits the wire', () => {
    expect(PARTIAL_BYTES_MAX).toBeLessThanOrEqual(AGENT_LIMITS.partialBytesMax)
  })
})
