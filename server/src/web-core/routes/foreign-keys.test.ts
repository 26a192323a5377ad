// Every route that there is, tried with every key that should not be let in, and with a good key at another project's things.
// Nothing of another tenant may be in any answer, whatever its status.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { SCOPES, type Scope } from '@forge/shared/contract/tenants.ts'
import {
  ADMIN_TOKEN,
  FOREIGN_MARK,
  METRICS_TOKEN,
  openExampleWorld,
  WORLD_START_MS,
  type ExampleWorld,
} from '../examples.fixtures.ts'
import { EXAMPLE } from '../examples.ts'
import { textOf } from '../first-events.fixtures.ts'
import { everythingOf } from '../tenant-rows.fixtures.ts'
import { isProjects, type Route } from '../routing/route.ts'
import { ROUTES } from './all-routes.ts'

let world: ExampleWorld
/** All that the other project has, which no request changes. */
let theirs: unknown
let revoked: string
let expired: string
/** By the one scope that they have, or that they lack. */
const having = new Map<Scope, string>()
const lacking = new Map<Scope, string>()
beforeAll(async () => {
  world = await openExampleWorld()
  revoked = await world.makeKey(SCOPES, { revoked: true })
  expired = await world.makeKey(SCOPES, { expiresAtMs: 2 })
  for (const scope of SCOPES) {
    having.set(scope, await world.makeKey([scope]))
    lacking.set(scope, await world.makeKey(SCOPES.filter((other) => other !== scope)))
  }
}, WORLD_START_MS)
afterAll(() => world.close())

function keyOf(keys: ReadonlyMap<Scope, string>, { scope }: Route): string {
  const key = keys.get(scope as Scope)
  if (key === undefined) throw new Error(`${scope} is no scope of a project`)
  return key
}

type Ids = Readonly<Record<string, string>>

/** The first example that is answered well, with other ids in the place of its own. */
async function call(declared: Route, headers: Record<string, string>, ids: Ids = EXAMPLE): Promise<[number, string]> {
  const example = declared.examples.find(({ status }) => status < 400) ?? declared.examples[0]
  const swap = (text: string): string => {
    const name = Object.entries(EXAMPLE).find(([, value]) => value === text)?.[0]
    return (name === undefined ? undefined : ids[name]) ?? text
  }
  const address = declared.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(swap(example?.params?.[name] ?? '')),
  )
  const search = example?.query === undefined ? '' : `?${new URLSearchParams(example.query)}`
  const body = example?.upload ?? (example?.body === undefined ? undefined : swapIn(JSON.stringify(example.body), ids))
  const response = await world.app.request(address + search, {
    method: declared.method,
    headers: { 'content-type': 'application/json', ...example?.headers, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return [response.status, await textOf(response)]
}

function swapIn(text: string, ids: Ids): string {
  return Object.entries(EXAMPLE).reduce((swapped, [name, value]) => swapped.replaceAll(value, ids[name] ?? value), text)
}

const codeOf = (text: string): string => problemSchema.parse(JSON.parse(text)).code
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** What a browser sends afterwards. */
async function signIn(key: string): Promise<string> {
  const response = await world.app.request('/hq/session', {
    method: 'POST',
    body: JSON.stringify({ key }),
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
  })
  expect(response.status).toBe(200)
  return response.headers.get('set-cookie')?.split(';')[0] ?? ''
}

const guarded = ROUTES.filter(({ scope }) => scope !== 'public')
const ofProjects = guarded.filter(isProjects)

describe.each(guarded.map((declared) => [`${declared.method} ${declared.path}`, declared] as const))(
  '%s',
  (_, declared) => {
    test('without a key, with garbage, or with two keys', async () => {
      for (const headers of [
        {},
        bearer('garbage'),
        { authorization: 'Basic eDp5' },
        { 'x-forge-api-key': 'garbage' },
      ]) {
        const [status, text] = await call(declared, headers)
        expect([status, codeOf(text)]).toEqual([401, 'UNAUTHENTICATED'])
        expect(text).not.toContain(FOREIGN_MARK)
      }
      const [status, text] = await call(declared, { ...bearer(world.own.key), 'x-forge-api-key': world.foreign.key })
      expect([status, codeOf(text)]).toEqual([400, 'CONFLICTING_CREDENTIALS'])
    })

    test('with a revoked or an expired key', async () => {
      for (const key of [revoked, expired]) {
        const [status, text] = await call(declared, bearer(key))
        expect([status, codeOf(text)]).toEqual([401, 'UNAUTHENTICATED'])
      }
    })

    test('with a session of HQ from another page, or with one that has ended', async () => {
      const key = isProjects(declared) ? keyOf(having, declared) : ADMIN_TOKEN
      const cookie = await signIn(key)
      const strangers = [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://else.where' },
      ]
      for (const stranger of strangers) {
        const [status, text] = await call(declared, { cookie, ...stranger })
        expect([status, codeOf(text)]).toEqual([403, 'FORBIDDEN'])
      }
      const own = { 'sec-fetch-site': 'same-origin' }
      // What changes something is reached with a key below, once.
      if (declared.method === 'GET') {
        const [reached, answer] = await call(declared, { cookie, ...own })
        expect([200, 202], answer).toContain(reached)
      }
      await world.app.request('/hq/session', { method: 'DELETE', headers: { cookie, ...own } })
      const [status, text] = await call(declared, { cookie, ...own })
      expect([status, codeOf(text)]).toEqual([401, 'UNAUTHENTICATED'])
    })

    test('with every scope but its own, or with another kind of key', async () => {
      const wrong = !isProjects(declared)
        ? [world.own.key, world.foreign.key, ...(declared.scope === 'admin' ? [METRICS_TOKEN] : [])]
        : [ADMIN_TOKEN, METRICS_TOKEN, keyOf(lacking, declared)]
      for (const key of wrong) {
        const [status, text] = await call(declared, bearer(key))
        expect([status, codeOf(text)]).toEqual([403, 'FORBIDDEN'])
        expect(text).not.toContain(FOREIGN_MARK)
      }
    })
  },
)

describe.each(ofProjects.map((declared) => [`${declared.method} ${declared.path}`, declared] as const))(
  '%s',
  (_, declared) => {
    test('another project’s things are not there, and are left as they are', async () => {
      theirs ??= await everythingOf(world, world.foreign)
      // The other project has the same names too: where the caller chooses them, its own are meant.
      const ids = declared.namesByCaller ? EXAMPLE : world.foreign.ids
      const [status, text] = await call(declared, bearer(world.own.key), ids)
      expect(text).not.toContain(FOREIGN_MARK)
      if (declared.params !== null && !declared.namesByCaller) {
        expect([status, codeOf(text)]).toEqual([404, 'NOT_FOUND'])
        const [, unknown] = await call(declared, bearer(world.own.key), unknownIds)
        expect(unknown).toBe(text)
      }
      expect(status).toBeLessThan(500)
      expect(await everythingOf(world, world.foreign)).toEqual(theirs)
    })

    test('its own key does reach it', async () => {
      const [status, text] = await call(declared, bearer(world.own.key))
      // What was made once already in this world may be a conflict.
      expect([200, 201, 202, 409], text).toContain(status)
      expect(text).not.toContain(FOREIGN_MARK)
    })
  },
)

const unknownIds: Ids = Object.fromEntries(Object.keys(EXAMPLE).map((name) => [name, EXAMPLE.unknown]))
