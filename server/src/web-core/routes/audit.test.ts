// Who did what, over HTTP: what a project’s own calls leave in its chain, that the chain as answered proves itself, and that
// nothing of another project or of the operator is in it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { actSchema, actsProblem, type Act } from '@forge/shared/receipt/act.ts'
import { linkDigest, signedLinkSchema } from '@forge/shared/receipt/link.ts'
import {
  ADMIN_TOKEN,
  openExampleWorld,
  openTestSealer,
  WORLD_START_MS,
  type ExampleWorld,
} from '../examples.fixtures.ts'
import { linkedAct, OPERATOR_CHAIN } from '../../store/acts.ts'
import { EXAMPLE } from '../examples.ts'
import { ADMIN, startTestApp } from '../test-app.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

async function call(method: string, path: string, body: object | null = null, key = world.own.key): Promise<unknown> {
  const response = await world.app.request(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  })
  expect([200, 201]).toContain(response.status)
  return response.json()
}

const chainSchema = z.object({
  length: z.int(),
  head: z.string().nullable(),
  acts: z.array(actSchema),
  next_cursor: z.string().nullable(),
})

/** All of it, as whoever checks it reads it. */
async function chainOf(path: string, key = world.own.key): Promise<Act[]> {
  const acts: Act[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`
    const page = chainSchema.parse(await call('GET', path + query, null, key))
    expect(actsProblem(page.acts, acts.at(-1) ?? null)).toBeNull()
    acts.push(...page.acts)
    expect([page.length, page.head]).toEqual([acts[0] === undefined ? 0 : acts[0].number + 1, acts[0]?.hash ?? null])
    cursor = page.next_cursor
  }
  expect(acts.at(-1)?.number).toBe(0)
  return acts
}

test('what a key and the operator do to a project is in its chain, with who it was', async () => {
  const before = (await chainOf('/api/v0/audit')).length
  const { key } = z
    .object({ key: z.object({ id: z.string() }) })
    .parse(await call('POST', '/api/v0/keys', { name: 'nightly', scopes: ['jobs:read'] }))
  await call('POST', `/api/v0/keys/${key.id}/revoke`)
  await call('POST', `/api/v0/keys/${key.id}/revoke`)
  await call('POST', '/api/v0/pools', { name: 'rack' })
  await call('PATCH', `/api/v0/webhooks/${EXAMPLE.webhook}`, { enabled: false })
  await call('PATCH', `/api/v0/projects/${EXAMPLE.project}`, { limits: { concurrent_jobs: 3 } }, ADMIN_TOKEN)
  const note = { credits: 0.1, reason: 'The answer came late.' }
  await call('POST', `/api/v0/jobs/${EXAMPLE.finishedJob}/credit-note`, note, ADMIN_TOKEN)
  const acts = await chainOf('/api/v0/audit')
  const added = acts.slice(0, acts.length - before).toReversed()
  const byKey = expect.stringMatching(/^key:[0-9A-Z]{26}$/)
  expect(added.map(({ type, actor, subject }) => [type, actor, subject])).toEqual([
    ['key.created', byKey, key.id],
    ['key.revoked', byKey, key.id],
    ['pool.created', byKey, 'rack'],
    ['webhook.changed', byKey, EXAMPLE.webhook],
    ['project.changed', 'operator', EXAMPLE.project],
    ['credit-note.issued', 'operator', EXAMPLE.finishedJob],
  ])
  expect(await chainOf(`/api/v0/projects/${EXAMPLE.project}/audit`, ADMIN_TOKEN)).toEqual(acts)
})

test('signing in to HQ is an act, of the project or of the operator', async () => {
  const signIn = (key: string) => call('POST', '/hq/session', { key })
  await signIn(world.own.key)
  await signIn(ADMIN_TOKEN)
  expect((await chainOf('/api/v0/audit'))[0]).toMatchObject({ type: 'session.begun', subject: null })
  const own = await chainOf('/api/v0/operator/audit', ADMIN_TOKEN)
  expect(own[0]).toMatchObject({ type: 'session.begun', actor: 'operator' })
})

test('a chain in which something was changed, left out or put in says so', async () => {
  const acts = await chainOf('/api/v0/audit')
  const [first, second, third, ...rest] = acts
  if (first === undefined || second === undefined || third === undefined) throw new Error('the chain is too short')
  expect(actsProblem([first, { ...second, actor: 'operator', at_ms: 1 }, third], null)).toMatch(/not what its hash/)
  expect(actsProblem([first, third], null)).toMatch(/is missing/)
  expect(actsProblem([second, third, ...rest], { ...first, previous: third.hash })).toMatch(/does not follow/)
  expect(actsProblem(rest.slice(0, -1), null)).toBeNull()
})

test('an act whose data somebody damaged is shown, with a hash that does not fit, beside all the others', async () => {
  const t = startTestApp(null)
  const about = { chain: OPERATOR_CHAIN, actor: 'operator', type: 'session.begun', subject: null, data: {} } as const
  const first = linkedAct({ ...about, atMs: 1 }, null)
  const second = linkedAct({ ...about, atMs: 2 }, first)
  for (const data of ['{', '5', '[]', 'null']) {
    Object.assign(t.store, { actsOf: () => Promise.resolve([second, { ...first, data }]) })
    const headers = { authorization: `Bearer ${ADMIN}` }
    const response = await t.app.request('/api/v0/operator/audit', { headers })
    expect(response.status).toBe(200)
    const { acts } = chainSchema.parse(await response.json())
    expect(acts.map(({ number }) => number)).toEqual([1, 0])
    expect(acts[1]?.data).toEqual({ unreadable: data })
    expect(actsProblem(acts, null)).toMatch(/act 0 is not what its hash/)
  }
})

test('the log of receipts is whole from the first link to its head', async () => {
  const sealer = await openTestSealer(world.store)
  sealer.wake()
  await sealer.idle()
  await sealer.close()
  const page = z
    .object({
      length: z.int(),
      head: z.string().nullable(),
      links: z.array(z.object({ digest: z.string(), link: signedLinkSchema })),
    })
    .parse(await call('GET', '/api/v0/receipts'))
  expect(page.length).toBeGreaterThan(0)
  expect(page.links.length).toBe(page.length)
  let previous: string | null = null
  for (const [n, { digest, link }] of page.links.entries()) {
    expect(linkDigest(link.body)).toBe(digest)
    expect(link.body).toMatchObject({ place: n, previous, project_id: EXAMPLE.project })
    previous = digest
  }
  expect(page.head).toBe(previous)
})
