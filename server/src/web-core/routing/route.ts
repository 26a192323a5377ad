// What a route is: data. From one declaration follow the address, who may call it, how its input is parsed, which
// answers it may give, and its page in the OpenAPI document. A route without a scope or without answers does not compile;
// what types cannot say is checked at start, in check-routes.ts.
import type { z } from 'zod'
import type { ProblemCode } from '@forge/shared/contract/problem.ts'
import type { Scope } from '@forge/shared/contract/tenants.ts'
import type { AdminCaller, Caller, ProjectCaller, ScraperCaller } from '../auth.ts'
import type { RouteDeps } from '../deps.ts'
import type { Refusal } from '../refusal.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Nobody's key, the operator's token, the one that reads metrics, or a key of a project with that scope. */
export type RouteScope = 'public' | 'admin' | 'metrics' | Scope

interface Callers {
  readonly public: null
  readonly admin: AdminCaller
  readonly metrics: AdminCaller | ScraperCaller
}
export type CallerOf<S extends RouteScope> = S extends keyof Callers ? Callers[S] : ProjectCaller

/** One answer of success. Refusals are problems, and named by their codes. */
export interface ResponseSpec {
  readonly description: string
  /** Of the JSON among what it is sent as. Left out where there is none, and where it is a client's own. */
  readonly schema?: z.ZodType
  /** What it may be sent as, without parameters: JSON alone unless said; none for an answer without a body. */
  readonly mediaTypes?: readonly string[]
  /** By media type, a text of it for the document. */
  readonly samples?: Readonly<Record<string, string>>
  /** Name to what it says. */
  readonly headers?: Readonly<Record<string, string>>
}

export const JSON_TYPE = 'application/json'
export const mediaTypesOf = ({ mediaTypes }: ResponseSpec): readonly string[] => mediaTypes ?? [JSON_TYPE]

export type ResponseSpecs = Readonly<Record<number, ResponseSpec>>

/** A call that a reader may copy. The tests make each of them, in the order of the declarations. */
export interface RouteExample {
  readonly summary: string
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The bytes of an upload, as text. */
  readonly upload?: string
  /** What it is answered with in the world of the examples: see examples.ts. */
  readonly status: number
}

/** A header that the route reads itself. */
export interface HeaderSpec {
  readonly description: string
  readonly example: string
}

type Values<Schema extends z.ZodType | undefined> = Schema extends z.ZodType ? z.output<Schema> : undefined

export interface RouteInput<
  S extends RouteScope,
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
> {
  readonly caller: CallerOf<S>
  readonly params: Values<P>
  readonly query: Values<Q>
  readonly body: Values<B>
  /** The body as sent, where one is declared: what a digest is taken over. */
  readonly sent: JsonValue
  readonly request: Request
}

/** `body` must fit the schema of its status. A Response goes as it is: streams, and what is no JSON. */
export type RouteAnswer<R extends ResponseSpecs> = Refusal | Response | JsonAnswer<R>

type JsonAnswer<R extends ResponseSpecs> = {
  [Status in keyof R & number]: R[Status] extends { readonly schema: infer Schema extends z.ZodType }
    ? {
        readonly status: Status
        readonly body: z.input<Schema>
        readonly headers?: Readonly<Record<string, string>>
      }
    : never
}[keyof R & number]

export interface RouteText {
  readonly method: Method
  /** As OpenAPI writes it: `/api/v0/jobs/{id}`. */
  readonly path: `/${string}`
  /** Of its resource, as the document groups them. */
  readonly tag: RouteTag
  /** Unique; what a generated client calls it. */
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly headers?: Readonly<Record<string, HeaderSpec>>
  /** What 404 says, also of an address that fits no name there can be; a route with params should have it. */
  readonly missing?: string
  /** Its params are names that the caller chooses, so that what nobody has is made or empty, and not 404; a bad name is 422. */
  readonly namesByCaller?: true
  /** Those that follow from scope, params, query and body are added: see `problemsOf`. */
  readonly problems: readonly ProblemCode[]
  /** Headers that its refusals may have as well as its answers: name to what each says. */
  readonly problemHeaders?: Readonly<Record<string, string>>
  /** The body is bytes that the route streams by itself: what they are. */
  readonly upload?: string
  readonly examples: readonly RouteExample[]
}

export interface RouteSpec<
  S extends RouteScope,
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
  R extends ResponseSpecs,
> extends RouteText {
  readonly scope: S
  /** Of the path. What does not fit names nothing that is there: 404. */
  readonly params?: P
  /** Texts, as a query has them. Every other parameter is refused. */
  readonly query?: Q
  /** JSON, strictly read: media type, size, UTF-8, no name twice. It may be left out where the schema has a default. */
  readonly body?: B
  readonly responses: R
  handle(input: RouteInput<S, P, Q, B>, deps: RouteDeps): Promise<RouteAnswer<R>>
}

/** A route whose own types are behind it. */
export interface Route extends RouteText {
  readonly scope: RouteScope
  readonly params: z.ZodObject | null
  readonly query: z.ZodObject | null
  readonly body: z.ZodType | null
  readonly responses: ResponseSpecs
  handle(input: AnyInput, deps: RouteDeps): Promise<AnyAnswer>
}

export type AnyAnswer =
  | Refusal
  | Response
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

/** What the router hands over; it has parsed each part by the route's own schema. */
export interface AnyInput {
  readonly caller: Caller | null
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly sent: JsonValue
  readonly request: Request
}

export const TAGS = {
  ops: 'What can be computed, at what price, and computing it.',
  jobs: 'What became of a contract: state, progress, shards, events.',
  projects: 'Tenants, for the operator.',
  limits: 'What a project may, and what it uses of it.',
  keys: 'The keys that speak for a project.',
  pools: 'Agents of a project’s own, and the tokens that they say.',
  memory: 'Memory: how much of it is used.',
  kv: 'Memory: small JSON values under a key.',
  blob: 'Memory: objects and artifacts, streamed.',
  vmem: 'Memory: typed arrays, sealed and versioned, which args may refer to.',
  billing: 'What was spent, and by what it is reckoned.',
  webhooks: 'Who is told of ends, notices and money, signed, without asking.',
  audit: 'Who did what, and what was signed: chains that anybody with a key can check.',
  hq: 'Signing in to the console.',
  server: 'Health, and what agents fetch.',
  agents: 'Who computes: for a project, for the operator, and for a volunteer’s page, which has no key of a project.',
} as const
export type RouteTag = keyof typeof TAGS

export function route<
  S extends RouteScope,
  R extends ResponseSpecs,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<S, P, Q, B, R>): Route {
  return {
    ...spec,
    params: spec.params ?? null,
    query: spec.query ?? null,
    body: spec.body ?? null,
    // The router parses by these very schemas and checks the caller by this very scope before it calls.
    handle: (input, deps) => spec.handle(input as RouteInput<S, P, Q, B>, deps),
  }
}

/** A JSON answer, with its status and fields as exactly as they are written. */
export function answered<const Status extends number, const Body extends object>(
  status: Status,
  body: Body,
  headers: Readonly<Record<string, string>> = {},
): { readonly status: Status; readonly body: Body; readonly headers: Readonly<Record<string, string>> } {
  return { status, body, headers }
}

/** A project's key calls it: its requests are counted. */
export const isProjects = ({ scope }: Pick<Route, 'scope'>): boolean =>
  scope !== 'public' && scope !== 'admin' && scope !== 'metrics'

/** All codes that a call may be answered with, its own and those that follow from what it declares. */
export function problemsOf(declared: Route): readonly ProblemCode[] {
  const codes: ProblemCode[] = [...declared.problems]
  if (declared.scope !== 'public') codes.push('UNAUTHENTICATED', 'CONFLICTING_CREDENTIALS', 'FORBIDDEN')
  if (isProjects(declared)) codes.push('RATE_LIMITED')
  if (declared.params !== null) codes.push('NOT_FOUND')
  codes.push('VALIDATION_FAILED')
  if (declared.body !== null) {
    codes.push(
      'MALFORMED_JSON',
      'DUPLICATE_KEY',
      'NOT_UTF8',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'BODY_TOO_SLOW',
      'BODY_TOO_FRAGMENTED',
    )
  }
  codes.push('STORE_FULL', 'STORE_SLOW', 'STORE_UNAVAILABLE', 'INTERNAL')
  return [...new Set(codes)]
}
