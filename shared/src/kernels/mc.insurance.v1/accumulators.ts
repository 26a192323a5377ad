// One shard's accumulators as the WASM and the WGSL keep them: u32 words that start at 0. Read here, written there.
import { encodePartial } from './partial.ts'
import { BINS } from './histogram.ts'

/** Words: 0-1 sum, 2-4 sum of squares, 5-6 claims, 7 years at the aggregate limit, 8 ~least, 9 greatest; 16 on: bins. */
const HISTOGRAM = 16
export const ACCUMULATORS = HISTOGRAM + BINS

export function encodeAccumulators(words: Uint32Array, units: number): Uint8Array {
  const limbs = (at: number, count: number): bigint => {
    let value = 0n
    for (let i = count - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[at + i] ?? 0)
    return value
  }
  const histogram = words.subarray(HISTOGRAM, ACCUMULATORS)
  return encodePartial({
    units,
    sum: limbs(0, 2),
    sumSquares: limbs(2, 3),
    claims: limbs(5, 2),
    // Bin 0 holds the losses of 0 and no others.
    zeroYears: histogram[0] ?? 0,
    yearsAtAggregateLimit: words[7] ?? 0,
    least: ~(words[8] ?? 0) >>> 0,
    greatest: words[9] ?? 0,
    histogram,
  })
}
