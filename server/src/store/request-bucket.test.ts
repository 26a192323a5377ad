// The laws of a project's bucket: never more than it holds and what came back since, however it is asked; and all of that.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takenFrom, type RequestBucket } from './request-bucket.ts'

const steps = fc.array(
  fc.record({ asked: fc.integer({ min: 1, max: 50 }), laterMs: fc.integer({ min: 0, max: 200_000 }) }),
  { maxLength: 60 },
)

test('in any stretch of time no more is granted than a full bucket and what came back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), steps, (perMinute, asked) => {
      let bucket: RequestBucket | null = null
      let nowMs = 1_790_000_000_000
      const first = nowMs
      let granted = 0
      for (const step of asked) {
        nowMs += step.laterMs
        const next = takenFrom(bucket, { perMinute, asked: step.asked, nowMs })
        bucket = next.bucket
        granted += next.taken.granted
        expect(granted).toBeLessThanOrEqual(perMinute + Math.floor(((nowMs - first) * perMinute) / 60_000))
        // Who got less than was asked for has had all that there was.
        if (next.taken.granted < step.asked) expect(next.taken.left).toBe(0)
      }
    }),
  )
})

test('after the wait that it names there is one, and not before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (perMinute) => {
      const nowMs = 1_790_000_000_000
      const { bucket, taken } = takenFrom(null, { perMinute, asked: perMinute, nowMs })
      expect(taken).toMatchObject({ granted: perMinute, left: 0 })
      const at = (ms: number) => takenFrom(bucket, { perMinute, asked: 1, nowMs: nowMs + ms }).taken.granted
      expect([at(taken.nextInMs - 1), at(taken.nextInMs)]).toEqual([0, 1])
    }),
  )
})

test('a clock that was set back gives nothing; by more than a minute, it begins anew', () => {
  const at = { level: 0, atMs: 1_000_000 }
  const asked = { perMinute: 60, asked: 1 }
  expect(takenFrom(at, { ...asked, nowMs: 970_000 })).toMatchObject({
    taken: { granted: 0 },
    bucket: { atMs: 1_000_000 },
  })
  const back = takenFrom(at, { ...asked, nowMs: 900_000 })
  expect(back).toMatchObject({ taken: { granted: 0 }, bucket: { atMs: 900_000 } })
  expect(takenFrom(back.bucket, { ...asked, nowMs: 901_000 })).toMatchObject({ taken: { granted: 1 } })
})
