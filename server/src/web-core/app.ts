// Web Core: the table of routes, and around it the request's id, its line in the log, the common headers, the pages, 404,
// 405 and the last resort for what was thrown. What the routes do is in routes/; sockets are the Hub's.
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { routePath } from 'hono/route'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { createClientAddress } from '../hub/edge/client-address.ts'
import { OTHER } from '../metrics/http-metrics.ts'
import { RequestTrace } from '../trace.ts'
import { createAgentAlias } from './agent-alias.ts'
import { createAgentReads } from './agent-reads.ts'
import { createAuth } from './auth.ts'
import { cors } from './cors.ts'
import type { RouteDeps, WebCoreDeps } from './deps.ts'
import { WEB_LIMITS } from './limits.ts'
import { openApiDocument } from './openapi/document.ts'
import { docsPages } from './openapi/docs-page.ts'
import { HQ_PATH, isViewOfHq, readPages, servePage, type Pages } from './pages.ts'
import { createProjectPlaces } from './project-places.ts'
import { createWorkOf } from './project-work.ts'
import { refuse } from './refusal.ts'
import { COMMON_HEADERS, replyProblem } from './reply.ts'
import { ROUTES } from './routes/all-routes.ts'
import { mountRoutes, templateOf, wrongMethod } from './routing/mount.ts'
import { storeRefusal } from './store-refusal.ts'
import { createRequestRate } from './request-rate.ts'
import { createSessions } from './sessions.ts'
import { createSignIns } from './sign-ins.ts'

type Env = { Bindings: Partial<HttpBindings>; Variables: { requestId: string; trace: RequestTrace } }

export type WebCore = Hono<Env>

export function createWebCore(deps: WebCoreDeps): WebCore {
  const { store, config, logger, clock } = deps
  const pages = pagesOf(deps)
  const { apiKey: configuredKey, adminToken, metricsToken } = config
  const auth = createAuth({ store, configuredKey, adminToken, metricsToken, clock, logger })
  const sessions = createSessions({ ...auth, store, clock, randomBytes: deps.randomBytes })
  const routeDeps = { ...shared(deps), sessions, authenticate: auth.authenticate }
  const addressOf = createClientAddress(config.trustedProxies)
  const app: WebCore = new Hono<Env>()

  app.use(async (context, next) => {
    const started = performance.now()
    const requestId = deps.newUlid()
    const trace = new RequestTrace(requestId, context.req.header('traceparent') ?? null)
    context.set('requestId', requestId)
    context.set('trace', trace)
    await next()
    const seconds = (performance.now() - started) / 1_000
    const { status } = context.res
    const { method, path } = context.req
    const route = routeOf(context)
    deps.metrics.requested(method, route, status, seconds)
    const headers = context.res.headers
    for (const [name, value] of Object.entries(COMMON_HEADERS)) headers.set(name, value)
    headers.set('Forge-Request-Id', requestId)
    headers.set('traceparent', trace.header())
    const ms = Math.round(seconds * 1_000)
    const labels = { request_id: requestId, ...jobInPath(context), ...trace.labels() }
    const line = { ...labels, method, path, status, ms }
    if (path.startsWith('/api/') || beginsOrEnds(method, path)) logger.info(line, 'request')
    else logger.debug(line, 'request')
  })

  app.use(cors(config.corsOrigins, ROUTES))
  mountRoutes(app, ROUTES, auth.authenticate, (context): RouteDeps => {
    const trace = context.get('trace')
    return {
      ...routeDeps,
      trace,
      get clientAddress() {
        const { incoming } = context.env ?? {}
        return incoming === undefined ? '' : addressOf(incoming)
      },
      cut: () => context.env?.outgoing?.destroy(),
      // Made when somebody writes a line: most requests write none of their own.
      get logger() {
        return logger.child({ request_id: context.get('requestId'), ...jobInPath(context), ...trace.labels() })
      },
    }
  })

  app.notFound((context) => {
    const page = pages.get(isViewOfHq(context.req.path) ? HQ_PATH : context.req.path)
    const { method } = context.req
    if (page === undefined)
      return replyProblem(
        refuse('NOT_FOUND', `There is nothing at ${context.req.path.slice(0, WEB_LIMITS.echoCharactersMax)}.`),
      )
    if (method !== 'GET' && method !== 'HEAD') return wrongMethod(method, 'GET, HEAD, OPTIONS')
    return servePage(context.req.raw, page)
  })

  app.onError((error, context) => {
    const requestId = context.get('requestId')
    const labels = { request_id: requestId, ...jobInPath(context), ...context.get('trace').labels() }
    logger.error({ ...labels, err: error }, 'a route failed')
    const refused = storeRefusal(error, context.req.method)
    if (refused !== null) return replyProblem(refused)
    return replyProblem(problem('INTERNAL', `The server failed on this request; its log has it as ${requestId}.`))
  })
  return app
}

/** What all requests have in common, beside what Web Core was given. */
function shared(deps: WebCoreDeps): Omit<RouteDeps, 'trace' | 'sessions' | 'authenticate' | 'clientAddress' | 'cut'> {
  const { store, config, clock } = deps
  const places = { addressesDiffer: config.distinctNetwork, nowMs: () => performance.now() }
  return {
    ...deps,
    stopping: deps.stopping ?? new AbortController().signal,
    agentAlias: createAgentAlias(store, deps.randomBytes),
    streams: createProjectPlaces(WEB_LIMITS.streamsPerProjectMax),
    uploads: createProjectPlaces(WEB_LIMITS.uploadsPerProjectMax),
    lookups: createProjectPlaces(WEB_LIMITS.lookupsPerProjectMax),
    bundles: createProjectPlaces(WEB_LIMITS.bundlesPerProjectMax),
    bodyPace: { idleMs: config.bodyIdleSeconds * 1_000 },
    requests: createRequestRate(store, clock),
    signIns: createSignIns(places),
    workOf: createWorkOf(store.workFor),
    agentReads: createAgentReads(store.agentRecord, places),
  }
}

/** The agent's page, HQ and the API's, by their addresses. */
function pagesOf({ agentWebDir, hqWebDir, logger }: WebCoreDeps): Pages {
  const agent = readPages(agentWebDir)
  if (!agent.has('/')) logger.warn({ folder: agentWebDir }, 'the agent’s page is not built; / answers 404')
  const hq = readPages(hqWebDir, HQ_PATH)
  if (!hq.has(HQ_PATH)) logger.warn({ folder: hqWebDir }, `HQ is not built; ${HQ_PATH} answers 404`)
  docs ??= docsPages(openApiDocument(ROUTES))
  return new Map([...agent, ...hq, ...docs])
}

/** The same for all of a process, and made with the first: a tenth of a second of work. */
let docs: Pages | undefined

/** The template of the route that answered; a page, or what nothing is at, is none. */
function routeOf(context: Context<Env>): string {
  const path = routePath(context, -1)
  return path.includes('*') ? OTHER : templateOf(path)
}

/** A session of HQ. That one is still there, its pages ask all the time. */
const beginsOrEnds = (method: string, path: string): boolean =>
  path === '/hq/session' && (method === 'POST' || method === 'DELETE')

/** Of a call about a job that has no other way to say so. */
function jobInPath(context: Context<Env>): { readonly job_id?: string } {
  if (!context.req.path.startsWith('/api/v0/jobs/')) return {}
  const id = jobIdSchema.safeParse(context.req.path.split('/')[4]).data
  return id === undefined ? {} : { job_id: id }
}
