// Pages of other origins that may call the API from a browser: those that the operator names, and no others. Their keys
// travel in headers, and HQ’s cookie counts for its own pages alone, so credentials are not among what is allowed. Which headers such a page may send and read
// follows from the routes. hono's own middleware answers every OPTIONS itself; here a preflight alone is answered.
import type { MiddlewareHandler } from 'hono'
import { answerHeaders, statusesOf } from './routing/answer-headers.ts'
import type { Method, Route } from './routing/route.ts'

/** How long a browser may go by a preflight: Chromium's own most. */
const PREFLIGHT_SECONDS = 7_200

/** What the router, the keys and the refusals speak of, whatever the route. */
const SENT = ['Authorization', 'Content-Type', 'Prefer', 'X-FORGE-API-KEY', 'traceparent']
/** What the router answers with, and no route. Content-Length a page may read anyhow. */
const READ = ['Allow']
const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** `origins` as `FORGE_CORS_ORIGINS` has them; none leaves every answer as it is. */
export function cors(origins: readonly string[], routes: readonly Route[]): MiddlewareHandler {
  const allowed = new Set(origins)
  const sent = names([...SENT, ...routes.flatMap(({ headers = {} }) => Object.keys(headers))])
  const answered = routes.flatMap((declared) =>
    statusesOf(declared).flatMap((status) => Object.keys(answerHeaders(declared, status))),
  )
  // A cookie is HQ's own, and no browser lets a page read how it was set.
  const read = names([...READ, ...answered.filter((name) => name !== 'Set-Cookie')])
  return async (context, next) => {
    if (allowed.size === 0) return next()
    const origin = context.req.header('origin') ?? ''
    const isAllowed = allowed.has(origin)
    if (isAllowed && context.req.method === 'OPTIONS' && context.req.header('access-control-request-method')) {
      context.res = new Response(null, {
        status: 204,
        headers: {
          'Access-Control-Allow-Methods': METHODS.join(', '),
          'Access-Control-Allow-Headers': sent,
          'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
        },
      })
    } else {
      await next()
      if (isAllowed) context.res.headers.set('Access-Control-Expose-Headers', read)
    }
    if (isAllowed) context.res.headers.set('Access-Control-Allow-Origin', origin)
    // Also for those who are not allowed: no cache may answer one with what another got.
    context.res.headers.append('Vary', 'Origin')
  }
}

const names = (all: readonly string[]): string => [...new Set(all)].toSorted().join(', ')
