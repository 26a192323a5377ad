// Slow shards near the end of a job: one agent that froze must not keep everybody waiting until its lease is over. Its
// shards go to a faster one as well; both answers count, the second as a check.
import { areStrangers, isDistinct } from './eligibility.ts'
import { begunMs } from './leases.ts'
import { BACKUPS_FROM, BACKUPS_MAX, SLOW_MS_MIN, SLOW_OF_USUAL, USUAL_ANSWERS } from './limits.ts'
import { releasedParts } from './parts.ts'
import { shardOf, type Agent, type HubState, type Job, type Lease } from './state.ts'

/** An answer took `ms` where `expectedMs` were expected at the agent's own speed. */
export function noteUsual(job: Job, ms: number, expectedMs: number): void {
  if (!(expectedMs > 0)) return
  job.usual[job.usualAt] = ms / expectedMs
  job.usualAt = (job.usualAt + 1) % USUAL_ANSWERS
  known.delete(job)
}

/** Asked for every idle agent and every lease near the end of a job, and sorted only after an answer. */
const known = new WeakMap<Job, number>()

/** Three quarters of the latest answers took at most this multiple of what was expected; 1 while there are none. */
function usualOf(job: Job): number {
  const found = known.get(job)
  if (found !== undefined) return found
  const sorted = job.usual.toSorted((a, b) => a - b)
  const usual = sorted[Math.floor((sorted.length * 3) / 4)] ?? 1
  known.set(job, usual)
  return usual
}

const slowAfterMs = (job: Job, { shards, shardMs }: Lease): number =>
  Math.max(SLOW_MS_MIN, SLOW_OF_USUAL * usualOf(job) * shards.size * shardMs)

const backupsLeft = (job: Job): number => Math.max(1, Math.floor(job.shards.length * BACKUPS_MAX)) - job.backups

const isNearEnd = (job: Job): boolean => {
  const released = releasedParts(job).at(-1)?.end ?? 0
  return job.open.size === 0 && job.answered >= BACKUPS_FROM * released && job.answered < released
}

interface Slow {
  readonly holder: Agent
  readonly lease: Lease
}

function* leasesOf(state: HubState, job: Job): Generator<Slow> {
  for (const session of job.executors.keys()) {
    const holder = state.agents.get(session)
    for (const lease of holder?.leases.values() ?? []) {
      if (holder !== undefined && lease.jobId === job.id && lease.role === 'first') yield { holder, lease }
    }
  }
}

/** Shards that an agent may run beside whoever holds them; the last ones of a lease, since it works in their order. */
export function backupsFor(state: HubState, job: Job, agent: Agent, unitsPerSecond: number, most: number): number[] {
  if (!isNearEnd(job) || backupsLeft(job) <= 0) return []
  for (const { holder, lease } of leasesOf(state, job)) {
    if (state.nowMs < begunMs(holder, lease) + slowAfterMs(job, lease)) continue
    const isFaster = unitsPerSecond > (holder.abilities.get(job.kernel)?.unitsPerSecond ?? 0)
    // One that hangs was fast once.
    if (!isFaster && holder.lapses === 0 && state.nowMs < begunMs(holder, lease) + 2 * slowAfterMs(job, lease)) continue
    if (!areStrangers(state, holder, agent)) continue
    const found = [...lease.shards].toReversed().filter((index) => {
      const shard = shardOf(job, index)
      return !shard.backedUp && shard.status === 'leased' && isDistinct(state, agent, shard)
    })
    if (found.length > 0) return found.slice(0, Math.min(most, backupsLeft(job)))
  }
  return []
}

/** When the next shard will have become slow; null when time alone changes nothing. */
export function nextSlowMs(state: HubState, job: Job): number | null {
  if (job.phase !== 'running' || !isNearEnd(job) || backupsLeft(job) <= 0) return null
  let next = Infinity
  for (const { holder, lease } of leasesOf(state, job)) {
    for (const times of [1, 2]) {
      const at = begunMs(holder, lease) + times * slowAfterMs(job, lease)
      if (at > state.nowMs) next = Math.min(next, at)
    }
  }
  return next === Infinity ? null : next
}
