// Who gets which shards now: called after every event, it hands out work until nobody has room or nothing is left. It
// decides by the state alone; checks look like any other assignment.
import type { ExecutorRole } from '../../store/store.ts'
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import { abilityFor, eligibleAgents, firstExecutors, mayCheck, mayRun } from './eligibility.ts'
import type { HubCommand } from './events.ts'
import {
  ASSIGNMENT_MS,
  LEASE_MS_MAX,
  LEASE_MS_MIN,
  LEASE_LIFE_MS_MIN,
  LEASE_OF_EXPECTED,
  LEASE_RENEWALS,
  LEASES_PER_AGENT,
} from './limits.ts'
import { isInDoubt, isWitnessInDoubt } from './parts.ts'
import { place } from './settle.ts'
import { shardOf, type Ability, type Agent, type HubState, type Job } from './state.ts'

export function dispatch(state: HubState): HubCommand[] {
  const commands: HubCommand[] = []
  for (const job of state.jobs.values()) {
    if (job.phase === 'waiting') commands.push(...startIfEnough(state, job))
  }
  // Once a dispatch, not once an agent: with a thousand agents online the difference is seconds.
  const openJobs = [...state.jobs.values()].filter(hasWork).map((job) => crowdOf(state, job))
  if (openJobs.length === 0) return commands
  // Who let a lease run out comes last, and for one shard: a tab that hangs behind a live connection would otherwise
  // take the last shards again and again from those who would finish them.
  const inOrder = [...state.agents.values()].toSorted((a, b) => a.lapses - b.lapses)
  // Round after round, one assignment an agent, so that a lone early agent does not take all.
  for (let handedOut = true; handedOut;) {
    handedOut = false
    for (const agent of inOrder) {
      if (agent.leases.size >= (agent.lapses > 0 ? 1 : LEASES_PER_AGENT)) continue
      const command = nextAssignment(state, openJobs, agent)
      if (command === null) continue
      commands.push(command)
      handedOut = true
    }
  }
  return commands
}

/** A running job with those who may take part in it. */
interface Crowd {
  readonly job: Job
  readonly eligible: readonly Agent[]
  /** Grows while shards are handed out. */
  readonly executors: Set<Agent>
}

const hasWork = (job: Job): boolean =>
  job.phase === 'running' && job.open.size + job.toCheck.size + job.disputed.size > 0

const crowdOf = (state: HubState, job: Job): Crowd => ({
  job,
  eligible: eligibleAgents(state, job),
  executors: new Set(firstExecutors(state, job)),
})

function startIfEnough(state: HubState, job: Job): HubCommand[] {
  const eligible = eligibleAgents(state, job).length
  if (eligible >= job.policy.min_agents) {
    job.phase = 'running'
    job.reason = null
    job.announced = 'RUNNING'
    return [{ type: 'job-state', jobId: job.id, state: 'RUNNING', reason: null }]
  }
  const reason =
    `waiting for agents: ${eligible} of min_agents ${job.policy.min_agents} are online ` +
    `with an engine for target "${job.policy.target}"`
  if (reason === job.reason) return []
  job.reason = reason
  return [{ type: 'job-state', jobId: job.id, state: 'QUEUED', reason }]
}

function nextAssignment(state: HubState, crowds: readonly Crowd[], agent: Agent): HubCommand | null {
  for (const crowd of crowds) {
    const { job } = crowd
    if (!hasWork(job)) continue
    const ability = abilityFor(state, job, agent)
    if (ability === null) continue
    const work = agent.referee ? refereeWork(state, crowd, agent) : ordinaryWork(state, crowd, agent, ability)
    if (work === null) continue
    if (work.role === 'first') crowd.executors.add(agent)
    return lease(state, job, agent, ability, work)
  }
  return null
}

interface Work {
  readonly role: ExecutorRole
  readonly shards: number[]
}

function ordinaryWork(state: HubState, crowd: Crowd, agent: Agent, ability: Ability): Work | null {
  const { job, executors } = crowd
  const atOnce = agent.lapses > 0 ? 1 : shardsAtOnce(job, ability)
  const checks = take(job, job.toCheck, Math.min(atOnce, fairShare(crowd, job.toCheck.size)), (index) =>
    mayCheck(state, agent, shardOf(job, index)),
  )
  if (checks.length > 0) return { role: 'check', shards: checks }
  if (job.open.size === 0) return null
  if (!executors.has(agent) && executors.size >= job.policy.max_agents) return null
  const firsts = take(job, job.open, Math.min(atOnce, fairShare(crowd, job.open.size)), (index) =>
    mayRun(agent, shardOf(job, index)),
  )
  return firsts.length > 0 ? { role: 'first', shards: firsts } : null
}

/** Disputes first; then checks, and shards that an agent failed on, that no ordinary agent online may do. */
function refereeWork(state: HubState, { job, eligible }: Crowd, agent: Agent): Work | null {
  // An agent that let a lease lapse is not worth waiting for.
  const others = eligible.filter(({ lapses }) => lapses === 0)
  const disputes = take(job, job.disputed, AGENT_LIMITS.shardsPerAssignmentMax, (index) =>
    mayRun(agent, shardOf(job, index)),
  )
  if (disputes.length > 0) return { role: 'referee', shards: disputes }
  const checks = take(job, job.toCheck, AGENT_LIMITS.shardsPerAssignmentMax, (index) => {
    const shard = shardOf(job, index)
    return mayRun(agent, shard) && (shard.lapsed || !others.some((other) => mayCheck(state, other, shard)))
  })
  if (checks.length > 0) return { role: 'referee', shards: checks }
  // Not ordinary work: it decides whether the shard or the agents are at fault, as it does after enough of them failed.
  const failing = take(job, job.open, AGENT_LIMITS.shardsPerAssignmentMax, (index) => {
    const shard = shardOf(job, index)
    return shard.failures > 0 && mayRun(agent, shard) && !others.some((other) => mayRun(other, shard))
  })
  return failing.length > 0 ? { role: 'referee', shards: failing } : null
}

/** The next of a queue, all of one pass: an assignment has one launch. */
function take(job: Job, queue: ReadonlySet<number>, most: number, admits: (index: number) => boolean): number[] {
  if (isInDoubt(job)) {
    // What the last pass rests on: the sooner it is whole again, the less work is in vain if it has changed.
    const end = job.parts[0]?.end ?? 0
    const earlier = takeOfOnePass(job, queue, most, (index) => index < end && admits(index))
    if (earlier.length > 0) return earlier
  }
  return takeOfOnePass(job, queue, most, admits)
}

function takeOfOnePass(
  job: Job,
  queue: ReadonlySet<number>,
  most: number,
  admits: (index: number) => boolean,
): number[] {
  const taken: number[] = []
  let pass: number | undefined
  for (const index of queue) {
    if (taken.length >= most) break
    const own = passOf(job.grid, index)
    if ((pass !== undefined && own !== pass) || isWitnessInDoubt(job, index) || !admits(index)) continue
    pass = own
    taken.push(index)
  }
  return taken
}

function shardsAtOnce(job: Job, ability: Ability): number {
  const perSecond = ability.unitsPerSecond / job.grid.unitsPerShard
  return Math.min(AGENT_LIMITS.shardsPerAssignmentMax, Math.max(1, Math.floor((perSecond * ASSIGNMENT_MS) / 1_000)))
}

/** Half of what is left, shared by those who may take part: the end of a job comes to all at about the same time. */
function fairShare({ job, eligible }: Crowd, left: number): number {
  const hands = Math.max(1, Math.min(eligible.length, job.policy.max_agents))
  return Math.max(1, Math.ceil(left / (2 * hands)))
}

function lease(state: HubState, job: Job, agent: Agent, ability: Ability, { role, shards }: Work): HubCommand {
  const assignmentId = state.settings.assignmentId(++state.assignments)
  const epoch = ++state.epoch
  const expectedMs = (shards.length * job.grid.unitsPerShard * 1_000) / ability.unitsPerSecond
  const leaseMs = Math.round(Math.min(LEASE_MS_MAX, Math.max(LEASE_MS_MIN, expectedMs * LEASE_OF_EXPECTED)))
  const grants = agent.leases.size + 1
  const status = role === 'first' ? 'leased' : role === 'check' ? 'checking' : 'refereeing'
  for (const index of shards) place(job, index, status)
  agent.leases.set(assignmentId, {
    assignmentId,
    epoch,
    jobId: job.id,
    role,
    engine: ability.engine,
    shards: new Set(shards),
    leaseMs,
    // A second assignment waits for the first.
    expiresAtMs: state.nowMs + leaseMs * grants,
    endsAtMs: state.nowMs + Math.max(LEASE_LIFE_MS_MIN, leaseMs * (grants + LEASE_RENEWALS)),
    units: 0,
  })
  return {
    type: 'assign',
    session: agent.session,
    jobId: job.id,
    order: { assignmentId, epoch, engine: ability.engine, shards, leaseMs },
  }
}
