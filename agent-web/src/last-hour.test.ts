// The last hour in stretches: what is short does not break one, and what is old goes.
import { expect, test } from 'vitest'
import { HOUR_MS, lastHour } from './last-hour.ts'

test('work, a pause, work again; a gap of milliseconds is none', () => {
  const hour = lastHour()
  hour.add(0, 'work', '')
  hour.add(10_000, 'idle', 'no shard')
  hour.add(10_050, 'work', '')
  hour.add(60_000, 'paused', 'on battery')
  hour.add(90_000, 'work', '')
  expect(hour.read(100_000)).toEqual([
    { doing: 'work', why: '', fromMs: 0, untilMs: 60_000 },
    { doing: 'paused', why: 'on battery', fromMs: 60_000, untilMs: 90_000 },
    { doing: 'work', why: '', fromMs: 90_000, untilMs: 100_000 },
  ])
})

test('stopped, nothing goes on; after an hour it is forgotten', () => {
  const hour = lastHour()
  hour.add(0, 'work', '')
  hour.add(30_000, undefined, '')
  expect(hour.read(40_000)).toEqual([{ doing: 'work', why: '', fromMs: 0, untilMs: 30_000 }])
  expect(hour.read(HOUR_MS + 10_000)).toEqual([{ doing: 'work', why: '', fromMs: 10_000, untilMs: 30_000 }])
  expect(hour.read(HOUR_MS + 30_001)).toEqual([])
})
