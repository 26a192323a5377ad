// The histogram of a year's losses: exact below 128 quanta, then bins of relative width 1/128. Integers only, so that
// every engine puts every loss into the same bin.

const MANTISSA_BITS = 7
const EXACT_BELOW = 1 << MANTISSA_BITS
/** 128 exact bins and 128 for each of the octaves 2^7 to 2^31. */
export const BINS = EXACT_BELOW + (32 - MANTISSA_BITS) * EXACT_BELOW

/** The bin of a loss, a u32 count of quanta. */
export function binOf(loss: number): number {
  if (loss < EXACT_BELOW) return loss
  const exponent = 31 - Math.clz32(loss)
  return EXACT_BELOW * (exponent - MANTISSA_BITS + 1) + ((loss >>> (exponent - MANTISSA_BITS)) - EXACT_BELOW)
}

/** The least loss of a bin. */
export function binLower(bin: number): bigint {
  if (bin < EXACT_BELOW) return BigInt(bin)
  const octave = BigInt((bin - EXACT_BELOW) >> MANTISSA_BITS)
  return BigInt(EXACT_BELOW + (bin % EXACT_BELOW)) << octave
}

/** One past the greatest loss of a bin. */
export const binUpper = (bin: number): bigint => binLower(bin + 1)
