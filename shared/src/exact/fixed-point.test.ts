// Fixed-point functions against published digits and their own laws, within the bounds that they state.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  exp,
  FRACTION_BITS,
  fixedDivide,
  fixedFromNumber,
  fixedMultiply,
  fixedSqrt,
  LN_2,
  ln,
  normalDensity,
  ONE,
  PI,
  rationalFromFixed,
  upperTail,
  upperTailQuantile,
} from './fixed-point.ts'
import type { Fixed } from './fixed-point.ts'
import { toNumber } from './rational.ts'

/** A plain decimal, truncated to fixed point. */
function decimal(text: string): Fixed {
  const [whole = '0', fraction = ''] = text.split('.')
  return (BigInt(whole + fraction) << FRACTION_BITS) / 10n ** BigInt(fraction.length)
}
const distance = (a: Fixed, b: Fixed): Fixed => (a > b ? a - b : b - a)
/** 2^-bits. */
const within = (bits: number): Fixed => 1n << (FRACTION_BITS - BigInt(bits))
const relative = (bits: number, value: Fixed): Fixed => (value >> BigInt(bits)) + 1n

describe('published digits', () => {
  it.each([
    ['e', exp(ONE), '2.718281828459045235360287471352662497757247093699959574966967', 176],
    ['exp(-3.5)', exp((-7n * ONE) / 2n), '0.030197383422318500739786292363619845071660532247657', 165],
    ['ln 2', LN_2, '0.693147180559945309417232121458176568075500134360255254120680', 190],
    ['ln 10', ln(10n * ONE), '2.3025850929940456840179914546843642076011014886288', 160],
    ['pi', PI, '3.141592653589793238462643383279502884197169399375105820974944', 190],
    ['the root of 2', fixedSqrt(2n * ONE), '1.414213562373095048801688724209698078569671875376948073176679', 190],
    ['Q(1)', upperTail(ONE), '0.1586552539314570514147674543679620775220870332734', 160],
    ['Q(5)', upperTail(5n * ONE), '0.00000028665157187919391167375233287464535385442301361189', 173],
    ['Q(9)', upperTail(9n * ONE), '0.00000000000000000011285884059538406477355020759687472579800419008182', 173],
    ['z(0.025)', upperTailQuantile(ONE / 40n), '1.9599639845400542355245944305205515279555500778695', 160],
    ['z(0.005)', upperTailQuantile(ONE / 200n), '2.5758293035489007609785767486038141173060176342763', 160],
    ['z(0.001)', upperTailQuantile(ONE / 1000n), '3.0902323061678135415403998301073792054910084918658', 160],
    ['z(2^-65)', upperTailQuantile(ONE >> 65n), '9.1552937726860725459964837423735836492171704655155', 110],
  ])('%s', (_, value, digits, bits) => {
    expect(distance(value, decimal(digits)) < within(bits)).toBe(true)
  })

  it('of the largest exponential are right to 176 bits', () => {
    const expected = decimal('26881171418161354484126255515800135873611118.7737419224151916')
    expect(distance(exp(100n * ONE), expected) < relative(176, expected)).toBe(true)
  })
})

const fixed = (min: number, max: number): fc.Arbitrary<Fixed> =>
  fc.bigInt({ min: BigInt(min) * ONE, max: BigInt(max) * ONE })

describe('exp and ln', () => {
  it('turn sums into products', () => {
    fc.assert(
      fc.property(fixed(-60, 60), fixed(-60, 60), (a, b) => {
        // Below 1 the absolute error of one ulp is multiplied by the other factor.
        const [x, y, xy] = [exp(a), exp(b), exp(a + b)]
        expect(
          distance(fixedMultiply(x, y), xy) <= relative(174, xy) + (x >> FRACTION_BITS) + (y >> FRACTION_BITS) + 4n,
        ).toBe(true)
      }),
    )
  })

  it('are inverse to each other', () => {
    fc.assert(
      fc.property(fixed(-5, 80), (x) => {
        expect(distance(ln(exp(x)), x) < within(165)).toBe(true)
      }),
    )
  })

  it('rise', () => {
    fc.assert(
      fc.property(fixed(-60, 60), fc.bigInt({ min: 1n << 100n, max: ONE }), (x, step) => {
        expect(exp(x + step) > exp(x)).toBe(true)
      }),
    )
  })

  it('agree with doubles to a few of their last places', () => {
    fc.assert(
      fc.property(fc.double({ min: -20, max: 20, noNaN: true }), (x) => {
        expect(toNumber(rationalFromFixed(exp(fixedFromNumber(x)))) / Math.exp(x)).toBeCloseTo(1, 14)
      }),
    )
  })

  it('refuse a logarithm that does not exist', () => {
    expect(() => ln(0n)).toThrow('positive')
  })
})

describe('the normal tail', () => {
  /** The continued fraction of Mills' ratio, Abramowitz & Stegun 26.2.14: another method, good far out. */
  const tailByFraction = (z: Fixed): Fixed => {
    let fraction = z
    for (let k = 700n; k > 0n; k--) fraction = z + fixedDivide(k * ONE, fraction)
    return fixedDivide(normalDensity(z), fraction)
  }

  it('is what its continued fraction says', () => {
    fc.assert(
      fc.property(fixed(5, 10), (z) => {
        expect(distance(upperTail(z), tailByFraction(z)) < within(173)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('has the density as its slope', () => {
    fc.assert(
      fc.property(fixed(1, 9), (z) => {
        const h = within(48)
        const slope = fixedDivide(upperTail(z - h) - upperTail(z + h), 2n * h)
        expect(distance(slope, normalDensity(z)) < within(94)).toBe(true)
      }),
    )
  })

  it('is undone by its quantile', () => {
    const p = fc.tuple(fc.integer({ min: 1, max: 65 }), fc.bigInt({ min: 0n, max: ONE - 1n }))
    fc.assert(
      fc.property(p, ([octave, within1]) => {
        const tail = (ONE + within1) >> BigInt(octave + 1)
        expect(distance(upperTail(upperTailQuantile(tail)), tail) < within(170)).toBe(true)
      }),
    )
  })

  it('is half at 0, and no quantile reaches below 2^-66', () => {
    expect(upperTail(0n)).toBe(ONE / 2n)
    expect(upperTailQuantile(ONE / 2n)).toBe(0n)
    expect(() => upperTailQuantile(ONE >> 67n)).toThrow('2^-66')
  })
})
