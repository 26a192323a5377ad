// Whether an agent gets first executions of a job: a spotcheck needs few authors with many shards each, since each of them
// is checked; a replay is for those who did not answer the original; and a fresh key gets no more at once than what it has
// still to prove.
import { floor, multiply, rational } from '@forge/shared/exact/rational.ts'
import { areStrangers, eligibleAgents, mayRun, refereeAwaited, refereeOnline, weightyAgents } from './eligibility.ts'
import { begunMs } from './leases.ts'
import { CHECKER_WAIT_MS, LEASE_MS_MAX, PROBATION_SHARDS, SILENT_MS_MIN, SILENT_OF_EXPECTED } from './limits.ts'
import { rateOf } from '@forge/shared/verifier/sample.ts'
import { tierOf, validShards } from './standing.ts'
import { shardOf, type Ability, type Agent, type HubState, type Job } from './state.ts'

export const isFull = ({ executors, policy }: Job): boolean => executors.size >= policy.max_agents

/** Asked after every event. */
const known = new WeakMap<Job, number>()

/** At a rate of q each author should have 1/q shards: its one check is then no more than its share. */
function authorsMax(job: Job): number {
  const { shards, policy } = job
  const found = known.get(job)
  if (found !== undefined) return found
  const share = Number(floor(multiply(rateOf(policy.spotcheck_rate), rational(BigInt(shards.length)))))
  const most = Math.max(1, policy.min_agents, share)
  known.set(job, most)
  return most
}

/** Twice what those who are in should need: the estimate is their own speed. */
const HASTE = 2

/** Whether anybody may come in: a spotcheck has fewer authors than it may have. */
export const isOpenToAll = (job: Job): boolean =>
  job.policy.verify !== 'spotcheck' || job.authors.size < authorsMax(job)

/** Whether an agent is to leave the first runs of a replay to others. Who has begun goes on: else it and those whom the few
 * authors keep out could wait for each other. */
export const answeredBefore = (job: Job, { identity }: Agent): boolean =>
  job.answeredBefore?.has(identity) === true && !job.authors.has(identity)

/**
 * Of the shards that may be run first, those that nobody else is there to run. Fresh keys are others too, but not for long:
 * free ones that sleep must not keep out who would work.
 */
export function shardsForAnswered(state: HubState, job: Job, shards: ReadonlySet<number>): ReadonlySet<number> {
  const agents = state.nowMs < freshCountUntilMs(job) ? eligibleAgents(state, job) : weightyAgents(state, job)
  const others = agents.filter((other) => isAtWork(state, other) && job.answeredBefore?.has(other.identity) !== true)
  if (isLate(state, job, others)) return shards
  // Somebody has to run what none of them may.
  return new Set([...shards].filter((index) => !others.some((other) => mayRun(other, shardOf(job, index)))))
}

/** Which of a job's open shards an agent that is no author of it may be given to run first: all, or what no author may. */
export function shardsForOthers(state: HubState, job: Job): ReadonlySet<number> {
  // Fresh keys close nothing: all of their shards are checked however many they are, and free keys that sleep must not
  // keep out those who would work.
  const inside = weightyAgents(state, job).filter((other) => job.authors.has(other.identity) && isAtWork(state, other))
  if (new Set(inside.map(({ identity }) => identity)).size < authorsMax(job)) return job.open
  if (isLate(state, job, inside)) return job.open
  // Somebody has to run what none of them may.
  return new Set([...job.open].filter((index) => !inside.some((other) => mayRun(other, shardOf(job, index)))))
}

const freshCountUntilMs = (job: Job): number => job.startedMs + CHECKER_WAIT_MS

/** Who lets its first lease lie, whatever speed it claims or progress it tells of, keeps nobody else out. */
const isAtWork = (state: HubState, agent: Agent): boolean =>
  agent.lapses === 0 && agent.restsUntilMs <= state.nowMs && state.nowMs < overdueMs(agent)

function overdueMs(agent: Agent): number {
  const [lease] = agent.leases.values()
  if (lease === undefined) return Infinity
  const expectedMs = lease.shards.size * lease.shardMs
  return begunMs(agent, lease) + Math.min(LEASE_MS_MAX, Math.max(SILENT_MS_MIN, SILENT_OF_EXPECTED * expectedMs))
}

/** When the next author will have been silent for too long, while that lets others in; null where it never does. */
export function nextOverdueMs(state: HubState, job: Job): number | null {
  const isForFew = job.policy.verify === 'spotcheck' || (job.answeredBefore?.size ?? 0) > 0
  if (!isForFew || job.open.size === 0 || job.phase !== 'running') return null
  let next =
    job.answeredBefore !== undefined && freshCountUntilMs(job) > state.nowMs ? freshCountUntilMs(job) : Infinity
  for (const session of job.executors.keys()) {
    const agent = state.agents.get(session)
    const atMs = agent === undefined ? Infinity : overdueMs(agent)
    if (atMs > state.nowMs) next = Math.min(next, atMs)
  }
  return next === Infinity ? null : next
}

function isLate(state: HubState, job: Job, inside: readonly Agent[]): boolean {
  const unitsPerSecond = inside.reduce(
    (sum, { abilities }) => sum + (abilities.get(job.kernel)?.unitsPerSecond ?? 0),
    0,
  )
  const { units, unitsPerShard, passes } = job.grid
  const left = Math.min((job.shards.length - job.answered) * unitsPerShard, Number(units) * passes)
  return unitsPerSecond === 0 || state.nowMs + (HASTE * left * 1_000) / unitsPerSecond > job.deadlineMs
}

/**
 * How many shards an agent may have out at once. All that a fresh key returns is checked, so it gets no more than it takes
 * to be a veteran, as long as there is somebody who can make it one; and one alone until it has answered at all.
 */
export function shardsOutMax(state: HubState, job: Job, agent: Agent, ability: Ability): number {
  if (job.policy.verify === 'none' || tierOf(state, agent, job.kernel, ability) !== 'probation') return Infinity
  const judges = weightyAgents(state, job).some((other) => areStrangers(state, other, agent))
  if (!judges && !refereeOnline(state, job) && !refereeAwaited(state, job)) return Infinity
  const held = [...agent.leases.values()].reduce(
    (sum, { shards, role }) => sum + (role === 'first' ? shards.size : 0),
    0,
  )
  const valid = validShards(state, agent.identity, job.kernel, ability.engine)
  const most = agent.answeredMs === -Infinity ? 1 : PROBATION_SHARDS - valid
  return Math.max(0, most - held - agent.pending)
}
