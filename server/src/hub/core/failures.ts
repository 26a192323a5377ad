// A shard that an agent gives back without an answer: it failed on it, or its answer contradicts the first pass. Who did
// so does not get it again; a contradiction also puts the other of the two answers to the test.
import type { HubCommand, HubEvent } from './events.ts'
import { abilityFor } from './eligibility.ts'
import { fail } from './failing.ts'
import { letGo } from './leases.ts'
import { REST_MS } from './limits.ts'
import { HELD, witnessOf } from './parts.ts'
import { isChecked, settleShard } from './settle.ts'
import { isWeighty, tierOf } from './standing.ts'
import { shardOf, type Agent, type Contradiction, type HubState, type Job } from './state.ts'

type Failure = Extract<HubEvent, { type: 'shard-failed' | 'shard-contradicted' }>

export function takeFailure(state: HubState, event: Failure): HubCommand[] {
  const given = giveUp(state, event)
  if (given === null) return []
  const { agent, job } = given
  if (agent.referee) {
    return [fail(job, 'KERNEL_FAULT', `The referee failed on shard ${event.shard}: ${event.reason}`)]
  }
  mark(job, event.shard, agent)
  const ability = abilityFor(state, job, agent)
  if (ability !== null && isWeighty(tierOf(state, agent, job.kernel, ability))) {
    // One machine, or one network, can have any number of keys.
    const group = state.settings.distinctNetwork ? agent.network : agent.identity
    shardOf(job, event.shard).veteranFailures.add(group)
  } else {
    agent.restsUntilMs = state.nowMs + REST_MS
    state.resting.add(agent.session)
  }
  return settleShard(state, job, event.shard)
}

/**
 * Of two answers for the same units one is wrong, and nothing here tells which. An ordinary agent is marked, so that a
 * liar does not get the same shard for ever; the first pass's shard is checked by another whatever the mode, once. The
 * referee is not marked: it runs the first pass's shard itself.
 */
export function takeContradiction(state: HubState, event: Failure): HubCommand[] {
  const given = giveUp(state, event)
  if (given === null) return []
  const { agent, job } = given
  const witness = witnessOf(job, event.shard)
  if (agent.referee) {
    const own = shardOf(job, witness).submissions.find(({ role }) => role === 'referee')
    // It contradicts itself: no answer of anybody can be right, and without an end it would go on for ever.
    if (own !== undefined && own.digest === job.basisDigests?.[witness]) {
      const detail = `The referee's runs of the shards ${witness} and ${event.shard} contradict each other: ${event.reason}`
      return [fail(job, 'KERNEL_FAULT', detail)]
    }
  } else {
    mark(job, event.shard, agent)
  }
  const commands = doubt(state, job, witness, { reason: event.reason, trusted: agent.referee })
  return [...commands, ...settleShard(state, job, event.shard)]
}

/** Takes the shard out of its lease; null when it is not held, or its job is over. */
function giveUp(state: HubState, event: Failure): { readonly agent: Agent; readonly job: Job } | null {
  const agent = state.agents.get(event.session)
  const lease = agent?.leases.get(event.assignmentId)
  const job = lease && state.jobs.get(lease.jobId)
  if (agent === undefined || lease?.epoch !== event.epoch || job === undefined || !lease.shards.has(event.shard)) {
    return null
  }
  letGo(state, agent, lease, event.shard)
  state.counts.failed++
  if (lease.role === 'trial') {
    // Another shard will do for its trial.
    shardOf(job, event.shard).excluded.add(agent.identity)
    return null
  }
  return job.phase === 'running' ? { agent, job } : null
}

/** Not retried on the same agent. */
function mark(job: Job, index: number, agent: Agent): void {
  const shard = shardOf(job, index)
  shard.excluded.add(agent.identity)
  shard.failures++
}

function doubt(state: HubState, job: Job, index: number, { reason, trusted }: Contradiction): HubCommand[] {
  const shard = shardOf(job, index)
  const isSure = isChecked(shard) || shard.submissions.some(({ role }) => role === 'referee')
  // Else one free key could have everything checked again and again.
  if (isSure && !trusted) return []
  job.contradicted.set(index, { reason, trusted: trusted || job.contradicted.get(index)?.trusted === true })
  shard.mustCheck = true
  return HELD.has(shard.status) ? [] : settleShard(state, job, index)
}
