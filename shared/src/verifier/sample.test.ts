// The sample: exact at its edges, even over digests, different with every part of what it is drawn over.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JobId } from '../contract/ids.ts'
import { hmacSha256, type Digest } from '../exact/digest.ts'
import { utf8 } from '../exact/bytes.ts'
import { rational } from '../exact/rational.ts'
import { checksNeeded, isDrawn, rateOf, sampleOf } from './sample.ts'

const job = { id: 'job' as JobId, samplingKey: new Uint8Array(32).fill(1) }
const digestOf = (n: number): Digest => n.toString(16).padStart(64, '0') as Digest
const TOP = 2n ** 64n - 1n

describe('a sample', () => {
  it('is the first eight bytes of the HMAC, as anybody can recompute', () => {
    const mac = hmacSha256(job.samplingKey, utf8(`sample|job|5|${digestOf(9)}`))
    const expected = Array.from(mac.subarray(0, 8)).reduce((value, byte) => value * 256n + BigInt(byte), 0n)
    expect(sampleOf(job, 5, digestOf(9))).toBe(expected)
  })

  it('differs with the key, the job, the shard and the digest', () => {
    const other = { ...job, samplingKey: new Uint8Array(32).fill(2) }
    const samples = [
      sampleOf(job, 5, digestOf(9)),
      sampleOf(other, 5, digestOf(9)),
      sampleOf({ ...job, id: 'job2' as JobId }, 5, digestOf(9)),
      sampleOf(job, 6, digestOf(9)),
      sampleOf(job, 5, digestOf(8)),
    ]
    expect(new Set(samples).size).toBe(samples.length)
  })

  it('is even: each tenth of the range gets its share, and a rate draws about that many', () => {
    const shards = 4_000
    const samples = Array.from({ length: shards }, (_, shard) => sampleOf(job, shard, digestOf(shard)))
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const sample of samples) {
      const tenth = Number((sample * 10n) >> 64n)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    // Six standard deviations of a binomial with mean 400.
    for (const count of tenths) expect(Math.abs(count - 400)).toBeLessThan(6 * 19)
    const drawn = samples.filter((sample) => isDrawn(sample, rateOf(0.05))).length
    expect(Math.abs(drawn - 200)).toBeLessThan(6 * 14)
  })
})

describe('isDrawn', () => {
  it('is exact at the edges', () => {
    expect(isDrawn(TOP, rateOf(1))).toBe(true)
    expect(isDrawn(0n, rational(0n))).toBe(false)
    expect(isDrawn(2n ** 63n - 1n, rateOf(0.5))).toBe(true)
    expect(isDrawn(2n ** 63n, rateOf(0.5))).toBe(false)
    // 2^64 / 10 is no integer: the last one below it is drawn.
    expect(isDrawn(2n ** 64n / 10n, rateOf(0.1))).toBe(true)
    expect(isDrawn(2n ** 64n / 10n + 1n, rateOf(0.1))).toBe(false)
  })

  it('draws more at a greater rate, never less', () => {
    const rate = fc.double({ min: 0.05, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: TOP }), rate, rate, (sample, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        return !isDrawn(sample, rateOf(low)) || isDrawn(sample, rateOf(high))
      }),
    )
  })

  it('reads the rate as the decimal that was written', () => {
    expect(isDrawn(0n, rateOf(0.1))).toBe(true)
    const { numerator, denominator } = rateOf(0.1)
    expect(numerator * 10n).toBe(denominator)
  })
})

describe('checksNeeded', () => {
  it.each([
    [1, 0.1, 1],
    [2, 0.1, 2],
    [3, 0.05, 3],
    [30, 0.1, 3],
    // 0.1 x 30 is 3.0000000000000004 in doubles: not a fourth check.
    [31, 0.1, 4],
    [1_024, 0.1, 103],
    [64, 1, 64],
    [65_536, 0.05, 3_277],
  ])('of %i shards at %f is %i', (shards, rate, checks) => {
    expect(checksNeeded(shards, rateOf(rate))).toBe(checks)
  })
})
