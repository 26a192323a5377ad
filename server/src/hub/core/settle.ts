// The verdict of a shard, from its durable answers alone: so it is the same after a restart. Also the end of a job's
// first executions, when the strata are topped up, and the exposure of an identity whose answer was proven wrong.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { SubmissionRow, VerdictRow } from '../../store/store.ts'
import type { HubCommand, Voids } from './events.ts'
import { refereeOnline } from './eligibility.ts'
import { FAILURES_BEFORE_REFEREE } from './limits.ts'
import { contradictsBasis, isReleased, partOf, sizeOf } from './parts.ts'
import { checksNeeded, isDrawn, rateOf, sampleOf } from './sample.ts'
import { shardOf, type HubState, type Job, type JobPart, type Shard } from './state.ts'

/** Takes in durable answers of one job and moves their shards on; those of exposed identities are void. */
export function takeIn(state: HubState, job: Job, submissions: readonly SubmissionRow[]): HubCommand[] {
  const voids: Voids[number][] = []
  // A wrong answer that the referee has settled stays as the record of the mismatch.
  const settled = new Set(submissions.filter(({ role }) => role === 'referee').map(({ shard }) => shard))
  for (const submission of submissions) {
    const shard = shardOf(job, submission.shard)
    shard.excluded.add(submission.executor)
    if (state.quarantined.has(submission.executor) && !settled.has(submission.shard)) {
      const { jobId, shard: index, executor } = submission
      voids.push({ jobId, shard: index, executor, reason: 'its author was exposed' })
      job.voided++
      continue
    }
    // A second row of the same executor cannot exist: the store's key (job, shard, executor) refuses it.
    if (shard.submissions.some(({ executor }) => executor === submission.executor)) continue
    if (shard.submissions.length === 0) countAnswered(job, submission.shard, 1)
    shard.submissions.push(submission)
    shard.networks.add(submission.network)
  }
  const commands: HubCommand[] = voids.length > 0 ? [{ type: 'write', writes: { voids, quarantines: [] } }] : []
  // All rows are in before the first verdict: an exposure must find every other answer of the liar.
  const touched = new Set(submissions.map(({ shard }) => shard))
  return [...commands, ...[...touched].flatMap((index) => settleShard(state, job, index))]
}

/**
 * A job whose verdicts were durable when the server died: they stand, whatever was learned of their authors since. What is
 * left is its reduction.
 */
export function restoreVerdicts(
  job: Job,
  submissions: readonly SubmissionRow[],
  verdicts: readonly VerdictRow[],
): HubCommand[] {
  job.phase = 'running'
  job.announced = 'VERIFYING'
  job.released = job.parts.length
  for (const submission of submissions) {
    const shard = shardOf(job, submission.shard)
    if (shard.submissions.length === 0) countAnswered(job, submission.shard, 1)
    shard.submissions.push(submission)
    shard.excluded.add(submission.executor)
    shard.networks.add(submission.network)
  }
  for (const { shard: index, digest, confirmations } of verdicts) {
    const shard = shardOf(job, index)
    if (shard.submissions.some((submission) => submission.digest !== digest)) job.mismatches++
    // So that nothing is added to what was already enough, or given up.
    shard.mustCheck = confirmations > 1
    place(job, index, 'accepted')
    shard.accepted = digest
  }
  for (const part of job.parts) {
    part.settled = true
    const own = verdicts.filter(({ shard }) => shard >= part.first && shard < part.end)
    const checked = own.filter(({ confirmations, trusted }) => confirmations > 1 || trusted).length
    if (job.policy.verify === 'spotcheck' && checked < checksNeeded(sizeOf(part), rateOf(job.policy.spotcheck_rate))) {
      job.degraded = true
    }
  }
  return []
}

function countAnswered(job: Job, index: number, by: 1 | -1): void {
  job.answered += by
  partOf(job, index).answered += by
}

/** Puts a shard where its answers say it belongs. Idempotent. */
export function settleShard(state: HubState, job: Job, index: number): HubCommand[] {
  const shard = shardOf(job, index)
  const referee = shard.submissions.find(({ role }) => role === 'referee')
  const digests = new Set(shard.submissions.map(({ digest }) => digest))
  const [first] = shard.submissions
  // After enough different agents failed on it the referee decides whether the shard is at fault. Without one it stays
  // with the others: three free keys must not be able to end a job.
  const failing = shard.failures >= FAILURES_BEFORE_REFEREE && (state.settings.referee || refereeOnline(state, job))
  const contradiction = job.contradicted.get(index)
  const isForReferee = contradiction?.trusted === true
  if (first === undefined) {
    place(job, index, failing || isForReferee ? 'disputed' : 'open')
    return []
  }
  if (referee !== undefined) {
    const wrong = shard.submissions.filter(({ digest }) => digest !== referee.digest)
    if (wrong.length > 0) job.mismatches++
    accept(state, job, index, referee.digest)
    return wrong.flatMap(({ executor }) =>
      expose(state, executor, `shard ${index} of job ${job.id} differs from the referee's`),
    )
  }
  if (digests.size > 1 || isForReferee) {
    place(job, index, 'disputed')
    return []
  }
  if (job.policy.verify === 'full') shard.mustCheck = true
  if (job.policy.verify === 'spotcheck' && !shard.mustCheck) {
    shard.mustCheck =
      isDrawn(sampleOf(job, index, first.digest), rateOf(job.policy.spotcheck_rate)) ||
      contradictsBasis(job, index, first.digest)
  }
  // Checks may be given up, but not of an answer that another one contradicts.
  const isWaived = job.degraded && contradiction === undefined
  if (shard.mustCheck && shard.submissions.length < 2 && !isWaived) {
    place(job, index, failing ? 'disputed' : 'to-check')
    return []
  }
  accept(state, job, index, first.digest)
  return []
}

/** The one place that moves a shard between the job's queues; one that is not released is in none. */
export function place(job: Job, index: number, status: Shard['status']): void {
  const shard = shardOf(job, index)
  const part = partOf(job, index)
  count(job, part, shard.status, -1)
  count(job, part, status, 1)
  shard.status = status
  if (status !== 'accepted') {
    shard.accepted = null
    part.settled = false
  }
  job.open.delete(index)
  job.toCheck.delete(index)
  job.disputed.delete(index)
  if (!isReleased(job, index)) return
  if (status === 'open') job.open.add(index)
  if (status === 'to-check') job.toCheck.add(index)
  if (status === 'disputed') job.disputed.add(index)
}

function count(job: Job, part: JobPart, status: Shard['status'], by: 1 | -1): void {
  if (status === 'accepted') {
    job.acceptedCount += by
    part.accepted += by
  }
  if (status === 'to-check') part.toCheck += by
}

function accept(state: HubState, job: Job, index: number, digest: Digest): void {
  const shard = shardOf(job, index)
  place(job, index, 'accepted')
  shard.accepted = digest
  for (const submission of shard.submissions) {
    if (shard.tallied.has(submission.executor)) continue
    shard.tallied.add(submission.executor)
    tally(state, submission.executor, submission.digest === digest ? 'accepted' : 'rejected')
  }
}

/** One pending answer of an identity ends: accepted, rejected, or dropped with its job. */
export function tally(state: HubState, executor: Identity, end: 'accepted' | 'rejected' | 'dropped'): void {
  for (const agent of state.agents.values()) {
    if (agent.identity !== executor || agent.pending === 0) continue
    agent.pending--
    if (end !== 'dropped') agent[end]++
    state.tallyChanged.add(agent.session)
    return
  }
}

/** Another agent has it, or has just answered it: it is settled when that comes in. */
export const HELD: ReadonlySet<Shard['status']> = new Set(['leased', 'storing', 'checking', 'refereeing'])

/** Whose shard it is. Rows have no order after a restart, so the first of them need not be the first execution. */
export const authorOf = ({ submissions }: Shard): Identity | undefined =>
  (submissions.find(({ role }) => role === 'first') ?? submissions[0])?.executor

/** The submissions behind a digest stand together; one alone was not checked. */
export const isChecked = (shard: Shard): boolean =>
  shard.accepted !== null && shard.submissions.filter(({ digest }) => digest === shard.accepted).length > 1

/**
 * With every shard of a part answered: each author without a check there gets its lowest-HMAC shard checked, then more in
 * that order until the mode's number of checks is reached. Returns whether anything was added.
 */
export function topUpChecks(job: Job, { first, end }: JobPart): boolean {
  if (job.policy.verify !== 'spotcheck' || job.degraded) return false
  const rows = job.shards.slice(first, end).map((shard, n) => ({ shard, index: first + n, author: authorOf(shard) }))
  // What two agree on has its check, whoever asked for it before a restart. What the referee ran needs no other: it is
  // the judge.
  const isCovered = ({ shard }: (typeof rows)[number]): boolean =>
    shard.mustCheck || isChecked(shard) || shard.submissions.some(({ role }) => role === 'referee')
  const uncovered = rows.filter((row) => !isCovered(row))
  const checkedAuthors = new Set(rows.filter((row) => isCovered(row)).map(({ author }) => author))
  let checks = rows.length - uncovered.length
  const needed = checksNeeded(rows.length, rateOf(job.policy.spotcheck_rate))
  // Asked after every event until the job ends: the samples are only worth drawing while something is missing.
  if (checks >= needed && uncovered.every(({ author }) => checkedAuthors.has(author))) return false
  const order = uncovered
    .flatMap((row) => {
      const digest = row.shard.accepted
      return digest === null ? [] : [{ ...row, sample: sampleOf(job, row.index, digest) }]
    })
    .toSorted((a, b) => (a.sample < b.sample ? -1 : a.sample > b.sample ? 1 : a.index - b.index))
  const added: number[] = []
  const add = (row: (typeof order)[number]): void => {
    row.shard.mustCheck = true
    added.push(row.index)
    checks++
  }
  for (const row of order) {
    if (checkedAuthors.has(row.author)) continue
    checkedAuthors.add(row.author)
    add(row)
  }
  for (const row of order) if (checks < needed && !row.shard.mustCheck) add(row)
  for (const index of added) place(job, index, 'to-check')
  return added.length > 0
}

/**
 * An identity whose answer was proven wrong: it may not work again, its leases die, and in every unfinished job what
 * nobody else confirmed of its work is void and runs again.
 */
export function expose(state: HubState, identity: Identity, reason: string): HubCommand[] {
  if (state.quarantined.has(identity)) return []
  state.quarantined.add(identity)
  const voids: Voids[number][] = []
  const commands: HubCommand[] = []
  for (const job of state.jobs.values()) {
    if (job.phase === 'ended' || job.phase === 'closing') continue
    job.shards.forEach((shard, index) => {
      const own = shard.submissions.find(({ executor }) => executor === identity)
      const settledByReferee = shard.submissions.some(({ role }) => role === 'referee')
      if (own === undefined || settledByReferee) return
      shard.submissions = shard.submissions.filter(({ executor }) => executor !== identity)
      voids.push({ jobId: job.id, shard: index, executor: identity, reason })
      job.voided++
      if (shard.submissions.length === 0) countAnswered(job, index, -1)
      // Even where others stand behind it: its author's stratum may have lost its check.
      partOf(job, index).settled = false
      // What another agent holds or has just answered is settled when that comes in.
      if (HELD.has(shard.status)) return
      commands.push(...settleShard(state, job, index))
    })
  }
  for (const agent of state.agents.values()) {
    if (agent.identity !== identity) continue
    commands.push({
      type: 'expel',
      session: agent.session,
      refusal: { ok: false, code: 'QUARANTINED', message: `This agent returned a wrong answer: ${reason}.` },
    })
  }
  return [{ type: 'write', writes: { voids, quarantines: [{ identity, number: 1, reason, atMs: 0 }] } }, ...commands]
}
