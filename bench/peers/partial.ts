// Reads partials of layout 1 by the words of the kernel's README, so that what is compared is what an agent would send,
// and no decoder of ours stands between its bytes and those who must agree with them.
import type { Work } from './answer.ts'

export const BINS = 3328
const LAYOUT = 1
const HISTOGRAM_AT = 52

export function workOf(partial: Uint8Array): Work {
  const view = new DataView(partial.buffer, partial.byteOffset, partial.byteLength)
  const u32 = (at: number): number => view.getUint32(at, true)
  if (u32(0) !== LAYOUT) throw new Error(`the founding request's partials have layout ${LAYOUT}, not ${u32(0)}`)
  return {
    sum: String(view.getBigUint64(8, true)),
    sumSquares: String(view.getBigUint64(16, true) | (BigInt(u32(24)) << 64n)),
    claims: String(view.getBigUint64(28, true)),
    yearsAtAggregateLimit: u32(40),
    least: u32(44),
    greatest: u32(48),
    histogram: histogramOf(partial.subarray(HISTOGRAM_AT)),
  }
}

function histogramOf(bytes: Uint8Array): number[] {
  const histogram = Array.from({ length: BINS }, () => 0)
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  let bin = 0
  while (at < bytes.length) {
    bin += varint()
    for (let length = varint(); length > 0; length--) histogram[bin++] = varint()
  }
  return histogram
}

/** Of several shards together. */
export function addedUp(works: readonly Work[]): Work {
  const total = (of: (work: Work) => string): string => String(works.reduce((sum, work) => sum + BigInt(of(work)), 0n))
  return {
    sum: total(({ sum }) => sum),
    sumSquares: total(({ sumSquares }) => sumSquares),
    claims: total(({ claims }) => claims),
    yearsAtAggregateLimit: works.reduce((sum, work) => sum + work.yearsAtAggregateLimit, 0),
    least: Math.min(...works.map(({ least }) => least)),
    greatest: Math.max(...works.map(({ greatest }) => greatest)),
    histogram: Array.from({ length: BINS }, (_, bin) =>
      works.reduce((sum, { histogram }) => sum + (histogram[bin] ?? 0), 0),
    ),
  }
}
