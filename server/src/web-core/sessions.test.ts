// Laws of HQ's sessions: what the cookie is, whom it speaks for, when it ends, and that no other page can use it.
import { expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { hashOf } from '../credentials.ts'
import { WEB_LIMITS } from './limits.ts'
import { crossSite, SESSION_COOKIE } from './session-cookie.ts'
import { ADMIN, KEY, startTestApp, type TestApp } from './test-app.ts'

const OWN = { 'sec-fetch-site': 'same-origin' }
const ask = (t: TestApp, method: string, headers: Record<string, string>, body?: object) =>
  t.app.request('http://pool.example/hq/session', {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const signIn = (t: TestApp, key: string, headers: Record<string, string> = OWN) => ask(t, 'POST', headers, { key })
const cookieOf = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? ''
const jobs = (t: TestApp, headers: Record<string, string>) =>
  t.app.request('http://pool.example/api/v0/jobs/01K6Z5Q0V3ZJ8P0N5T9W4X2Y7D', { headers })

test('the cookie is for this host, HTTPS, HTTP and the same site alone, and lasts as long as the session', async () => {
  const t = startTestApp()
  const response = await signIn(t, ` ${KEY} `)
  expect(response.status).toBe(200)
  const seconds = WEB_LIMITS.sessionMsMax / 1_000
  expect(response.headers.get('set-cookie')).toMatch(
    new RegExp(`^${SESSION_COOKIE}=fphq_[\\da-f]{56}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${seconds}$`),
  )
  const [stored] = t.store.sessions
  expect(stored).toMatchObject({ keyHash: hashOf('key', KEY) })
  // Neither the cookie nor the key can be read from what is stored or logged.
  const secret = cookieOf(response).slice(SESSION_COOKIE.length + 1)
  expect(stored?.hash).toBe(hashOf('session', secret))
  for (const kept of [JSON.stringify(t.store.sessions), t.log.join('')]) {
    expect(kept).not.toContain(secret)
    expect(kept).not.toContain(KEY)
  }
})

test('signing in and out is a line at info, and a try that fails one at warn, without the key', async () => {
  const t = startTestApp()
  t.log.length = 0
  const cookie = cookieOf(await signIn(t, KEY))
  await ask(t, 'GET', { cookie, ...OWN })
  await ask(t, 'DELETE', { cookie, ...OWN })
  await signIn(t, 'a key that nobody knows')
  const lines = t.log.map((line) => JSON.parse(line)).filter(({ level }) => level !== 'debug')
  const request = { level: 'info', msg: 'request', path: '/hq/session' }
  expect(lines).toMatchObject([
    { ...request, method: 'POST', status: 200 },
    { ...request, method: 'DELETE', status: 204 },
    { level: 'warn', msg: 'somebody failed to sign in to HQ', code: 'UNAUTHENTICATED' },
    { ...request, method: 'POST', status: 401 },
  ])
  expect(lines[2].request_id).toBe(lines[3].request_id)
  expect(t.log.join('')).not.toContain('nobody knows')
})

test('it speaks for whoever signed in, and a key in a header comes before it', async () => {
  const t = startTestApp()
  const [project, admin] = [cookieOf(await signIn(t, KEY)), cookieOf(await signIn(t, ADMIN))]
  expect(await (await ask(t, 'GET', { cookie: `a=b; ${project}`, ...OWN })).json()).toMatchObject({
    kind: 'project',
    project: { id: 'default', name: 'default' },
  })
  expect(await (await ask(t, 'GET', { cookie: admin, ...OWN })).json()).toMatchObject({ kind: 'admin', project: null })
  expect((await jobs(t, { cookie: project, ...OWN })).status).toBe(404)
  expect((await jobs(t, { cookie: admin, ...OWN })).status).toBe(403)
  expect((await jobs(t, { cookie: admin, ...OWN, authorization: `Bearer ${KEY}` })).status).toBe(404)
  expect((await jobs(t, { cookie: project, ...OWN, authorization: 'Bearer wrong' })).status).toBe(401)
})

test('it ends with its time, with its key, and for good with signing out', async () => {
  let nowMs = 1_000
  const t = startTestApp(null, {}, { clock: () => nowMs })
  const cookie = cookieOf(await signIn(t, KEY))
  const look = async () => (await jobs(t, { cookie, ...OWN })).status
  nowMs += WEB_LIMITS.sessionMsMax - 1
  expect(await look()).toBe(404)
  nowMs += 1
  expect(await look()).toBe(401)

  const made = { id: 'x', projectId: 'default' as never, name: 'x', prefix: 'fpak_', scopes: '*', createdAtMs: 1 }
  const row = { ...made, hash: hashOf('key', 'another-key'), expiresAtMs: null, revokedAtMs: null, lastUsedAtMs: null }
  t.store.keys = [row]
  const other = cookieOf(await signIn(t, 'another-key'))
  const lookOther = async () => (await jobs(t, { cookie: other, ...OWN })).status
  expect(await lookOther()).toBe(404)
  t.store.keys = [{ ...row, revokedAtMs: nowMs }]
  expect(await lookOther()).toBe(401)
  t.store.keys = [row]
  expect(await lookOther()).toBe(404)
  t.store.keys = [{ ...row, expiresAtMs: nowMs }]
  const expired = await jobs(t, { cookie: other, ...OWN })
  expect([expired.status, await expired.text()]).toEqual([401, expect.stringContaining('This session of HQ has ended')])
  t.store.keys = [row]
  const out = await ask(t, 'DELETE', { cookie: other, ...OWN })
  expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')])
  expect(await lookOther()).toBe(401)
  expect((await ask(t, 'DELETE', OWN)).status).toBe(204)
})

test('it ends with its key at the latest, and says so', async () => {
  const nowMs = 1_000_000
  const t = startTestApp(null, {}, { clock: () => nowMs })
  const made = { id: 'x', projectId: 'default' as never, name: 'x', prefix: 'fpak_', scopes: '*', createdAtMs: 1 }
  const key = { ...made, hash: hashOf('key', 'short-lived'), revokedAtMs: null, lastUsedAtMs: null }
  const endsMs = nowMs + 90_500
  t.store.keys = [{ ...key, expiresAtMs: endsMs }]
  const response = await signIn(t, 'short-lived')
  expect(response.headers.get('set-cookie')).toMatch(/Max-Age=90$/)
  expect(await response.json()).toMatchObject({ expires_at: new Date(endsMs).toISOString() })
  expect(t.store.sessions[0]?.expiresAtMs).toBe(endsMs)
  t.store.keys = [{ ...key, expiresAtMs: nowMs + 2 * WEB_LIMITS.sessionMsMax }]
  await signIn(t, 'short-lived')
  expect(t.store.sessions[1]?.expiresAtMs).toBe(nowMs + WEB_LIMITS.sessionMsMax)
})

test('a key that is none, or that reads metrics alone, signs nobody in', async () => {
  const t = startTestApp(null, { metricsToken: 'a-token-for-prometheus-alone' })
  for (const [key, code] of [
    ['wrong', 'UNAUTHENTICATED'],
    ['a-token-for-prometheus-alone', 'FORBIDDEN'],
  ] as const) {
    const response = await signIn(t, key)
    expect(problemSchema.parse(await response.json()).code).toBe(code)
    expect(response.headers.has('set-cookie')).toBe(false)
  }
  expect(t.store.sessions).toEqual([])
})

test('a page of somebody else can neither sign anybody in nor out', async () => {
  const t = startTestApp()
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  expect((await signIn(t, KEY, foreign)).status).toBe(403)
  const cookie = cookieOf(await signIn(t, KEY))
  expect((await ask(t, 'DELETE', { cookie, ...foreign })).status).toBe(403)
  expect(t.store.sessions).toHaveLength(1)
})

test.each([
  ['GET', { 'sec-fetch-site': 'same-origin' }, true],
  ['POST', { 'sec-fetch-site': 'same-origin', origin: 'http://pool.example' }, true],
  // A proxy spoke HTTPS with the browser and plain HTTP with us.
  ['POST', { 'sec-fetch-site': 'same-origin', origin: 'https://pool.example' }, true],
  ['POST', { origin: 'https://pool.example' }, true],
  ['GET', {}, true],
  ['GET', { 'sec-fetch-site': 'none' }, true],
  ['POST', {}, false],
  ['POST', { 'sec-fetch-site': 'none' }, false],
  ['POST', { origin: 'null' }, false],
  ['POST', { origin: 'https://pool.example.evil.example' }, false],
  ['POST', { origin: 'http://pool.example:8081' }, false],
  ['POST', { 'sec-fetch-site': 'same-site', origin: 'http://pool.example' }, false],
  ['POST', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, false],
  ['GET', { 'sec-fetch-site': 'cross-site' }, false],
  ['HEAD', { 'sec-fetch-site': 'same-site' }, false],
  ['GET', { origin: 'https://evil.example' }, false],
])('%s with %j counts: %s', (method, headers, counts) => {
  const request = { method, url: 'http://pool.example/api/v0/jobs', headers: new Headers(headers) }
  expect(crossSite(request) === null).toBe(counts)
})

test('signing in again ends the session that the browser had', async () => {
  const t = startTestApp()
  const before = cookieOf(await signIn(t, KEY))
  const after = cookieOf(await signIn(t, KEY, { ...OWN, cookie: before }))
  expect((await jobs(t, { cookie: before, ...OWN })).status).toBe(401)
  expect((await jobs(t, { cookie: after, ...OWN })).status).toBe(404)
})
