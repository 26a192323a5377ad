// Who may run what. All rules about roles, targets, distinct executors and whose word counts stand here and nowhere else.
import type { Policy } from '@forge/shared/contract/envelope.ts'
import type { EngineName, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Few } from './few.ts'
import { fleetOf, type Fleet } from './fleet.ts'
import { CHECKER_BACK_MS, CHECKER_WAIT_MS, REFEREE_START_MS } from './limits.ts'
import { isWeighty, tierOf } from './standing.ts'
import type { Ability, Agent, HubState, Job, Shard } from './state.ts'

/** The reference engine is a test engine, admitted to any target. */
const TARGET_ENGINES: Record<Job['policy']['target'], readonly EngineName[]> = {
  cpu: ['wasm', 'reference'],
  gpu: ['webgpu', 'reference'],
  any: ['webgpu', 'wasm', 'reference'],
}

/** The proven ability by which an agent may work on a job; null when it may not. */
export function abilityFor(state: HubState, job: Job, agent: Agent): Ability | null {
  const ability = provenFor(job, agent)
  if (ability === null || state.quarantined.has(agent.identity)) return null
  // The referee settles by re-running: any engine that passed its self-test gives the same bits.
  if (agent.referee) return ability
  return isSuspended(state, job.kernel, ability.engine) ? null : ability
}

/** The same for a trial, which an exposed identity may be given. */
export function provenFor(job: Job, agent: Agent): Ability | null {
  const ability = agent.abilities.get(job.kernel)
  if (ability === undefined || ability.kernelDigest !== job.kernelDigest) return null
  if (!serves(agent, job)) return null
  return agent.referee || TARGET_ENGINES[job.policy.target].includes(ability.engine) ? ability : null
}

/** What a job asks of its agents, whether it is there already or not. */
export interface Asked {
  readonly projectId: ProjectId
  readonly policy: Pick<Policy, 'target' | 'pool' | 'region'>
}

/**
 * Whether an agent works for such jobs: those that name a pool are for the agents of that pool alone, and these work for
 * no others. A pool is its owner's: somebody else's of the same name is another one. A region is said by the operator, or by
 * the job's own project. The referee judges them all.
 */
export function serves({ referee, token }: Agent, { projectId, policy }: Asked): boolean {
  if (referee) return true
  const { pool, region } = policy
  if (region !== undefined && !isIn(token, region, projectId)) return false
  return pool === undefined ? (token?.pool ?? null) === null : token?.owner === projectId && token.pool === pool
}

/** What a region is called is anybody's choice: an outsider's word for it counts for nobody else. */
const isIn = (token: Agent['token'], region: string, projectId: ProjectId): boolean =>
  token?.region === region && (token.madeByOperator || token.owner === projectId)

/** The same in a sentence, as what its job waits for. */
export const whereOf = ({ pool, region }: Pick<Policy, 'pool' | 'region'>): string =>
  (pool === undefined ? '' : ` in pool "${pool}"`) + (region === undefined ? '' : ` in region "${region}"`)

/** Too many agents that have nothing else in common were wrong on it: the engine is at fault, or the kernel on it. */
export const isSuspended = (state: HubState, kernel: string, engine: EngineName): boolean =>
  state.suspended.has(`${kernel} ${engine}`)

/** How many agents could work on a job of this kernel that does not exist yet. */
export const countEligible = (state: HubState, kernel: string, job: Asked): number =>
  eligibleSpeeds(state, kernel, job).length

/** Of each of them, in units of the kernel a second: as it claimed first, and as its answers showed since. */
export function eligibleSpeeds(state: HubState, kernel: string, job: Asked): number[] {
  return [...state.agents.values()].flatMap((agent) => {
    const ability = agent.abilities.get(kernel)
    if (ability === undefined || agent.referee || state.quarantined.has(agent.identity)) return []
    const { engine, unitsPerSecond } = ability
    const isAble = TARGET_ENGINES[job.policy.target].includes(engine) && serves(agent, job)
    return isAble && !isSuspended(state, kernel, engine) ? [unitsPerSecond] : []
  })
}

const fleet = (state: HubState, job: Job): Fleet =>
  fleetOf(state, job, (agent) => {
    const ability = abilityFor(state, job, agent)
    if (ability === null) return null
    if (agent.referee) return 'referee'
    return isWeighty(tierOf(state, agent, job.kernel, ability)) ? 'weighty' : 'fresh'
  })

export const eligibleAgents = (state: HubState, job: Job): readonly Agent[] => fleet(state, job).eligible.list
/** Of those, whose word counts. */
export const weightyAgents = (state: HubState, job: Job): readonly Agent[] => fleet(state, job).weighty.list
export const refereeOnline = (state: HubState, job: Job): boolean => fleet(state, job).referees.list.length > 0

/** When fresh keys no longer hold back for a referee that this server starts: it is starting, or starting again. */
export const refereeAwaitedUntilMs = (state: HubState, job: Job): number =>
  Math.max(job.startedMs, state.refereeLeftMs) + REFEREE_START_MS

export const refereeAwaited = (state: HubState, job: Job): boolean =>
  state.settings.referee && !refereeOnline(state, job) && state.nowMs < refereeAwaitedUntilMs(state, job)

/** When a check that nobody may do is given up, which nobody may do since a moment: who has just gone may come back. */
export const checkerGivenUpMs = (state: HubState, sinceMs: number): number =>
  Math.min(sinceMs + CHECKER_BACK_MS, Math.max(sinceMs + CHECKER_WAIT_MS, state.checkerLeftMs + CHECKER_BACK_MS))

/**
 * Whether an agent may run this shard at all: nobody runs a shard twice, nor one that it failed on. Nor in two sessions: while
 * one of them has it, it is neither open nor to be checked.
 */
export const mayRun = (agent: Agent, shard: Shard): boolean => !shard.excluded.has(agent.identity)

const belongsTo = ({ token }: Agent, owners: Few<ProjectId>): boolean => token !== null && owners.has(token.owner)

/** A checker is another identity, of another owner, and in another network group where that is asked. */
export function isDistinct(state: HubState, agent: Agent, shard: Shard): boolean {
  if (!mayRun(agent, shard)) return false
  if (!agent.referee && belongsTo(agent, shard.owners)) return false
  return agent.referee || !state.settings.distinctNetwork || !shard.networks.has(agent.network)
}

/** The same of two agents, before there is a shard: an owner, a machine or a network can have any number of keys. */
export function areStrangers(state: HubState, one: Agent, other: Agent): boolean {
  if (one.identity === other.identity) return false
  if (one.token !== null && one.token.owner === other.token?.owner) return false
  return !(state.settings.distinctNetwork && other.network === one.network)
}

/** An ordinary agent whose word counts and who may check this shard; who let a lease lapse is not worth waiting for. */
export const weightyCheckers = (state: HubState, job: Job, shard: Shard): readonly Agent[] =>
  weightyAgents(state, job).filter((agent) => agent.lapses === 0 && isDistinct(state, agent, shard))

export const hasWeightyChecker = (state: HubState, job: Job, shard: Shard): boolean =>
  weightyAgents(state, job).some((agent) => agent.lapses === 0 && isDistinct(state, agent, shard))

/**
 * Whether a fresh key may check this shard: when nobody whose word counts is there to do it, nor a referee to come, however
 * long it has been away: who stops it must not choose the checkers. And one of the two is a veteran or trusted, or their
 * agreement would prove nothing; in `none` it is only asked which of two answers that contradict each other stands.
 */
export function takesFreshChecker(state: HubState, job: Job, shard: Shard): boolean {
  if (job.policy.verify !== 'none' && !shard.submissions.some(({ tier }) => isWeighty(tier))) return false
  return !state.settings.referee && !refereeOnline(state, job) && !hasWeightyChecker(state, job, shard)
}

export function mayCheck(state: HubState, job: Job, agent: Agent, shard: Shard): boolean {
  if (!isDistinct(state, agent, shard)) return false
  const ability = abilityFor(state, job, agent)
  if (ability === null) return false
  return isWeighty(tierOf(state, agent, job.kernel, ability)) || takesFreshChecker(state, job, shard)
}
