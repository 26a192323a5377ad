// The way back for an identity that was exposed: after its time it runs shards whose answers are known, among others'
// ordinary work and like it in every frame. What it returns is compared and counts for nothing else.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { SubmissionRow } from '../../store/store.ts'
import type { HubCommand, HubEvent } from './events.ts'
import { noteIdentity } from './fleet.ts'
import { letGo } from './leases.ts'
import { TRIAL_SHARDS } from './limits.ts'
import { mayRun, provenFor } from './eligibility.ts'
import { exposeAndSettle } from './settle.ts'
import { shardOf, type Agent, type HubState, type Job, type Lease } from './state.ts'

/** Whether it was exposed and its time is over, so that it is let in. */
export function mayTry(state: HubState, { identity }: Pick<Agent, 'identity'>): boolean {
  const quarantine = state.quarantines.get(identity)
  return quarantine !== undefined && quarantine.untilMs <= state.nowMs
}

export const trialsOf = (state: HubState, identity: Agent['identity']): number =>
  state.quarantined.has(identity) ? TRIAL_SHARDS : 0

/** Shards of a job that it has not run and whose answer rests on a trusted agent's. */
export function trialShards(job: Job, agent: Agent): number[] {
  if (job.phase !== 'running' || provenFor(job, agent) === null) return []
  const held = new Set([...agent.leases.values()].flatMap(({ shards }) => [...shards]))
  const found: number[] = []
  for (const [index, shard] of job.shards.entries()) {
    if (found.length === agent.trialsLeft) break
    const { accepted } = shard
    // Without a referee veterans may have outvoted a trusted agent, whose row stays as the record of it.
    const isTrusted = ({ tier, digest }: SubmissionRow): boolean => tier === 'trusted' && digest === accepted
    const isKnown = accepted !== null && shard.submissions.some(isTrusted)
    // All of one pass: an assignment has one launch.
    if (!isKnown || held.has(index) || !mayRun(agent, shard)) continue
    if (Math.floor(index / job.grid.shards) !== Math.floor((found[0] ?? index) / job.grid.shards)) break
    found.push(index)
  }
  return found
}

/** Nobody tries to come back who was not away. */
const UNKNOWN = { exposures: 1, atMs: -Infinity, untilMs: -Infinity }

/** Compares what it returned; nobody else hears of it. */
export function takeTrial(
  state: HubState,
  agent: Agent,
  lease: Lease,
  { session, request, shards }: Extract<HubEvent, { type: 'answer' }>,
): HubCommand[] {
  const job = state.jobs.get(lease.jobId)
  const commands: HubCommand[] = [{ type: 'reply', session, request, reply: { ok: true } }]
  for (const { shard: index, digest } of shards) {
    letGo(state, agent, lease, index)
    const shard = job && shardOf(job, index)
    // An answer that was taken back meanwhile says nothing.
    if (shard === undefined || shard.accepted === null) continue
    shard.excluded.add(agent.identity)
    if (shard.accepted !== digest) return [...commands, ...failTrial(state, agent, lease.jobId, index)]
    agent.trialsLeft--
  }
  if (agent.trialsLeft > 0) return commands
  const { exposures: number, atMs, untilMs } = state.quarantines.get(agent.identity) ?? UNKNOWN
  state.quarantined.delete(agent.identity)
  // What the operator ordered has ended with it.
  state.quarantines.set(agent.identity, { exposures: number, atMs, untilMs })
  noteIdentity(state, agent.identity)
  const release = { identity: agent.identity, number, atMs: 0, lastOrder: state.lastOrder }
  return [...commands, { type: 'write', writes: { releases: [release] } }]
}

function failTrial(state: HubState, agent: Agent, job: JobId, index: number): HubCommand[] {
  // It is exposed a second time, as anybody whose answer is wrong.
  state.quarantined.delete(agent.identity)
  const reason = `shard ${index}, whose answer is known, came back with other bytes`
  return exposeAndSettle(state, agent.identity, { job, reason })
}
