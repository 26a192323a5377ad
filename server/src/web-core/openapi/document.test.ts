// The document is what OpenAPI says one is, has every route, problem code and scope, and the page that shows it takes
// nothing from elsewhere.
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { PROBLEMS } from '@forge/shared/contract/problem.ts'
import { ROUTES } from '../routes/all-routes.ts'
import { isProjects, problemsOf } from '../routing/route.ts'
import { startTestApp } from '../test-app.ts'
import { openApiDocument } from './document.ts'

const document = openApiDocument(ROUTES)

test('it stands up to the linter’s recommended rules and to its examples', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // The key is in the scheme of every project route; the public ones say so with an empty list.
      'security-defined': 'error',
      'no-invalid-media-type-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      'operation-operationId-unique': 'error',
      'tag-description': 'error',
      'info-license': 'off',
      // A public route refuses with 4xx like any other, but liveness and readiness have nothing to refuse.
      'no-server-example.com': 'error',
    },
  })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([])
})

test('every route is in it, with every problem that it may answer and its scope', () => {
  const operationSchema = z.object({
    operationId: z.string(),
    security: z.array(z.record(z.string(), z.array(z.string()))),
    responses: z.record(z.string(), z.object({ description: z.string() })),
  })
  for (const declared of ROUTES) {
    const operation = operationSchema.parse(document.paths[declared.path]?.[declared.method.toLowerCase()])
    expect(operation.operationId).toBe(declared.operationId)
    const told = Object.values(operation.responses)
      .map(({ description }) => description)
      .join(' ')
    for (const code of problemsOf(declared)) expect(told).toContain(`\`${code}\``)
    const scopes = operation.security.flatMap((one) => Object.values(one).flat())
    if (isProjects(declared)) expect(new Set(scopes)).toEqual(new Set([declared.scope]))
    expect(operation.security.length > 0).toBe(declared.scope !== 'public')
  }
})

test('it says of every problem what to do', () => {
  const { description } = z.object({ description: z.string() }).parse(document['info'])
  for (const code of Object.keys(PROBLEMS)) expect(description).toMatch(new RegExp(`^\\* \`${code}\`: \\S.+[.]$`, 'm'))
})

test('it is served, and so is the page that shows it, from our own origin under the strict policy', async () => {
  const { app } = startTestApp()
  const served = await app.request('/openapi.json')
  expect(served.headers.get('content-type')).toBe('application/json')
  expect(await served.json()).toEqual(JSON.parse(JSON.stringify(document)))
  const page = await app.request('/docs')
  expect(page.headers.get('content-security-policy')).toContain("style-src 'self'")
  const html = await page.text()
  const fetched = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address)
  expect(fetched.length).toBeGreaterThan(2)
  expect(html).not.toMatch(/<style|style=|<script>/)
  for (const address of fetched) expect((await app.request(address)).status, address).toBe(200)
})
