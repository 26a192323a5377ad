// The form of a project's limits: what is in it unchanged is no change, and what is typed comes out as it was meant.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_PROJECT_LIMITS, type ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { changeOf, GROUPS, KIND, rebased, typedLimits, valueText, type LimitName } from './limits.ts'

const before: ProjectLimits = DEFAULT_PROJECT_LIMITS
const typedWith = (texts: Readonly<Record<string, string | null>>) => {
  const typed = typedLimits(before)
  return { ...typed, texts: { ...typed.texts, ...texts } }
}

test('every limit is in one group', () => {
  expect(Object.values(GROUPS).flat().toSorted()).toEqual(Object.keys(KIND).toSorted())
  expect(Object.keys(KIND).toSorted()).toEqual(Object.keys(before).toSorted())
})

test('what is left as it is, or written in another way, changes nothing', () => {
  expect(changeOf(typedLimits(before), before)).toEqual({ limits: {}, faults: {} })
  expect(changeOf(typedWith({ kv_keys: '100,000', burn_warnings: ' ' }), before)).toEqual({ limits: {}, faults: {} })
})

test('what another operator changed meanwhile is not sent back, and what was typed stays', () => {
  const now: ProjectLimits = { ...before, queued_jobs: 7, verify_min: 'full', concurrent_jobs: 9 }
  // Saved as 9, beside which somebody changed two others, and something more is typed already.
  const typed = rebased(typedWith({ concurrent_jobs: '9', kv_keys: '5', kv_bytes: 'many' }), before, now)
  expect(changeOf(typed, now).limits).toEqual({ kv_keys: 5 })
  expect(Object.keys(changeOf(typed, now).faults)).toEqual(['kv_bytes'])
  expect(changeOf(rebased(typedLimits(before), before, now), now)).toEqual({ limits: {}, faults: {} })
})

test('numbers, no limit, lists and ticks are a change; what is no number is marked', () => {
  const typed = typedWith({
    concurrent_jobs: '1,000',
    credits_per_day: '12.5',
    kv_bytes: null,
    burn_warnings: '5, 10.5',
    queued_jobs: 'many',
  })
  expect(changeOf({ ...typed, verify: ['full'], verify_min: 'full' }, before)).toEqual({
    limits: {
      concurrent_jobs: 1_000,
      credits_per_day: 12.5,
      kv_bytes: null,
      burn_warnings: [5, 10.5],
      verify: ['full'],
      verify_min: 'full',
    },
    faults: { queued_jobs: 'This is not a number as it is written here: 10,000,000 or 0.25 or 1e6.' },
  })
})

test('any number that a limit has is typed as itself', () => {
  fc.assert(
    fc.property(fc.constantFrom<LimitName>('concurrent_jobs', 'credits_total'), fc.nat({ max: 1e9 }), (name, n) => {
      expect(changeOf(typedWith({ [name]: String(n) }), { ...before, [name]: -1 }).limits).toEqual({ [name]: n })
    }),
  )
})

test('values are written by their kind', () => {
  expect(valueText('kv_bytes', 64 * 1024 * 1024)).toBe('64 MiB')
  expect(valueText('credits_per_day', 12.5)).toBe('12.50')
  expect(valueText('concurrent_jobs', null)).toBe('no limit')
  expect(valueText('verify', ['none', 'full'])).toBe('none, full')
  expect(valueText('burn_warnings', [])).toBe('none')
})
