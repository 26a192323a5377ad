// What agents say, as events for the core: each frame has passed the door, and here is asked what the Hub's state and the
// job's plan say of it. Answers wait here until they are durable or refused.
import type { Answer, Refusal, Reply } from '@forge/shared/contract/agent-events.ts'
import type { EngineName, Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../../logger.ts'
import type { Store } from '../../store/store.ts'
import { labelsOfJob } from '../../trace.ts'
import type { HubEvent } from '../core/events.ts'
import type { HubState } from '../core/state.ts'
import { badPartial, implausibleShard, type SignedAnswer } from './frames.ts'
import type { GatewayListener } from './gateway-frames.ts'
import { notHeld } from './not-held.ts'
import type { PlannedJob } from './planning.ts'
import type { Roster } from './roster.ts'

/** An event as the edge raises it: the time is added on the way in. */
export type Happening = HubEvent extends infer E ? (E extends HubEvent ? Omit<E, 'nowMs'> : never) : never

export interface AgentListenerDeps {
  readonly state: HubState
  readonly store: Pick<Store, 'standingsOf'>
  readonly logger: Logger
  readonly planned: ReadonlyMap<JobId, PlannedJob>
  raise(happening: Happening): void
  track(work: Promise<void>): void
  readonly roster: Pick<Roster, 'joined' | 'selfTest' | 'left'>
  left(session: SessionId): void
  /** From its frame to its reply. */
  acknowledged(outcome: 'stored' | 'refused', seconds: number): void
}

export class AgentListener implements GatewayListener {
  readonly #deps: AgentListenerDeps
  readonly #frames = new Map<number, { signed: SignedAnswer; atMs: number; reply: (reply: Reply) => void }>()
  #frameNumber = 0

  constructor(deps: AgentListenerDeps) {
    this.#deps = deps
  }

  // ---- answers that wait

  partialsOf(request: number): SignedAnswer['partials'] {
    const frame = this.#frames.get(request)
    if (frame === undefined) throw new Error(`frame ${request} is gone before it was stored`)
    return frame.signed.partials
  }

  reply(request: number, reply: Reply): void {
    const frame = this.#frames.get(request)
    this.#frames.delete(request)
    if (frame === undefined) return
    frame.reply(reply)
    this.#deps.acknowledged(reply.ok ? 'stored' : 'refused', (performance.now() - frame.atMs) / 1_000)
  }

  // ---- frames

  joined({ name, kind, ...agent }: Parameters<GatewayListener['joined']>[0]): void {
    this.#deps.raise({ type: 'agent-joined', agent })
    // Who is refused at the door was never here.
    if (!this.#deps.state.agents.has(agent.session)) return
    this.#deps.roster.joined(agent, { name, kind })
    // Until the store answers, and if it does not, it counts as a fresh key.
    if (!agent.referee) this.#deps.track(this.#recallStandings(agent.identity))
  }

  async #recallStandings(identity: Identity): Promise<void> {
    const rows = await this.#deps.store.standingsOf(identity)
    if (rows.length > 0) this.#deps.raise({ type: 'standings', identity, rows })
  }

  ready(session: SessionId, kernel: string, ability: Parameters<GatewayListener['ready']>[2]): void {
    this.#deps.roster.selfTest(session, kernel, ability.engine, true)
    this.#deps.raise({ type: 'agent-ready', session, kernel, ability: { ...ability } })
  }

  unfit(session: SessionId, kernel: string, engine: EngineName): void {
    this.#deps.roster.selfTest(session, kernel, engine, false)
  }

  refuses(session: SessionId, answer: Answer): Refusal | null {
    return notHeld(this.#deps.state, session, answer, answer.shards)
  }

  answer(session: SessionId, signed: SignedAnswer, reply: (reply: Reply) => void): Refusal | null {
    const { state, logger, raise } = this.#deps
    const { assignmentId, epoch, shards, kernelMs } = signed.answer
    const lease = state.agents.get(session)?.leases.get(assignmentId)
    const planned = lease && this.#deps.planned.get(lease.jobId)
    // What belongs to no lease is for the core to refuse; what it holds must be possible.
    const implausible = planned && lease.epoch === epoch ? implausibleShard(signed, planned) : null
    if (implausible !== null) {
      const { shard, reason, contradicts } = implausible
      const what = contradicts ? 'a partial contradicts the first pass' : 'a partial cannot be true'
      logger.warn({ session, shard, reason, ...this.#jobOf(session, signed.answer) }, what)
      // Only this shard is failed; what else it holds goes to others, unmarked.
      const type = contradicts ? 'shard-contradicted' : 'shard-failed'
      raise({ type, session, assignmentId, epoch, shard, reason })
      raise({ type: 'handback', session, assignmentId, epoch })
      return badPartial(implausible)
    }
    const request = ++this.#frameNumber
    this.#frames.set(request, { signed, atMs: performance.now(), reply })
    raise({
      type: 'answer',
      session,
      request,
      assignmentId,
      epoch,
      shards: shards.map(({ shard, digest }) => ({ shard, digest })),
      kernelMs,
    })
    return null
  }

  progressed(session: SessionId, frame: Parameters<GatewayListener['progressed']>[1]): Refusal | null {
    const refused = notHeld(this.#deps.state, session, frame)
    if (refused === null) this.#deps.raise({ type: 'progress', session, ...frame })
    return refused
  }

  failed(session: SessionId, frame: Parameters<GatewayListener['failed']>[1]): Refusal | null {
    const refused = notHeld(this.#deps.state, session, frame, [frame])
    if (refused !== null) return refused
    const { shard, reason } = frame
    this.#deps.logger.warn({ session, shard, reason, ...this.#jobOf(session, frame) }, 'an agent failed on a shard')
    this.#deps.raise({ type: 'shard-failed', session, ...frame })
    return null
  }

  /** Whose shards an assignment holds, for a line in the log. */
  #jobOf(session: SessionId, { assignmentId }: Pick<Answer, 'assignmentId'>): object {
    const lease = this.#deps.state.agents.get(session)?.leases.get(assignmentId)
    const planned = lease && this.#deps.planned.get(lease.jobId)
    return planned ? labelsOfJob(planned.row) : {}
  }

  handback(session: SessionId, frame: Parameters<GatewayListener['handback']>[1]): Refusal | null {
    const refused = notHeld(this.#deps.state, session, frame)
    if (refused === null) this.#deps.raise({ type: 'handback', session, ...frame })
    return refused
  }

  paused(session: SessionId): void {
    this.#deps.raise({ type: 'agent-paused', session })
  }

  left(session: SessionId): void {
    this.#deps.left(session)
    this.#deps.roster.left(session)
    this.#deps.raise({ type: 'agent-left', session })
  }
}
