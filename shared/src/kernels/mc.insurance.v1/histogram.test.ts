// Laws of the bins, in both widths: they cover every loss once, in order, and none is wider than its share of its losses.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binLower, binOf, binsOf, binUpper, narrowBinOf, octaveOf } from './histogram.ts'
import { NARROW, WIDE } from './profile.ts'

describe.each([
  { profile: NARROW, bins: 3328, finest: 7n, bits: 32n },
  { profile: WIDE, bins: 3776, finest: 6n, bits: 64n },
])('the $bins bins of the $profile.name profile', ({ profile, bins, finest, bits }) => {
  it('cover every loss without a gap, each from where the last one ends', () => {
    expect(binsOf(profile)).toBe(bins)
    expect(binLower(profile, 0)).toBe(0n)
    for (let bin = 0; bin < bins; bin++) {
      expect(binUpper(profile, bin)).toBe(binLower(profile, bin + 1))
      expect(binUpper(profile, bin)).toBeGreaterThan(binLower(profile, bin))
      expect(binUpper(profile, bin) - binLower(profile, bin)).toBe(1n << BigInt(octaveOf(profile, bin)))
      expect(binOf(profile, binLower(profile, bin))).toBe(bin)
      expect(binOf(profile, binUpper(profile, bin) - 1n)).toBe(bin)
    }
    expect(binUpper(profile, bins - 1)).toBe(1n << bits)
  })

  it('hold single losses below twice their mantissa, and above no more than that share of their least', () => {
    const single = 2 * 2 ** Number(finest)
    for (let bin = 0; bin < single; bin++) {
      expect([binLower(profile, bin), binUpper(profile, bin)]).toEqual([BigInt(bin), BigInt(bin + 1)])
      expect(octaveOf(profile, bin)).toBe(0)
    }
    for (let bin = single; bin < bins; bin++) {
      expect(octaveOf(profile, bin)).toBeGreaterThan(0)
      expect((binUpper(profile, bin) - binLower(profile, bin)) << finest).toBeLessThanOrEqual(binLower(profile, bin))
    }
  })

  it('find any loss, by its leading bit and those after it: the formula of README.md, written out', () => {
    const loss = fc.bigInt({ min: 0n, max: bits }).chain((top) => fc.bigInt({ min: 0n, max: (1n << top) - 1n }))
    fc.assert(
      fc.property(loss, (l) => {
        let e = 0n
        while (l >> (e + 1n) > 0n) e++
        const formula =
          l < 1n << finest ? l : (e - finest + 1n) * (1n << finest) + ((l >> (e - finest)) - (1n << finest))
        expect(binOf(profile, l)).toBe(Number(formula))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the bin of a loss that a double holds', () => {
  it('is that of the integer', () => {
    const loss = fc.nat(32).chain((top) => fc.integer({ min: 0, max: 2 ** top - 1 }))
    fc.assert(
      fc.property(loss, (l) => {
        expect(narrowBinOf(NARROW.mantissaBits, l)).toBe(binOf(NARROW, BigInt(l)))
      }),
      { numRuns: 1000, examples: [[0], [127], [128], [255], [256], [0xffffffff]] },
    )
  })
})
