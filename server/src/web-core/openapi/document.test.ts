// The document is what OpenAPI says one is, has every route, problem code and scope, and the page that shows it takes
// nothing from elsewhere.
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { PROBLEMS } from '@forge/shared/contract/problem.ts'
import { ROUTES } from '../routes/all-routes.ts'
import { answerHeaders, statusesOf } from '../routing/answer-headers.ts'
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

test('every header that an answer may have is in it, for its status', () => {
  const components = z
    .record(z.string(), z.object({ description: z.string().min(1) }))
    .parse(z.object({ headers: z.unknown() }).parse(document['components']).headers)
  const responsesSchema = z.record(
    z.string(),
    z.object({ headers: z.record(z.string(), z.object({ $ref: z.string() })) }),
  )
  const told = (path: string, method: string, status: number) => {
    const responses = responsesSchema.parse(document.paths[path]?.[method]?.['responses'])
    return Object.fromEntries(
      Object.entries(responses[status]?.headers ?? {}).map(([name, { $ref }]) => {
        return [name, components[$ref.split('/').at(-1) ?? '']?.description]
      }),
    )
  }
  for (const declared of ROUTES) {
    for (const status of statusesOf(declared)) {
      expect(told(declared.path, declared.method.toLowerCase(), status)).toEqual(answerHeaders(declared, status))
    }
  }
  const names = (path: string, method: string, status: number) => Object.keys(told(path, method, status))
  const data = '/api/v0/vmem/{name}/{version}/data'
  expect(names(data, 'get', 206)).toEqual(
    expect.arrayContaining(['ETag', 'Accept-Ranges', 'Repr-Digest', 'Content-Disposition', 'Content-Range']),
  )
  expect(names(data, 'get', 304)).toContain('ETag')
  expect(names(data, 'get', 416)).toContain('Content-Range')
  expect(names(data, 'get', 401)).toEqual(['WWW-Authenticate', 'Forge-Request-Id', 'traceparent'])
  expect(names(data, 'get', 503)).toEqual(
    expect.arrayContaining(['Retry-After', 'RateLimit', 'Forge-Request-Id', 'traceparent']),
  )
  expect(names('/api/v0/ops/execute', 'post', 202)).toContain('Preference-Applied')
  expect(names('/api/v0/ops/execute', 'post', 504)).toContain('Preference-Applied')
})

test('an answer has each media type that it may be sent as', () => {
  const invoice = z
    .object({ 200: z.object({ content: z.record(z.string(), z.object({ example: z.string().optional() })) }) })
    .parse(document.paths['/api/v0/invoice']?.['get']?.['responses'])[200].content
  expect(Object.keys(invoice)).toEqual(['application/json', 'text/csv'])
  expect(invoice['text/csv']?.example?.split('\r\n')[0]).toBe('date,kind,op,mode,jobs,credits,eur')
  const blob = z
    .object({ 200: z.object({ content: z.record(z.string(), z.unknown()) }) })
    .parse(document.paths['/api/v0/blob/{name}']?.['get']?.['responses'])[200].content
  expect(Object.keys(blob)).toEqual(expect.arrayContaining(['application/octet-stream', 'text/csv', 'image/png']))
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
