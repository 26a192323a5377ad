// The low words of wide extremes, looked up as WGSL and WASM leave them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accumulatorsOf } from './accumulators.ts'
import { EXTREMES_WORDS, withExtremes } from './extremes.ts'
import { WIDE } from './profile.ts'

const HEAD_AND_BINS = accumulatorsOf(WIDE)
const GREATEST = { at: 14, records: HEAD_AND_BINS + EXTREMES_WORDS / 2 }
const LEAST = { at: 12, records: HEAD_AND_BINS }

/** One workgroup after the other, as kernel.wide.wgsl does it. */
function merge(words: Uint32Array, { at, records }: typeof LEAST, value: bigint): void {
  const [low, high] = [Number(value & 0xffffffffn), Number(value >> 32n)]
  if ((words[at + 1] ?? 0) > high) return
  words[at + 1] = high
  let to = at
  if (high !== 0) {
    let place = records
    while (words[place] !== 0 && words[place] !== high) place += 2
    words[place] = high
    to = place + 1
  }
  words[to] = Math.max(words[to] ?? 0, low)
}

const extreme = (words: Uint32Array, { at }: typeof LEAST): bigint =>
  (BigInt(words[at + 1] ?? 0) << 32n) | BigInt(words[at] ?? 0)

/** Few high words, so that many values share one; fewer than there are records. */
const values = fc.array(
  fc
    .tuple(fc.constantFrom(0n, 1n, 2n, 7n, 0xffffffffn), fc.bigInt(0n, 2n ** 32n - 1n))
    .map(([high, low]) => (high << 32n) | low),
  { minLength: 1 },
)

describe('wide extremes', () => {
  it('are the greatest of what workgroups brought, whatever their order', () => {
    fc.assert(
      fc.property(values, values, (greatest, least) => {
        const words = new Uint32Array(HEAD_AND_BINS + EXTREMES_WORDS)
        for (const value of greatest) merge(words, GREATEST, value)
        for (const value of least) merge(words, LEAST, value)
        const found = withExtremes(words)
        expect(found.length).toBe(HEAD_AND_BINS)
        expect(extreme(found, GREATEST)).toBe(greatest.reduce((a, b) => (a > b ? a : b)))
        expect(extreme(found, LEAST)).toBe(least.reduce((a, b) => (a > b ? a : b)))
      }),
    )
  })

  it('stay as they are without records', () => {
    const words = Uint32Array.from({ length: HEAD_AND_BINS + EXTREMES_WORDS }, (_, i) => (i < HEAD_AND_BINS ? ~i : 0))
    expect(withExtremes(words)).toEqual(words.subarray(0, HEAD_AND_BINS))
  })

  it.each([LEAST, GREATEST])('are refused when the records were not enough: %o', ({ records }) => {
    const words = new Uint32Array(HEAD_AND_BINS + EXTREMES_WORDS)
    words[records + EXTREMES_WORDS / 2 - 2] = 1
    expect(() => withExtremes(words)).toThrow('more often than there are records')
  })
})
