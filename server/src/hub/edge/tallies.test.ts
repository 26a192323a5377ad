// A session hears of the first change at once, of many soon after in one frame, and of the last one always.
import type { Tally } from '@forge/shared/contract/agent-events.ts'
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TALLY_PACE_MS } from './limits.ts'
import { Tallies } from './tallies.ts'

const [one, other] = ['one', 'other'] as [SessionId, SessionId]
const accepted = (count: number): Tally => ({ accepted: count, pending: 0, rejected: 0 })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('many changes are one frame, and the last one is said', () => {
  const said: [SessionId, number][] = []
  const tallies = new Tallies((session, tally) => said.push([session, tally.accepted]))
  for (let count = 1; count <= 50; count++) tallies.changed(one, accepted(count))
  tallies.changed(other, accepted(7))
  expect(said).toEqual([
    [one, 1],
    [other, 7],
  ])
  vi.advanceTimersByTime(TALLY_PACE_MS)
  expect(said.slice(2)).toEqual([[one, 50]])
  vi.advanceTimersByTime(TALLY_PACE_MS)
  expect(said).toHaveLength(3)
  tallies.changed(one, accepted(51))
  expect(said.at(-1)).toEqual([one, 51])
})

test('one that has left is told nothing', () => {
  const said: SessionId[] = []
  const tallies = new Tallies((session) => said.push(session))
  tallies.changed(one, accepted(1))
  tallies.changed(one, accepted(2))
  tallies.left(one)
  vi.advanceTimersByTime(10 * TALLY_PACE_MS)
  expect(said).toEqual([one])
  tallies.close()
})
