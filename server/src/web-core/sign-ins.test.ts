// Tries that fail to sign in are bounded by address, by network and in all, and whoever guesses, from wherever, keeps nobody out
// who has a key.
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { WEB_LIMITS } from './limits.ts'
import { createSignIns } from './sign-ins.ts'
import { KEY, startTestApp, type TestApp } from './test-app.ts'

const signIn = (t: TestApp, key: string, remoteAddress: string, headers: Record<string, string> = {}) =>
  t.app.request(
    'http://pool.example/hq/session',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ key }),
    },
    { incoming: { socket: { remoteAddress }, headers } as unknown as IncomingMessage },
  )

test('many wrong keys from one address are refused, and a right one signs in from there and elsewhere', async () => {
  const t = startTestApp(null, { distinctNetwork: true })
  const { burst } = WEB_LIMITS.signInsPerAddress
  for (let n = 0; n < burst; n++) expect((await signIn(t, `wrong ${n}`, '192.0.2.7')).status).toBe(401)
  for (let n = 0; n < 3 * WEB_LIMITS.signIns.burst; n++) {
    const refused = await signIn(t, `wrong ${burst + n}`, '192.0.2.7')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    if (n > 0) continue
    const { code, retryable, detail } = problemSchema.parse(await refused.json())
    expect([code, retryable]).toEqual(['RATE_LIMITED', true])
    expect(detail).toMatch(/limit signInsPerAddress lets an address fail to sign in \d+ times/)
  }
  expect((await signIn(t, KEY, '192.0.2.7')).status).toBe(200)
  expect((await signIn(t, KEY, '198.51.100.1')).status).toBe(200)
})

test('whose address counts is said by the proxies that are named, and by nobody else', async () => {
  const t = startTestApp(null, { distinctNetwork: true, trustedProxies: ['10.0.0.1'] })
  const from = (client: string) => ({ 'x-forwarded-for': client })
  for (let n = 0; n <= WEB_LIMITS.signInsPerAddress.burst; n++) await signIn(t, 'wrong', '10.0.0.1', from('192.0.2.7'))
  expect((await signIn(t, 'wrong', '10.0.0.1', from('192.0.2.7'))).status).toBe(429)
  expect((await signIn(t, 'wrong', '10.0.0.1', from('198.51.100.1'))).status).toBe(401)
  for (let n = 0; n <= WEB_LIMITS.signInsPerAddress.burst; n++)
    await signIn(t, 'wrong', '203.0.113.9', from(`192.0.2.${n}`))
  expect((await signIn(t, 'wrong', '203.0.113.9', from('198.51.100.2'))).status).toBe(429)
})

test('guesses from everywhere lock nobody out: a right key signs in when all other budgets are spent', async () => {
  // No budget fills again meanwhile, however long these take.
  const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
  onTestFinished(() => now.mockRestore())
  for (const distinctNetwork of [false, true]) {
    const t = startTestApp(null, { distinctNetwork })
    const statuses: number[] = []
    for (let n = 0; n < 2 * WEB_LIMITS.signIns.burst; n++)
      statuses.push((await signIn(t, 'wrong', `10.${n % 250}.${Math.floor(n / 250)}.1`)).status)
    expect(statuses).toContain(429)
    expect((await signIn(t, 'wrong', '192.0.2.7')).status).toBe(429)
    expect((await signIn(t, KEY, '192.0.2.7')).status).toBe(200)
    expect((await signIn(t, KEY, '10.0.0.1')).status).toBe(200)
  }
})

test('a key that signs in without end is held up by its own limit, before it writes anything', async () => {
  const t = startTestApp(null, { distinctNetwork: true })
  const { burst } = WEB_LIMITS.signInsPerKey
  for (let n = 0; n < burst; n++) expect((await signIn(t, KEY, '192.0.2.7')).status).toBe(200)
  const before = JSON.stringify(t.store.sessions)
  const refused = await signIn(t, KEY, '198.51.100.1')
  expect(refused.status).toBe(429)
  expect(problemSchema.parse(await refused.json()).detail).toMatch(/limit signInsPerKey lets a key sign in/)
  expect(JSON.stringify(t.store.sessions)).toBe(before)
})

test('a network of many addresses does not take what there is for all', () => {
  const signIns = createSignIns({ addressesDiffer: true, nowMs: () => 0 })
  const tries = Array.from({ length: 1_000 }, (_, n) => signIns.failed(`2001:db8:1:${n.toString(16)}::1`))
  expect(tries.filter((refused) => refused === null)).toHaveLength(WEB_LIMITS.signInsPerNetwork.burst)
  expect(tries.at(-1)?.problem.detail).toMatch(/signInsPerNetwork/)
  expect(signIns.failed('2001:db8:2::1')).toBeNull()
})

test('in any order of addresses and times no more are tried than the limits say, of each and of all', () => {
  const address = fc.integer({ min: 0, max: 400 }).map((n) => `10.${n}.0.${n % 7}`)
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(address, fc.integer({ min: 0, max: 2 })), { maxLength: 1_500 }),
      (differ, steps) => {
        let now = 0
        const signIns = createSignIns({ addressesDiffer: differ, nowMs: () => now })
        const made = new Map<string, number>()
        for (const [from, passedMs] of steps) {
          now += passedMs
          if (signIns.failed(from) !== null) continue
          for (const name of [from, 'all']) made.set(name, (made.get(name) ?? 0) + 1)
        }
        for (const [name, count] of made) {
          const { perSecond, burst } = name === 'all' || !differ ? WEB_LIMITS.signIns : WEB_LIMITS.signInsPerAddress
          expect(count).toBeLessThanOrEqual(burst + (perSecond * now) / 1_000)
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('where all come from one address, behind a proxy that is not named, only the limit of all counts', () => {
  for (const [differ, from] of [
    [false, '192.0.2.7'],
    [true, '127.0.0.1'],
    [true, ''],
  ] as const) {
    const signIns = createSignIns({ addressesDiffer: differ, nowMs: () => 0 })
    for (let n = 0; n < WEB_LIMITS.signIns.burst; n++) expect(signIns.failed(from)).toBeNull()
    expect(signIns.failed(from)?.problem.detail).toMatch(/limit signIns lets all together fail/)
  }
})
