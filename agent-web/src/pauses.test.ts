// When a tab rests, and when it goes on.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pauseReason, stillWaived, type PauseReason, type Surroundings } from './pauses.ts'
import { defaultSettings, type Settings } from './settings.ts'

const settings: Settings = { ...defaultSettings(8, false), pauseOnBattery: false }
const around: Surroundings = { hidden: false, onBattery: false, minuteOfDay: 720, bytesToday: 0 }
const none = new Set<PauseReason>()

test('nothing was asked: it works, whatever happens', () => {
  const anywhere = { hidden: true, onBattery: true, minuteOfDay: 0, bytesToday: 1e12 }
  expect(pauseReason(settings, anywhere, none)).toBeUndefined()
})

test('battery, where the browser tells', () => {
  const careful = { ...settings, pauseOnBattery: true }
  const reasonOn = (onBattery: boolean | undefined) => pauseReason(careful, { ...around, onBattery }, none)
  expect([true, false, undefined].map(reasonOn)).toEqual(['battery', undefined, undefined])
})

test('hidden and the data cap', () => {
  expect(pauseReason({ ...settings, pauseHidden: true }, { ...around, hidden: true }, none)).toBe('hidden')
  const capped = { ...settings, dataCapMb: 2 }
  expect(pauseReason(capped, { ...around, bytesToday: 1_999_999 }, none)).toBeUndefined()
  expect(pauseReason(capped, { ...around, bytesToday: 2_000_000 }, none)).toBe('data')
})

test('hours over midnight are those of the night, and every minute is in one of two halves of a day', () => {
  const night = { on: true, from: 22 * 60, until: 7 * 60 }
  const reasonAt = (hours: Settings['hours'], minuteOfDay: number) =>
    pauseReason({ ...settings, hours }, { ...around, minuteOfDay }, none)
  expect([0, 419, 420, 720, 1319, 1320].map((minute) => reasonAt(night, minute))).toEqual([
    undefined,
    undefined,
    'hours',
    'hours',
    'hours',
    undefined,
  ])
  const minute = fc.integer({ min: 0, max: 1439 })
  fc.assert(
    fc.property(minute, minute, minute, (from, until, at) => {
      fc.pre(from !== until)
      const works = [reasonAt({ on: true, from, until }, at), reasonAt({ on: true, from: until, until: from }, at)]
      expect(works.filter((reason) => reason === undefined)).toHaveLength(1)
    }),
  )
})

test('waived for this time only: once the reason has gone it holds again', () => {
  const careful = { ...settings, pauseOnBattery: true }
  const waived = new Set<PauseReason>(['battery'])
  const onBattery = { ...around, onBattery: true }
  expect(pauseReason(careful, onBattery, waived)).toBeUndefined()
  expect([...stillWaived(careful, onBattery, waived)]).toEqual(['battery'])
  expect([...stillWaived(careful, around, waived)]).toEqual([])
})
