// What follows when an answer was proven wrong: whose it was may not work, its leases die, what it did in unfinished jobs
// is void, and those jobs check everything from then on. What others agreed with it on was settled with it, so that one
// exposure leads to the next until nothing is left that rests on any of them.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { HubCommand, Voids } from './events.ts'
import { noteIdentity } from './fleet.ts'
import { BAN_WITHIN_MS } from './limits.ts'
import { countAnswered, HELD, partOf } from './parts.ts'
import { loseStanding } from './standing.ts'
import { hasEnded, type HubState, type Job, type Quarantine } from './state.ts'

/** Puts a shard where its answers say it belongs: settle.ts's, which finds out what to expose. */
type Settle = (state: HubState, job: Job, index: number) => HubCommand[]

/** What other jobs, and the agent, are told of an exposure: neither may learn which job it was. */
export const EXPOSED_ELSEWHERE = 'an answer of the same identity to another shard was found wrong'

/** The same where the operator ordered it, whose words are not for them. */
export const ORDERED_AWAY = 'the operator took its agent out of the pool'

/** `job` is where it was proven; `reason` may name its shards, for it is told to nobody else. */
export interface Proof {
  readonly job: JobId
  readonly reason: string
}

export function expose(
  state: HubState,
  identity: Identity,
  { job: origin, reason }: Proof,
  settle: Settle,
): HubCommand[] {
  if (state.quarantined.has(identity)) return []
  const quarantine = sentence(state, identity)
  state.counts.quarantines++
  const told = (job: JobId): string => (job === origin ? reason : EXPOSED_ELSEWHERE)
  const { voids, commands } = withdraw(state, identity, told, settle)
  for (const agent of state.agents.values()) {
    if (agent.identity !== identity) continue
    // It is here until its connection is closed, perhaps in the middle of its trial.
    agent.trialsLeft = 0
    const message = `This agent returned a wrong answer: ${reason}. ${untilWhen(state, quarantine)}`
    commands.push({
      type: 'expel',
      session: agent.session,
      refusal: { ok: false, code: 'QUARANTINED', message },
    })
  }
  const { exposures: number } = quarantine
  const quarantined = { identity, number, reason: `job ${origin}: ${reason}`, atMs: 0 }
  return [{ type: 'write', writes: { voids, quarantines: [quarantined] } }, ...commands]
}

/**
 * What follows in unfinished jobs when an identity's word counts no more: `told` is why, for each of them. It is in
 * `quarantined` already, so that nothing is settled by its answers again.
 */
export function withdraw(
  state: HubState,
  identity: Identity,
  told: (job: JobId) => string,
  settle: Settle,
): { readonly voids: Voids; readonly commands: HubCommand[] } {
  loseStanding(state, identity)
  const voids: Voids[number][] = []
  const commands: HubCommand[] = []
  for (const job of state.jobs.values()) {
    if (hasEnded(job)) continue
    const taken = takeBack(state, job, identity)
    const reason = told(job.id)
    for (const { shard, executor } of taken) voids.push({ jobId: job.id, shard, executor, reason })
    const touched = new Set(taken.map(({ shard }) => shard))
    if (touched.size > 0 || job.authors.has(identity)) commands.push(...escalate(state, job, settle))
    // What another agent holds or has just answered is settled when that comes in.
    for (const index of touched) {
      if (!HELD.has(job.shards[index]?.status ?? 'open')) commands.push(...settle(state, job, index))
    }
  }
  return { voids, commands }
}

/** A day; the second one within thirty is for good. Whoever was exposed long ago is remembered by its number alone. */
function sentence(state: HubState, identity: Identity): Quarantine {
  const before = state.quarantines.get(identity)
  const untilMs = endOf(state, state.nowMs, before?.atMs ?? null)
  const exposures = (before?.exposures ?? 0) + 1
  const quarantine = { exposures, atMs: state.nowMs, untilMs, exposedUntilMs: untilMs }
  state.quarantined.add(identity)
  state.quarantines.set(identity, quarantine)
  noteIdentity(state, identity)
  return quarantine
}

function endOf({ settings }: HubState, atMs: number, previousAtMs: number | null): number {
  const isSecond = previousAtMs !== null && atMs - previousAtMs < BAN_WITHIN_MS
  return isSecond ? Infinity : atMs + settings.quarantineMs
}

/** What the store knows of an identity's exposures: when the last two were, and whether it has come back since. */
export interface KnownExposures {
  readonly identity: Identity
  readonly exposures: number
  /** On the monotonic clock of the events. */
  readonly atMs: number
  readonly previousAtMs: number | null
  readonly isOver: boolean
}

/** When a server starts. */
export function restoreQuarantine(state: HubState, known: KnownExposures): void {
  const { identity, exposures, atMs, previousAtMs, isOver } = known
  const untilMs = endOf(state, atMs, previousAtMs)
  const open = isOver ? {} : { exposedUntilMs: untilMs }
  state.quarantines.set(identity, { exposures, atMs, untilMs, ...open })
  if (!isOver) state.quarantined.add(identity)
}

export function untilWhen(state: HubState, quarantine: Quarantine | undefined): string {
  if (quarantine === undefined) return ''
  const { untilMs, ordered } = quarantine
  if (untilMs === Infinity && ordered === true) return 'It may not work any more.'
  if (untilMs === Infinity) return 'It was the second time within thirty days: it may not work any more.'
  const hours = Math.max(1, Math.ceil((untilMs - state.nowMs) / 3_600_000))
  return `It may try again in ${hours} h, with shards whose answers are known.`
}

/**
 * Takes the identity's answers out of a job. What the referee has settled stays, and so does the losing side of a vote, as
 * the record of it; a vote that it was on the winning side of is void with all who were exposed over it.
 */
function takeBack(
  state: HubState,
  job: Job,
  identity: Identity,
): { readonly shard: number; readonly executor: Identity }[] {
  const taken: { shard: number; executor: Identity }[] = []
  job.shards.forEach((shard, index) => {
    const own = shard.submissions.find(({ executor }) => executor === identity)
    if (own === undefined || shard.submissions.some(({ role }) => role === 'referee')) return
    if (shard.accepted !== null && own.digest !== shard.accepted) return
    for (const { executor } of shard.submissions) {
      if (state.quarantined.has(executor)) taken.push({ shard: index, executor })
    }
    shard.submissions = shard.submissions.filter(({ executor }) => !state.quarantined.has(executor))
    if (shard.submissions.length === 0) countAnswered(job, index, -1)
    // Even where others stand behind it: its author's stratum may have lost its check.
    partOf(job, index).settled = false
  })
  for (const { executor } of taken) job.takenFrom.add(executor)
  job.voided += taken.length
  state.counts.voided += taken.length
  return taken
}

/** From here on every shard of a spotcheck is checked, also those that were accepted without. */
export function escalate(state: HubState, job: Job, settle: Settle): HubCommand[] {
  if (job.escalated || job.policy.verify !== 'spotcheck' || hasEnded(job)) return []
  job.escalated = true
  return job.shards.flatMap((shard, index) => {
    if (shard.submissions.length === 0 || HELD.has(shard.status)) return []
    return settle(state, job, index)
  })
}
