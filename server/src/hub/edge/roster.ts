// Who is here, and who was here lately: what agents said of themselves at the door, beside what the core knows of them. It
// decides nothing. Who has left is remembered for a day, in this process alone: a restart forgets it.
import type { Hello, Tally } from '@forge/shared/contract/agent-events.ts'
import type { EngineName, Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { NewOrder } from '../../store/agent-orders.ts'
import type { Tier } from '../../store/store.ts'
import { tierOf, validShards } from '../core/standing.ts'
import type { Agent, AgentToken, HubState, LeaseRole, Newcomer } from '../core/state.ts'
import { ROSTER_LIMITS } from './limits.ts'
import type { OrderWatch } from './order-watch.ts'

/** What an agent says of itself, which nobody checks. */
export interface Said {
  readonly name: string | null
  readonly kind: Hello['kind']
}

export interface RosterEngine {
  /** Registry name. */
  readonly kernel: string
  readonly engine: EngineName
  readonly selfTest: 'passed' | 'failed'
  readonly tier: Tier
  /** Checked-valid shards in a row, as far as they count. */
  readonly valid: number
  /** As the Hub measures it; null where it has done nothing. */
  readonly unitsPerSecond: number | null
}

export interface RosterSession extends Said {
  /** Null of one that is gone. */
  readonly network: string | null
  readonly token: AgentToken | null
  /** Milliseconds since 1970. */
  readonly joinedAtMs: number
  /** Null while it is connected. */
  readonly leftAtMs: number | null
  readonly engines: readonly RosterEngine[]
  /** What it holds now, checks and trials among it. */
  readonly holds: readonly {
    readonly jobId: JobId
    readonly role: LeaseRole
    readonly engine: EngineName
    readonly shards: number
  }[]
  /** Shards of this session. */
  readonly tally: Tally
}

/** Why an identity may not work, and how it may again. */
export interface Away {
  /** `waits` for its time, `may-try` with shards whose answers are known, or `banned`. */
  readonly state: 'waits' | 'may-try' | 'banned'
  /** Milliseconds since 1970; null where it waits for nothing. */
  readonly untilMs: number | null
  readonly exposures: number
  /** The operator has a word in it. */
  readonly ordered: boolean
}

export interface RosterAgent {
  readonly identity: Identity
  /** Connected ones first, then the newest. */
  readonly sessions: readonly RosterSession[]
  readonly away: Away | null
}

export interface HubRoster {
  /** Who is connected to this server or was lately, and who may not work; without the referee, in no order. */
  agents(): readonly RosterAgent[]
  /** This server’s own process, which nobody orders about. */
  isReferee(identity: Identity): boolean
  /** Resolves when what other servers decided of identities by now is told in `agents`; rejects as the store does. */
  upToDate(): Promise<void>
  /**
   * Durable, and in force here, when it resolves; on other servers of the database within seconds. False where it changes
   * nothing.
   */
  order(order: Omit<NewOrder, 'atMs'>): Promise<boolean>
}

interface Seen extends Said {
  readonly newcomer: Newcomer
  readonly joinedAtMs: number
  readonly failed: Map<string, EngineName>
}

interface Gone {
  readonly identity: Identity
  readonly session: RosterSession
}

const NOTHING: Tally = { accepted: 0, pending: 0, rejected: 0 }

export class Roster implements HubRoster {
  readonly #state: HubState
  readonly #orders: Pick<OrderWatch, 'give' | 'read'>
  readonly #clock: () => number
  readonly #here = new Map<SessionId, Seen>()
  /** The longest gone first. */
  readonly #gone = new Set<Gone>()

  constructor(state: HubState, orders: Pick<OrderWatch, 'give' | 'read'>, clock: () => number = Date.now) {
    this.#state = state
    this.#orders = orders
    this.#clock = clock
  }

  /** Once the core has let it in. */
  joined(newcomer: Newcomer, { name, kind }: Said): void {
    this.#here.set(newcomer.session, { newcomer, name, kind, joinedAtMs: this.#clock(), failed: new Map() })
  }

  selfTest(session: SessionId, kernel: string, engine: EngineName, passed: boolean): void {
    const failed = this.#here.get(session)?.failed
    if (passed) failed?.delete(`${kernel} ${engine}`)
    else if (failed !== undefined && failed.size < ROSTER_LIMITS.failedPerSession) {
      failed.set(`${kernel} ${engine}`, engine)
    }
  }

  /** Before the core forgets it. */
  left(session: SessionId): void {
    const seen = this.#here.get(session)
    this.#here.delete(session)
    if (seen === undefined || seen.newcomer.referee) return
    const gone = { identity: seen.newcomer.identity, session: this.#view(seen, this.#clock()) }
    this.#gone.add(gone)
    const same = [...this.#gone].filter(({ identity }) => identity === gone.identity)
    for (const older of same.slice(0, -ROSTER_LIMITS.gonePerIdentity)) this.#gone.delete(older)
    for (const oldest of this.#gone) {
      if (this.#gone.size <= ROSTER_LIMITS.goneMax && !this.#isForgotten(oldest)) break
      this.#gone.delete(oldest)
    }
  }

  order(order: Parameters<HubRoster['order']>[0]): Promise<boolean> {
    return this.#orders.give(order)
  }

  upToDate(): Promise<void> {
    return this.#orders.read()
  }

  isReferee(identity: Identity): boolean {
    return [...this.#here.values()].some(({ newcomer }) => newcomer.referee && newcomer.identity === identity)
  }

  agents(): RosterAgent[] {
    const sessions = new Map<Identity, RosterSession[]>()
    const add = (identity: Identity, session: RosterSession): void => {
      const known = sessions.get(identity)
      if (known === undefined) sessions.set(identity, [session])
      else known.push(session)
    }
    for (const seen of this.#here.values()) {
      if (!seen.newcomer.referee) add(seen.newcomer.identity, this.#view(seen, null))
    }
    for (const gone of [...this.#gone].toReversed()) if (!this.#isForgotten(gone)) add(gone.identity, gone.session)
    for (const identity of this.#state.quarantined) if (!sessions.has(identity)) sessions.set(identity, [])
    return [...sessions].map(([identity, of]) => ({ identity, sessions: of, away: this.#awayOf(identity) }))
  }

  #isForgotten({ session }: Gone): boolean {
    return this.#clock() - (session.leftAtMs ?? 0) > ROSTER_LIMITS.goneMs
  }

  #view(seen: Seen, leftAtMs: number | null): RosterSession {
    const { newcomer, name, kind, joinedAtMs, failed } = seen
    const agent = this.#state.agents.get(newcomer.session)
    const passed = agent === undefined ? [] : enginesOf(this.#state, agent)
    const without = [...failed].map(([key, engine]): RosterEngine => {
      const kernel = key.slice(0, key.lastIndexOf(' '))
      return { kernel, engine, selfTest: 'failed', tier: 'probation', valid: 0, unitsPerSecond: null }
    })
    const leases = leftAtMs === null ? [...(agent?.leases.values() ?? [])] : []
    return {
      name,
      kind,
      network: leftAtMs === null ? newcomer.network : null,
      token: newcomer.token,
      joinedAtMs,
      leftAtMs,
      engines: [...passed, ...without],
      holds: leases.map(({ jobId, role, engine, shards }) => ({ jobId, role, engine, shards: shards.size })),
      tally: agent === undefined ? NOTHING : tallyOf(agent),
    }
  }

  #awayOf(identity: Identity): Away | null {
    const { quarantined, quarantines, nowMs } = this.#state
    if (!quarantined.has(identity)) return null
    const { exposures = 1, untilMs = Infinity, ordered } = quarantines.get(identity) ?? {}
    const leftMs = untilMs - Math.max(nowMs, performance.now())
    const state = untilMs === Infinity ? 'banned' : leftMs > 0 ? 'waits' : 'may-try'
    const until = state === 'waits' ? Math.round(this.#clock() + leftMs) : null
    return { state, untilMs: until, exposures, ordered: ordered === true }
  }
}

const tallyOf = ({ accepted, pending, rejected }: Agent): Tally => ({ accepted, pending, rejected })

function enginesOf(state: HubState, agent: Agent): RosterEngine[] {
  return [...agent.abilities].map(([kernel, { engine, unitsPerSecond }]) => ({
    kernel,
    engine,
    selfTest: 'passed',
    tier: tierOf(state, agent, kernel, { engine }),
    valid: validShards(state, agent.identity, kernel, engine),
    unitsPerSecond,
  }))
}
