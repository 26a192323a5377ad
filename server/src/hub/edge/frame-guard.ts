// Around every handler of an agent's frames: a place to answer, three strikes, and no exception that could reach the
// process. What a frame says is the handlers' business, how much it weighs connection-budget.ts's.
import type { Socket } from 'socket.io'
import type { AgentToHub, HubToAgent, Refusal, RefusalCode, Reply } from '@forge/shared/contract/agent-events.ts'
import type { Logger } from '../../logger.ts'
import { refusal } from './frames.ts'
import { GATEWAY_LIMITS } from './limits.ts'

export type AgentSocket = Socket<AgentToHub, HubToAgent>

export type Answering = (reply: Reply) => void

/** Returns null when it has answered, or will. */
export type FrameHandler = (frame: unknown, reply: Answering) => Reply | null

export interface FrameGuard {
  on(event: keyof AgentToHub, handle: FrameHandler): void
  /** A bug of ours costs this connection only; for what a handler does later. */
  safely(act: () => void): void
  /** The connection has gone too far: it is told why, then it ends. */
  end(why: Refusal): void
}

/** What an honest agent hears too: it was slow, or the store was. */
const BLAMELESS: ReadonlySet<RefusalCode> = new Set(['STALE_EPOCH', 'NOT_YOURS', 'SERVER_STOPPING'])

export function frameGuard(socket: AgentSocket, logger: Logger): FrameGuard {
  const known = new Set<string>()
  let strikes = 0
  const end = (why: Refusal): void => {
    socket.emit('refused', why)
    socket.disconnect(true)
  }
  const strike = (why: Refusal): void => {
    logger.info({ session: socket.id, code: why.code, why: why.message }, 'frame refused')
    if (++strikes >= GATEWAY_LIMITS.strikesMax) end(why)
  }
  // Asked of every event before its handler. By our own list: socket.io listens to one named `error` itself.
  socket.use(([event], next) => {
    if (known.has(event)) next()
    else strike(refusal('BAD_FRAME', 'There is no such event, or hello was not said yet.'))
  })
  const safely = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      logger.error({ session: socket.id, err: error }, 'a frame broke its handler')
      socket.disconnect(true)
    }
  }
  return {
    safely,
    end(why) {
      logger.info({ session: socket.id, code: why.code, why: why.message }, 'connection ended')
      end(why)
    },
    on(event, handle) {
      known.add(event)
      const heard = (...args: unknown[]): void => {
        const [frame, callback] = args
        const reply = (answer: Reply): void => {
          if (typeof callback === 'function') callback(answer)
          if (!answer.ok && !BLAMELESS.has(answer.code)) strike(answer)
        }
        safely(() => {
          const answer = handle(frame, reply)
          if (answer !== null) reply(answer)
        })
      }
      socket.on(event, heard)
    },
  }
}
