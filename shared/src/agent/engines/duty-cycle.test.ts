// The share of the time that an engine may work, kept whatever its timers do.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DutyCycle } from './duty-cycle.ts'

/** Works in slices and rests as long as it is told, or longer. Returns the share of the time that it worked. */
function shareKept(share: number, sliceMs: (n: number) => number, latenessMs: (n: number) => number): number {
  const duty = new DutyCycle()
  duty.share = share
  let nowMs = 0
  for (let n = 0; n < 2000; n += 1) {
    const ms = sliceMs(n)
    nowMs += ms
    duty.worked(ms, nowMs)
    const restMs = duty.restMs(nowMs)
    if (restMs > 0) nowMs += restMs + latenessMs(n)
  }
  return duty.busyMs / nowMs
}

test('whatever the slices, and however late its timers, within five points', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 16 }),
      (share, slice, late) => {
        const kept = shareKept(
          share,
          (n) => 1 + ((n * 7) % slice),
          (n) => (n * 5) % (late + 1),
        )
        expect(kept).toBeGreaterThan(share - 0.05)
        expect(kept).toBeLessThan(share + 0.05)
      },
    ),
  )
})

test('timers of once a second leave less than was asked, never more', () => {
  const kept = shareKept(
    0.5,
    () => 20,
    () => 1000,
  )
  expect(kept).toBeLessThan(0.5)
  // A rest of a second buys 200 ms of rests, which are ten slices at once.
  expect(kept).toBeGreaterThan(0.1)
})

test('the full share never rests', () => {
  const duty = new DutyCycle()
  duty.worked(1e6, 1e6)
  expect([duty.isFull, duty.restMs(1e6)]).toEqual([true, 0])
})

test('a pause without work is rest, and buys a little', () => {
  const duty = new DutyCycle()
  duty.share = 0.5
  duty.worked(100, 100)
  expect(duty.restMs(100)).toBe(100)
  expect(duty.restMs(150)).toBe(50)
  duty.worked(50, 10_000)
  expect(duty.restMs(10_000)).toBe(0)
  duty.worked(1000, 11_000)
  expect(duty.restMs(11_000)).toBe(850)
})

test('an abort and another share end a rest', async () => {
  const duty = new DutyCycle()
  duty.share = 0.05
  duty.worked(60_000, performance.now())
  const aborting = new AbortController()
  const resting = duty.rest(aborting.signal)
  aborting.abort()
  await resting
  const again = duty.rest()
  duty.share = 1
  await again
  expect(duty.isFull).toBe(true)
})

test('a piece of work that lasted a night, because the lid closed in it, calls for no more rest than two seconds of work', () => {
  const duty = new DutyCycle()
  duty.share = 0.25
  duty.worked(10 * 3_600_000, 10 * 3_600_000)
  expect(duty.restMs(10 * 3_600_000)).toBe(6_000)
  duty.worked(2_000, 10 * 3_600_000 + 2_000)
  expect(duty.restMs(10 * 3_600_000 + 2_000)).toBe(6_000)
})

test('a share is a number', () => {
  expect(() => {
    new DutyCycle().share = Number.NaN
  }).toThrow(RangeError)
})
