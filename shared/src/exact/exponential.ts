// The exponential for those who need thousands of it: 224 fraction bits, mantissa and power of two apart, some 2 us
// each. A fifth of the time of `exp` in fixed-point.ts, which stays as the plain definition that tests compare with.
import { FRACTION_BITS, GUARD_BITS, LN_2_GUARDED, type Fixed } from './fixed-point.ts'

/** mantissa * 2^(power - EXPONENTIAL_BITS), the mantissa from 1 to 2 in units of 2^-EXPONENTIAL_BITS. */
export interface Exponential {
  readonly mantissa: bigint
  readonly power: bigint
}

/** Four 64-bit digits hold them as well as 193, so the guard bits are free. */
export const EXPONENTIAL_BITS = FRACTION_BITS + GUARD_BITS
const UNIT = 1n << EXPONENTIAL_BITS

const LEVELS = 4
const LEVEL_BITS = 6n
const LEVEL_SIZE = 1n << LEVEL_BITS

/**
 * e^x for |x| <= 256 within 2^-200, relatively, x taken as exact.
 * x = n ln 2 + r, r cut into four digits of six bits, whose exponentials lie in tables, and a rest below 2^-24, of
 * which eight terms of Taylor's series leave 2^-234. n ln 2 errs by 2^-207 (n below 2^9, the constant within 2^-216);
 * each of the twelve products floors away less than 2^-224, and a table's entry is 63 floored products.
 */
export function exponential(x: Fixed): Exponential {
  tables ??= compileTables()
  const guarded = x << GUARD_BITS
  const estimate = guarded / LN_2_GUARDED
  // Division rounds towards 0; the rest must not be negative.
  const power = estimate * LN_2_GUARDED > guarded ? estimate - 1n : estimate
  let rest = guarded - power * LN_2_GUARDED
  let place = EXPONENTIAL_BITS
  let mantissa = UNIT
  for (const level of tables.levels) {
    place -= LEVEL_BITS
    const digit = rest >> place
    rest -= digit << place
    mantissa = (mantissa * (level[Number(digit)] ?? UNIT)) >> EXPONENTIAL_BITS
  }
  let series = 0n
  for (const coefficient of tables.coefficients) series = coefficient + ((series * rest) >> EXPONENTIAL_BITS)
  return { mantissa: (mantissa * series) >> EXPONENTIAL_BITS, power }
}

interface Tables {
  /** e^(digit / 64^level). */
  readonly levels: readonly (readonly bigint[])[]
  /** 1/8!, 1/7!, ... 1/0!, as Horner's scheme takes them. */
  readonly coefficients: readonly bigint[]
}
let tables: Tables | undefined

function compileTables(): Tables {
  const levels: bigint[][] = []
  for (let level = 1n; level <= LEVELS; level++) {
    const base = seriesOf(UNIT >> (LEVEL_BITS * level))
    const entries = [UNIT]
    for (let digit = 1n; digit < LEVEL_SIZE; digit++) {
      entries.push(((entries.at(-1) ?? UNIT) * base) >> EXPONENTIAL_BITS)
    }
    levels.push(entries)
  }
  const coefficients = [UNIT]
  for (let k = 1n; k <= 8n; k++) coefficients.unshift((coefficients[0] ?? UNIT) / k)
  return { levels, coefficients }
}

/** Taylor's series to its last term above 0, for a step of at most 1/64: fewer than 40 terms. */
function seriesOf(argument: bigint): bigint {
  let term = UNIT
  let sum = 0n
  for (let k = 1n; term !== 0n; k++) {
    sum += term
    term = ((term * argument) >> EXPONENTIAL_BITS) / k
  }
  return sum
}
