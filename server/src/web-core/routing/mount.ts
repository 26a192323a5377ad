// From the table of routes to a router: who may call, what was sent, the answer, and for every address what it takes.
import type { Context, Hono } from 'hono'
import type { Authenticate, Caller } from '../auth.ts'
import { admits } from '../auth.ts'
import type { RouteDeps } from '../deps.ts'
import { refuse, Refusal } from '../refusal.ts'
import { API_HEADERS, replyJson, replyProblem } from '../reply.ts'
import { checkRoutes } from './check-routes.ts'
import { parseInput } from './parse-input.ts'
import type { AnyAnswer, Route } from './route.ts'

/** Throws when the table is wrong. */
export function mountRoutes<E extends object>(
  app: Hono<E>,
  routes: readonly Route[],
  authenticate: Authenticate,
  depsOf: (context: Context<E>) => RouteDeps,
): void {
  checkRoutes(routes)
  const methods = new Map<string, Route['method'][]>()
  for (const declared of routes) {
    methods.set(declared.path, [...(methods.get(declared.path) ?? []), declared.method])
    app.on(declared.method, honoPath(declared.path), (context) =>
      answer(declared, context.req.param(), context.req.raw, authenticate, depsOf(context)),
    )
  }
  for (const [path, taken] of methods) {
    const allowed = allowedOf(taken)
    app.all(honoPath(path), (context) => wrongMethod(context.req.method, allowed))
  }
}

async function answer(
  declared: Route,
  params: Readonly<Record<string, string>>,
  request: Request,
  authenticate: Authenticate,
  deps: RouteDeps,
): Promise<Response> {
  const caller = declared.scope === 'public' ? null : await authenticate(request, declared.scope)
  if (caller instanceof Refusal) return sent(caller)
  const rate = caller?.kind === 'project' ? await deps.requests.take(caller.projectId) : null
  if (rate?.refused) return sent(rate.refused, rate.headers)
  return sent(await answerTo(declared, caller, params, request, deps), rate?.headers)
}

async function answerTo(
  declared: Route,
  caller: Caller | null,
  params: Readonly<Record<string, string>>,
  request: Request,
  deps: RouteDeps,
): Promise<AnyAnswer> {
  const barred = caller === null ? null : admits(declared.scope, caller)
  if (barred !== null) return barred
  const input = await parseInput(declared, params, request, deps.bodyPace)
  return input instanceof Refusal ? input : declared.handle({ caller, ...input }, deps)
}

function sent(given: AnyAnswer, headers: Readonly<Record<string, string>> = {}): Response {
  const response = responseOf(given)
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

function responseOf(given: AnyAnswer): Response {
  if (given instanceof Response) return given
  if (given instanceof Refusal) return replyProblem(given)
  const { status, body, headers } = given
  if (typeof body !== 'object' || body === null) throw new TypeError('an answer is a JSON object')
  return replyJson(body, status, headers)
}

/** What `honoPath` was made of. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}')

export const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

function allowedOf(taken: readonly Route['method'][]): string {
  const names = taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  return [...names, 'OPTIONS'].join(', ')
}

export function wrongMethod(method: string, allowed: string): Response {
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { ...API_HEADERS, Allow: allowed } })
  return replyProblem(refuse('METHOD_NOT_ALLOWED', `This address takes ${allowed}.`), { Allow: allowed })
}
