// Whether an agent gets first executions of a job: a spotcheck needs few authors with many shards each, since each of them
// is checked; a replay is for those who did not answer the original; and a fresh key gets no more at once than what it has
// still to prove.
import { floor, multiply, rational } from '@forge/shared/exact/rational.ts'
import { eligibleAgents, mayRun, refereeAwaited, refereeOnline, weightyAgents } from './eligibility.ts'
import { PROBATION_SHARDS } from './limits.ts'
import { rateOf } from '@forge/shared/verifier/sample.ts'
import { tierOf, validShards } from './standing.ts'
import type { Ability, Agent, HubState, Job, Shard } from './state.ts'

/** At a rate of q each author should have 1/q shards: its one check is then no more than its share. */
const authorsMax = ({ shards, policy }: Job): number =>
  Math.max(
    1,
    policy.min_agents,
    Number(floor(multiply(rateOf(policy.spotcheck_rate), rational(BigInt(shards.length))))),
  )

/** Twice what those who are in should need: the estimate is their own speed. */
const HASTE = 2

/** Which of a job's shards an agent may be given to run first. */
export function admission(state: HubState, job: Job, agent: Agent): (shard: Shard) => boolean {
  const admits = admissionAmongFew(state, job, agent)
  const { answeredBefore } = job
  // Who has begun goes on: else it and those whom the few authors keep out could wait for each other.
  if (answeredBefore?.has(agent.identity) !== true || job.authors.has(agent.identity)) return admits
  const others = eligibleAgents(state, job).filter(
    (other) => other.lapses === 0 && other.restsUntilMs <= state.nowMs && !answeredBefore.has(other.identity),
  )
  if (isLate(state, job, others)) return admits
  // Somebody has to run what none of them may.
  return (shard) => admits(shard) && !others.some((other) => mayRun(other, shard))
}

function admissionAmongFew(state: HubState, job: Job, agent: Agent): (shard: Shard) => boolean {
  if (job.policy.verify !== 'spotcheck' || job.authors.has(agent.identity)) return () => true
  if (job.authors.size < authorsMax(job)) return () => true
  const inside = eligibleAgents(state, job).filter(
    (other) => other.lapses === 0 && other.restsUntilMs <= state.nowMs && job.authors.has(other.identity),
  )
  if (isLate(state, job, inside)) return () => true
  // Somebody has to run what none of them may.
  return (shard) => !inside.some((other) => mayRun(other, shard))
}

function isLate(state: HubState, job: Job, inside: readonly Agent[]): boolean {
  const unitsPerSecond = inside.reduce(
    (sum, { abilities }) => sum + (abilities.get(job.kernel)?.unitsPerSecond ?? 0),
    0,
  )
  const left = (job.shards.length - job.answered) * job.grid.unitsPerShard
  return unitsPerSecond === 0 || state.nowMs + (HASTE * left * 1_000) / unitsPerSecond > job.deadlineMs
}

/**
 * How many shards an agent may have out at once. All that a fresh key returns is checked, so it gets no more than it takes
 * to be a veteran, as long as there is somebody who can make it one.
 */
export function shardsOutMax(state: HubState, job: Job, agent: Agent, ability: Ability): number {
  if (job.policy.verify === 'none' || tierOf(state, agent, job.kernel, ability) !== 'probation') return Infinity
  const judges = weightyAgents(state, job).some(
    (other) =>
      other.identity !== agent.identity && !(state.settings.distinctNetwork && other.network === agent.network),
  )
  if (!judges && !refereeOnline(state, job) && !refereeAwaited(state, job)) return Infinity
  const held = [...agent.leases.values()].reduce(
    (sum, { shards, role }) => sum + (role === 'first' ? shards.size : 0),
    0,
  )
  const valid = validShards(state, agent.identity, job.kernel, ability.engine)
  return Math.max(0, PROBATION_SHARDS - valid - held - agent.pending)
}
