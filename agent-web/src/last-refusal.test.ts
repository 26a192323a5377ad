// The reason that a refused agent was told stays known, until it is let in again.
import { expect, test } from 'vitest'
import { lastRefusal } from './last-refusal.ts'

const ORDERED = 'The operator took this agent out of the pool: banned for r2. It may not work any more.'
const KEPT_AWAY = 'The operator keeps this identity away. It may not work any more.'

function storeOf(kept = new Map<string, string>()) {
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}

test('the reason is said once by the pool, and stands beside the later refusals, after a reload too', () => {
  const store = storeOf()
  const refusals = lastRefusal(store)
  refusals.heard(ORDERED, 5)
  expect(refusals.before(ORDERED)).toBeUndefined()
  refusals.heard(KEPT_AWAY, 9)
  expect(refusals.before(KEPT_AWAY)).toEqual({ atMs: 5, why: ORDERED })
  expect(lastRefusal(store).before(KEPT_AWAY)).toEqual({ atMs: 5, why: ORDERED })
  refusals.forget()
  expect(lastRefusal(store).before(KEPT_AWAY)).toBeUndefined()
})

test('fewer hours left are no other reason', () => {
  const refusals = lastRefusal(storeOf())
  refusals.heard('It may try again in 24 h, with known shards.', 5)
  expect(refusals.before('It may try again in 23 h, with known shards.')).toBeUndefined()
})

test.each(['{', '7', '{"why":7,"atMs":1}', '{"why":"x","atMs":null}'])(
  '%s in the store is as if nothing was',
  (text) => {
    expect(lastRefusal({ ...storeOf(), getItem: () => text }).before(KEPT_AWAY)).toBeUndefined()
  },
)

test('a profile that keeps nothing knows it as long as the page stands', () => {
  const forbidden = () => {
    throw new Error('forbidden')
  }
  const refusals = lastRefusal({ getItem: forbidden, setItem: forbidden, removeItem: forbidden })
  refusals.heard(ORDERED, 5)
  expect(refusals.before(KEPT_AWAY)?.why).toBe(ORDERED)
})
