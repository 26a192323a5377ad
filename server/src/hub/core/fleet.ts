// Who may work on each job now, kept up with what changed: with thousands of agents online, to look at all of them for
// every job whenever one comes, goes or proves another engine costs tens of milliseconds, and anybody can make it happen.
import type { Identity, SessionId } from '@forge/shared/contract/ids.ts'
import { FLEET_CHANGES_MAX } from './limits.ts'
import type { Agent, HubState, Job } from './state.ts'

/** What an agent is to a job: null when it may not work on it. */
export type Standing = 'fresh' | 'weighty' | 'referee' | null

export interface Fleet {
  readonly eligible: Members
  /** Of those, whose word counts. */
  readonly weighty: Members
  readonly referees: Members
}

/** Agents in the order in which they came to be members; the list is another one after every change. */
class Members {
  readonly #agents = new Map<SessionId, Agent>()
  #list: readonly Agent[] | null = null

  get list(): readonly Agent[] {
    this.#list ??= [...this.#agents.values()]
    return this.#list
  }

  put(session: SessionId, agent: Agent | null): void {
    if (agent === null) {
      if (!this.#agents.delete(session)) return
    } else {
      this.#agents.set(session, agent)
    }
    this.#list = null
  }
}

/** Something of a session changed that can change who may work on what. */
export function noteChange(state: HubState, session: SessionId): void {
  state.fleet++
  if (state.changed.length >= FLEET_CHANGES_MAX) state.changed.length = 0
  state.changed.push(session)
}

/** The same of every session of an identity. */
export function noteIdentity(state: HubState, identity: Identity): void {
  for (const agent of state.agents.values()) if (agent.identity === identity) noteChange(state, agent.session)
}

/** The same of anybody, as when an engine is suspended. */
export function noteAll(state: HubState): void {
  state.fleet++
  state.changed.length = 0
}

interface Known {
  /** The state's `fleet` that it is true for. */
  at: number
  fleet: Fleet
}

const fleets = new WeakMap<Job, Known>()

export function fleetOf(state: HubState, job: Job, standingOf: (agent: Agent) => Standing): Fleet {
  const known = fleets.get(job)
  if (known?.at === state.fleet) return known.fleet
  const behind = known === undefined ? Infinity : state.fleet - known.at
  const isKnown = known !== undefined && behind <= state.changed.length
  const fleet = isKnown ? known.fleet : { eligible: new Members(), weighty: new Members(), referees: new Members() }
  for (const session of isKnown ? state.changed.slice(-behind) : state.agents.keys()) {
    const agent = state.agents.get(session) ?? null
    const standing = agent === null ? null : standingOf(agent)
    fleet.eligible.put(session, standing === 'fresh' || standing === 'weighty' ? agent : null)
    fleet.weighty.put(session, standing === 'weighty' ? agent : null)
    fleet.referees.put(session, standing === 'referee' ? agent : null)
  }
  fleets.set(job, { at: state.fleet, fleet })
  return fleet
}
