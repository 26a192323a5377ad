// Settings survive whatever is found in their place.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amountOf, defaultSettings, PRESETS, readSettings, SETTING_LIMITS, takes } from './settings.ts'
import { KINDS } from './text.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'

const standard = defaultSettings(8, false)

test('what was kept comes back', () => {
  const mine = {
    ...standard,
    ...amountOf('quiet', 8),
    preset: null,
    dataCapMb: 500,
    kinds: { 'mc/1/insurance.v1': false },
    hours: { on: true, from: 60, until: 120 },
    name: 'Ada',
  }
  expect(readSettings(JSON.stringify(mine), standard)).toEqual(mine)
  expect(readSettings(JSON.stringify({ ...mine, dataCapMb: null }), standard).dataCapMb).toBeNull()
})

test('nothing, or nonsense, is the standard', () => {
  for (const text of [null, '', '{', '7', '[]', 'null', '{"cpu":"all","workers":0,"hours":7,"kinds":[1],"name":5}']) {
    expect(readSettings(text, standard)).toEqual(standard)
  }
})

test('whatever is found, every figure is within its limits', () => {
  const field = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.string(), fc.constant(null), fc.object())
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(standard), 'x'), field), (found) => {
      const { workers, cpu, gpu, dataCapMb, hours, name, preset } = readSettings(JSON.stringify(found), standard)
      for (const per of [cpu, gpu]) expect(per >= SETTING_LIMITS.percentMin && per <= 100).toBe(true)
      expect(Number.isInteger(workers) && workers >= 1 && workers <= SETTING_LIMITS.workersMax).toBe(true)
      expect(dataCapMb === null || dataCapMb >= 1).toBe(true)
      expect(hours.from >= 0 && hours.until < 1440).toBe(true)
      expect(name.length).toBeLessThanOrEqual(80)
      expect(preset === null || PRESETS.includes(preset)).toBe(true)
    }),
  )
})

test('a metered link has a cap from the beginning', () => {
  expect([defaultSettings(4, true).dataCapMb, defaultSettings(4, false).dataCapMb]).toEqual([200, null])
})

test('every preset is at least one worker, on one core too', () => {
  expect(PRESETS.map((preset) => amountOf(preset, 1).workers)).toEqual([1, 1, 1])
  expect(amountOf('balanced', 8).workers).toBe(4)
})

test('a kind that was not there when it was set goes by what was said of new ones', () => {
  expect(takes({ kinds: { a: false }, newKinds: true }, 'a')).toBe(false)
  expect([true, false].map((newKinds) => takes({ kinds: {}, newKinds }, 'b'))).toEqual([true, false])
})

test('every kernel of this checkout has a name for people', () => {
  expect(artifacts.map(({ name }) => KINDS[name]).filter((name) => name === undefined)).toEqual([])
})
