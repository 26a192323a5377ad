// How far a job is, read off the core's state for whoever asks.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { eligibleAgents } from '../core/eligibility.ts'
import type { HubState } from '../core/state.ts'
import type { JobProgress } from './hub-interface.ts'

export function progressOf(state: HubState, id: JobId): JobProgress | null {
  const job = state.jobs.get(id)
  if (job === undefined) return null
  const holders = [...state.agents.values()].filter(({ leases }) =>
    [...leases.values()].some(({ jobId }) => jobId === id),
  )
  const eligible = eligibleAgents(state, job).length
  const idle = job.phase === 'running' && holders.length === 0 && job.acceptedCount < job.grid.shards
  return {
    shards: job.grid.shards,
    answered: job.answered,
    accepted: job.acceptedCount,
    toCheck: job.grid.shards - job.acceptedCount - job.open.size,
    agentsNow: holders.length,
    eligibleAgents: eligible,
    reason: idle ? idleReason(job.policy.target, eligible, job.open.size) : job.reason,
  }
}

function idleReason(target: string, eligible: number, open: number): string {
  if (eligible === 0) return `no agent with an engine for target "${target}" is online`
  return open > 0 ? 'the agents online are busy or may not run what is left' : 'no agent online may check what is left'
}
