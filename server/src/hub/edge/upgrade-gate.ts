// The gate before the sockets: each HTTP upgrade of socket.io's path is let through to socket.io, or answered with a status
// that says why not; one of any other path is a request like all others. socket.io's own `allowRequest` can only answer 400,
// without Retry-After.
import { IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http'
import type { Admission, Seat } from './admission.ts'
import type { ClientAddress } from './client-address.ts'

/** socket.io's own. */
const PATH = '/socket.io/'

const offers = new WeakSet<IncomingMessage>()

/**
 * A request as the HTTP server makes them, with what Node asks of each behind its headers: whether it leaves HTTP. Once
 * anybody listens to upgrades, Node would take every request with an Upgrade header for one. Clients offer h2c with
 * ordinary requests (Java's by default, curl with --http2), and a server may pass an offer over (RFC 9110, 7.8). To answer
 * them on the bare socket would take Node's own parser of bodies and its keep-alive. Newer versions of Node have
 * `shouldUpgradeCallback` for this; 20 has not.
 */
export class GatedRequest extends IncomingMessage {
  get upgrade(): boolean {
    return offers.has(this) && (this.method === 'CONNECT' || isOurs(this))
  }

  /** Node's parser says it before it has said the method. */
  set upgrade(offered: boolean) {
    if (offered) offers.add(this)
  }
}

/** What is used of socket.io's, whose types say nothing. `response` is no `ServerResponse` where a socket is asked for. */
interface Engine {
  use(middleware: (request: IncomingMessage, response: object, next: () => void) => void): unknown
}

export interface UpgradeGate {
  /** Of a connection that came in. */
  seatOf(request: IncomingMessage): Seat | undefined
  /** The same connection's, as it was when it came in; empty for one that did not come through here. */
  addressOf(request: IncomingMessage): string
}

export interface UpgradeGateOptions {
  readonly admission: Admission
  /** Pages of other origins may not open sockets in their visitors' names. Agents without a browser send no Origin. */
  readonly publicUrl: string | null
  readonly addressOf: ClientAddress
}

export function guardUpgrades(engine: Engine, { admission, publicUrl, addressOf }: UpgradeGateOptions): UpgradeGate {
  const seats = new WeakMap<IncomingMessage, Seat>()
  const addresses = new WeakMap<IncomingMessage, string>()
  engine.use((request, response, next) => {
    // A request without an upgrade: the engine refuses it, since it speaks websockets only.
    if (response instanceof ServerResponse) return next()
    // A second transport for an open connection: there is none to change to, and it would pass by all budgets.
    if (asksFor(request, 'sid')) return refuse(request, 400, 'A connection has one socket.')
    // Whoever is gone already says no second time that it leaves its seat.
    if (request.socket.destroyed) return undefined
    if (!isOwnOrigin(request, publicUrl)) return refuse(request, 403, 'This page may not open a socket here.')
    const { socket } = request
    const address = addressOf(request)
    const admitted = admission.admit(address, performance.now(), () => socket.destroy())
    if ('sentence' in admitted) return refuse(request, 503, admitted.sentence, admitted.retryAfterS)
    seats.set(request, admitted)
    addresses.set(request, address)
    socket.once('close', () => admitted.left())
    return next()
  })
  return { seatOf: (request) => seats.get(request), addressOf: (request) => addresses.get(request) ?? '' }
}

const isOurs = ({ url = '' }: IncomingMessage): boolean => url.startsWith(PATH)

function asksFor({ url = '' }: IncomingMessage, name: string): boolean {
  return new URL(url, 'http://localhost').searchParams.has(name)
}

function isOwnOrigin({ headers: { origin, host } }: IncomingMessage, publicUrl: string | null): boolean {
  return origin === undefined || origin === publicUrl || hostOf(origin) === host
}

/** Null for an origin that names no host: "null" of a sandboxed frame, or whatever a stranger wrote there. */
const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null)

function refuse({ socket }: IncomingMessage, status: number, sentence: string, retryAfterS?: number): void {
  // It may be gone already, and nobody else listens.
  socket.on('error', () => {})
  const body = `${sentence}\n`
  socket.write(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(retryAfterS === undefined ? [] : [`Retry-After: ${retryAfterS}`]),
      '',
      body,
    ].join('\r\n'),
  )
  socket.destroySoon()
}
