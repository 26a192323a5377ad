// Every example of every route is made against the app on a real store: it is answered with the status it promises, and
// with the media type, the headers and the body, or the problem, that the route declares.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { ADMIN_TOKEN, openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { textOf } from '../first-events.fixtures.ts'
import { checkAnswer } from '../generated/check-answer.fixtures.ts'
import { isProjects, type Route, type RouteExample } from '../routing/route.ts'
import { ROUTES } from './all-routes.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

function ask({ method, path, scope }: Route, example: RouteExample): Promise<Response> {
  const { params = {}, query, body, upload, headers } = example
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
  const key = isProjects({ scope }) ? world.own.key : ADMIN_TOKEN
  const bytes = upload ?? (body === undefined ? undefined : JSON.stringify(body))
  const sent = bytes === undefined ? {} : { body: bytes }
  return Promise.resolve(
    world.app.request(address + search, {
      method,
      ...sent,
      headers: { 'content-type': 'application/json', ...headers, authorization: `Bearer ${key}` },
    }),
  )
}

for (const declared of ROUTES) {
  describe(`${declared.method} ${declared.path}`, () => {
    test.each(declared.examples)('$summary: $status', async (example) => {
      const response = await ask(declared, example)
      const text = await textOf(response)
      expect(response.status, text).toBe(example.status)
      checkAnswer(declared, { response, text })
      const spec = declared.responses[response.status]
      for (const name of Object.keys(spec?.headers ?? {})) {
        if (name === 'Location') expect(response.headers.get(name)).toMatch(/^\/api\/v0\//)
      }
    })

    test('an unknown query parameter is refused by its name', async () => {
      const [example] = declared.examples
      if (example === undefined) return
      const response = await ask(declared, { ...example, query: { ...example.query, no_such_parameter: '1' } })
      expect(problemSchema.parse(await response.json())).toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ path: 'query.no_such_parameter' }],
      })
    })
  })
}
