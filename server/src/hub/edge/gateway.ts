// The agents' door: socket.io behind a gate and under budgets. It lets in who proves a key; what agents say then is in
// gateway-frames.ts, and what follows from it is the core's to decide.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { Server } from 'socket.io'
import {
  greetingSchema,
  helloSchema,
  PROTOCOL_VERSION,
  type AgentToHub,
  type Hello,
  type HubToAgent,
  type Refusal,
  type Reply,
} from '@forge/shared/contract/agent-events.ts'
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import { identityOf, verifySignature } from '@forge/shared/agent/identity.ts'
import { helloDigest } from '@forge/shared/verifier/answer-digest.ts'
import type { Logger } from '../../logger.ts'
import type { AgentToken } from '../core/state.ts'
import { Admission, type AdmissionOptions, type Seat } from './admission.ts'
import type { ClientAddress } from './client-address.ts'
import { budgetOf, type ConnectionBudget } from './connection-budget.ts'
import { frameGuard, type AgentSocket, type FrameGuard } from './frame-guard.ts'
import { isRefused, parseFrame, refusal } from './frames.ts'
import { attend, type GatewayListener } from './gateway-frames.ts'
import { isNodeToken, TokenWatch, type NodeTokens, type TokenHolder } from './node-tokens.ts'
import { HelloQueue } from './hello-queue.ts'
import { ADMISSION_LIMITS, GATEWAY_LIMITS } from './limits.ts'
import { networkGroup } from './network-group.ts'
import { guardUpgrades } from './upgrade-gate.ts'

export interface Gateway {
  send<E extends keyof HubToAgent>(session: SessionId, event: E, ...frame: Parameters<HubToAgent[E]>): void
  /** Says why, then closes. */
  expel(session: SessionId, why: Refusal): void
  close(): void
}

export interface GatewayOptions extends AdmissionOptions {
  readonly logger: Logger
  readonly listener: GatewayListener
  /** What the referee presents; null when there is none. */
  readonly refereeToken: string | null
  readonly tokens: NodeTokens
  /** The origin of the server's own pages, where it is not the host that they ask for. */
  readonly publicUrl: string | null
  readonly addressOf: ClientAddress
}

export function createGateway(http: HttpServer, options: GatewayOptions): Gateway {
  const io = new Server<AgentToHub, HubToAgent>(http, {
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: GATEWAY_LIMITS.frameBytesMax,
    pingInterval: GATEWAY_LIMITS.pingIntervalMs,
    pingTimeout: GATEWAY_LIMITS.pingTimeoutMs,
    connectTimeout: GATEWAY_LIMITS.connectMs,
    // There are no upgrades of other paths: those are requests.
    destroyUpgrade: false,
  })
  const admission = new Admission(options, performance.now())
  const gate = guardUpgrades(io.engine, { ...options, admission })
  const budgets = new WeakMap<AgentSocket['conn'], ConnectionBudget>()
  io.engine.on('connection', (connection: AgentSocket['conn']) => budgets.set(connection, budgetOf(connection)))
  const sockets = new Map<SessionId, AgentSocket>()
  const expel: Gateway['expel'] = (session, why) => {
    const socket = sockets.get(session)
    socket?.emit('refused', why)
    socket?.disconnect(true)
  }
  const watch = new TokenWatch(options.tokens, { expel, logger: options.logger })
  const hall: Hall = {
    ...options,
    sockets,
    watch,
    hellos: new HelloQueue(options.limits?.hellos ?? ADMISSION_LIMITS.hellos),
    seatOf: (socket) => gate.seatOf(socket.request),
    networkOf: (socket) => networkGroup(gate.addressOf(socket.request)),
    budgetOf: (socket) => budgets.get(socket.conn),
  }
  io.on('connection', (socket) => greet(socket, hall))
  return {
    send: (session, event, ...frame) => void sockets.get(session)?.emit(event, ...frame),
    expel,
    // `io.close` would also close the HTTP server, which is the server's own to close.
    close() {
      watch.close()
      for (const socket of sockets.values()) socket.emit('refused', refusal('SERVER_STOPPING', 'The server restarts.'))
      io.disconnectSockets(true)
      io.engine.close()
    },
  }
}

/** Where agents are until they have said who they are. */
interface Hall extends GatewayOptions {
  /** Those who have. */
  readonly sockets: Map<SessionId, AgentSocket>
  readonly hellos: HelloQueue
  readonly watch: TokenWatch
  seatOf(socket: AgentSocket): Seat | undefined
  networkOf(socket: AgentSocket): string
  budgetOf(socket: AgentSocket): ConnectionBudget | undefined
}

function greet(socket: AgentSocket, hall: Hall): void {
  const nonce = randomBytes(32).toString('hex')
  const guard = frameGuard(socket, hall.logger)
  const budget = hall.budgetOf(socket)
  if (budget) budget.exceeded = (sentence) => guard.end(refusal('BAD_FRAME', sentence))
  const deadline = (): ReturnType<typeof setTimeout> =>
    setTimeout(() => socket.disconnect(true), GATEWAY_LIMITS.helloMs)
  let tooSlow = deadline()
  let said = false
  socket.on('disconnect', () => {
    clearTimeout(tooSlow)
    budget?.cutSoon()
  })
  guard.on('hello', (frame, reply) => {
    const foreign = whyForeign(frame)
    if (foreign !== null) {
      reply(foreign)
      guard.end(foreign)
      return null
    }
    const hello = parseFrame(helloSchema, frame)
    if (isRefused(hello)) return hello
    if (said) return refusal('BAD_FRAME', 'hello was said before')
    const stranger = whyStranger(hello, hall.refereeToken)
    if (stranger !== null) return stranger
    said = true
    clearTimeout(tooSlow)
    hall.seatOf(socket)?.spoke()
    const { token } = hello
    const enter = (holder: TokenHolder | Refusal | null): void => {
      if (!socket.connected) return
      if (holder === null || !isRefused(holder)) return reply(admit(socket, guard, hello, holder, hall))
      said = false
      tooSlow = deadline()
      reply(holder)
    }
    const check = (): void => {
      if (!socket.connected) return
      if (!proves(hello, nonce)) {
        return enter(refusal('BAD_SIGNATURE', 'The signature does not answer this connection’s challenge.'))
      }
      if (token === undefined || !isNodeToken(token)) return enter(null)
      void hall.tokens.holderOf(token).then((holder) => guard.safely(() => enter(holder)))
    }
    // The referee stands in no line: disputes wait for it.
    if (token === undefined || isNodeToken(token)) hall.hellos.push(() => guard.safely(check))
    else check()
    return null
  })
  socket.emit('challenge', { protocol: PROTOCOL_VERSION, nonce })
}

/** `holder` is who it is by its node token. */
function admit(socket: AgentSocket, guard: FrameGuard, hello: Hello, holder: TokenHolder | null, hall: Hall): Reply {
  const { sockets, listener, watch } = hall
  const session = socket.id as SessionId
  const publicKey = fromBase64(hello.publicKey)
  hall.seatOf(socket)?.greeted()
  hall.budgetOf(socket)?.greeted()
  sockets.set(session, socket)
  if (holder !== null) watch.entered(session, holder.tokenId)
  attend(guard, session, publicKey, listener)
  socket.on('disconnect', () => {
    sockets.delete(session)
    watch.left(session)
    // The core's own `expel` closes sockets: that is an event after the commands it came with, not between them.
    queueMicrotask(() => listener.left(session))
  })
  listener.joined({
    session,
    identity: identityOf(publicKey),
    network: hall.networkOf(socket),
    referee: hello.token !== undefined && holder === null,
    token: tokenOf(holder),
    name: hello.name ?? null,
    kind: hello.kind,
  })
  return { ok: true }
}

const tokenOf = (holder: TokenHolder | null): AgentToken | null => {
  if (holder === null) return null
  const { tokenId: _, ...token } = holder
  return token
}

/** Asked before anything else of a hello: one of another version may have other fields, and is told of the version alone. */
function whyForeign(frame: unknown): Refusal | null {
  const protocol = greetingSchema.safeParse(frame).data?.protocol ?? PROTOCOL_VERSION
  if (protocol === PROTOCOL_VERSION) return null
  const [code, advice] =
    protocol < PROTOCOL_VERSION
      ? (['PROTOCOL_TOO_OLD', 'Reload the page, or update the agent.'] as const)
      : (['PROTOCOL_TOO_NEW', 'Reload the page, or take the agent of the pool’s version.'] as const)
  return refusal(code, `This agent speaks protocol ${protocol}, this pool ${PROTOCOL_VERSION}. ${advice}`)
}

/** What costs nothing to see. */
function whyStranger({ token }: Hello, refereeToken: string | null): Refusal | null {
  if (token === undefined || isNodeToken(token) || sameSecret(token, refereeToken)) return null
  return refusal('BAD_TOKEN', 'This token is not one that the server knows.')
}

const proves = ({ publicKey, signature }: Hello, nonce: string): boolean =>
  verifySignature(fromBase64(publicKey), helloDigest(nonce), fromBase64(signature))

function sameSecret(given: string, known: string | null): boolean {
  if (known === null) return false
  const [one, other] = [Buffer.from(given), Buffer.from(known)]
  return one.length === other.length && timingSafeEqual(one, other)
}
