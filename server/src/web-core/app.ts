// Web Core: every route with its scope, and around all of them the request's id, its line in the log, the common headers,
// 404, 405 and the last resort for what was thrown. What the routes do is in the files beside; sockets are the Hub's.
import { Hono, type Context } from 'hono'
import { digestSchema, jobIdSchema, type ProjectId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import type { Config } from '../config.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { Logger } from '../logger.ts'
import type { JobRow, Store } from '../store/store.ts'
import { createAuthenticate, type Caller } from './auth.ts'
import { execute } from './execute.ts'
import { jobView, noticesView } from './job-view.ts'
import { WEB_LIMITS } from './limits.ts'
import { readPages, servePage } from './pages.ts'
import { refuse, Refusal } from './refusal.ts'
import { COMMON_HEADERS, API_HEADERS, replyJson, replyProblem } from './reply.ts'
import { storeRefusal } from './store-refusal.ts'

export interface WebCoreDeps {
  readonly store: Pick<Store, 'job' | 'noticesOf' | 'defaultProject' | 'apiKeyByHash' | 'ping'>
  readonly hub: Pick<Hub, 'submit' | 'ended' | 'progress' | 'table' | 'agentsOnline' | 'refereeOnline'>
  readonly config: Pick<Config, 'apiKey'>
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly newUlid: () => string
  readonly randomBytes: (count: number) => Uint8Array
  /** The folder of the built agent page; null for none. */
  readonly agentWebDir: string | null
  /** Aborted when the server stops. */
  readonly stopping?: AbortSignal
}

type Route = { readonly method: 'GET' | 'POST'; readonly path: string } & (
  | { readonly scope: 'public'; readonly handle: (context: Context<Env>) => Promise<Response> }
  | { readonly scope: 'project'; readonly handle: (context: Context<Env>, caller: Caller) => Promise<Response> }
)
type Env = { Variables: { requestId: string } }

export type WebCore = Hono<Env>

export function createWebCore(deps: WebCoreDeps): WebCore {
  const { store, config, logger } = deps
  const pages = readPages(deps.agentWebDir)
  if (!pages.has('/')) logger.warn({ folder: deps.agentWebDir }, 'the agent’s page is not built; / answers 404')
  const authenticate = createAuthenticate({ store, configuredKey: config.apiKey })
  const app: WebCore = new Hono<Env>()

  app.use(async (context, next) => {
    const started = performance.now()
    context.set('requestId', deps.newUlid())
    await next()
    const headers = context.res.headers
    for (const [name, value] of Object.entries(COMMON_HEADERS)) headers.set(name, value)
    headers.set('Forge-Request-Id', context.get('requestId'))
    const { method, path } = context.req
    const ms = Math.round(performance.now() - started)
    const line = { request_id: context.get('requestId'), method, path, status: context.res.status, ms }
    if (path.startsWith('/api/')) logger.info(line, 'request')
    else logger.debug(line, 'request')
  })

  for (const route of routesOf(deps)) {
    const allowed = route.method === 'GET' ? 'GET, HEAD, OPTIONS' : `${route.method}, OPTIONS`
    app.on(route.method, route.path, async (context) => {
      if (route.scope === 'public') return route.handle(context)
      const caller = await authenticate(context.req.raw.headers)
      return caller instanceof Refusal ? replyProblem(caller) : route.handle(context, caller)
    })
    app.all(route.path, (context) => wrongMethod(context.req.method, allowed))
  }

  app.notFound((context) => {
    const page = pages.get(context.req.path)
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
    logger.error({ request_id: requestId, err: error }, 'a route failed')
    const refused = storeRefusal(error)
    if (refused !== null) return replyProblem(refused)
    return replyProblem(problem('INTERNAL', `The server failed on this request; its log has it as ${requestId}.`))
  })
  return app
}

function routesOf(deps: WebCoreDeps): readonly Route[] {
  const { store, hub } = deps
  const stopping = deps.stopping ?? new AbortController().signal
  return [
    {
      method: 'POST',
      path: '/api/v0/ops/execute',
      scope: 'project',
      handle: (context, caller) => execute(context.req.raw, caller, { ...deps, stopping }),
    },
    {
      method: 'GET',
      path: '/api/v0/jobs/:id',
      scope: 'project',
      async handle(context, { projectId }) {
        const row = await ownJob(store, projectId, context.req.param('id'))
        if (row instanceof Refusal) return replyProblem(row)
        return replyJson(jobView(row, hub.progress(row.id), await store.noticesOf(row.id)))
      },
    },
    {
      method: 'GET',
      path: '/api/v0/jobs/:id/notices',
      scope: 'project',
      async handle(context, { projectId }) {
        const row = await ownJob(store, projectId, context.req.param('id'))
        if (row instanceof Refusal) return replyProblem(row)
        return replyJson(noticesView(row, await store.noticesOf(row.id)))
      },
    },
    {
      method: 'GET',
      path: '/agent/tables/:digest',
      scope: 'public',
      async handle(context) {
        const digest = digestSchema.safeParse(context.req.param('digest'))
        const bytes = digest.success ? await hub.table(digest.data) : null
        if (bytes === null) return replyProblem(refuse('NOT_FOUND', 'There is no table of that digest.'))
        const headers = {
          ...API_HEADERS,
          'Content-Type': 'application/octet-stream',
          'Cache-Control': 'public, max-age=31536000, immutable',
        }
        return new Response(new Uint8Array(bytes), { headers })
      },
    },
    { method: 'GET', path: '/healthz', scope: 'public', handle: async () => replyJson({ ok: true }) },
    { method: 'GET', path: '/readyz', scope: 'public', handle: () => readiness(deps, stopping) },
  ]
}

async function ownJob(
  store: WebCoreDeps['store'],
  projectId: ProjectId,
  asked: string | undefined,
): Promise<JobRow | Refusal> {
  const id = jobIdSchema.safeParse(asked)
  const row = id.success ? await store.job(id.data) : null
  // Another project's job and no job at all answer alike.
  return row?.projectId === projectId ? row : refuse('NOT_FOUND', 'This project has no job of that id.')
}

/** Liveness says that the process runs; readiness, that it may be sent jobs. */
async function readiness({ store, hub, logger }: WebCoreDeps, stopping: AbortSignal): Promise<Response> {
  if (stopping.aborted) return replyJson({ ok: false, reason: 'the server is stopping' }, 503)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${WEB_LIMITS.readyWithinMs} ms`)),
      WEB_LIMITS.readyWithinMs,
    )
  })
  try {
    await Promise.race([store.ping(), late])
    return replyJson({ ok: true, agents_online: hub.agentsOnline, referee_online: hub.refereeOnline })
  } catch (error) {
    logger.warn({ err: error }, 'the store is not ready')
    return replyJson({ ok: false, reason: 'the store does not answer' }, 503)
  } finally {
    clearTimeout(timer)
  }
}

function wrongMethod(method: string, allowed: string): Response {
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { ...API_HEADERS, Allow: allowed } })
  return replyProblem(refuse('METHOD_NOT_ALLOWED', `This address takes ${allowed}.`), { Allow: allowed })
}
