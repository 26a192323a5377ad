// A webhook is called failing when the rule that disables it is near, and not after one test that did not arrive.
import { expect, test } from 'vitest'
import { standingOf } from './standing.ts'

const SINCE = '2026-11-01T10:00:00.000Z'

test.each([
  [true, null, 0, 'enabled'],
  [true, SINCE, 0, 'unsure'],
  [true, SINCE, 2, 'unsure'],
  [true, SINCE, 3, 'failing'],
  [true, SINCE, 4, 'failing'],
  [false, SINCE, 5, 'disabled'],
  [false, null, 0, 'disabled'],
] as const)('enabled %s, failing since %s, %s given up: %s', (enabled, failing_since, failed_deliveries, standing) => {
  expect(standingOf({ enabled, failing_since, failed_deliveries })).toBe(standing)
})
