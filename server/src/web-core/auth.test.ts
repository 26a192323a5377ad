// Laws of the keys: both headers, what is stored, what is refused, and that a first start makes exactly one.
import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { admits, createAuth, ensureApiKey, scopesOf, type Caller } from './auth.ts'
import { hashOf, newCredential } from '../credentials.ts'
import { createFakeStore, DEFAULT_PROJECT, type FakeStore } from './fakes.ts'
import { Refusal } from './refusal.ts'

const CONFIGURED = 'a-configured-key-of-some-length'
let store: FakeStore
beforeEach(() => {
  nowMs = 10
  store = createFakeStore()
})

const first = (configuredKey: string | null = null) =>
  ensureApiKey({ store, configuredKey, nowMs: 5, newUlid: () => '01J00000000000000000000000', randomBytes })

const ADMIN = 'an-operators-token-of-some-length'
const WATCHER = 'a-token-for-prometheus-alone'
let nowMs = 10
const logger = createLogger('silent')

const called = (headers: Record<string, string>, configuredKey: string | null = null): Promise<Caller | Refusal> =>
  createAuth({
    store,
    configuredKey,
    adminToken: ADMIN,
    metricsToken: WATCHER,
    clock: () => nowMs,
    logger,
  }).authenticate(new Request('http://here/', { headers }))

async function outcome(headers: Record<string, string>, configuredKey: string | null = null): Promise<string> {
  const caller = await called(headers, configuredKey)
  if (caller instanceof Refusal) return caller.problem.code
  return caller.kind === 'project' ? caller.projectId : caller.kind
}

test('the first start makes a key, the second none, and only its digest is kept', async () => {
  const key = await first()
  expect(key).toMatch(/^fpak_[\da-f]{56}$/)
  expect(await first()).toBeNull()
  expect(store.keys).toHaveLength(1)
  expect(JSON.stringify(store.keys)).not.toContain(key)
  expect(store.keys[0]).toMatchObject({ hash: hashOf('key', key ?? ''), prefix: key?.slice(0, 12), createdAtMs: 5 })
})

test('both headers work, also together with one key', async () => {
  const key = (await first()) ?? ''
  expect(await outcome({ Authorization: `Bearer ${key}` })).toBe(DEFAULT_PROJECT)
  expect(await outcome({ authorization: `bearer  ${key} ` })).toBe(DEFAULT_PROJECT)
  expect(await outcome({ 'X-FORGE-API-KEY': key })).toBe(DEFAULT_PROJECT)
  expect(await outcome({ Authorization: `Bearer ${key}`, 'X-FORGE-API-KEY': key })).toBe(DEFAULT_PROJECT)
})

test('two different keys are a conflict, whichever of them is right', async () => {
  const key = (await first()) ?? ''
  expect(await outcome({ Authorization: `Bearer ${key}`, 'X-FORGE-API-KEY': 'other' })).toBe('CONFLICTING_CREDENTIALS')
  expect(await outcome({ Authorization: 'Bearer other', 'X-FORGE-API-KEY': key })).toBe('CONFLICTING_CREDENTIALS')
})

test.each([
  'other',
  'Bearer',
  'Bearer other x',
  'Bearer KEY x',
  'Bearer KEY, Bearer other',
  'Token KEY',
  'KEY, Bearer KEY',
])('an Authorization that says something else beside a key is a conflict: %s', async (text) => {
  const key = (await first()) ?? ''
  const authorization = text.replaceAll('KEY', key)
  expect(await outcome({ authorization, 'x-forge-api-key': key })).toBe('CONFLICTING_CREDENTIALS')
})

test('two lines of Authorization are one key or a conflict', async () => {
  const key = (await first()) ?? ''
  const lines = (...said: string[]) => outcome({ authorization: said.join(', ') })
  expect(await lines(`Bearer ${key}`, `bearer ${key}`)).toBe(DEFAULT_PROJECT)
  expect(await lines(`Bearer ${key}`, 'Bearer other')).toBe('CONFLICTING_CREDENTIALS')
  expect(await lines('Bearer other', `Bearer ${key}`)).toBe('CONFLICTING_CREDENTIALS')
})

test('two lines of X-FORGE-API-KEY are one key or a conflict', async () => {
  const key = (await first()) ?? ''
  const lines = (...said: string[]) => outcome({ 'x-forge-api-key': said.join(', ') })
  expect(await lines(key, key)).toBe(DEFAULT_PROJECT)
  expect(await lines(key, 'other')).toBe('CONFLICTING_CREDENTIALS')
  expect(await lines('other', key)).toBe('CONFLICTING_CREDENTIALS')
})

test('what lets somebody through a proxy is no key', async () => {
  const key = (await first()) ?? ''
  const basic = 'Basic dXNlcjpwYXNz'
  expect(await outcome({ authorization: basic, 'x-forge-api-key': key })).toBe(DEFAULT_PROJECT)
  expect(await outcome({ authorization: `${basic}, Bearer ${key}` })).toBe(DEFAULT_PROJECT)
  expect(await outcome({ authorization: `Bearer ${key}, ${basic}` })).toBe(DEFAULT_PROJECT)
  expect(await outcome({ authorization: `${basic}, Bearer other`, 'x-forge-api-key': key })).toBe(
    'CONFLICTING_CREDENTIALS',
  )
})

test.each([{}, { authorization: 'Bearer' }, { authorization: 'Basic abc' }, { 'x-forge-api-key': ' ' }])(
  'without a key: %j',
  async (headers) => {
    const refused = await called(headers)
    if (!(refused instanceof Refusal)) throw new Error('it was let in')
    expect(refused.problem).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    expect(refused.headers).toEqual({ 'WWW-Authenticate': 'Bearer' })
  },
)

test('a mistyped key is told so; a revoked one and an unknown one answer alike', async () => {
  const key = (await first()) ?? ''
  const detail = async (sent: string): Promise<string> => {
    const caller = await called({ 'x-forge-api-key': sent })
    return caller instanceof Refusal ? caller.problem.detail : 'let in'
  }
  const typo = `${key.slice(0, 10)}${key[10] === '0' ? '1' : '0'}${key.slice(11)}`
  expect(await detail(typo)).toMatch(/mistyped/)
  const unknown = await detail(newCredential('key', randomBytes).text)
  store.keys = store.keys.map((row) => ({ ...row, revokedAtMs: 9 }))
  expect(await detail(key)).toBe(unknown)
  expect(await detail('x'.repeat(10_000))).toBe(unknown)
})

test('a configured key is never stored, and another one retires it', async () => {
  expect(await first(CONFIGURED)).toBeNull()
  expect(store.keys).toEqual([])
  expect(await outcome({ 'x-forge-api-key': CONFIGURED }, CONFIGURED)).toBe(DEFAULT_PROJECT)
  expect(await outcome({ 'x-forge-api-key': CONFIGURED }, `${CONFIGURED}-2`)).toBe('UNAUTHENTICATED')
  expect(await outcome({ 'x-forge-api-key': CONFIGURED }, null)).toBe('UNAUTHENTICATED')
})

test('an expired key is told so; until then it works', async () => {
  const key = (await first()) ?? ''
  store.keys = store.keys.map((row) => ({ ...row, expiresAtMs: 20 }))
  nowMs = 19
  expect(await outcome({ 'x-forge-api-key': key })).toBe(DEFAULT_PROJECT)
  nowMs = 20
  const refused = await called({ 'x-forge-api-key': key })
  expect(refused instanceof Refusal && refused.problem).toMatchObject({
    code: 'UNAUTHENTICATED',
    detail: expect.stringContaining('1970-01-01T00:00:00.020Z'),
  })
})

test('the last use is written once an hour', async () => {
  const key = (await first()) ?? ''
  const used: (number | null)[] = []
  for (const atMs of [10, 11, 3_600_009, 3_600_010, 3_600_011]) {
    nowMs = atMs
    await called({ 'x-forge-api-key': key })
    used.push(store.keys[0]?.lastUsedAtMs ?? null)
  }
  expect(used).toEqual([10, 10, 10, 3_600_010, 3_600_010])
})

test('a use that cannot be written does not stop a request', async () => {
  const key = (await first()) ?? ''
  store.touchApiKey = async () => Promise.reject(new Error('the store is away'))
  expect(await outcome({ 'x-forge-api-key': key })).toBe(DEFAULT_PROJECT)
})

test('the operator’s token is nobody’s key, and a key is no operator’s', async () => {
  const key = (await first()) ?? ''
  const admin = await called({ authorization: `Bearer ${ADMIN}` })
  const project = await called({ authorization: `Bearer ${key}` })
  if (admin instanceof Refusal || project instanceof Refusal) throw new Error('they were not let in')
  expect(admits('admin', admin)).toBeNull()
  expect(admits('jobs:read', admin)?.problem).toMatchObject({ status: 403, code: 'FORBIDDEN' })
  expect(admits('jobs:read', project)).toBeNull()
  expect(admits('admin', project)?.problem.code).toBe('FORBIDDEN')
  expect(await outcome({ authorization: `Bearer ${ADMIN}x` })).toBe('UNAUTHENTICATED')
})

test('the token of whoever watches reads metrics and is nothing else', async () => {
  const key = (await first()) ?? ''
  const watcher = await called({ authorization: `Bearer ${WATCHER}` })
  const admin = await called({ authorization: `Bearer ${ADMIN}` })
  const project = await called({ authorization: `Bearer ${key}` })
  if (watcher instanceof Refusal || admin instanceof Refusal || project instanceof Refusal)
    throw new Error('not let in')
  expect([admits('metrics', watcher), admits('metrics', admin)]).toEqual([null, null])
  expect(admits('metrics', project)?.problem.code).toBe('FORBIDDEN')
  expect(admits('admin', watcher)?.problem.code).toBe('FORBIDDEN')
  expect(admits('jobs:read', watcher)?.problem.code).toBe('FORBIDDEN')
})

test('a node token is told that it is no key', async () => {
  const refused = await called({ authorization: `Bearer ${newCredential('token', randomBytes).text}` })
  expect(refused instanceof Refusal && refused.problem.detail).toMatch(/node token/)
})

test('scopes are what a key was given; names of another version are passed over', () => {
  expect(scopesOf({ scopes: 'jobs:write no-such:thing jobs:read' })).toEqual(['jobs:read', 'jobs:write'])
  expect(scopesOf({ scopes: '*' })).toContain('keys:manage')
})
