// A table of routes that is wrong does not start, and says all that is wrong with it.
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ROUTES } from '../routes/all-routes.ts'
import { checkRoutes } from './check-routes.ts'
import { answered, route, type Route } from './route.ts'

const good = route({
  method: 'GET',
  path: '/api/v0/things/{id}',
  scope: 'jobs:read',
  tag: 'jobs',
  operationId: 'getThing',
  summary: 'A thing',
  description: 'Some thing.',
  params: z.strictObject({ id: z.string() }),
  responses: { 200: { description: 'The thing.', schema: z.strictObject({ ok: z.literal(true) }) } },
  problems: [],
  examples: [{ summary: 'One', params: { id: 'x' }, status: 200 }],
  handle: async () => answered(200, { ok: true }),
})

test('the table of this server is right', () => checkRoutes(ROUTES))

test.each<[string, Partial<Record<keyof Route, unknown>>, RegExp]>([
  ['no scope', { scope: undefined }, /has no scope/],
  ['an unknown scope', { scope: 'all' }, /has no scope that there is: all/],
  ['no answer', { responses: {} }, /declares no answer/],
  ['an answer that is not described', { responses: { 200: { description: '' } } }, /does not describe its answer 200/],
  ['a parameter that is nowhere', { path: '/api/v0/things' }, /\{\} in its path and \{id\} in its params/],
  ['a parameter without a schema', { params: null }, /\{id\} in its path and \{\} in its params/],
  ['no example', { examples: [] }, /no example/],
  ['a body in a GET', { body: z.string() }, /a GET has not/],
])('%s', (_, change, message) => {
  // Past the types, as JavaScript could.
  const wrong: Route = Object.assign({}, good, change)
  expect(() => checkRoutes([wrong])).toThrow(message)
})

test('the same address or operation twice', () => {
  const other = { ...good, path: '/api/v0/things/{name}', params: z.strictObject({ name: z.string() }) } as const
  expect(() => checkRoutes([good, other])).toThrow(/GET \/api\/v0\/things\/\{\} is declared twice\ngetThing/)
})
