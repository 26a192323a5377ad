// The histogram of a year's losses: exact while small, then bins of equal relative width. Integers only, so that every
// engine puts every loss into the same bin. Narrow: 3,328 bins, 1/128; wide: 3,776 bins, 1/64.
import type { Profile } from './profile.ts'

type Bits = Pick<Profile, 'mantissaBits' | 'lossBits'>

/** One bin for each loss below 2^m, and 2^m for each of the octaves from there on. */
export const binsOf = ({ mantissaBits, lossBits }: Bits): number => (lossBits - mantissaBits + 1) << mantissaBits

/** The bin of a loss in quanta. */
export function binOf({ mantissaBits }: Bits, loss: bigint): number {
  const exact = 1n << BigInt(mantissaBits)
  if (loss < exact) return Number(loss)
  const shift = loss.toString(2).length - 1 - mantissaBits
  return (shift << mantissaBits) + Number(loss >> BigInt(shift))
}

/** The same for losses below 2^32. */
export function narrowBinOf(mantissaBits: number, loss: number): number {
  const shift = Math.max(0, 31 - mantissaBits - Math.clz32(loss))
  return (shift << mantissaBits) + (loss >>> shift)
}

/** The binary logarithm of a bin's width. */
export const octaveOf = ({ mantissaBits }: Bits, bin: number): number => Math.max(0, (bin >> mantissaBits) - 1)

/** The least loss of a bin. */
export function binLower(bits: Bits, bin: number): bigint {
  const octave = octaveOf(bits, bin)
  return BigInt(bin - (octave << bits.mantissaBits)) << BigInt(octave)
}

/** One past the greatest loss of a bin. */
export const binUpper = (bits: Bits, bin: number): bigint => binLower(bits, bin) + (1n << BigInt(octaveOf(bits, bin)))
