// The HTTP server under Web Core and the sockets, with its times. How slowly a body may come is Web Core's to say; here is
// what nobody reads: headers that do not end, and bodies behind their answer.
import { createServer, type Server } from 'node:http'
import { GatedRequest } from './hub/edge/upgrade-gate.ts'

const HTTP_LIMITS = {
  /** For a request's line and headers. */
  headersMs: 60_000,
  /** How long a body may still come, of a request that has been answered: what comes is thrown away. */
  unreadBodyMs: 5_000,
} as const

export function createHttpServer(unreadBodyMs: number = HTTP_LIMITS.unreadBodyMs): Server {
  // No time for a whole request: Node's own is five minutes, and cuts uploads that are going on well.
  const http = createServer({ IncomingMessage: GatedRequest, requestTimeout: 0, headersTimeout: HTTP_LIMITS.headersMs })
  http.on('request', (request, response) => {
    response.once('finish', () => {
      if (request.complete) return
      const giveUp = (): void => {
        if (!request.complete) request.socket.destroy()
      }
      setTimeout(giveUp, unreadBodyMs).unref()
    })
  })
  return http
}
