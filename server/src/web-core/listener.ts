// Between Node's HTTP server and Web Core: a request whose address or host cannot be read gets a problem as well. What Node
// itself refuses before (a head that is no HTTP, or too large) never comes here; docs/problems.md says so.
import type { HttpBindings } from '@hono/node-server'
import { getRequestListener, RequestError } from '@hono/node-server'
import { problem } from '@forge/shared/contract/problem.ts'
import type { Logger } from '../logger.ts'
import { COMMON_HEADERS, replyProblem } from './reply.ts'

/** HTTP/1.0 needs no Host, and balancers ask so whether the server lives. A name that no page and no client can have. */
const NO_HOST = 'no-host.invalid'

const UNREADABLE = 'Name the address as a path, as in GET /healthz HTTP/1.1, and the server alone in the Host header.'

/** RFC 3986: a host and a port. With a slash in it, the first part of the path would be taken for the host's, or the reverse. */
const HOST = /^(?:[\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** What a target that names its server has in the Host's place. Empty, the path's first part would be taken for it. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i

type Fetch = (request: Request, env: HttpBindings) => Response | Promise<Response>

export function createListener(fetch: Fetch, logger: Logger): ReturnType<typeof getRequestListener> {
  const answered = (request: Request, env: unknown) => {
    const bindings = env as HttpBindings
    const { headers, url = '' } = bindings.incoming
    const { host = '' } = headers
    const named = ABSOLUTE.exec(url)?.[1]
    const isReadable = (host === '' || HOST.test(host)) && (named === undefined || HOST.test(named))
    return isReadable ? fetch(request, bindings) : unreadable()
  }
  return getRequestListener(answered, {
    hostname: NO_HOST,
    errorHandler(error) {
      if (error instanceof RequestError) return unreadable()
      logger.error({ err: error }, 'a request failed outside of its route')
      return replyProblem(problem('INTERNAL', 'The server failed on this request; its log says why.'), COMMON_HEADERS)
    },
  })
}

const unreadable = (): Response => replyProblem(problem('UNREADABLE_REQUEST', UNREADABLE), COMMON_HEADERS)
