// Who made a node token, which decides for whom its region holds: the route says it, never the body. And how a pool goes.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { TENANT_LIMITS } from '@forge/shared/contract/tenants.ts'
import { ADMIN_TOKEN, openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { EXAMPLE } from '../examples.ts'
import { inUse } from './pools.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

const make = (path: string, key: string, body: object) =>
  world.app.request(`/api/v0${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'rack 7', region: 'eu-west', ...body }),
  })
const poolsSchema = z.object({ pools: z.array(z.object({ name: z.string() })) })
const madeSchema = z.object({
  node_token: z.object({ id: z.string(), made_by: z.string(), region: z.string().nullable() }),
})

test('a token is of whoever made it, the project or the operator, also where it is not trusted', async () => {
  const own = world.own.key
  const operators = `/projects/${EXAMPLE.project}/node-tokens`
  const made = [await make('/node-tokens', own, {}), await make(operators, ADMIN_TOKEN, {})]
  const tokens = await Promise.all(made.map(async (answer) => madeSchema.parse(await answer.json()).node_token))
  expect(tokens).toMatchObject([
    { made_by: 'project', region: 'eu-west' },
    { made_by: 'operator', region: 'eu-west' },
  ])
  const rows = await world.store.nodeTokens(world.own.projectId, { after: null, limit: 9 })
  const stored = tokens.map(({ id }) => rows.find((row) => row.id === id))
  expect(stored.map((row) => [row?.madeByOperator, row?.trusted])).toEqual([
    [false, false],
    [true, false],
  ])
})

test('no body says who made it, and no project’s key makes the operator’s', async () => {
  for (const words of [{ made_by: 'operator' }, { madeByOperator: true }, { trusted: true }]) {
    expect((await make('/node-tokens', world.own.key, words)).status).toBe(422)
  }
  expect((await make(`/projects/${EXAMPLE.project}/node-tokens`, world.own.key, {})).status).toBe(403)
})

test('a pool in use says what needs it, one that nobody needs goes, and the limit counts those that are there', async () => {
  const ask = (method: string, path: string, body?: object) =>
    world.app.request(`/api/v0${path}`, {
      method,
      headers: { authorization: `Bearer ${world.own.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const { pools } = poolsSchema.parse(await (await ask('GET', '/pools')).json())
  for (let n = pools.length; n < TENANT_LIMITS.poolsPerProjectMax; n++) {
    expect((await ask('POST', '/pools', { name: `more-${n}` })).status).toBe(201)
  }
  const full = problemSchema.parse(await (await ask('POST', '/pools', { name: 'one-too-many' })).json())
  expect(full).toMatchObject({
    code: 'LIMIT_REACHED',
    detail: expect.stringMatching(/pools_per_project is 50, .*delete/),
  })
  const used = problemSchema.parse(await (await ask('DELETE', `/pools/${EXAMPLE.pool}`)).json())
  expect(used).toMatchObject({
    code: 'POOL_IN_USE',
    detail: expect.stringMatching(/[1-9]\d* node tokens? .* \d+ unfinished/),
  })
  expect((await ask('DELETE', '/pools/more-49')).status).toBe(200)
  expect((await ask('DELETE', '/pools/more-49')).status).toBe(404)
  expect((await ask('POST', '/node-tokens', { name: 'x', pool: 'more-49' })).status).toBe(422)
  expect((await ask('POST', '/pools', { name: 'one-too-many' })).status).toBe(201)
})

test.each([
  [1, 1, '1 node token that is neither revoked nor expired, and 1 unfinished job that asks for it'],
  [0, 2, '0 node tokens that are neither revoked nor expired, and 2 unfinished jobs that ask for it'],
])('%i tokens and %i jobs are told in their number', (openTokens, unfinishedJobs, words) => {
  expect(inUse({ openTokens, unfinishedJobs })).toBe(words)
})
