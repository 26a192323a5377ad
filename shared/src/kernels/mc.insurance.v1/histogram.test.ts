// Laws of the bins: they cover every loss once, in order, and none is wider than 1/128 of its losses.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binLower, BINS, binOf, binUpper } from './histogram.ts'

describe('the bins', () => {
  it('cover 0 to 2^32 without a gap, each from where the last one ends', () => {
    expect(binLower(0)).toBe(0n)
    for (let bin = 0; bin < BINS; bin++) {
      expect(binUpper(bin)).toBe(binLower(bin + 1))
      expect(binUpper(bin)).toBeGreaterThan(binLower(bin))
      expect(binOf(Number(binLower(bin)))).toBe(bin)
      expect(binOf(Number(binUpper(bin) - 1n))).toBe(bin)
    }
    expect(binUpper(BINS - 1)).toBe(1n << 32n)
  })

  it('hold single losses below 256, and above no more than the 128th part of their least', () => {
    for (let bin = 0; bin < 256; bin++) expect([binLower(bin), binUpper(bin)]).toEqual([BigInt(bin), BigInt(bin + 1)])
    for (let bin = 256; bin < BINS; bin++) {
      expect((binUpper(bin) - binLower(bin)) * 128n).toBeLessThanOrEqual(binLower(bin))
    }
  })

  it('find any loss, by its leading bit and the seven after it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (loss) => {
        const bin = binOf(loss)
        expect(binLower(bin)).toBeLessThanOrEqual(BigInt(loss))
        expect(binUpper(bin)).toBeGreaterThan(BigInt(loss))
      }),
    )
  })
})
