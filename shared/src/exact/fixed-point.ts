// Fixed-point mathematics on BigInt: the functions that tables are compiled from, with the same bits on every engine
// because integers are all they use. Leaves exact fractions, and the one rounding to a double, to rational.ts.
import { bitLength, floor, integerSqrt, multiply, rational, rationalFromNumber } from './rational.ts'
import type { Rational } from './rational.ts'

/** A real number x as the integer nearest below x * 2^192. One unit in the last place ("ulp") is 2^-192. */
export type Fixed = bigint

/** 192 = 65 bits lost to cancellation in the furthest tail + 16 lost in `exp` + over 100 good ones left. */
export const FRACTION_BITS = 192n
export const ONE: Fixed = 1n << FRACTION_BITS

/** Constants are computed with as many bits more, so that they are right to one ulp. */
export const GUARD_BITS = 32n

/** Exact but for the floor: at most one ulp below the double. */
export const fixedFromNumber = (value: number): Fixed =>
  floor(multiply(rationalFromNumber(value), rational(1n << FRACTION_BITS)))
export const rationalFromFixed = (value: Fixed): Rational => rational(value, ONE)

/** Floor of the product: at most one ulp below. */
export const fixedMultiply = (a: Fixed, b: Fixed): Fixed => (a * b) >> FRACTION_BITS
/** Rounds towards 0: less than one ulp off. */
export const fixedDivide = (a: Fixed, b: Fixed): Fixed => (a << FRACTION_BITS) / b
/** Floor of the root. Throws below 0. */
export const fixedSqrt = (x: Fixed): Fixed => integerSqrt(x << FRACTION_BITS)

/** artanh(1/q) or arctan(1/q) as the sum of (+-1)^k / ((2k + 1) q^(2k + 1)). */
function inverseSeries(q: bigint, sign: 1n | -1n): bigint {
  let power = (ONE << GUARD_BITS) / q
  let sum = 0n
  let signed = 1n
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += (signed * power) / k
    power /= q * q
    signed *= sign
  }
  return sum
}

/** ln 2 = 2 artanh(1/3), with the guard bits: within 2^-216. */
export const LN_2_GUARDED: bigint = 2n * inverseSeries(3n, 1n)
export const LN_2: Fixed = LN_2_GUARDED >> GUARD_BITS
/** pi by Machin's formula, 16 arctan(1/5) - 4 arctan(1/239). */
export const PI: Fixed = (16n * inverseSeries(5n, -1n) - 4n * inverseSeries(239n, -1n)) >> GUARD_BITS
const SQRT_TWO_PI = fixedSqrt(2n * PI)

const HALVINGS = 8n

/**
 * e^x for |x| <= 256, within 2^-176 of the true value, relatively, and one ulp absolutely.
 * x = n ln 2 + r: Taylor's series of r / 2^8, some 18 terms, then eight squarings, each of which doubles the relative
 * error that the terms' floors left (at most 2^-187).
 */
export function exp(x: Fixed): Fixed {
  const doublings = x / LN_2
  const argument = (x - doublings * LN_2) >> HALVINGS
  let term = ONE
  let power = ONE
  for (let k = 1n; term !== 0n; k++) {
    term = fixedMultiply(term, argument) / k
    power += term
  }
  for (let i = 0n; i < HALVINGS; i++) power = fixedMultiply(power, power)
  return doublings >= 0n ? power << doublings : power >> -doublings
}

/**
 * The natural logarithm of x > 0, within 2^-180 for ulp < x < 2^256, but no better than x itself is known.
 * x = 2^n m with m in [1, 2): n ln 2 + 2 artanh((m - 1) / (m + 1)). Throws at 0 and below.
 */
export function ln(x: Fixed): Fixed {
  if (x <= 0n) throw new RangeError('only a positive number has a logarithm')
  const doublings = BigInt(bitLength(x) - 1) - FRACTION_BITS
  const m = doublings >= 0n ? x >> doublings : x << -doublings
  const ratio = fixedDivide(m - ONE, m + ONE)
  const square = fixedMultiply(ratio, ratio)
  let power = ratio
  let sum = 0n
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k
    power = fixedMultiply(power, square)
  }
  return doublings * LN_2 + 2n * sum
}

/**
 * 1 / phi(z) of the standard normal density phi, |z| <= 10, within 2^-174 relatively. The density itself is as small as
 * 2^-62 at z = 9 and would keep 130 bits; its reciprocal keeps them all.
 */
export const reciprocalDensity = (z: Fixed): Fixed => fixedMultiply(exp(fixedMultiply(z, z) / 2n), SQRT_TWO_PI)

/** phi(z) = exp(-z^2 / 2) / sqrt(2 pi), |z| <= 10, within 2^-174 relatively and one ulp absolutely. */
export const normalDensity = (z: Fixed): Fixed => fixedDivide(ONE, reciprocalDensity(z))

/**
 * Q(z) = P(Z > z) of the standard normal for 0 <= z <= 10, within 2^-173 absolutely: 2^-108 relatively at z = 9.16,
 * where the tail is 2^-65. Pass 1 / phi(z) where it is at hand.
 * 1/2 - phi(z) (z + z^3/3 + z^5/15 + ...), Abramowitz & Stegun 26.2.11: all terms have one sign, some 200 at z = 9.
 */
export function upperTail(z: Fixed, reciprocal: Fixed = reciprocalDensity(z)): Fixed {
  const square = fixedMultiply(z, z)
  let term = z
  let sum = z
  for (let k = 3n; term !== 0n; k += 2n) {
    term = fixedMultiply(term, square) / k
    sum += term
  }
  return ONE / 2n - fixedDivide(sum, reciprocal)
}

/**
 * The z whose upper tail is Q(from) - x phi(from), Q and phi being the normal tail and density, by Taylor's series to x^4: the error is about (x max(1, from))^5.
 * Coefficients from z' = 1 / phi, z'' = z z'^2; Steinbrecher & Shaw, "Quantile mechanics", 2008.
 */
export function shiftedQuantile(from: Fixed, x: Fixed): Fixed {
  const square = fixedMultiply(from, from)
  const cubic = (2n * square + ONE) / 6n
  const quartic = fixedMultiply(from, 6n * square + 7n * ONE) / 24n
  // Horner's scheme: x (1 + x (z/2 + x (cubic + x quartic))).
  const inner = fixedMultiply(x, cubic + fixedMultiply(x, quartic))
  return from + fixedMultiply(x, ONE + fixedMultiply(x, from / 2n + inner))
}

const ACCURATE_ENOUGH = 1n << (FRACTION_BITS - 40n)

/**
 * The z >= 0 whose upper tail is p, for 2^-66 <= p <= 1/2, within 2^-110. Newton's method on ln Q, which is nearly
 * quadratic in z, until the correction is below 2^-40; the last correction, of fifth order, does the rest.
 */
export function upperTailQuantile(p: Fixed): Fixed {
  if (p > ONE / 2n || p < ONE >> 66n) throw new RangeError('a tail probability from 2^-66 to 1/2 is needed')
  let z = fixedSqrt(-2n * ln(2n * p))
  for (;;) {
    const reciprocal = reciprocalDensity(z)
    const tail = upperTail(z, reciprocal)
    const correction = fixedMultiply(fixedMultiply(tail, reciprocal), ln(fixedDivide(tail, p)))
    if (-ACCURATE_ENOUGH < correction && correction < ACCURATE_ENOUGH) {
      return shiftedQuantile(z, fixedMultiply(tail - p, reciprocal))
    }
    z += correction
  }
}
