// Nothing that a client sends to any route yields a 5xx: names, parameters, headers and bodies drawn at random, and examples
// with a part replaced by anything, over a real store. What is answered is declared, and fits its schema.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { ADMIN_TOKEN, openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { EXAMPLE } from '../examples.ts'
import { isProjects, problemsOf, type Route } from '../routing/route.ts'
import { ROUTES } from './all-routes.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

const text = fc.oneof(
  fc.constantFrom('', '0', '1', '-1', '1e9', '99999999999999999999', 'null', '\0', 'ü', ' ', 'a'.repeat(300)),
  fc.constantFrom('2026-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', 'COMPLETED'),
  // Cursors of other lists, and none at all.
  fc.oneof(fc.jsonValue(), fc.tuple(fc.nat(), fc.constant(EXAMPLE.job))).map((value) => {
    return Buffer.from(JSON.stringify(value)).toString('base64url')
  }),
  fc.constantFrom(...Object.values(EXAMPLE)),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(1e308, -1, 2 ** 53, '\0', 'x'.repeat(2_000), null, [], {}))

function garbled(value: unknown, at: readonly number[], other: unknown): unknown {
  const [first, ...rest] = at
  if (first === undefined || typeof value !== 'object' || value === null) return other
  const keys = [...Object.keys(value), 'other']
  const key = keys[first % keys.length] ?? 'other'
  return { ...value, [key]: garbled(Object.entries(value).find(([name]) => name === key)?.[1], rest, other) }
}

interface Drawn {
  readonly params: readonly string[]
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly lastEvent: string | null
}

function drawnFor({ params, query, examples, body }: Route): fc.Arbitrary<Drawn> {
  const names = [...Object.keys(query?.shape ?? {}), 'no_such']
  const bodies = examples.flatMap((example) => (example.body === undefined ? [] : [example.body]))
  const changed = fc
    .tuple(fc.constantFrom(...bodies, {}), fc.array(fc.nat(20), { maxLength: 3 }), anything)
    .map(([sent, at, other]) => garbled(sent, at, other))
  const count = Object.keys(params?.shape ?? {}).length
  return fc.record({
    params: fc.array(text, { minLength: count, maxLength: count }),
    query: fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 3 }),
    body: body === null ? fc.constant(undefined) : changed,
    lastEvent: fc.option(fc.stringMatching(/^[\x21-\x7e]{1,12}$/)),
  })
}

describe.each(ROUTES.map((declared) => [`${declared.method} ${declared.path}`, declared] as const))(
  '%s',
  (_, declared) => {
    test('answers what it declares, whatever is sent', async () => {
      const key = isProjects(declared) ? world.own.key : ADMIN_TOKEN
      await fc.assert(
        fc.asyncProperty(drawnFor(declared), async ({ params, query, body, lastEvent }) => {
          let n = 0
          // A name that is empty or a dot is another address.
          const part = (): string => encodeURIComponent(params[n++] ?? '').replace(/^\.{0,2}$/, 'x')
          const search = new URLSearchParams(query).toString()
          const path = declared.path.replaceAll(/\{\w+\}/g, part) + (search === '' ? '' : `?${search}`)
          const response = await world.app.request(path, {
            method: declared.method,
            headers: {
              authorization: `Bearer ${key}`,
              'content-type': 'application/json',
              ...(lastEvent === null ? {} : { 'last-event-id': lastEvent }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          })
          const said = await response.text()
          expect(response.status, said).toBeLessThan(500)
          if (response.status < 400) {
            const spec = declared.responses[response.status]
            expect(spec, said).toBeDefined()
            spec?.schema?.parse(JSON.parse(said))
          } else expect(problemsOf(declared)).toContain(problemSchema.parse(JSON.parse(said)).code)
        }),
        { numRuns: 60 },
      )
    })
  },
)
