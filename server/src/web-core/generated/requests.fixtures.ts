// A request of a route, drawn at random, and how it is sent. Three kinds: valid by the route's own schemas, with some part
// replaced, and hostile. Chance says everything of it, so that a seed repeats it.
import fc from 'fast-check'
import { kernels } from '@forge/shared/kernels/registry.gen.ts'
import { ADMIN_TOKEN, FOREIGN_MARK, METRICS_TOKEN, type ExampleWorld } from '../examples.fixtures.ts'
import { EXAMPLE } from '../examples.ts'
import { textOf } from '../first-events.fixtures.ts'
import { isProjects, type Route, type RouteExample } from '../routing/route.ts'
import { valuesOf } from './from-schema.fixtures.ts'
import { nastyHeaders, nastyTexts, nastyValues, replaced, twists } from './hostile.fixtures.ts'

export const KINDS = ['valid', 'mutated', 'hostile'] as const
export type Kind = (typeof KINDS)[number]

export interface GeneratedRequest {
  readonly kind: Kind
  readonly params: readonly string[]
  readonly query: readonly (readonly [string, string])[]
  /** JSON text, bytes, or nothing. */
  readonly body: string | Uint8Array<ArrayBuffer> | undefined
  /** Behind how many of its bytes the body breaks off; null: it does not. */
  readonly breaksAt: number | null
  readonly headers: Readonly<Partial<Record<string, string>>>
  readonly credentials: Credentials
}

/** Who asks: mostly somebody who may. */
type Credentials = 'own' | 'none' | 'garbage' | 'both' | 'two' | 'other kind' | 'no scope'

/** Another project's, and nobody else's: an operator's calls never get them. */
export const foreignTexts = ({ foreign }: ExampleWorld): readonly string[] => {
  const { project, key, token, pool, job, finishedJob, kvKey, blob, vmem } = foreign.ids
  return [project, key, token, pool, job, finishedJob, kvKey, blob, vmem, `${vmem}@1`]
}

const foreignIdOf = ({ foreign }: ExampleWorld, name: string): string =>
  Object.entries(foreign.ids).find(([own]) => own === name)?.[1] ?? name

export function requestsOf(declared: Route, world: ExampleWorld): fc.Arbitrary<GeneratedRequest> {
  const others = isProjects(declared) ? foreignTexts(world) : []
  const ids = new Map(Object.entries(EXAMPLE).map(([name, value]) => [value as string, foreignIdOf(world, name)]))
  const parts = partsOf(declared, others, (own) => (isProjects(declared) ? (ids.get(own) ?? own) : own))
  const own = fc.constant<Credentials>('own')
  const some = fc.constantFrom<Credentials>('none', 'garbage', 'both', 'two', 'other kind', 'no scope')
  const none = fc.constant(null)
  const request = (
    kind: Kind,
    more: { [K in 'params' | 'query' | 'body' | 'headers' | 'credentials' | 'breaksAt']: fc.Arbitrary<unknown> },
  ) => fc.record({ kind: fc.constant(kind), ...more }) as fc.Arbitrary<GeneratedRequest>
  const { goodParams, goodQuery, goodBody, goodHeaders } = parts
  const good = { params: goodParams, query: goodQuery, headers: goodHeaders, credentials: own, breaksAt: none }
  return fc.oneof(
    { weight: 3, arbitrary: request('valid', { ...good, body: goodBody.map(json) }) },
    {
      weight: 3,
      arbitrary: request('mutated', {
        ...good,
        ...(declared.body === null
          ? {
              params: fc.oneof(goodParams, parts.anyParams, parts.foreignParams),
              query: fc.oneof(goodQuery, parts.anyQuery),
            }
          : {}),
        body: parts.mutatedBody.map(json),
      }),
    },
    {
      weight: 4,
      arbitrary: request('hostile', {
        params: fc.oneof(goodParams, parts.anyParams, parts.foreignParams),
        query: fc.oneof(goodQuery, parts.anyQuery),
        body: parts.twistedBody,
        headers: fc
          .tuple(goodHeaders, fc.option(nastyHeaders, { nil: {} }))
          .map(([usual, odd]) => ({ ...usual, ...odd })),
        credentials: fc.oneof({ weight: 5, arbitrary: own }, { weight: 1, arbitrary: some }),
        breaksAt: fc.oneof({ weight: 15, arbitrary: none }, { weight: 1, arbitrary: fc.nat(200) }),
      }),
    },
  )
}

const json = (value: unknown): string | undefined => (value instanceof Uint8Array ? undefined : JSON.stringify(value))

function partsOf(
  { method, params, query, body, upload, examples }: Route,
  others: readonly string[],
  foreignOf: (own: string) => string,
) {
  const names = Object.keys(params?.shape ?? {})
  const good = examples.filter(({ status }) => status < 400)
  const known = fc.constantFrom<RouteExample>(...(good.length > 0 ? good : examples))
  const goodParams = fc.oneof(
    { weight: 4, arbitrary: known.map((example) => names.map((name) => example.params?.[name] ?? EXAMPLE.unknown)) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        ...names.map((name) => (params === null ? fc.constant('') : valuesOf(params.shape[name]).map(String))),
      ),
    },
  )
  /** The other project's, in the place of one's own. */
  const foreignParams = goodParams.map((some) => some.map(foreignOf))
  const textsOfQuery = Object.entries(query?.shape ?? {})
    .filter(([name]) => name !== 'cursor')
    .map(([name, schema]) =>
      fc.option((QUERY_NUMBERS[name] ?? valuesOf(schema)).map((value): [string, string] => [name, String(value)])),
    )
  const goodQuery = fc.oneof(
    known.map((example) => Object.entries(example.query ?? {})),
    fc.tuple(...textsOfQuery).map((all) => all.filter((one) => one !== null)),
  )
  const anyName = fc.oneof(fc.constantFrom(...Object.keys(query?.shape ?? {}), 'no_such'), nastyTexts())
  const anyQuery = fc.array(fc.tuple(anyName, nastyTexts(others)), { maxLength: 4 })
  const anyParams = fc.array(nastyTexts(others), { minLength: names.length, maxLength: names.length })
  const bodies = examples.flatMap((example) => (example.body === undefined ? [] : [fc.constant(example.body)]))
  const goodBody = body === null ? fc.constant(undefined) : fc.oneof(...bodies, wholeBodies(body))
  const at = fc.array(fc.nat(20), { maxLength: 4 })
  const mutatedBody = fc
    .tuple(goodBody, fc.array(fc.tuple(at, nastyValues(others)), { minLength: 1, maxLength: 2 }))
    .map(([sent, changes]) =>
      sent === undefined
        ? sent
        : changes.reduce<unknown>((value, [where, other]) => replaced(value, where, other), sent),
    )
  const twisted = fc
    .tuple(goodBody, twists, fc.nat(1_000_000))
    .map(([sent, twist, n]) => twist(JSON.stringify(sent ?? {}), n))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((some) => new Uint8Array(some)),
    twisted,
  )
  // A GET has no body that could be sent.
  const twistedBody =
    method === 'GET' ? fc.constant(undefined) : upload === undefined ? fc.oneof(twisted, mutatedBody.map(json)) : bytes
  const headers = examples.map((example) => ({ 'content-type': 'application/json', ...example.headers }))
  const usualBody =
    upload === undefined ? goodBody : fc.constantFrom(...examples.map((example) => example.upload ?? ''))
  return {
    goodParams,
    goodQuery,
    goodBody: usualBody,
    mutatedBody: upload === undefined ? mutatedBody : usualBody,
    twistedBody,
    anyParams,
    foreignParams,
    anyQuery,
    goodHeaders: fc.constantFrom(...headers),
  }
}

/** A query has texts, whose JSON Schema does not know their range. */
const QUERY_NUMBERS: Readonly<Record<string, fc.Arbitrary<number>>> = {
  limit: fc.integer({ min: 1, max: 100 }),
  ttl_seconds: fc.integer({ min: 60, max: 1_000_000 }),
}

/** A contract's args are its kernel's: one that names a kernel gets some that fit it. */
function wholeBodies(schema: NonNullable<Route['body']>): fc.Arbitrary<unknown> {
  const drawn = valuesOf(schema)
  const ops = [...kernels.values()].map(({ id, argsSchema }) =>
    fc.tuple(drawn, valuesOf(argsSchema)).map(([body, args]) => {
      if (typeof body !== 'object' || body === null || !('args' in body)) return body
      return { ...body, op: { name: id.op, version: id.version, profile: id.profile }, args }
    }),
  )
  return fc.oneof(...ops)
}

export interface Sent {
  readonly response: Response
  readonly text: string
}

/** `asked` by the credentials that it says. */
export async function send(
  declared: Route,
  asked: GeneratedRequest,
  world: ExampleWorld,
  scopeless: string,
): Promise<Sent> {
  let n = 0
  // A name that is empty or a dot is another address.
  const part = (): string => encodeURIComponent(wellFormed(asked.params[n++] ?? '')).replace(/^\.{0,2}$/, 'x')
  const search = new URLSearchParams(asked.query.map(([name, value]): [string, string] => [name, value])).toString()
  const path = declared.path.replaceAll(/\{\w+\}/g, part) + (search === '' ? '' : `?${search}`)
  const headers = new Headers()
  for (const [name, value] of Object.entries({
    ...asked.headers,
    ...credentialsOf(declared, asked, world, scopeless),
  })) {
    if (value !== undefined) headers.set(name, value)
  }
  const response = await world.app.request(path, { method: declared.method, headers, ...bodyOf(asked) })
  return { response, text: await textOf(response) }
}

/** Addresses are UTF-8. */
const wellFormed = (text: string): string =>
  text.replaceAll(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')

function bodyOf({ body, breaksAt }: GeneratedRequest): RequestInit & { duplex?: 'half' } {
  if (body === undefined) return {}
  if (breaksAt === null) return { body }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.subarray(0, breaksAt))
      controller.error(new Error('the connection broke'))
    },
  })
  return { body: stream, duplex: 'half' }
}

function credentialsOf(
  declared: Route,
  { credentials }: GeneratedRequest,
  { own, foreign }: ExampleWorld,
  scopeless: string,
): Record<string, string> {
  const usual = isProjects(declared) ? own.key : declared.scope === 'metrics' ? METRICS_TOKEN : ADMIN_TOKEN
  switch (credentials) {
    case 'own':
      return { authorization: `Bearer ${usual}` }
    case 'none':
      return {}
    case 'garbage':
      return { authorization: 'Bearer fpak_garbage' }
    case 'both':
      return { authorization: `Bearer ${usual}`, 'x-forge-api-key': usual }
    case 'two':
      return { authorization: `Bearer ${usual}`, 'x-forge-api-key': foreign.key }
    case 'other kind':
      return { 'x-forge-api-key': isProjects(declared) ? ADMIN_TOKEN : own.key }
    case 'no scope':
      return { 'x-forge-api-key': scopeless }
  }
}

/** Texts of the other project's that a request says by itself. */
export function foreignTextsIn(asked: GeneratedRequest, world: ExampleWorld): string[] {
  const sent = JSON.stringify([asked.params, asked.query, typeof asked.body === 'string' ? asked.body : ''])
  return foreignTexts(world).filter((text) => sent.includes(text))
}

/**
 * What was sent may come back in a refusal, and what an earlier request was taken with, as the name of a key, in a list;
 * nothing else of another project's may.
 */
export function leaks(text: string, said: readonly string[], world: ExampleWorld): string[] {
  return [FOREIGN_MARK, world.foreign.projectId, world.foreign.key, ...foreignTexts(world)]
    .filter((secret) => secret !== world.foreign.ids.kvKey)
    .filter((secret) => text.includes(secret) && !said.includes(secret))
}
