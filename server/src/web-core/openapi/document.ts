// The OpenAPI 3.1 document of a table of routes: every address, parameter, body, answer, problem and scope as the routes
// declare them. Nothing is written twice: what the document says is what parses the requests.
import { PROBLEMS, problemSchema, type ProblemCode } from '@forge/shared/contract/problem.ts'
import { REMEDIES } from '@forge/shared/contract/remedies.ts'
import { SCOPE_MEANINGS } from '@forge/shared/contract/tenants.ts'
import { webhookPayloadSchema } from '@forge/shared/contract/webhooks.ts'
import { answerHeaders, statusesOf } from '../routing/answer-headers.ts'
import {
  isProjects,
  JSON_TYPE,
  mediaTypesOf,
  problemsOf,
  TAGS,
  type ResponseSpec,
  type Route,
  type RouteExample,
} from '../routing/route.ts'
import { createHeaderComponents, type HeaderComponents } from './headers.ts'
import { SESSION_COOKIE } from '../session-cookie.ts'
import { componentName, createComponents, type Components, type JsonSchema } from './schemas.ts'
import { sentWebhooks } from './webhooks.ts'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: Readonly<Record<string, unknown>>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly [part: string]: unknown
}
interface Operation {
  readonly operationId: string
  readonly [part: string]: unknown
}

const DESCRIPTION = `One deterministic computer made of browser tabs. A contract is posted to \`/api/v0/ops/execute\`; the answer has the result, what it was verified with, and digests by which anyone can run it again.

What a project may is in its limits, which the operator sets. Every answer to a project’s key says in \`RateLimit\` how many requests are left; too many are refused with 429 and \`Retry-After\`.

Every refusal is an RFC 9457 problem document with a stable \`code\`. What to do about each:

${Object.entries(REMEDIES)
  .map(([code, remedy]) => `* \`${code}\`: ${remedy}`)
  .join('\n')}

A project's key has scopes:

${Object.entries(SCOPE_MEANINGS)
  .map(([scope, meaning]) => `* \`${scope}\`: ${meaning}`)
  .join('\n')}`

export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const components = createComponents(routes, { Problem: problemSchema, WebhookEvent: webhookPayloadSchema })
  const headers = createHeaderComponents()
  const paths: Record<string, Record<string, Operation>> = {}
  for (const declared of routes) {
    const at = (paths[declared.path] ??= {})
    at[declared.method.toLowerCase()] = operationOf(declared, components, headers)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Forge Pool',
      version: 'v0',
      description: DESCRIPTION,
      license: { name: 'See the repository', identifier: 'LicenseRef-Forge-Pool' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: sentWebhooks({ $ref: '#/components/schemas/WebhookEvent' }),
    components: { schemas: components.schemas, headers: headers.all, securitySchemes: SECURITY_SCHEMES },
  }
}

const SECURITY_SCHEMES = {
  projectKey: { type: 'http', scheme: 'bearer', description: 'A project’s key: fpak_...' },
  projectKeyHeader: { type: 'apiKey', in: 'header', name: 'X-FORGE-API-KEY', description: 'The same key.' },
  adminToken: { type: 'http', scheme: 'bearer', description: 'The operator’s FORGE_ADMIN_TOKEN.' },
  metricsToken: { type: 'http', scheme: 'bearer', description: 'FORGE_METRICS_TOKEN.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'Of HQ’s own pages: it may what the key may that signed in.',
  },
}

function securityOf({ scope }: Route): object[] {
  if (scope === 'public') return []
  if (scope === 'admin') return [{ adminToken: [] }, { session: [] }]
  if (scope === 'metrics') return [{ metricsToken: [] }, { adminToken: [] }, { session: [] }]
  return [{ projectKey: [scope] }, { projectKeyHeader: [scope] }, { session: [scope] }]
}

function operationOf(declared: Route, components: Components, headers: HeaderComponents): Operation {
  const { operationId, summary, tag, examples } = declared
  const bodies = examples.filter(({ body }) => body !== undefined)
  const content = {
    schema: components.body(declared),
    ...(bodies.length === 0 ? {} : { examples: named(bodies, ({ body }) => body) }),
  }
  return {
    operationId,
    tags: [tag],
    summary,
    description: `${declared.description}${needsOf(declared)}`,
    security: securityOf(declared),
    ...parametersOf(declared, components),
    ...uploadOf(declared),
    ...(declared.body === null
      ? {}
      : {
          requestBody: {
            required: !declared.body.safeParse(undefined).success,
            content: { 'application/json': content },
          },
        }),
    responses: responsesOf(declared, components, headers),
  }
}

function needsOf(declared: Route): string {
  if (isProjects(declared)) return `\n\nScope: \`${declared.scope}\`.`
  return declared.scope === 'public' ? '' : '\n\nFor the operator.'
}

function uploadOf({ upload }: Route): object {
  if (upload === undefined) return {}
  const schema = { type: 'string', format: 'binary' }
  return { requestBody: { description: upload, content: { '*/*': { schema } } } }
}

const named = <T>(examples: readonly RouteExample[], valueOf: (example: RouteExample) => T) =>
  Object.fromEntries(
    examples.map((example) => [componentName(example.summary), { summary: example.summary, value: valueOf(example) }]),
  )

function parametersOf(declared: Route, components: Components): object {
  const { params, query, headers = {}, examples } = declared
  const good = examples.find(({ status }) => status < 400) ?? examples[0]
  const parameters = [
    ...components.properties(params).map(({ name, schema }) => {
      const example = good?.params?.[name]
      return { name, in: 'path', required: true, ...describedBy(schema), ...(example === undefined ? {} : { example }) }
    }),
    ...components.properties(query).map(({ name, schema, required }) => {
      return { name, in: 'query', required, ...describedBy(schema) }
    }),
    ...Object.entries(headers).map(([name, { description, example }]) => {
      return { name, in: 'header', required: false, description, schema: { type: 'string' }, example }
    }),
  ]
  return parameters.length === 0 ? {} : { parameters }
}

function describedBy({ description, ...schema }: JsonSchema): object {
  return { ...(description === undefined ? {} : { description }), schema }
}

interface ResponseObject {
  description: string
  headers: object
  content?: Record<string, object>
}

function responsesOf(
  declared: Route,
  components: Components,
  headers: HeaderComponents,
): Record<string, ResponseObject> {
  const problems = problemsOf(declared)
  const responses = statusesOf(declared).map((status): [number, ResponseObject] => {
    const spec = declared.responses[status]
    const codes = problems.filter((code) => PROBLEMS[code].status === status)
    const texts = [
      ...(spec === undefined ? [] : [spec.description]),
      ...codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`),
    ]
    const content = {
      ...(spec === undefined ? {} : contentOf(declared, status, spec, components)),
      ...(codes.length === 0 ? {} : { 'application/problem+json': { schema: problemOf(codes) } }),
    }
    return [
      status,
      {
        description: texts.join('\n\n'),
        headers: headers.of(answerHeaders(declared, status)),
        ...(Object.keys(content).length === 0 ? {} : { content }),
      },
    ]
  })
  return Object.fromEntries(responses)
}

function contentOf(
  declared: Route,
  status: number,
  spec: ResponseSpec,
  components: Components,
): Record<string, object> {
  const types = mediaTypesOf(spec).map((type): [string, object] => {
    const sample = spec.samples?.[type]
    const text = type.startsWith('text/') ? { schema: { type: 'string' } } : {}
    const schema =
      type === JSON_TYPE && spec.schema !== undefined ? { schema: components.answer(declared, status) } : text
    return [type, { ...schema, ...(sample === undefined ? {} : { example: sample }) }]
  })
  return Object.fromEntries(types)
}

const problemOf = (codes: readonly ProblemCode[]): object => ({
  allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties: { code: { enum: [...codes] } } }],
})
