// The load: agents on real sockets whose answers were computed beforehand. Each assignment is cut into answers and signed
// when it arrives; an answer is then sent when the pace says so. Identities are Node's own Ed25519, a tenth of the cost of
// the one in JavaScript, so that the generator leaves the two cores to the server.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { io, type Socket } from 'socket.io-client'
import { helloFrame } from '@forge/shared/agent/frames.ts'
import type { Answer, Assignment, Challenge, Refusal, Reply } from '@forge/shared/contract/agent-events.ts'
import { concat, toBase64 } from '@forge/shared/exact/bytes.ts'
import { answerDigest } from '@forge/shared/verifier/answer-digest.ts'
import { answers, KERNEL_DIGEST, KERNEL_NAME } from './no-op-kernel.ts'

/** How an agent works. */
export interface Habit {
  readonly shardsPerAnswer: number
  /** What it says of its speed: an assignment is what it does in a second. */
  readonly shardsPerSecond: number
}

/** When answers are sent. */
export type Pace =
  /** As fast as replies come, so many of an agent's at a time. */
  | { readonly kind: 'full'; readonly window: number }
  /** Evenly, whatever the replies do. */
  | { readonly kind: 'rate'; readonly shardsPerSecond: number }
  /** Each agent takes so long for an answer on average, as if it computed; never all at the same moment. */
  | { readonly kind: 'each'; readonly answerMs: number }

export interface Tally {
  shards: number
  frames: number
  /** From answer sent to acknowledgement, of each frame. */
  readonly latenciesMs: number[]
  /** Of cutting and signing, by the clock on the wall. */
  signingMs: number
  signed: number
  readonly refused: Map<string, number>
  revoked: number
  lost: number
}

interface Signed {
  readonly agent: Agent
  readonly frame: Answer
}

interface Agent {
  readonly socket: Socket
  readonly queue: Answer[]
  waiting: number
  computing: boolean
}

const KNOWN = answers()
/** More than this behind, what is due at a fixed rate is forgotten: a pause of the generator must not become a burst. */
const DEBT_MS = 20

export class Crowd {
  tally = emptyTally()
  acknowledged = 0
  readonly #habit: Habit
  readonly #agents: Agent[] = []
  #pace: Pace = { kind: 'full', window: 0 }
  /** In the order in which they were signed; only a fixed rate takes from here. */
  #turns: Signed[] = []
  #timer: ReturnType<typeof setInterval> | undefined
  #leaving = false

  constructor(habit: Habit) {
    this.#habit = habit
  }

  get size(): number {
    return this.#agents.length
  }

  /** Resolves when the Hub has taken it in and it is ready. */
  async join(url: string): Promise<void> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    const identity = {
      publicKey: new Uint8Array(raw),
      sign: async (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, privateKey)),
    }
    const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true })
    const agent: Agent = { socket, queue: [], waiting: 0, computing: false }
    socket.on('assign', (assignment: Assignment) => this.#take(agent, assignment, privateKey))
    socket.on('revoke', () => this.tally.revoked++)
    socket.on('refused', ({ code }: Refusal) => this.#refuse(code))
    socket.on('disconnect', () => {
      if (!this.#leaving) this.tally.lost++
    })
    const nonce = await new Promise<string>((resolve, reject) => {
      socket.on('challenge', (challenge: Challenge) => resolve(challenge.nonce))
      socket.on('connect_error', reject)
    })
    await taken(socket, 'hello', await helloFrame(nonce, identity, { kind: 'node' }))
    this.#agents.push(agent)
    const { shardsPerSecond: unitsPerSecond } = this.#habit
    const ready = { engine: 'reference', kernel: KERNEL_NAME, kernelDigest: KERNEL_DIGEST, digests: [], unitsPerSecond }
    await taken(socket, 'ready', ready)
  }

  /** From here on; what is under way is acknowledged as it comes. */
  at(pace: Pace): void {
    clearInterval(this.#timer)
    this.#pace = pace
    this.#turns = interleaved(this.#agents)
    if (pace.kind === 'rate') this.#keepRate(pace.shardsPerSecond)
    else for (const agent of this.#agents) this.#go(agent)
  }

  leave(): void {
    this.#leaving = true
    clearInterval(this.#timer)
    for (const { socket } of this.#agents) socket.disconnect()
  }

  #take(agent: Agent, assignment: Assignment, key: KeyObject): void {
    const began = performance.now()
    const { shards } = assignment
    for (let at = 0; at < shards.length; at += this.#habit.shardsPerAnswer) {
      const frame = signedAnswer(assignment, shards.slice(at, at + this.#habit.shardsPerAnswer), key)
      agent.queue.push(frame)
      this.tally.signed++
      if (this.#pace.kind === 'rate') this.#turns.push({ agent, frame })
    }
    this.tally.signingMs += performance.now() - began
    this.#go(agent)
  }

  /** Sends what this agent may send now. */
  #go(agent: Agent): void {
    const pace = this.#pace
    if (pace.kind === 'full') {
      for (let next = agent.queue.shift(); next !== undefined; next = agent.queue.shift()) {
        if (agent.waiting >= pace.window) return void agent.queue.unshift(next)
        this.#send(agent, next)
      }
    }
    if (pace.kind === 'each' && !agent.computing && agent.queue.length > 0) {
      agent.computing = true
      setTimeout(
        () => {
          agent.computing = false
          const next = agent.queue.shift()
          if (next !== undefined && !this.#leaving) this.#send(agent, next)
          this.#go(agent)
        },
        pace.answerMs * 2 * Math.random(),
      )
    }
  }

  #keepRate(perSecond: number): void {
    let dueMs = performance.now()
    this.#timer = setInterval(() => {
      const now = performance.now()
      dueMs = Math.max(dueMs, now - DEBT_MS)
      while (dueMs <= now) {
        const next = this.#turns.shift()
        if (next === undefined) return
        next.agent.queue.shift()
        dueMs += (next.frame.shards.length * 1_000) / perSecond
        this.#send(next.agent, next.frame)
      }
    }, 1)
  }

  #send(agent: Agent, frame: Answer): void {
    agent.waiting++
    const sent = performance.now()
    agent.socket.emit('answer', frame, (reply: Reply) => {
      agent.waiting--
      if (reply.ok) {
        this.tally.latenciesMs.push(performance.now() - sent)
        this.tally.frames++
        this.tally.shards += frame.shards.length
        this.acknowledged += frame.shards.length
      } else this.#refuse(reply.code)
      if (this.#pace.kind === 'full') this.#go(agent)
    })
  }

  #refuse(code: string): void {
    this.tally.refused.set(code, (this.tally.refused.get(code) ?? 0) + 1)
  }
}

export function emptyTally(): Tally {
  return { shards: 0, frames: 0, latenciesMs: [], signingMs: 0, signed: 0, refused: new Map(), revoked: 0, lost: 0 }
}

function signedAnswer({ assignmentId, epoch }: Assignment, shards: readonly number[], key: KeyObject): Answer {
  const known = shards.map((shard) => ({ shard, ...(KNOWN[shard] ?? missing(shard)) }))
  const said = {
    assignmentId,
    epoch,
    shards: known.map(({ shard, digest, partial }) => ({ shard, digest, bytes: partial.length })),
  }
  return {
    ...said,
    partials: concat(...known.map(({ partial }) => partial)),
    // No time at all: the Hub goes on believing the speed that was told first.
    kernelMs: 0,
    signature: toBase64(new Uint8Array(sign(null, answerDigest(said), key))),
  }
}

function missing(shard: number): never {
  throw new Error(`no job of this benchmark has a shard ${shard}`)
}

async function taken(socket: Socket, event: string, frame: object): Promise<void> {
  const reply: Reply = await socket.emitWithAck(event, frame)
  if (!reply.ok) throw new Error(`${event} was refused: ${reply.code}, ${reply.message}`)
}

/** One frame of each agent after the other. */
function interleaved(agents: readonly Agent[]): Signed[] {
  const longest = Math.max(0, ...agents.map(({ queue }) => queue.length))
  return Array.from({ length: longest }, (_, round) =>
    agents.flatMap((agent) => {
      const frame = agent.queue[round]
      return frame === undefined ? [] : [{ agent, frame }]
    }),
  ).flat()
}
