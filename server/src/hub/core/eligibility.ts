// Who may run what. All rules about roles, targets and distinct executors stand here and nowhere else.
import type { EngineName } from '@forge/shared/contract/ids.ts'
import type { Ability, Agent, HubState, Job, Shard } from './state.ts'

/** The reference engine is a test engine, admitted to any target. */
const TARGET_ENGINES: Record<Job['policy']['target'], readonly EngineName[]> = {
  cpu: ['wasm', 'reference'],
  gpu: ['webgpu', 'reference'],
  any: ['webgpu', 'wasm', 'reference'],
}

/** The proven ability by which an agent may work on a job; null when it may not. */
export function abilityFor(state: HubState, job: Job, agent: Agent): Ability | null {
  const ability = agent.abilities.get(job.kernel)
  if (ability === undefined || ability.kernelDigest !== job.kernelDigest) return null
  if (state.quarantined.has(agent.identity)) return null
  // The referee settles by re-running: any engine that passed its self-test gives the same bits.
  if (agent.referee) return ability
  return TARGET_ENGINES[job.policy.target].includes(ability.engine) ? ability : null
}

export function eligibleAgents(state: HubState, job: Job): Agent[] {
  return [...state.agents.values()].filter((agent) => !agent.referee && abilityFor(state, job, agent) !== null)
}

export const refereeOnline = (state: HubState, job: Job): boolean =>
  [...state.agents.values()].some((agent) => agent.referee && abilityFor(state, job, agent) !== null)

/** Whether an agent may run this shard at all: nobody runs a shard twice, nor one that it failed on. */
export const mayRun = (agent: Agent, shard: Shard): boolean => !shard.excluded.has(agent.identity)

/** A checker is another identity, and another network group where that is asked. */
export function mayCheck(state: HubState, agent: Agent, shard: Shard): boolean {
  if (!mayRun(agent, shard)) return false
  return agent.referee || !state.settings.distinctNetwork || !shard.networks.has(agent.network)
}

/** Sessions that hold first executions of a job now: what `max_agents` bounds. */
export function firstExecutors(state: HubState, job: Job): Agent[] {
  return [...state.agents.values()].filter((agent) =>
    [...agent.leases.values()].some((lease) => lease.jobId === job.id && lease.role === 'first'),
  )
}
