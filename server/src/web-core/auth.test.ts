// Laws of the keys: both headers, what is stored, what is refused, and that a first start makes exactly one.
import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { createAuthenticate, ensureApiKey, hashOfKey, newApiKey } from './auth.ts'
import { createFakeStore, DEFAULT_PROJECT, type FakeStore } from './fakes.ts'
import { Refusal } from './refusal.ts'

const CONFIGURED = 'a-configured-key-of-some-length'
let store: FakeStore
beforeEach(() => {
  store = createFakeStore()
})

const first = (configuredKey: string | null = null) =>
  ensureApiKey({ store, configuredKey, nowMs: 5, newUlid: () => '01J00000000000000000000000', randomBytes })

async function outcome(headers: Record<string, string>, configuredKey: string | null = null): Promise<string> {
  const caller = await createAuthenticate({ store, configuredKey })(new Headers(headers))
  return caller instanceof Refusal ? caller.problem.code : caller.projectId
}

test('the first start makes a key, the second none, and only its digest is kept', async () => {
  const key = await first()
  expect(key).toMatch(/^fpak_[\da-f]{56}$/)
  expect(await first()).toBeNull()
  expect(store.keys).toHaveLength(1)
  expect(JSON.stringify(store.keys)).not.toContain(key)
  expect(store.keys[0]).toMatchObject({ hash: hashOfKey(key ?? ''), prefix: key?.slice(0, 12), createdAtMs: 5 })
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
})

test.each([{}, { authorization: 'Bearer' }, { authorization: 'Basic abc' }, { 'x-forge-api-key': ' ' }])(
  'without a key: %j',
  async (headers) => {
    const refused = await createAuthenticate({ store, configuredKey: null })(new Headers(headers))
    if (!(refused instanceof Refusal)) throw new Error('it was let in')
    expect(refused.problem).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    expect(refused.headers).toEqual({ 'WWW-Authenticate': 'Bearer' })
  },
)

test('a mistyped key is told so; a revoked one and an unknown one answer alike', async () => {
  const key = (await first()) ?? ''
  const detail = async (sent: string): Promise<string> => {
    const caller = await createAuthenticate({ store, configuredKey: null })(new Headers({ 'x-forge-api-key': sent }))
    return caller instanceof Refusal ? caller.problem.detail : 'let in'
  }
  const typo = `${key.slice(0, 10)}${key[10] === '0' ? '1' : '0'}${key.slice(11)}`
  expect(await detail(typo)).toMatch(/mistyped/)
  const unknown = await detail(newApiKey(randomBytes))
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
