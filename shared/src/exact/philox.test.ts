// The generator against its published words, and its multiplication against 64-bit integers.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulHigh, philox4x32 } from './philox.ts'

const draw = (counter: number[], key: number[]): string => {
  const out = new Uint32Array(4)
  const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter
  const [k0 = 0, k1 = 0] = key
  philox4x32(out, c0, c1, c2, c3, k0, k1)
  return [...out].map((word) => word.toString(16).padStart(8, '0')).join(' ')
}

describe('Philox4x32-10', () => {
  const ones = 0xffffffff
  // Known answers of Random123 (tests/kat_vectors).
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ones, ones, ones, ones], [ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('gives the published words for counter %j and key %j', (counter, key, expected) => {
    expect(draw(counter, key)).toBe(expected)
  })

  it('multiplies like 64-bit integers', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff })
    fc.assert(
      fc.property(u32, u32, (a, b) => {
        expect(mulHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n))
      }),
    )
  })
})
