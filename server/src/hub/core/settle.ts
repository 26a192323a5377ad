// The verdict of a shard, from its durable answers alone: so it is the same after a restart.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { SubmissionRow, VoidedSubmission } from '../../store/store.ts'
import type { HubCommand, Voids } from './events.ts'
import { undraw } from './checkers.ts'
import { refereeOnline } from './eligibility.ts'
import { escalate, expose, ORDERED_AWAY, withdraw, type Proof } from './exposure.ts'
import { FAILURES_BEFORE_REFEREE, VETERAN_FAILURES } from './limits.ts'
import { contradictsBasis, isReleased, partOf, countAnswered } from './parts.ts'
import { fail } from './failing.ts'
import { isDrawn, rateOf, sampleOf } from '@forge/shared/verifier/sample.ts'
import { countAgreement, isWeighty } from './standing.ts'
import { hasEnded, shardOf, type HubState, type Job, type JobPart, type Shard } from './state.ts'
import { clear, suspect } from './suspicion.ts'
import { voteOn } from './votes.ts'

/** Takes in durable answers of one job and moves their shards on; those of exposed identities are void. */
export function takeIn(
  state: HubState,
  job: Job,
  submissions: readonly SubmissionRow[],
  isRestored = false,
): HubCommand[] {
  const voids: Voids[number][] = []
  // A wrong answer that the referee has settled stays as the record of the mismatch.
  const settled = new Set(submissions.filter(({ role }) => role === 'referee').map(({ shard }) => shard))
  for (const submission of submissions) {
    const shard = shardOf(job, submission.shard)
    shard.excluded.add(submission.executor)
    if (state.quarantined.has(submission.executor) && !settled.has(submission.shard)) {
      const { jobId, shard: index, executor } = submission
      const isOrdered = state.quarantines.get(executor)?.ordered === true
      const reason = isOrdered ? ORDERED_AWAY : 'its author was exposed'
      voids.push({ jobId, shard: index, executor, reason })
      job.voided++
      job.takenFrom.add(executor)
      continue
    }
    // A second row of the same executor cannot exist: the store's key (job, shard, executor) refuses it.
    if (shard.submissions.some(({ executor }) => executor === submission.executor)) continue
    if (shard.submissions.length === 0) countAnswered(job, submission.shard, 1)
    shard.submissions.push(submission)
    shard.networks.add(submission.network)
    if (submission.owner !== null) shard.owners.add(submission.owner)
    if (submission.role === 'first') job.authors.add(submission.executor)
    // Its agreements were counted before the restart that brings it in again.
    if (isRestored) shard.counted.add(submission.executor)
  }
  const commands: HubCommand[] = voids.length > 0 ? [{ type: 'write', writes: { voids, quarantines: [] } }] : []
  // As after a restart, which knows of them by their number alone.
  if (voids.length > 0) commands.push(...escalate(state, job, settleShard))
  // All rows are in before the first verdict: an exposure must find every other answer of the liar.
  const touched = new Set(submissions.map(({ shard }) => shard))
  return [...commands, ...[...touched].flatMap((index) => settleShard(state, job, index))]
}

/** After a restart: the rows of those shards stay void whatever their executors say later, also one that came back meanwhile. */
export function restoreVoided(job: Job, voided: readonly VoidedSubmission[]): void {
  job.voided = voided.length
  for (const { shard: index, executor, network, owner } of voided) {
    const shard = shardOf(job, index)
    shard.excluded.add(executor)
    shard.networks.add(network)
    if (owner !== null) shard.owners.add(owner)
    job.takenFrom.add(executor)
  }
}

/** Puts a shard where its answers say it belongs. Idempotent. */
export function settleShard(state: HubState, job: Job, index: number): HubCommand[] {
  if (hasEnded(job)) return []
  const shard = shardOf(job, index)
  const referee = shard.submissions.find(({ role }) => role === 'referee')
  const [first] = shard.submissions
  if (first === undefined) return settleUnanswered(state, job, index)
  if (referee !== undefined) {
    const isNew = shard.accepted === null
    accept(state, job, index, referee.digest)
    const agrees = ({ digest }: SubmissionRow): boolean => digest === referee.digest
    // Once: an escalation settles it again.
    if (isNew) clear(state, job, shard.submissions.filter(agrees))
    const wrong = shard.submissions.filter((row) => !agrees(row))
    return wrong.length === 0 ? [] : contradicted(state, job, index, wrong, referee)
  }
  const isForReferee = job.contradicted.get(index)?.trusted === true
  const isDisputed = shard.submissions.some(({ digest }) => digest !== first.digest)
  if (isDisputed || isForReferee) {
    const vote = refereeIsToCome(state, job) ? 'open' : voteOn(shard)
    if (vote === 'open' || isForReferee) {
      dispute(state, job, index)
      return []
    }
    if (vote === 'hung') return [fail(job, 'VERIFICATION_FAILED', `Veterans disagree on shard ${index}.`)]
    accept(state, job, index, vote.decided)
    const wrong = shard.submissions.filter(({ digest }) => digest !== vote.decided)
    return exposed(state, job, wrong, `most veterans differ on shard ${index}`)
  }
  if (needsCheck(job, index, first.digest)) shard.mustCheck = true
  // Checks may be given up, but not of an answer that another one contradicts.
  const isWaived = job.degraded && !job.contradicted.has(index)
  if (shard.mustCheck && !isEnough(job, shard) && !isWaived) {
    if (isAtFault(state, job, shard)) dispute(state, job, index)
    else place(job, index, resting(shard, 'to-check'))
    return []
  }
  accept(state, job, index, first.digest)
  return []
}

function settleUnanswered(state: HubState, job: Job, index: number): HubCommand[] {
  const shard = shardOf(job, index)
  if (shard.veteranFailures.size >= VETERAN_FAILURES && !refereeIsToCome(state, job)) {
    return [fail(job, 'KERNEL_FAULT', `Veterans of ${VETERAN_FAILURES} groups failed on shard ${index}.`)]
  }
  const isForReferee = isAtFault(state, job, shard) || job.contradicted.get(index)?.trusted === true
  if (isForReferee) dispute(state, job, index)
  else place(job, index, resting(shard, 'open'))
  return []
}

export const refereeIsToCome = (state: HubState, job: Job): boolean =>
  state.settings.referee || refereeOnline(state, job)

/**
 * After enough different agents failed on it the referee decides whether the shard is at fault. Without one it stays with
 * the others: three free keys must not be able to end a job.
 */
const isAtFault = (state: HubState, job: Job, { failures }: Shard): boolean =>
  failures >= FAILURES_BEFORE_REFEREE && refereeIsToCome(state, job)

/** For the referee, once: it may have it, or have answered it, when another's lease of the shard ends. */
function dispute(state: HubState, job: Job, index: number): void {
  const { holders, storing } = shardOf(job, index)
  const isHeld =
    holders.size > 0 &&
    [...state.agents.values()].some(({ referee, leases }) => referee && [...holders].some((id) => leases.has(id)))
  if (isHeld) place(job, index, 'refereeing')
  else place(job, index, storing > 0 ? 'storing' : 'disputed')
}

/** It waits for nobody else while somebody has it: a second answer may be under way. */
export function resting({ holders, storing }: Shard, status: 'open' | 'to-check'): Shard['status'] {
  if (storing > 0) return 'storing'
  if (holders.size === 0) return status
  return status === 'open' ? 'leased' : 'checking'
}

/** Whether an answer that nobody contradicts is to be checked, once it is stored: its author could not foresee it. */
function needsCheck(job: Job, index: number, digest: Digest): boolean {
  const { verify, spotcheck_rate: rate } = job.policy
  if (verify === 'full') return true
  if (verify === 'none') return false
  const shard = shardOf(job, index)
  return (
    job.escalated ||
    authorRowOf(shard)?.tier === 'probation' ||
    isDrawn(sampleOf(job, index, digest), rateOf(rate)) ||
    contradictsBasis(job, index, digest)
  )
}

/** Two agree, and one of them is a veteran or trusted; `none` promises nothing, and takes two of any. */
function isEnough({ policy }: Job, { submissions }: Shard): boolean {
  return submissions.length > 1 && (policy.verify === 'none' || submissions.some(({ tier }) => isWeighty(tier)))
}

/** Those whom the referee contradicted. If nobody agrees with it, not they but their engine may be at fault. */
function contradicted(
  state: HubState,
  job: Job,
  index: number,
  wrong: readonly SubmissionRow[],
  referee: SubmissionRow,
): HubCommand[] {
  const isLonely = wrong.length === shardOf(job, index).submissions.length - 1
  const isKnown = wrong.every(({ executor }) => state.quarantined.has(executor))
  if (isLonely && !isKnown) suspect(state, job, wrong, referee)
  return exposed(state, job, wrong, `shard ${index} differs from the referee's`)
}

/** With the voids as a command of their own: see {@link withdraw}. */
export function withdrawAndSettle(state: HubState, identity: Identity, told: (job: JobId) => string): HubCommand[] {
  const { voids, commands } = withdraw(state, identity, told, settleShard)
  return [{ type: 'write', writes: { voids } }, ...commands]
}

export const exposeAndSettle = (state: HubState, identity: Identity, proof: Proof): HubCommand[] =>
  expose(state, identity, proof, settleShard)

/** From a wrong answer on nothing of a spotcheck passes unchecked: a liar seldom comes alone. */
function exposed(state: HubState, job: Job, wrong: readonly SubmissionRow[], reason: string): HubCommand[] {
  return [
    ...wrong.flatMap(({ executor }) => exposeAndSettle(state, executor, { job: job.id, reason })),
    ...escalate(state, job, settleShard),
  ]
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
  job.failing.delete(index)
  undraw(job, index)
  if (!isReleased(job, index)) return
  if (status === 'open') job.open.add(index)
  if (status === 'open' && shard.failures > 0) job.failing.add(index)
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
  // It loses its digest when a check of it is drawn, or a liar's answer is void, and gets one again: it is one shard.
  if (shard.tallied.size === 0) state.counts.accepted++
  place(job, index, 'accepted')
  shard.accepted = digest
  countAgreement(state, job, shard)
  for (const submission of shard.submissions) {
    if (shard.tallied.has(submission.executor)) continue
    shard.tallied.add(submission.executor)
    if (submission.digest !== digest) state.counts.rejected++
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

/**
 * Whose shard it is: of two first executions, where one was a backup, always the same one. Rows have another order after
 * a restart.
 */
export function authorRowOf({ submissions }: Shard): SubmissionRow | undefined {
  const [author] = submissions.toSorted(
    (a, b) => Number(b.role === 'first') - Number(a.role === 'first') || (a.executor < b.executor ? -1 : 1),
  )
  return author
}
export const authorOf = (shard: Shard): Identity | undefined => authorRowOf(shard)?.executor

/** How many stand behind the accepted digest. */
export const confirmationsOf = ({ submissions, accepted }: Shard): number =>
  confirmationsIn(submissions.filter(({ digest }) => digest === accepted))

/** Of answers that agree: fresh keys are one word, however many they are, for one person may have them all. */
export const confirmationsIn = (behind: readonly Pick<SubmissionRow, 'tier'>[]): number =>
  behind.some(({ tier }) => isWeighty(tier)) ? behind.length : Math.min(1, behind.length)

/** One alone was not checked. */
export const isChecked = (shard: Shard): boolean => shard.accepted !== null && confirmationsOf(shard) > 1
