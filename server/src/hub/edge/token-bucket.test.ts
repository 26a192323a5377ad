// A bucket gives no more than its burst and its rate, in any stretch of time, and says truly how long to wait.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 500 }), burst: fc.integer({ min: 1, max: 500 }) })
const asks = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), tokens: fc.integer({ min: 1, max: 50 }) }),
  { maxLength: 60 },
)

describe('a bucket', () => {
  it('gives at most its burst and its rate, in any stretch of time', () => {
    fc.assert(
      fc.property(rates, asks, ({ perSecond, burst }, all) => {
        const bucket = new TokenBucket({ perSecond, burst }, 0)
        const given: { atMs: number; tokens: number }[] = []
        let nowMs = 0
        for (const { afterMs, tokens } of all) {
          nowMs += afterMs
          if (bucket.take(nowMs, tokens)) given.push({ atMs: nowMs, tokens })
        }
        for (const [i, first] of given.entries()) {
          let sum = 0
          for (const { atMs, tokens } of given.slice(i)) {
            sum += tokens
            expect(sum).toBeLessThanOrEqual(burst + ((atMs - first.atMs) * perSecond) / 1_000 + 1e-6)
          }
        }
      }),
    )
  })

  it('has what was asked for after the time that it says, and not before', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 1_000 }), (rate, owed) => {
        const bucket = new TokenBucket(rate, 0)
        bucket.owe(0, owed)
        const waitMs = bucket.waitMs(0)
        if (waitMs > 2) expect(bucket.take(waitMs - 2)).toBe(false)
        expect(bucket.take(Math.ceil(waitMs + 0.001))).toBe(true)
      }),
    )
  })

  it('takes all or nothing, and is never fuller than its burst', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0)
    expect(bucket.take(1e9, 6)).toBe(false)
    expect(bucket.take(1e9, 5)).toBe(true)
    expect(bucket.waitMs(1e9)).toBe(100)
  })

  it('in debt is as far back as what was owed', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0)
    bucket.owe(0, 25)
    expect(bucket.waitMs(0, 0)).toBe(2_000)
    expect(bucket.waitMs(1_500, 0)).toBe(500)
  })

  it('neither gains nor loses by a clock that steps back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 1_000)
    bucket.owe(1_000, 5)
    expect(bucket.waitMs(0)).toBe(100)
    expect(bucket.waitMs(50)).toBe(50)
  })
})
