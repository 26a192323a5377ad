// The frames of an agent that has said who it is, one handler each: parsed, checked as far as the door can, and handed on.
import {
  failedSchema,
  handbackSchema,
  pauseSchema,
  progressSchema,
  readySchema,
  type Answer,
  type Failed,
  type Handback,
  type Progress,
  type Refusal,
  type Reply,
} from '@forge/shared/contract/agent-events.ts'
import type { EngineName, SessionId } from '@forge/shared/contract/ids.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import type { Ability, Newcomer } from '../core/state.ts'
import type { Said } from './roster.ts'
import type { FrameGuard } from './frame-guard.ts'
import { isRefused, openAnswer, parseFrame, refusal, sameDigests, type SignedAnswer } from './frames.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** What the Hub does with frames that have passed the door. */
export interface GatewayListener {
  joined(agent: Newcomer & Said): void
  ready(session: SessionId, kernel: string, ability: Ability): void
  /** It may not work with that engine, and goes on with its others. */
  unfit(session: SessionId, kernel: string, engine: EngineName): void
  /** Why an answer cannot count, by what the session holds; null when it may. */
  refuses(session: SessionId, answer: Answer): Refusal | null
  /** Replies when it is durable; returns why it is refused at once. */
  answer(session: SessionId, signed: SignedAnswer, reply: (reply: Reply) => void): Refusal | null
  /** These three return why it is refused. */
  progressed(session: SessionId, frame: Progress): Refusal | null
  failed(session: SessionId, frame: Failed): Refusal | null
  handback(session: SessionId, frame: Handback): Refusal | null
  paused(session: SessionId): void
  left(session: SessionId): void
}

export function attend(guard: FrameGuard, session: SessionId, publicKey: Uint8Array, listener: GatewayListener): void {
  const presence = new TokenBucket(GATEWAY_LIMITS.presence, performance.now())
  // Each lets the core look at every agent and every job anew.
  const tooOften = (): Refusal | null =>
    presence.take(performance.now()) ? null : refusal('BAD_FRAME', 'ready and pause are said too often')
  guard.on('ready', (frame, reply) => {
    const excess = tooOften()
    if (excess !== null) return excess
    const ready = parseFrame(readySchema, frame)
    if (isRefused(ready)) return ready
    const { engine, kernel, kernelDigest, unitsPerSecond } = ready
    const artifact = artifacts.find(({ name }) => name === kernel)
    if (artifact?.kernelDigest !== kernelDigest) {
      return refusal('KERNEL_UNKNOWN', `This server runs another ${kernel}; reload the page or update.`)
    }
    if (!sameDigests(ready.digests, artifact.knownAnswers)) {
      listener.unfit(session, kernel, engine)
      return refusal('SELF_TEST_FAILED', `${engine} did not give the known answers of ${kernel} on that machine.`)
    }
    // The reply goes first: work that came before it would be handed back, by an agent that does not know it may work.
    reply({ ok: true })
    listener.ready(session, kernel, { engine, kernelDigest, unitsPerSecond })
    return null
  })
  guard.on('answer', (frame, reply) => {
    const signed = openAnswer(frame, publicKey, (answer) => listener.refuses(session, answer))
    return isRefused(signed) ? signed : listener.answer(session, signed, reply)
  })
  guard.on('progress', (frame) => {
    const progress = parseFrame(progressSchema, frame)
    return isRefused(progress) ? progress : (listener.progressed(session, progress) ?? { ok: true })
  })
  guard.on('failed', (frame) => {
    const failed = parseFrame(failedSchema, frame)
    return isRefused(failed) ? failed : (listener.failed(session, failed) ?? { ok: true })
  })
  guard.on('handback', (frame) => {
    const handback = parseFrame(handbackSchema, frame)
    return isRefused(handback) ? handback : (listener.handback(session, handback) ?? { ok: true })
  })
  guard.on('pause', (frame) => {
    const excess = tooOften()
    if (excess !== null) return excess
    const pause = parseFrame(pauseSchema, frame)
    if (isRefused(pause)) return pause
    listener.paused(session)
    return { ok: true }
  })
}
