// When HQ asks again by itself, and how long it waits.
import { expect, test } from 'vitest'
import { mayPass, pauseMs } from './again.ts'

test('pauses double from half a second on, up to half a minute', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 50, 5_000].map(pauseMs)).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test.each([
  [0, true, true],
  [503, true, true],
  [502, true, true],
  [500, false, false],
  [401, false, false],
  [404, false, false],
  [409, true, false],
  [429, true, false],
])('a problem of status %i, retryable %s: %s', (status, retryable, passes) => {
  expect(mayPass({ status, retryable })).toBe(passes)
})
