// Where the Hub stands, in numbers for whoever watches the server: read off the core's state when they are asked for.
import type { EngineName } from '@forge/shared/contract/ids.ts'
import type { Tier } from '../../store/store.ts'
import type { Counts } from '../core/counts.ts'
import { tierOf } from '../core/standing.ts'
import type { Agent, HubState } from '../core/state.ts'

export interface HubFigures {
  readonly counts: Readonly<Counts>
  /** Unfinished jobs that are planned, by their state. */
  readonly jobs: Readonly<Record<'QUEUED' | 'RUNNING' | 'VERIFYING', number>>
  /** Shards of running jobs that wait for an agent. */
  readonly queues: Readonly<Record<'open' | 'to_check' | 'disputed' | 'failing', number>>
  readonly leases: number
  readonly agents: readonly { readonly engine: EngineName | 'none'; readonly tier: Tier; readonly agents: number }[]
  readonly quarantined: number
}

export function figuresOf(state: HubState): HubFigures {
  const jobs = { QUEUED: 0, RUNNING: 0, VERIFYING: 0 }
  const queues = { open: 0, to_check: 0, disputed: 0, failing: 0 }
  for (const job of state.jobs.values()) {
    jobs[job.announced]++
    if (job.phase !== 'running') continue
    queues.open += job.open.size
    queues.to_check += job.toCheck.size
    queues.disputed += job.disputed.size
    queues.failing += job.failing.size
  }
  const agents = new Map<string, { engine: EngineName | 'none'; tier: Tier; agents: number }>()
  let leases = 0
  for (const agent of state.agents.values()) {
    leases += agent.leases.size
    const kind = kindOf(state, agent)
    const name = `${kind.engine} ${kind.tier}`
    agents.set(name, { ...kind, agents: (agents.get(name)?.agents ?? 0) + 1 })
  }
  return {
    counts: state.counts,
    jobs,
    queues,
    leases,
    agents: [...agents.values()],
    quarantined: state.quarantined.size,
  }
}

const TIERS: readonly Tier[] = ['probation', 'veteran', 'trusted']

/** The engine of its first kernel, and the farthest that its word goes for any. */
function kindOf(state: HubState, agent: Agent): { readonly engine: EngineName | 'none'; readonly tier: Tier } {
  const [first] = agent.abilities.values()
  const tiers = [...agent.abilities].map(([kernel, ability]) => TIERS.indexOf(tierOf(state, agent, kernel, ability)))
  return { engine: first?.engine ?? 'none', tier: TIERS[Math.max(0, ...tiers)] ?? 'probation' }
}
