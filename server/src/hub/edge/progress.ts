// How far a job is, read off the core's state for whoever asks.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { countEligible, eligibleAgents, eligibleSpeeds, whereOf } from '../core/eligibility.ts'
import type { HubState, Job, ShardStatus } from '../core/state.ts'
import type { JobProgress } from './hub-interface.ts'

export function progressOf(state: HubState, id: JobId): JobProgress | null {
  const job = state.jobs.get(id)
  if (job === undefined) return null
  const holders = [...state.agents.values()].filter(({ leases }) =>
    [...leases.values()].some(({ jobId }) => jobId === id),
  )
  const eligible = eligibleAgents(state, job).length
  const idle = job.phase === 'running' && holders.length === 0 && job.acceptedCount < job.shards.length
  return {
    shards: job.shards.length,
    answered: job.resumedAtEnd ? job.shards.length : job.answered,
    accepted: job.resumedAtEnd ? job.shards.length : job.acceptedCount,
    toCheck: job.toCheck.size + job.disputed.size,
    agentsNow: holders.length,
    eligibleAgents: eligible,
    reason: idle ? idleReason(job, eligible) : job.reason,
  }
}

/** How many agents online could work on such a job. */
export const eligibleOf = countEligible
export const speedsOf = eligibleSpeeds

export function shardStatesOf(state: HubState, id: JobId, first: number, end: number): ShardStatus[] | null {
  const job = state.jobs.get(id)
  return job === undefined ? null : job.shards.slice(first, end).map(({ status }) => status)
}

function idleReason({ policy, released, parts, open, toCheck, disputed }: Job, eligible: number): string | null {
  if (released < parts.length && parts[0]?.settled === true) return 'the last pass is being planned from the others'
  if (eligible === 0) return `no agent with an engine for target "${policy.target}" is online${whereOf(policy)}`
  if (open.size > 0) return 'the agents online are busy or may not run what is left'
  // With neither, the last answers are being stored.
  return toCheck.size + disputed.size > 0 ? 'no agent online may check what is left' : null
}
