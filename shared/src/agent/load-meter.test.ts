// How busy an engine was: of the last ten seconds alone, and of all its lanes.
import { expect, test } from 'vitest'
import { loadMeter } from './load-meter.ts'

test('half of the time of two lanes, then nothing', () => {
  const meter = loadMeter()
  expect(meter.read(0, 2)).toBe(0)
  for (let nowMs = 0; nowMs <= 20_000; nowMs += 100) meter.add(nowMs, nowMs)
  expect(meter.read(20_000, 2)).toBeCloseTo(0.5, 1)
  for (let nowMs = 20_000; nowMs <= 40_000; nowMs += 1000) meter.add(nowMs, 20_000)
  expect(meter.read(40_000, 2)).toBe(0)
})

test('another engine begins anew, and nobody is busier than all of the time', () => {
  const meter = loadMeter()
  meter.add(0, 50_000)
  meter.add(1000, 10)
  meter.add(2000, 1500)
  expect(meter.read(2000, 1)).toBe(1)
  expect(meter.read(2000, 0)).toBe(0)
})
