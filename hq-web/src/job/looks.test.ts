// Looks of a page follow each other, however often it hears of a change.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { looksOf } from './looks.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a burst is one look, what comes meanwhile is looked at afterwards, and the earliest wish counts', async () => {
  let begun = 0
  let end: () => void = () => undefined
  const looks = looksOf(() => {
    begun++
    return new Promise((resolve) => (end = resolve))
  })
  for (let n = 0; n < 9; n++) looks.soon(500)
  looks.soon(60)
  await vi.advanceTimersByTimeAsync(59)
  expect(begun).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(begun).toBe(1)
  looks.soon(500)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(begun).toBe(1)
  end()
  await vi.advanceTimersByTimeAsync(0)
  expect(begun).toBe(2)
  end()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(begun).toBe(2)
})

test('after the end nothing is looked at, whatever is on its way', async () => {
  let begun = 0
  const looks = looksOf(async () => void begun++)
  looks.soon(10)
  looks.stop()
  looks.soon(0)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(begun).toBe(0)
})
