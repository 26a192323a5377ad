// The least and greatest loss of a wide shard as its programs leave them. WGSL has no atomic of 64 bits, so that
// kernel.wide.wgsl keeps the low words beside the high words that they belong to, in records behind the bins; WASM
// leaves those words 0. Read here, before the accumulators become a partial.

/** Places for a record, two words each, and a word that says that they were not enough, and one unused. */
const RECORDS = 63
const RECORD_WORDS = 2 * RECORDS + 2
/** ~least and greatest have one set each. */
const EXTREMES = [12, 14] as const

/** What `wide` accumulates behind its bins. */
export const EXTREMES_WORDS = EXTREMES.length * RECORD_WORDS

/** Wide accumulators with both words of each extreme in their place. */
export function withExtremes(accumulators: Uint32Array): Uint32Array {
  const words = Uint32Array.from(accumulators.subarray(0, accumulators.length - EXTREMES_WORDS))
  EXTREMES.forEach((at, i) => {
    const records = accumulators.subarray(words.length + i * RECORD_WORDS, words.length + (i + 1) * RECORD_WORDS)
    if (records[2 * RECORDS] !== 0) throw new Error('a shard raised its extremes more often than there are records')
    const high = words[at + 1] ?? 0
    // Without a record the low word stands in its place: the high word is 0, or the program is WASM.
    for (let place = 0; place < RECORDS; place++) {
      if (high !== 0 && records[2 * place] === high) words[at] = records[2 * place + 1] ?? 0
    }
  })
  return words
}
