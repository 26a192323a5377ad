// Exact fractions of BigInt and the one rounding at the end: a result's figure is an exact rational until it is
// rounded once, to the nearest double, ties to even. Nothing here uses Math beyond what IEEE 754 makes exact.

/** numerator / denominator, denominator > 0; not necessarily in lowest terms. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new RangeError('a fraction needs a denominator other than 0')
  return denominator < 0n ? { numerator: -numerator, denominator: -denominator } : { numerator, denominator }
}

const MANTISSA_BITS = 52n
const EXPONENT_BIAS = 1075n // 1023 + 52: a double is mantissa * 2^(exponent - 1075)
const SUBNORMAL_EXPONENT = -1074n

/** The exact value of a double. Throws on NaN and infinities. */
export function rationalFromNumber(value: number): Rational {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a finite number`)
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponentField = (bits >> MANTISSA_BITS) & 0x7ffn
  const fraction = bits & ((1n << MANTISSA_BITS) - 1n)
  const mantissa = exponentField === 0n ? fraction : fraction | (1n << MANTISSA_BITS)
  const exponent = (exponentField === 0n ? 1n : exponentField) - EXPONENT_BIAS
  const signed = bits >> 63n === 1n ? -mantissa : mantissa
  return exponent >= 0n ? rational(signed << exponent) : rational(signed, 1n << -exponent)
}

/** The exact value of a plain decimal such as "0.995". Throws when the text is anything else. */
export function rationalFromDecimal(text: string): Rational {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!match) throw new RangeError(`"${text}" is not a plain decimal`)
  const [, sign = '', whole = '', fraction = ''] = match
  const magnitude = BigInt(whole + fraction)
  return rational(sign === '-' ? -magnitude : magnitude, 10n ** BigInt(fraction.length))
}

export const add = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
export const multiply = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.numerator, a.denominator * b.denominator)
/** Negative, zero or positive as a is less than, equal to or greater than b. */
export const compare = (a: Rational, b: Rational): number => {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function floor({ numerator, denominator }: Rational): bigint {
  const quotient = numerator / denominator
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient
}
export const ceil = ({ numerator, denominator }: Rational): bigint => -floor({ numerator: -numerator, denominator })
/** To the nearest integer, halves up. */
export const round = (value: Rational): bigint => floor(add(value, rational(1n, 2n)))

export function bitLength(value: bigint): number {
  return value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length
}

/** The greatest integer whose square is at most `value`. Newton from above, which only ever descends. */
export function integerSqrt(value: bigint): bigint {
  if (value < 0n) throw new RangeError('a negative number has no integer square root')
  if (value < 2n) return value
  let root = 1n << BigInt((bitLength(value) + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** The nearest double, ties to even; infinities past the greatest double. */
export function toNumber({ numerator, denominator }: Rational): number {
  const negative = numerator < 0n
  return roundedToDouble(negative ? -numerator : numerator, denominator, negative)
}

/** The double nearest to the square root of a fraction that is not negative. */
export function sqrtToNumber({ numerator, denominator }: Rational): number {
  if (numerator < 0n) throw new RangeError('a negative number has no square root')
  if (numerator === 0n) return 0
  // sqrt(n / d) = sqrt(n d 4^s) / (d 2^s). With s so large that the root has over 128 bits, the floor of the root with
  // a sticky bit below it rounds as the true root does.
  const shift = BigInt(Math.max(0, 160 - (bitLength(numerator * denominator) >> 1)))
  const square = (numerator * denominator) << (2n * shift)
  const root = integerSqrt(square)
  const sticky = root * root === square ? 0n : 1n
  return roundedToDouble(root * 2n + sticky, denominator << (shift + 1n), false)
}

function roundedToDouble(numerator: bigint, denominator: bigint, negative: boolean): number {
  if (numerator === 0n) return 0
  // Scale the quotient to 54 or 55 bits below the leading one, keep what is left as a sticky bit, then round half to even.
  let exponent = BigInt(bitLength(numerator) - bitLength(denominator)) - 53n
  if (exponent < SUBNORMAL_EXPONENT) exponent = SUBNORMAL_EXPONENT
  let quotient = divideShifted(numerator, denominator, exponent)
  if (quotient.whole >= 1n << 53n) {
    exponent += 1n
    quotient = divideShifted(numerator, denominator, exponent)
  }
  const twice = quotient.remainder * 2n
  const up = twice > quotient.divisor || (twice === quotient.divisor && quotient.whole % 2n === 1n)
  const mantissa = quotient.whole + (up ? 1n : 0n)
  return doubleOf(mantissa, exponent, negative)
}

/** mantissa 2^exponent put together from its bits, because a power of two by Math.pow is not promised to be exact. */
function doubleOf(mantissa: bigint, exponent: bigint, negative: boolean): number {
  const implicit = 1n << MANTISSA_BITS
  // Rounding up may have carried into the next power of two.
  const [fraction, power] = mantissa === implicit * 2n ? [implicit, exponent + 1n] : [mantissa, exponent]
  const view = new DataView(new ArrayBuffer(8))
  const field = fraction < implicit ? 0n : power + EXPONENT_BIAS
  const sign = negative ? 1n << 63n : 0n
  view.setBigUint64(
    0,
    sign | (field >= 0x7ffn ? 0x7ffn << MANTISSA_BITS : (field << MANTISSA_BITS) | (fraction % implicit)),
  )
  return view.getFloat64(0)
}

function divideShifted(
  numerator: bigint,
  denominator: bigint,
  exponent: bigint,
): { whole: bigint; remainder: bigint; divisor: bigint } {
  const dividend = exponent < 0n ? numerator << -exponent : numerator
  const divisor = exponent > 0n ? denominator << exponent : denominator
  return { whole: dividend / divisor, remainder: dividend % divisor, divisor }
}
