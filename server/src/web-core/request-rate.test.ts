// Requests of a project: those that it may make are handed on, with few writes; the others are told when to come again.
import { expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { createFakeStore, DEFAULT_PROJECT } from './fakes.ts'
import { createRequestRate } from './request-rate.ts'
import { startTestApp } from './test-app.ts'

function rateOf(perMinute: number | null, requestsLeft: number) {
  const store = Object.assign(createFakeStore(), { limits: { requests_per_minute: perMinute }, requestsLeft })
  const time = { nowMs: 1_790_000_000_000 }
  const rate = createRequestRate(store, () => time.nowMs)
  return { store, time, take: () => rate.take(DEFAULT_PROJECT) }
}

test('a second’s worth is taken at a time, and handed on', async () => {
  const { store, take } = rateOf(600, 600)
  for (let i = 0; i < 25; i++) expect((await take()).refused).toBeNull()
  expect(store.asked).toEqual([10, 10, 10])
  expect((await take()).headers).toEqual({
    RateLimit: '"requests";r=574;t=3',
    'RateLimit-Policy': '"requests";q=600;w=60',
  })
})

test('of many at once as many pass as there are, and all are counted in one look', async () => {
  const { store, take } = rateOf(60, 7)
  const rates = await Promise.all(Array.from({ length: 20 }, take))
  expect(rates.filter(({ refused }) => refused === null)).toHaveLength(7)
  expect(store.asked.length).toBeLessThanOrEqual(3)
})

test('a refusal names the limit and when to come; until then the store is asked nothing', async () => {
  const { store, time, take } = rateOf(60, 0)
  const { refused, headers } = await take()
  expect(refused?.problem).toMatchObject({ code: 'RATE_LIMITED', status: 429, retryable: true })
  expect(refused?.problem.detail).toMatch(/requests_per_minute is 60; .*2 s\. .*operator/)
  expect(refused?.headers).toEqual({ 'Retry-After': '2' })
  expect(headers).toMatchObject({ RateLimit: '"requests";r=0;t=60' })
  for (let i = 0; i < 50; i++) expect((await take()).refused).not.toBeNull()
  expect(store.asked).toEqual([1])
  store.requestsLeft = 1
  time.nowMs += 1_500
  expect((await take()).refused).toBeNull()
})

test('a limit that is changed holds within a second', async () => {
  const { store, time, take } = rateOf(6_000, 10_000)
  await take()
  store.limits = { requests_per_minute: 1 }
  store.requestsLeft = 1
  time.nowMs += 1_000
  expect((await take()).headers).toMatchObject({ 'RateLimit-Policy': '"requests";q=1;w=60' })
  expect((await take()).refused).not.toBeNull()
  store.limits = { requests_per_minute: null }
  time.nowMs += 1_000
  expect(await take()).toEqual({ refused: null, headers: {} })
})

test('every answer to a project’s key says what is left; the operator and the public are not counted', async () => {
  const t = startTestApp()
  t.store.limits = { requests_per_minute: 2 }
  t.store.requestsLeft = 2
  expect((await t.get('/api/v0/ops')).headers.get('RateLimit')).toBe('"requests";r=1;t=30')
  // Refused for another reason, and counted all the same.
  const wrong = await t.get('/api/v0/ops?x=1')
  expect([wrong.status, wrong.headers.get('RateLimit')]).toEqual([422, '"requests";r=0;t=60'])
  const third = await t.get('/api/v0/ops')
  expect(problemSchema.parse(await third.json()).code).toBe('RATE_LIMITED')
  expect(third.headers.get('Retry-After')).toBe('2')
  expect(third.headers.get('RateLimit-Policy')).toBe('"requests";q=2;w=60')
  const health = await t.get('/healthz')
  expect([health.status, health.headers.get('RateLimit')]).toEqual([200, null])
})
