// Where leases come and go. What is counted of them is counted here and nowhere else: who holds a shard, how much work of
// a job is out, who executes it, who has room for more.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { noteChange } from './fleet.ts'
import { HELD_PARTS_PER_MS, LAPSES_KEPT_MS, LAPSES_MAX, LEASE_MS_MAX, LEASES_PER_AGENT, PACE_SLACK } from './limits.ts'
import { shardOf, type Agent, type HubState, type Job, type Lease } from './state.ts'

/** Who claims to be very slow does not put a job at the end of every queue: no shard counts more than a lease lasts. */
const heldShardMs = ({ shardMs }: Lease): number =>
  Math.ceil(Math.min(LEASE_MS_MAX, shardMs) * HELD_PARTS_PER_MS) / HELD_PARTS_PER_MS

/** What is out of a job by a lease, as its job counts it. */
export const heldMsOf = (lease: Lease): number => lease.shards.size * heldShardMs(lease)

export function grant(state: HubState, job: Job, agent: Agent, lease: Lease): void {
  agent.leases.set(lease.assignmentId, lease)
  job.heldMs += heldMsOf(lease)
  // A trial changes nothing of its shard.
  if (lease.role !== 'trial') for (const index of lease.shards) shardOf(job, index).holders.add(lease.assignmentId)
  if (lease.role === 'first') job.executors.set(agent.session, (job.executors.get(agent.session) ?? 0) + 1)
  state.expiryMs = Math.min(state.expiryMs, lease.expiresAtMs)
  noteRoom(state, agent)
}

/** One shard of a lease is over: answered, or failed. The lease goes with its last one. */
export function letGo(state: HubState, agent: Agent, lease: Lease, index: number): void {
  if (!lease.shards.delete(index)) return
  const job = state.jobs.get(lease.jobId)
  if (job !== undefined) {
    job.heldMs -= heldShardMs(lease)
    shardOf(job, index).holders.delete(lease.assignmentId)
  }
  if (lease.shards.size === 0) drop(state, agent, lease)
}

/** The whole lease is over, with the shards that it still has. */
export function drop(state: HubState, agent: Agent, lease: Lease): void {
  agent.leases.delete(lease.assignmentId)
  noteRoom(state, agent)
  const job = state.jobs.get(lease.jobId)
  if (job === undefined) return
  job.heldMs -= heldMsOf(lease)
  for (const index of lease.shards) shardOf(job, index).holders.delete(lease.assignmentId)
  if (lease.role !== 'first') return
  const held = (job.executors.get(agent.session) ?? 1) - 1
  if (held > 0) job.executors.set(agent.session, held)
  else job.executors.delete(agent.session)
}

/** What a lease holds is being worked on: it lasts its length from now, within its life, and never less than before. */
export function renew({ nowMs }: HubState, lease: Lease): void {
  lease.expiresAtMs = Math.max(lease.expiresAtMs, Math.min(nowMs + lease.leaseMs, lease.endsAtMs))
}

/** Only more units than before are progress, and only at a pace at which the lease would end within its life. */
export function progress(state: HubState, agent: Agent, lease: Lease, units: number): void {
  if (units <= lease.units || units > lease.unitsMost) return
  lease.units = units
  const begun = begunMs(agent, lease)
  const due = (lease.unitsMost * (state.nowMs - begun)) / (PACE_SLACK * (lease.endsAtMs - begun))
  // What another has as well is waited for as its check: words alone must not make that long.
  const job = state.jobs.get(lease.jobId)
  const isBackedUp = job !== undefined && [...lease.shards].some((index) => shardOf(job, index).backedUp)
  if (units >= due && !isBackedUp) renew(state, lease)
}

/** A lease of it ran out. A session may go and come again: the identity is remembered for a while. */
export function noteLapse(state: HubState, agent: Agent): void {
  agent.lapses++
  noteChange(state, agent.session)
  state.lapsed.delete(agent.identity)
  state.lapsed.set(agent.identity, { lapses: agent.lapses, atMs: state.nowMs })
  for (const [identity, { atMs }] of state.lapsed) {
    if (state.lapsed.size <= LAPSES_MAX && state.nowMs < atMs + LAPSES_KEPT_MS) break
    state.lapsed.delete(identity)
  }
}

export function lapsesOf(state: HubState, identity: Identity): number {
  const known = state.lapsed.get(identity)
  return known !== undefined && state.nowMs < known.atMs + LAPSES_KEPT_MS ? known.lapses : 0
}

/** A lapsed agent has room for one lease alone; dispatch looks at that. */
export function noteRoom(state: HubState, agent: Agent): void {
  if (state.agents.has(agent.session) && agent.leases.size < LEASES_PER_AGENT) state.roomy.add(agent.session)
  else state.roomy.delete(agent.session)
}

/** Since when an agent computes what a lease holds: a second one waits for the first. */
export const begunMs = (agent: Agent, { grantedMs }: Lease): number => Math.max(grantedMs, agent.answeredMs)
