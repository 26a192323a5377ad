// The Hub's one transition: an event in, commands out. No clock, socket, database or randomness: the event carries the
// time, the settings carry ids. The state is owned by the caller and changed in place; equal histories give equal states.
import type { SessionId } from '@forge/shared/contract/ids.ts'
import type { SubmissionRow } from '../../store/store.ts'
import type { HubCommand, HubEvent } from './events.ts'
import { noteUsual } from './backup.ts'
import { standings, tallies } from './changes.ts'
import { dispatch } from './dispatch.ts'
import { abilityFor } from './eligibility.ts'
import { takeContradiction, takeFailure } from './failures.ts'
import { hearExposures } from './exposed-elsewhere.ts'
import { endAgain, review } from './finish.ts'
import { noteChange } from './fleet.ts'
import { begunMs, drop, letGo, noteLapse, noteRoom, progress, renew } from './leases.ts'
import { takeJoined } from './joining.ts'
import { takeOrder } from './orders.ts'
import { takePlanned, takeUnplanned } from './passes.ts'
import { place, restoreVoided, settleShard, takeIn, tally } from './settle.ts'
import { learnSpeed, within } from './speed.ts'
import { hasWord, restoreStandings, tierOf } from './standing.ts'
import { endSuspensions } from './suspicion.ts'
import { createJob, shardOf, type Agent, type HubState, type Job, type Lease } from './state.ts'
import { takeTrial } from './trial.ts'

export { nextWakeMs } from './wake.ts'

export function step(state: HubState, event: HubEvent): HubCommand[] {
  // Time never runs backwards, whatever the edge's clock does.
  state.nowMs = Math.max(state.nowMs, event.nowMs)
  endSuspensions(state)
  const isNothing = isVain(state, event)
  const commands = [...(isNothing ? [] : apply(state, event)), ...expireLeases(state)]
  // Progress makes a lease last longer, and nobody can be given anything for that. What time alone changes is not missed.
  const isQuiet = (isNothing || event.type === 'progress') && (state.wakeMs ?? Infinity) > state.nowMs
  if (isQuiet && commands.length === 0) return []
  state.wakeMs = undefined
  for (const job of state.jobs.values()) commands.push(...review(state, job))
  commands.push(...dispatch(state))
  return [...commands, ...tallies(state), ...standings(state)]
}

/** What it says is of nothing here: it must not cost a look at every job and agent, for anybody can say it. */
function isVain(state: HubState, event: HubEvent): boolean {
  switch (event.type) {
    case 'handback':
    case 'progress':
    case 'shard-failed':
    case 'shard-contradicted': {
      const lease = state.agents.get(event.session)?.leases.get(event.assignmentId)
      if (lease?.epoch !== event.epoch) return true
      if (event.type === 'progress') return event.units <= lease.units
      return event.type !== 'handback' && !lease.shards.has(event.shard)
    }
    case 'agent-paused':
      return (state.agents.get(event.session)?.abilities.size ?? 0) === 0
    case 'agent-left':
      return !state.agents.has(event.session)
    default:
      return false
  }
}

function apply(state: HubState, event: HubEvent): HubCommand[] {
  switch (event.type) {
    case 'job-planned': {
      if (state.jobs.has(event.job.id)) return []
      const job = createJob(event.job, event.basis)
      state.jobs.set(job.id, job)
      restoreVoided(job, event.voided)
      job.executions = event.submissions.length + job.voided
      if (event.ending !== null) return endAgain(state, job, event.ending)
      // Somebody who took part was exposed before the restart.
      job.escalated = job.voided > 0 && job.policy.verify === 'spotcheck'
      return [...resumed(state, job, event), ...takeIn(state, job, event.submissions, true)]
    }
    case 'job-ended':
      return endJob(state, event.jobId)
    case 'job-cancelled':
      return takeCancelled(state, event.jobId)
    case 'pass-planned':
      return takePlanned(state, event)
    case 'pass-failed':
      return takeUnplanned(state, event)
    case 'agent-joined':
      return takeJoined(state, event.agent)
    case 'standings':
      restoreStandings(state, event.identity, event.rows)
      return []
    case 'agent-ready':
      return takeReady(state, event)
    case 'agent-paused': {
      const agent = state.agents.get(event.session)
      agent?.abilities.clear()
      if (agent?.referee === true) state.refereeLeftMs = state.nowMs
      noteChange(state, event.session)
      return []
    }
    case 'agent-left':
      return takeLeft(state, event.session)
    case 'answer':
      return takeAnswer(state, event)
    case 'stored':
      return takeStored(state, event.submissions)
    case 'store-failed':
      return giveBack(state, event.submissions)
    case 'progress': {
      const agent = state.agents.get(event.session)
      const lease = agent?.leases.get(event.assignmentId)
      if (agent !== undefined && lease?.epoch === event.epoch) progress(state, agent, lease, event.units)
      return []
    }
    case 'shard-failed':
      return takeFailure(state, event)
    case 'shard-contradicted':
      return takeContradiction(state, event)
    case 'handback': {
      const agent = state.agents.get(event.session)
      const lease = agent?.leases.get(event.assignmentId)
      return agent !== undefined && lease?.epoch === event.epoch ? release(state, agent, lease) : []
    }
    case 'agent-ordered':
      return takeOrder(state, event)
    case 'exposures-known':
      return hearExposures(state, event)
    case 'tick':
      return []
  }
}

function takeLeft(state: HubState, session: SessionId): HubCommand[] {
  const agent = state.agents.get(session)
  if (agent === undefined) return []
  state.agents.delete(session)
  if (agent.referee) state.refereeLeftMs = state.nowMs
  else if (hasWord(state, agent)) state.checkerLeftMs = state.nowMs
  state.tallyChanged.delete(session)
  state.resting.delete(session)
  noteChange(state, session)
  const commands = [...agent.leases.values()].flatMap((lease) => release(state, agent, lease))
  noteRoom(state, agent)
  return commands
}

/** A job that had begun before a restart does not wait for `min_agents` again: it may need nobody any more. */
function resumed(
  hub: HubState,
  job: Job,
  { state, submissions }: Extract<HubEvent, { type: 'job-planned' }>,
): HubCommand[] {
  if (state === 'QUEUED' && submissions.length === 0) return []
  job.phase = 'running'
  job.startedMs = hub.nowMs
  // Its row never goes back from VERIFYING to RUNNING.
  job.announced = state === 'VERIFYING' ? 'VERIFYING' : 'RUNNING'
  return state === 'QUEUED' ? [{ type: 'job-state', jobId: job.id, state: 'RUNNING', reason: null }] : []
}

/**
 * An agent whose engine was lost goes on with the next one: what it holds is that one's from here on, and so are its
 * answers, or, where the job's target does not admit it, somebody else's.
 */
function takeReady(
  state: HubState,
  { session, kernel, ability }: Extract<HubEvent, { type: 'agent-ready' }>,
): HubCommand[] {
  const agent = state.agents.get(session)
  if (agent === undefined) return []
  const known = agent.abilities.get(kernel)
  agent.abilities.set(kernel, { ...ability, unitsPerSecond: within(ability.unitsPerSecond) })
  // Its speed alone changes nothing of who may do what.
  if (known?.engine !== ability.engine || known.kernelDigest !== ability.kernelDigest) {
    noteChange(state, session)
  }
  noteRoom(state, agent)
  return [...agent.leases.values()].flatMap((lease) => {
    const job = state.jobs.get(lease.jobId)
    if (job?.kernel !== kernel || lease.engine === ability.engine) return []
    if (abilityFor(state, job, agent) === null) {
      return [{ type: 'revoke', session, assignmentId: lease.assignmentId }, ...release(state, agent, lease)]
    }
    lease.engine = ability.engine
    renew(state, lease)
    return []
  })
}

function takeAnswer(state: HubState, event: Extract<HubEvent, { type: 'answer' }>): HubCommand[] {
  const refuse = (code: 'NOT_YOURS' | 'STALE_EPOCH' | 'QUARANTINED', message: string): HubCommand[] => [
    { type: 'reply', session: event.session, request: event.request, reply: { ok: false, code, message } },
  ]
  const agent = state.agents.get(event.session)
  const lease = agent?.leases.get(event.assignmentId)
  const job = lease && state.jobs.get(lease.jobId)
  const isTrial = lease?.role === 'trial' && agent !== undefined && agent.trialsLeft > 0
  if (agent !== undefined && state.quarantined.has(agent.identity) && !isTrial) {
    return refuse('QUARANTINED', 'This agent returned a wrong answer and may not work.')
  }
  if (agent === undefined || lease === undefined || job === undefined || job.phase !== 'running') {
    return refuse('STALE_EPOCH', 'This assignment is no longer held; its shards went to others.')
  }
  if (lease.epoch !== event.epoch) return refuse('STALE_EPOCH', 'This answer carries an old epoch.')
  if (event.shards.some(({ shard }) => !lease.shards.has(shard))) {
    return refuse('NOT_YOURS', 'The answer names a shard that the assignment does not hold, or has answered before.')
  }
  const { role } = lease
  if (role === 'trial') return takeTrial(state, agent, lease, event)
  const tier = tierOf(state, agent, job.kernel, lease)
  noteUsual(job, state.nowMs - begunMs(agent, lease), event.shards.length * lease.shardMs)
  agent.answeredMs = state.nowMs
  renew(state, lease)
  const submissions = event.shards.map(({ shard: index, digest }): SubmissionRow => {
    const shard = shardOf(job, index)
    letGo(state, agent, lease, index)
    shard.storing++
    // What is settled already stays so: a backup's answer is one more check of it.
    if (shard.accepted === null) place(job, index, 'storing')
    return {
      jobId: job.id,
      shard: index,
      executor: agent.identity,
      role: shard.submissions.length > 0 && role === 'first' ? 'check' : role,
      engine: lease.engine,
      trusted: agent.referee || agent.token?.trusted === true,
      tier,
      network: agent.network,
      owner: agent.token?.owner ?? null,
      distinctNetwork: state.settings.distinctNetwork && !agent.referee,
      digest,
    }
  })
  job.executions += submissions.length
  state.counts.answered += submissions.length
  learnSpeed(job, agent, event)
  job.kernelMs += event.kernelMs
  if (agent.lapses > 0) noteChange(state, agent.session)
  agent.lapses = 0
  state.lapsed.delete(agent.identity)
  agent.pending += submissions.length
  state.tallyChanged.add(agent.session)
  return [{ type: 'store', session: event.session, request: event.request, submissions }]
}

function takeStored(state: HubState, submissions: readonly HubSubmission[]): HubCommand[] {
  const [first] = submissions
  const job = first && state.jobs.get(first.jobId)
  if (job === undefined || job.phase !== 'running') {
    for (const { executor } of submissions) tally(state, executor, 'dropped')
    return []
  }
  for (const { shard } of submissions) shardOf(job, shard).storing--
  return takeIn(state, job, submissions)
}

type HubSubmission = Extract<HubEvent, { type: 'stored' }>['submissions'][number]

function giveBack(state: HubState, submissions: readonly HubSubmission[]): HubCommand[] {
  return submissions.flatMap(({ jobId, shard, executor }) => {
    tally(state, executor, 'dropped')
    const job = state.jobs.get(jobId)
    if (job?.phase !== 'running') return []
    shardOf(job, shard).storing--
    return settleShard(state, job, shard)
  })
}

/** A lease's unanswered shards go back at once. */
function release(state: HubState, agent: Agent, lease: Lease): HubCommand[] {
  drop(state, agent, lease)
  const job = state.jobs.get(lease.jobId)
  if (job === undefined || job.phase !== 'running' || lease.role === 'trial') return []
  return [...lease.shards].flatMap((index) => {
    if (lease.role === 'check') shardOf(job, index).lapsed = true
    return settleShard(state, job, index)
  })
}

function expireLeases(state: HubState): HubCommand[] {
  if (state.nowMs < state.expiryMs) return []
  const commands: HubCommand[] = []
  state.expiryMs = Infinity
  for (const agent of state.agents.values()) {
    for (const lease of agent.leases.values()) {
      if (lease.expiresAtMs > state.nowMs) {
        state.expiryMs = Math.min(state.expiryMs, lease.expiresAtMs)
        continue
      }
      noteLapse(state, agent)
      state.counts.expired += lease.shards.size
      commands.push({ type: 'revoke', session: agent.session, assignmentId: lease.assignmentId })
      commands.push(...release(state, agent, lease))
    }
  }
  return commands
}

function endJob(state: HubState, jobId: Job['id']): HubCommand[] {
  const job = state.jobs.get(jobId)
  if (job === undefined) return []
  job.phase = 'ended'
  state.jobs.delete(jobId)
  for (const shard of job.shards) {
    for (const { executor } of shard.submissions) if (!shard.tallied.has(executor)) tally(state, executor, 'dropped')
  }
  return revokeAll(state, jobId)
}

/** Nobody computes for it from here on; its end is durable when the edge has written it. */
function takeCancelled(state: HubState, jobId: Job['id']): HubCommand[] {
  const job = state.jobs.get(jobId)
  if (job === undefined || job.phase === 'closing' || job.phase === 'ended') return []
  job.phase = 'closing'
  return [{ type: 'cancel', jobId }, ...revokeAll(state, jobId)]
}

function revokeAll(state: HubState, jobId: Job['id']): HubCommand[] {
  const commands: HubCommand[] = []
  for (const agent of state.agents.values()) {
    for (const lease of agent.leases.values()) {
      if (lease.jobId !== jobId) continue
      drop(state, agent, lease)
      commands.push({ type: 'revoke', session: agent.session, assignmentId: lease.assignmentId })
    }
  }
  return commands
}
