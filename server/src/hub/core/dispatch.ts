// Who gets which shards now: called after every event, it hands out work until nobody has room or nothing is left. It
// decides by the state alone; checks look like any other assignment.
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { isFull, shardsOutMax } from './admission.ts'
import { backupsFor, mayHaveBackups } from './backup.ts'
import { checksFor, drawCheckers } from './checkers.ts'
import {
  abilityFor,
  eligibleAgents,
  hasWeightyChecker,
  isDistinct,
  isSuspended,
  mayCheck,
  mayRun,
  provenFor,
  whereOf,
} from './eligibility.ts'
import type { HubCommand } from './events.ts'
import { grant } from './leases.ts'
import {
  ASSIGNMENT_MS,
  LEASE_MS_MAX,
  LEASE_MS_MIN,
  LEASE_LIFE_MS_MIN,
  LEASE_OF_EXPECTED,
  LEASE_RENEWALS,
  LEASES_PER_AGENT,
} from './limits.ts'
import { Look } from './look.ts'
import { isInDoubt, isWitnessInDoubt } from './parts.ts'
import { place, refereeIsToCome } from './settle.ts'
import { isWeighty, tierOf } from './standing.ts'
import { shardOf, type Ability, type Agent, type HubState, type Job, type LeaseRole } from './state.ts'
import { trialShards } from './trial.ts'

export function dispatch(state: HubState): HubCommand[] {
  const commands: HubCommand[] = []
  for (const job of state.jobs.values()) {
    if (job.phase === 'waiting') commands.push(...startIfEnough(state, job))
  }
  // Most events leave nobody with room, or nothing to do: then nothing is looked at.
  if (state.roomy.size === 0) return commands
  const jobs = [...state.jobs.values()].filter((job) => job.phase === 'running')
  for (const job of jobs) drawCheckers(state, job)
  // Who let a lease run out comes last, and for one shard: a tab that hangs behind a live connection would otherwise
  // take the last shards again and again from those who would finish them.
  const inOrder = roomyAgents(state)
  // Round after round, one assignment an agent, so that a lone early agent does not take all.
  const look = new Look(state, jobs)
  let turn = inTurn(jobs)
  let turnOfOthers = turn.filter((job) => look.isForOthers(job))
  for (let handedOut = true; handedOut;) {
    handedOut = false
    for (const agent of inOrder) {
      if (agent.leases.size >= (agent.lapses > 0 ? 1 : LEASES_PER_AGENT)) continue
      if (agent.restsUntilMs > state.nowMs) continue
      const next = nextAssignment(state, look.isInside(agent) ? turn : turnOfOthers, agent, look)
      if (next === null) continue
      commands.push(next.command)
      look.granted(next.job, agent)
      turn = inTurn(jobs)
      turnOfOthers = turn.filter((job) => look.isForOthers(job))
      handedOut = true
    }
  }
  return commands
}

function roomyAgents({ roomy, agents }: HubState): Agent[] {
  const inOrder: Agent[] = []
  let hasLapsed = false
  for (const session of roomy) {
    const agent = agents.get(session)
    if (agent === undefined) continue
    inOrder.push(agent)
    hasLapsed ||= agent.lapses > 0
  }
  return hasLapsed ? inOrder.toSorted((a, b) => a.lapses - b.lapses) : inOrder
}

function startIfEnough(state: HubState, job: Job): HubCommand[] {
  const eligible = eligibleAgents(state, job).length
  if (eligible >= job.policy.min_agents) {
    job.phase = 'running'
    job.reason = null
    job.announced = 'RUNNING'
    job.startedMs = state.nowMs
    return [{ type: 'job-state', jobId: job.id, state: 'RUNNING', reason: null }]
  }
  const reason =
    `waiting for agents: ${eligible} of min_agents ${job.policy.min_agents} are online ` +
    `with an engine for target "${job.policy.target}"${whereOf(job.policy)}`
  if (reason === job.reason) return []
  job.reason = reason
  return [{ type: 'job-state', jobId: job.id, state: 'QUEUED', reason }]
}

interface Next {
  readonly job: Job
  readonly command: HubCommand
}

function nextAssignment(state: HubState, turn: readonly Job[], agent: Agent, look: Look): Next | null {
  for (const job of turn) {
    if (agent.trialsLeft > 0) {
      const ability = provenFor(job, agent)
      // A second exposure is for good: it must not be an engine's fault.
      if (ability === null || isSuspended(state, job.kernel, ability.engine)) continue
      const shards = trialShards(job, agent)
      if (shards.length > 0) return lease(state, job, agent, ability, { role: 'trial', shards })
      continue
    }
    if (!mayHaveWork(job, agent)) continue
    const ability = abilityFor(state, job, agent)
    if (ability === null) continue
    const work = agent.referee ? refereeWork(state, job, agent) : ordinaryWork(state, job, agent, ability, look)
    if (work !== null) return lease(state, job, agent, ability, work)
  }
  return null
}

/** Asked of each idle agent for each job: next to nothing, where there is nothing. */
function mayHaveWork(job: Job, agent: Agent): boolean {
  if (job.toCheck.size + job.disputed.size > 0) return true
  if (agent.referee) return job.failing.size + job.takenFrom.size > 0
  return !isFullFor(job, agent) && (job.open.size > 0 || mayHaveBackups(job))
}

const isFullFor = (job: Job, agent: Agent): boolean => !job.executors.has(agent.session) && isFull(job)

/**
 * The project that has the least work out comes first, and of a project the job that has: a small job does not wait behind
 * a large one, nor a project behind one that sends many.
 */
function inTurn(jobs: readonly Job[]): readonly Job[] {
  if (jobs.length < 2) return jobs
  const held = new Map<ProjectId, number>()
  for (const { projectId, heldMs } of jobs) held.set(projectId, (held.get(projectId) ?? 0) + heldMs)
  const of = ({ projectId }: Job): number => held.get(projectId) ?? 0
  return jobs.toSorted((a, b) => of(a) - of(b) || a.heldMs - b.heldMs)
}

interface Work {
  readonly role: LeaseRole
  readonly shards: number[]
}

function ordinaryWork(state: HubState, job: Job, agent: Agent, ability: Ability, look: Look): Work | null {
  const atOnce = shardsAtOnce(job, agent, ability)
  if (job.toCheck.size > 0) {
    const most = Math.min(atOnce, fairShare(state, job, job.toCheck.size))
    const isFresh = !isWeighty(tierOf(state, agent, job.kernel, ability))
    const free = isFresh ? look.freeForFresh(job) : look.freeChecks(job)
    const checks = take(job, checksFor(job, agent, free), most, (index) =>
      mayCheck(state, job, agent, shardOf(job, index)),
    )
    if (checks.length > 0) return { role: 'check', shards: checks }
  }
  const votes = votesFor(state, job, agent, ability)
  if (votes.length > 0) return { role: 'check', shards: votes }
  if (isFullFor(job, agent)) return null
  const most = Math.min(atOnce, shardsOutMax(state, job, agent, ability))
  if (job.open.size > 0 && most > 0) {
    const firsts = take(
      job,
      look.firstsFor(job, agent),
      Math.min(most, fairShare(state, job, job.open.size)),
      (index) => mayRun(agent, shardOf(job, index)),
    )
    if (firsts.length > 0) return { role: 'first', shards: firsts }
  }
  if (agent.lapses > 0 || most === 0 || !mayHaveBackups(job)) return null
  const { unitsPerSecond } = ability
  const backups = backupsFor(state, job, agent, { unitsPerSecond, most, slow: look.slowLeases(job) })
  if (backups.length === 0) return null
  job.backups += backups.length
  state.counts.backups += backups.length
  for (const index of backups) shardOf(job, index).backedUp = true
  return { role: 'first', shards: backups }
}

/** A dispute that no referee will settle is for the veterans, one run of each group. */
function votesFor(state: HubState, job: Job, agent: Agent, ability: Ability): number[] {
  if (job.disputed.size === 0 || refereeIsToCome(state, job)) return []
  if (!isWeighty(tierOf(state, agent, job.kernel, ability))) return []
  return take(job, job.disputed, 1, (index) => isDistinct(state, agent, shardOf(job, index)))
}

/** Disputes first; then checks, and shards that an agent failed on or that were taken back, that no ordinary agent online may do. */
function refereeWork(state: HubState, job: Job, agent: Agent): Work | null {
  const disputes = take(job, job.disputed, AGENT_LIMITS.shardsPerAssignmentMax, (index) =>
    mayRun(agent, shardOf(job, index)),
  )
  if (disputes.length > 0) return { role: 'referee', shards: disputes }
  const checks = take(job, job.toCheck, AGENT_LIMITS.shardsPerAssignmentMax, (index) => {
    const shard = shardOf(job, index)
    return mayRun(agent, shard) && (shard.lapsed || !hasWeightyChecker(state, job, shard))
  })
  if (checks.length > 0) return { role: 'referee', shards: checks }
  // Not ordinary work: it decides whether the shard or the agents are at fault, as it does after enough of them failed.
  // An agent that let a lease lapse is not worth waiting for.
  const others = eligibleAgents(state, job).filter(({ lapses }) => lapses === 0)
  // Whoever is here and has lost no answer in this job may run what was taken back: then that is not looked through.
  const isNobodyElses = job.takenFrom.size > 0 && others.every(({ identity }) => job.takenFrom.has(identity))
  const given = take(job, isNobodyElses ? job.open : job.failing, AGENT_LIMITS.shardsPerAssignmentMax, (index) => {
    const shard = shardOf(job, index)
    return shard.excluded.size > 0 && mayRun(agent, shard) && !others.some((other) => mayRun(other, shard))
  })
  return given.length > 0 ? { role: 'referee', shards: given } : null
}

/** The next of a queue, all of one pass: an assignment has one launch. */
function take(job: Job, queue: Iterable<number>, most: number, admits: (index: number) => boolean): number[] {
  if (isInDoubt(job)) {
    // What the last pass rests on: the sooner it is whole again, the less work is in vain if it has changed.
    const end = job.parts[0]?.end ?? 0
    const earlier = takeOfOnePass(job, queue, most, (index) => index < end && admits(index))
    if (earlier.length > 0) return earlier
  }
  return takeOfOnePass(job, queue, most, admits)
}

function takeOfOnePass(job: Job, queue: Iterable<number>, most: number, admits: (index: number) => boolean): number[] {
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

/** About a second's work; one shard for who let a lease run out. */
function shardsAtOnce(job: Job, agent: Agent, { unitsPerSecond }: Ability): number {
  if (agent.lapses > 0) return 1
  const perSecond = unitsPerSecond / job.grid.unitsPerShard
  return Math.min(AGENT_LIMITS.shardsPerAssignmentMax, Math.max(1, Math.floor((perSecond * ASSIGNMENT_MS) / 1_000)))
}

/** Half of what is left, shared by those who may take part: the end of a job comes to all at about the same time. */
function fairShare(state: HubState, job: Job, left: number): number {
  const hands = Math.max(1, Math.min(eligibleAgents(state, job).length, job.policy.max_agents))
  return Math.max(1, Math.ceil(left / (2 * hands)))
}

const STATUS_OF = { first: 'leased', check: 'checking', referee: 'refereeing' } as const

function lease(state: HubState, job: Job, agent: Agent, ability: Ability, { role, shards }: Work): Next {
  const assignmentId = state.settings.assignmentId(++state.assignments)
  const epoch = ++state.epoch
  const shardMs = (job.grid.unitsPerShard * 1_000) / ability.unitsPerSecond
  const expectedMs = shards.length * shardMs
  const leaseMs = Math.round(Math.min(LEASE_MS_MAX, Math.max(LEASE_MS_MIN, expectedMs * LEASE_OF_EXPECTED)))
  const grants = agent.leases.size + 1
  if (role !== 'trial') for (const index of shards) place(job, index, STATUS_OF[role])
  if (role === 'first') job.authors.add(agent.identity)
  state.counts.assigned[role] += shards.length
  grant(state, job, agent, {
    assignmentId,
    epoch,
    jobId: job.id,
    role,
    engine: ability.engine,
    shards: new Set(shards),
    leaseMs,
    grantedMs: state.nowMs,
    shardMs,
    // A second assignment waits for the first.
    expiresAtMs: state.nowMs + leaseMs * grants,
    endsAtMs: state.nowMs + Math.max(LEASE_LIFE_MS_MIN, leaseMs * (grants + LEASE_RENEWALS)),
    units: 0,
    unitsMost: shards.length * job.grid.unitsPerShard,
  })
  const order = { assignmentId, epoch, engine: ability.engine, shards, leaseMs }
  return { job, command: { type: 'assign', session: agent.session, jobId: job.id, order } }
}
