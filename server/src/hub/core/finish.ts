// The end of a job: when everything is answered and checked, when nobody can check, when the deadline has come.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { VerdictRow } from '../../store/store.ts'
import { boundsOf, type Stratum } from '@forge/shared/verifier/bound.ts'
import { checkerGivenUpMs, eligibleAgents, isDistinct, mayCheck, refereeOnline, weightyAgents } from './eligibility.ts'
import type { Ending, HubCommand, RecordedStratum, VerificationRecord } from './events.ts'
import { fail } from './failing.ts'
import { countEnding } from './counts.ts'
import { EXECUTIONS_MORE, EXECUTIONS_OF_SHARDS } from './limits.ts'
import { hasOnlyChecksLeft, isAllAnswered, isAllReleased, releasedParts } from './parts.ts'
import { isComplete, settleParts } from './passes.ts'
import { authorOf, confirmationsOf, isChecked, refereeIsToCome, settleShard } from './settle.ts'
import { hasEnded, shardOf, type HubState, type Job } from './state.ts'
import { isForeseeable } from './strata.ts'

/** Only its output is missing: what it was verified with stands, whoever has been exposed since. */
export function endAgain(state: HubState, job: Job, ending: Ending): HubCommand[] {
  job.phase = 'closing'
  job.resumedAtEnd = true
  countEnding(state.counts, ending.record)
  return [{ type: 'complete', jobId: job.id, ...ending }]
}

/** Looks at a running job after an event: tops up its checks, closes it, degrades or fails it. */
export function review(state: HubState, job: Job): HubCommand[] {
  if (job.phase !== 'running' && job.phase !== 'waiting') return []
  const commands: HubCommand[] = []
  if (job.phase === 'running') {
    commands.push(...settleParts(job), ...completeIfDone(state, job))
    if (!hasEnded(job)) commands.push(...giveUpOnContradicted(state, job))
    if (!hasEnded(job) && releasedParts(job).every(isAllAnswered)) commands.push(...verify(state, job))
    if (!hasEnded(job) && job.executions > executionsMax(job)) commands.push(failExhausted(job))
    if (hasEnded(job)) return commands
  }
  if (state.nowMs >= job.deadlineMs) return [...commands, ...pastDeadline(state, job)]
  return commands
}

const executionsMax = ({ shards: { length } }: Job): number =>
  Math.max(EXECUTIONS_OF_SHARDS * length, length + EXECUTIONS_MORE)

const failExhausted = (job: Job): HubCommand =>
  fail(
    job,
    'VERIFICATION_FAILED',
    `After ${job.executions} answers ${job.acceptedCount} of ${job.shards.length} shards are accepted. ` +
      'Nothing is billed; the job may be sent again.',
  )

const completeIfDone = (state: HubState, job: Job): HubCommand[] =>
  !hasEnded(job) && isComplete(job) ? [complete(state, job)] : []

/** Everything that is open to work has an answer: what is left are checks and disputes. */
function verify(state: HubState, job: Job): HubCommand[] {
  const commands = giveUpOnCheckers(state, job)
  if (hasEnded(job)) return commands
  if (job.announced === 'RUNNING' && isAllReleased(job)) {
    job.announced = 'VERIFYING'
    commands.push({ type: 'job-state', jobId: job.id, state: 'VERIFYING', reason: null })
  }
  // Checks that were given up may have been the last thing missing.
  return [...commands, ...settleParts(job), ...completeIfDone(state, job)]
}

/**
 * A shard of the first pass that an answer of the last one contradicts, and nobody may settle it: the last pass cannot
 * go on past it, so this does not wait for the other shards, and no policy lets it pass unchecked.
 */
function giveUpOnContradicted(state: HubState, job: Job): HubCommand[] {
  const stuck = unsettledContradiction(job, (index) =>
    job.disputed.has(index)
      ? disputesStuck(state, job)
      : !state.settings.referee && !refereeOnline(state, job) && forNobody(state, job)(index),
  )
  if (stuck === null) {
    job.contradictedSinceMs = null
    return []
  }
  job.contradictedSinceMs ??= state.nowMs
  return state.nowMs < checkerGivenUpMs(state, job.contradictedSinceMs) ? [] : [failContradicted(job, stuck)]
}

/** One that waits for a check or for the referee. */
function unsettledContradiction(job: Job, isMeant: (index: number) => boolean = () => true): number | null {
  for (const index of job.contradicted.keys()) {
    if ((job.toCheck.has(index) || job.disputed.has(index)) && isMeant(index)) return index
  }
  return null
}

const failContradicted = (job: Job, index: number): HubCommand =>
  fail(
    job,
    'VERIFICATION_FAILED',
    `An answer of the last pass contradicts shard ${index} of the first one, and nobody came to settle it: ` +
      `${job.contradicted.get(index)?.reason}`,
  )

/** A check that nobody may do: since when, and what the policy says once it has lasted. */
function giveUpOnCheckers(state: HubState, job: Job): HubCommand[] {
  const stuck = job.disputed.size > 0 ? disputesStuck(state, job) : checksStuck(state, job)
  if (!stuck) {
    job.checkerMissingSinceMs = null
    return []
  }
  job.checkerMissingSinceMs ??= state.nowMs
  if (state.nowMs < checkerGivenUpMs(state, job.checkerMissingSinceMs)) return []
  if (job.disputed.size > 0) {
    const [first] = job.disputed
    return [
      fail(job, 'VERIFICATION_FAILED', `Agents disagree on shard ${first}, and no referee is there to settle it.`),
    ]
  }
  // `full` never degrades: it waits for a checker until its deadline.
  if (job.policy.verify === 'full') return []
  if (job.policy.on_unverified === 'fail') return [fail(job, 'NO_ELIGIBLE_CHECKER', noChecker(job))]
  return degrade(state, job)
}

function degrade(state: HubState, job: Job): HubCommand[] {
  job.degraded = true
  return [...job.toCheck].flatMap((index) => settleShard(state, job, index))
}

const noChecker = (job: Job): string =>
  `${job.toCheck.size} shards wait for a check by another agent whose word counts: one with an engine for target ` +
  `"${job.policy.target}" that the operator trusts, or whose first shards were checked by one that is.`

/** With a referee expected it is worth waiting for, until the deadline. */
function disputesStuck(state: HubState, job: Job): boolean {
  if (refereeOnline(state, job) || state.settings.referee) return false
  const veterans = weightyAgents(state, job).filter(({ lapses }) => lapses === 0)
  // One that can still be voted on is not stuck.
  return ![...job.disputed].some((index) => veterans.some((agent) => isDistinct(state, agent, shardOf(job, index))))
}

/**
 * While one check can still be placed, the others may wait for it: giving up drops them all. A referee that is away is
 * worth waiting for until the deadline: a restart must cost a job no check.
 */
function checksStuck(state: HubState, job: Job): boolean {
  if (job.toCheck.size === 0 || refereeIsToCome(state, job)) return false
  return [...job.toCheck].every(forNobody(state, job))
}

/** Whether a check is for no ordinary agent online. */
function forNobody(state: HubState, job: Job): (index: number) => boolean {
  const agents = eligibleAgents(state, job)
  return (index) => !agents.some((agent) => agent.lapses === 0 && mayCheck(state, job, agent, shardOf(job, index)))
}

function pastDeadline(state: HubState, job: Job): HubCommand[] {
  if (job.phase === 'waiting') {
    return [fail(job, 'NO_ELIGIBLE_AGENTS', `At the deadline the job was still ${job.reason ?? 'waiting for agents'}.`)]
  }
  const contradicted = unsettledContradiction(job)
  if (contradicted !== null) return [failContradicted(job, contradicted)]
  const all = job.shards.length
  const onlyChecksLeft = releasedParts(job).every(hasOnlyChecksLeft)
  if (onlyChecksLeft && !refereeOnline(state, job) && [...job.toCheck].some(forNobody(state, job))) {
    // A referee that was worth waiting for has not come in time either.
    if (job.policy.verify === 'spotcheck' && job.policy.on_unverified === 'degrade' && isAllReleased(job)) {
      return [...degrade(state, job), ...settleParts(job), ...completeIfDone(state, job)]
    }
    return [fail(job, 'NO_ELIGIBLE_CHECKER', noChecker(job))]
  }
  if (job.answered < all && eligibleAgents(state, job).length === 0) {
    const left = all - job.answered
    return [fail(job, 'NO_ELIGIBLE_AGENTS', `All eligible agents have left with ${left} of ${all} shards to run.`)]
  }
  return [fail(job, 'TIMED_OUT', `${job.acceptedCount} of ${all} shards were accepted at the deadline.`)]
}

function complete(state: HubState, job: Job): HubCommand {
  job.phase = 'closing'
  const verdicts: VerdictRow[] = []
  const authors = new Set<Identity>()
  const executors = new Set<Identity>()
  const networks = new Set<string>()
  const engines = new Set<string>()
  const strata = new Map<string, { shards: number; checked: number; checkedByTrusted: number }>()
  let checked = 0
  let checkedByTrusted = 0
  let mismatches = 0
  job.shards.forEach((shard, index) => {
    if (shard.accepted === null) throw new Error(`shard ${index} of job ${job.id} has no accepted digest at its end`)
    const behind = shard.submissions.filter(({ digest }) => digest === shard.accepted)
    // What a trusted agent ran first is no check of itself.
    const trusted = behind.some((submission) => submission.trusted && submission.role !== 'first')
    verdicts.push({
      jobId: job.id,
      shard: index,
      digest: shard.accepted,
      confirmations: confirmationsOf(shard),
      trusted,
    })
    if (shard.submissions.length > behind.length) mismatches++
    const author = authorOf(shard)
    if (author === undefined) throw new Error(`shard ${index} of job ${job.id} has no author at its end`)
    authors.add(author)
    // The bound takes it that which of a stratum's shards were checked was drawn.
    const name = `${author} ${isForeseeable(job, shard, index) ? 'foreseeable' : 'drawn'}`
    const stratum = strata.get(name) ?? { shards: 0, checked: 0, checkedByTrusted: 0 }
    strata.set(name, stratum)
    stratum.shards++
    if (isChecked(shard) || trusted) stratum.checked++
    if (trusted) stratum.checkedByTrusted++
    for (const submission of behind) {
      executors.add(submission.executor)
      networks.add(submission.network)
      engines.add(submission.engine)
    }
    // A verdict that rests on the referee's own run is as good as a check.
    if (isChecked(shard) || trusted) checked++
    if (trusted) checkedByTrusted++
  })
  const record: VerificationRecord = {
    mode: job.policy.verify,
    status: job.degraded ? 'degraded' : job.escalated ? 'escalated' : 'clean',
    shards: job.shards.length,
    checked,
    checked_by_trusted: checkedByTrusted,
    mismatches,
    voided: job.voided,
    authors: authors.size,
    networks: networks.size,
    distinct_network: state.settings.distinctNetwork,
    executions: job.executions,
    bound: job.policy.verify === 'none' ? null : boundsOf([...strata.values()], mismatches + job.voided),
    ...(job.policy.verify === 'none' ? {} : { strata: recorded([...strata.values()]) }),
  }
  countEnding(state.counts, record)
  return {
    type: 'complete',
    jobId: job.id,
    verdicts,
    record,
    kernelMs: job.kernelMs,
    agents: executors.size,
    engines: [...engines].toSorted(),
    warnings: warningsOf(job, checked),
  }
}

function warningsOf({ degraded, policy, shards }: Job, checked: number): string[] {
  if (policy.verify === 'none') return [UNCHECKED]
  if (!degraded) return []
  return [`Only ${checked} of ${shards.length} shards were checked: no further eligible checker came in time.`]
}

const UNCHECKED =
  'With verify "none" nothing is checked: there is no bound on wrong shards, and "clean" says only that no answer was found wrong.'

/** Without names: only what the bound asks for. The order says nothing of the authors. */
function recorded(strata: readonly Stratum[]): RecordedStratum[] {
  const times = new Map<string, RecordedStratum>()
  for (const { shards, checked, checkedByTrusted } of strata) {
    const name = [shards, checked, checkedByTrusted].map((n) => String(n).padStart(8, '0')).join(' ')
    const strataBefore = times.get(name)?.strata ?? 0
    times.set(name, { strata: strataBefore + 1, shards, checked, checked_by_trusted: checkedByTrusted })
  }
  return [...times].toSorted(([a], [b]) => (a < b ? 1 : -1)).map(([, stratum]) => stratum)
}
