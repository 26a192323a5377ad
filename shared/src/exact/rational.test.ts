// The one rounding against IEEE 754's own division, square root and doubles.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ceil,
  floor,
  integerSqrt,
  rational,
  rationalFromDecimal,
  rationalFromNumber,
  round,
  sqrtToNumber,
  toNumber,
} from './rational.ts'

describe('rational', () => {
  it('takes every finite double there and back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(toNumber(rationalFromNumber(value))).toBe(value === 0 ? 0 : value)
      }),
      { numRuns: 2000 },
    )
  })

  it('rounds a quotient of doubles as IEEE 754 division does', () => {
    const mantissa = fc.bigInt({ min: 1n, max: (1n << 53n) - 1n })
    fc.assert(
      fc.property(mantissa, mantissa, (a, b) => {
        expect(toNumber(rational(a, b))).toBe(Number(a) / Number(b))
      }),
      { numRuns: 2000 },
    )
  })

  it('rounds a root of a double as Math.sqrt does, which IEEE 754 makes exact', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e300, noNaN: true }), (value) => {
        expect(sqrtToNumber(rationalFromNumber(value))).toBe(Math.sqrt(value))
      }),
      { numRuns: 2000 },
    )
  })

  it('breaks ties to even and reaches subnormals and infinity', () => {
    expect(toNumber(rational((1n << 53n) + 1n))).toBe(2 ** 53)
    expect(toNumber(rational((1n << 53n) + 3n))).toBe(2 ** 53 + 4)
    expect(toNumber(rational(1n, 1n << 1074n))).toBe(5e-324)
    expect(toNumber(rational(1n, 1n << 1075n))).toBe(0)
    expect(toNumber(rational(1n << 1024n))).toBe(Infinity)
  })

  it('keeps floor, ceil and round in order on both sides of zero', () => {
    expect([floor(rational(-7n, 2n)), ceil(rational(-7n, 2n)), round(rational(-7n, 2n))]).toEqual([-4n, -3n, -3n])
    expect([floor(rational(7n, 2n)), ceil(rational(7n, 2n)), round(rational(7n, 2n))]).toEqual([3n, 4n, 4n])
  })

  it('reads decimals as written', () => {
    expect(rationalFromDecimal('0.995')).toEqual(rational(995n, 1000n))
    expect(() => rationalFromDecimal('1e-3')).toThrow('not a plain decimal')
  })

  it('finds integer roots', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 400n }), (value) => {
        const root = integerSqrt(value)
        expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true)
      }),
    )
  })
})
