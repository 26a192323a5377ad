// The agents' door: socket.io, one handler a frame. It lets in who proves a key, parses everything, and turns frames
// into events; what happens then is the core's to decide.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'socket.io'
import {
  failedSchema,
  handbackSchema,
  helloSchema,
  pauseSchema,
  progressSchema,
  PROTOCOL_VERSION,
  readySchema,
  type AgentToHub,
  type Answer,
  type Hello,
  type HubToAgent,
  type Progress,
  type Refusal,
  type Reply,
} from '@forge/shared/contract/agent-events.ts'
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import { identityOf, verifySignature } from '@forge/shared/agent/identity.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { helloDigest } from '@forge/shared/verifier/answer-digest.ts'
import type { Logger } from '../../logger.ts'
import type { Agent } from '../core/state.ts'
import { isRefused, openAnswer, parseFrame, refusal, sameDigests, type SignedAnswer } from './frames.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { networkGroup } from './network-group.ts'

type AgentSocket = Socket<AgentToHub, HubToAgent>

/** What the Hub does with frames that have passed the door. */
export interface GatewayListener {
  joined(agent: Pick<Agent, 'session' | 'identity' | 'network' | 'referee'>): void
  ready(session: SessionId, kernel: string, ability: Agent['abilities'] extends Map<string, infer A> ? A : never): void
  /** Why an answer cannot count, by what the session holds; null when it may. */
  refuses(session: SessionId, answer: Answer): Refusal | null
  /** Replies when it is durable; returns why it is refused at once. */
  answer(session: SessionId, signed: SignedAnswer, reply: (reply: Reply) => void): Refusal | null
  /** Returns why it is refused. */
  progressed(session: SessionId, frame: Progress): Refusal | null
  failed(session: SessionId, frame: ReturnType<typeof failedSchema.parse>): void
  handback(session: SessionId, frame: ReturnType<typeof handbackSchema.parse>): void
  paused(session: SessionId): void
  left(session: SessionId): void
}

export interface Gateway {
  send<E extends keyof HubToAgent>(session: SessionId, event: E, ...frame: Parameters<HubToAgent[E]>): void
  /** Says why, then closes. */
  expel(session: SessionId, why: Refusal): void
  close(): void
}

export interface GatewayOptions {
  readonly logger: Logger
  readonly listener: GatewayListener
  /** What the referee presents; null when there is none. */
  readonly refereeToken: string | null
  /** Pages of other origins may not open sockets in their visitors' names. Agents without a browser send no Origin. */
  readonly publicUrl: string | null
}

export function createGateway(http: HttpServer, options: GatewayOptions): Gateway {
  const io = new Server<AgentToHub, HubToAgent>(http, {
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: GATEWAY_LIMITS.frameBytesMax,
    pingInterval: GATEWAY_LIMITS.pingIntervalMs,
    pingTimeout: GATEWAY_LIMITS.pingTimeoutMs,
    connectTimeout: GATEWAY_LIMITS.helloMs,
    allowRequest: (request, allow) => {
      const { origin, host } = request.headers
      const own = origin === undefined || origin === options.publicUrl || hostOf(origin) === host
      const room = io.engine.clientsCount < GATEWAY_LIMITS.connectionsMax
      allow(own && room ? null : 'refused', own && room)
    },
  })
  const sockets = new Map<SessionId, AgentSocket>()
  io.on('connection', (socket) => greet(socket, sockets, options))
  return {
    send: (session, event, ...frame) => void sockets.get(session)?.emit(event, ...frame),
    expel(session, why) {
      const socket = sockets.get(session)
      socket?.emit('refused', why)
      socket?.disconnect(true)
    },
    // `io.close` would also close the HTTP server, which is the server's own to close.
    close() {
      for (const socket of sockets.values()) socket.emit('refused', refusal('SERVER_STOPPING', 'The server restarts.'))
      io.disconnectSockets(true)
      io.engine.close()
    },
  }
}

/** Null for an origin that names no host: "null" of a sandboxed frame, or whatever a stranger wrote there. */
const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null)

function greet(socket: AgentSocket, sockets: Map<SessionId, AgentSocket>, options: GatewayOptions): void {
  const session = socket.id as SessionId
  const nonce = randomBytes(32).toString('hex')
  const tooSlow = setTimeout(() => socket.disconnect(true), GATEWAY_LIMITS.helloMs)
  const guard = frameGuard(socket, options.logger)
  socket.use(([event], next) => {
    if (guard.admits(String(event))) next()
  })
  socket.on('disconnect', () => clearTimeout(tooSlow))
  socket.on(
    'hello',
    guard.around((frame) => {
      const hello = parseFrame(helloSchema, frame)
      if (isRefused(hello)) return hello
      if (sockets.has(session)) return refusal('BAD_FRAME', 'hello was said before')
      const refused = whyNot(hello, nonce, options.refereeToken)
      if (refused !== null) return refused
      clearTimeout(tooSlow)
      sockets.set(session, socket)
      const publicKey = fromBase64(hello.publicKey)
      attend(socket, session, publicKey, guard, options)
      socket.on('disconnect', () => {
        sockets.delete(session)
        // The core's own `expel` closes sockets: that is an event after the commands it came with, not between them.
        queueMicrotask(() => options.listener.left(session))
      })
      options.listener.joined({
        session,
        identity: identityOf(publicKey),
        network: networkGroup(socket.handshake.address),
        referee: hello.token !== undefined,
      })
      return { ok: true }
    }),
  )
  socket.emit('challenge', { protocol: PROTOCOL_VERSION, nonce })
}

function whyNot(hello: Hello, nonce: string, refereeToken: string | null): Refusal | null {
  if (hello.protocol !== PROTOCOL_VERSION) {
    return refusal('PROTOCOL_TOO_OLD', `This server speaks protocol ${PROTOCOL_VERSION}; reload the page or update.`)
  }
  if (!verifySignature(fromBase64(hello.publicKey), helloDigest(nonce), fromBase64(hello.signature))) {
    return refusal('BAD_SIGNATURE', 'The signature does not answer this connection’s challenge.')
  }
  if (hello.token !== undefined && !sameSecret(hello.token, refereeToken)) {
    return refusal('BAD_TOKEN', 'This token is not one that the server knows.')
  }
  return null
}

/** The frames of an agent that has said who it is. */
function attend(
  socket: AgentSocket,
  session: SessionId,
  publicKey: Uint8Array,
  guard: FrameGuard,
  { listener }: GatewayOptions,
): void {
  socket.on(
    'ready',
    guard.around((frame, reply) => {
      const ready = parseFrame(readySchema, frame)
      if (isRefused(ready)) return ready
      const { engine, kernel, kernelDigest, unitsPerSecond } = ready
      const artifact = artifacts.find(({ name }) => name === kernel)
      if (artifact?.kernelDigest !== kernelDigest) {
        return refusal('KERNEL_UNKNOWN', `This server runs another ${kernel}; reload the page or update.`)
      }
      if (!sameDigests(ready.digests, artifact.knownAnswers)) {
        return refusal('SELF_TEST_FAILED', `${engine} did not give the known answers of ${kernel} on that machine.`)
      }
      // The reply goes first: work that came before it would be handed back, by an agent that does not know it may work.
      reply({ ok: true })
      listener.ready(session, kernel, { engine, kernelDigest, unitsPerSecond })
      return null
    }),
  )
  socket.on(
    'answer',
    guard.around((frame, reply) => {
      const signed = openAnswer(frame, publicKey, (answer) => listener.refuses(session, answer))
      return isRefused(signed) ? signed : listener.answer(session, signed, reply)
    }),
  )
  socket.on(
    'progress',
    guard.around((frame) => {
      const progress = parseFrame(progressSchema, frame)
      if (isRefused(progress)) return progress
      return listener.progressed(session, progress) ?? { ok: true }
    }),
  )
  socket.on(
    'failed',
    guard.around((frame) => {
      const failed = parseFrame(failedSchema, frame)
      if (isRefused(failed)) return failed
      listener.failed(session, failed)
      return { ok: true }
    }),
  )
  socket.on(
    'handback',
    guard.around((frame) => {
      const handback = parseFrame(handbackSchema, frame)
      if (isRefused(handback)) return handback
      listener.handback(session, handback)
      return { ok: true }
    }),
  )
  socket.on(
    'pause',
    guard.around((frame) => {
      const pause = parseFrame(pauseSchema, frame)
      if (isRefused(pause)) return pause
      listener.paused(session)
      return { ok: true }
    }),
  )
}

interface FrameGuard {
  /** Asked of every event before its handler, known or not. */
  admits(event: string): boolean
  around(handle: (frame: unknown, reply: (reply: Reply) => void) => Reply | null): (...args: unknown[]) => void
}

/** An honest agent that was slow says them too. */
const LATE: ReadonlySet<string> = new Set(['STALE_EPOCH', 'NOT_YOURS'])

/** Around every handler: a rate, a place to answer, three strikes, and no exception that could reach the process. */
function frameGuard(socket: AgentSocket, logger: Logger): FrameGuard {
  let strikes = 0
  let second = 0
  let frames = 0
  const strike = (why: Refusal): void => {
    logger.info({ session: socket.id, code: why.code, why: why.message }, 'frame refused')
    if (++strikes < GATEWAY_LIMITS.strikesMax) return
    socket.emit('refused', why)
    socket.disconnect(true)
  }
  return {
    admits(event) {
      const now = Math.floor(performance.now() / 1_000)
      frames = now === second ? frames + 1 : 1
      second = now
      if (frames > GATEWAY_LIMITS.framesPerSecond) {
        strikes = GATEWAY_LIMITS.strikesMax
        strike(refusal('BAD_FRAME', `more than ${GATEWAY_LIMITS.framesPerSecond} frames in a second`))
        return false
      }
      if (socket.listenerCount(event as keyof AgentToHub) > 0) return true
      strike(refusal('BAD_FRAME', 'There is no such event, or hello was not said yet.'))
      return false
    },
    around:
      (handle) =>
      (...args) => {
        const [frame, callback] = args
        const reply = (answer: Reply): void => {
          if (typeof callback === 'function') callback(answer)
        }
        try {
          const answer = handle(frame, reply)
          if (answer === null) return
          reply(answer)
          if (!answer.ok && !LATE.has(answer.code)) strike(answer)
        } catch (error) {
          logger.error({ session: socket.id, err: error }, 'a frame broke its handler')
          socket.disconnect(true)
        }
      },
  }
}

function sameSecret(given: string, known: string | null): boolean {
  if (known === null) return false
  const [one, other] = [Buffer.from(given), Buffer.from(known)]
  return one.length === other.length && timingSafeEqual(one, other)
}
