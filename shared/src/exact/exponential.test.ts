// The fast exponential against the plain one, and against its own laws to the precision that only it has.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EXPONENTIAL_BITS, exponential } from './exponential.ts'
import { exp, FRACTION_BITS, ONE, type Fixed } from './fixed-point.ts'

const exponent = fc.bigInt({ min: -256n * ONE, max: 256n * ONE })
const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)

function fixedOf(x: Fixed): Fixed {
  const { mantissa, power } = exponential(x)
  const by = power + FRACTION_BITS - EXPONENTIAL_BITS
  return by >= 0n ? mantissa << by : mantissa >> -by
}

describe('the fast exponential', () => {
  it('is the plain one, within what that states of itself', () => {
    fc.assert(
      fc.property(exponent, (x) => {
        const plain = exp(x)
        expect(distance(fixedOf(x), plain) <= (plain >> 176n) + 2n).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('turns sums into products, within 2^-200', () => {
    fc.assert(
      fc.property(exponent, exponent, (a, b) => {
        fc.pre(a + b <= 256n * ONE && a + b >= -256n * ONE)
        const [x, y, xy] = [exponential(a), exponential(b), exponential(a + b)]
        const product = x.mantissa * y.mantissa
        const wanted = xy.mantissa << (EXPONENTIAL_BITS + xy.power - x.power - y.power)
        expect(distance(product, wanted) <= product >> 198n).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is 1 at 0, and its mantissa is from 1 to 2', () => {
    const unit = 1n << EXPONENTIAL_BITS
    expect(exponential(0n)).toEqual({ mantissa: unit, power: 0n })
    fc.assert(
      fc.property(exponent, (x) => {
        const { mantissa } = exponential(x)
        expect(mantissa >= unit && mantissa <= 2n * unit).toBe(true)
      }),
    )
  })
})
