// What must hold of a job's end in the simulated world: of its verdicts and record against the truth that only the world
// knows, and of the reason where it failed. Everything is recounted from scratch here.
import { isDeepStrictEqual } from 'node:util'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { merkleRoot } from '@forge/shared/exact/merkle.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import type { HubCommand } from '../core/events.ts'
import { PROBATION_SHARDS, VOTES_LEAD, VOTES_TO_WIN } from '../core/limits.ts'
import { basisOf } from '../core/parts.ts'
import { checksNeeded, isDrawn, rateOf, sampleOf } from '@forge/shared/verifier/sample.ts'
import type { Job, JobPart, Shard } from '../core/state.ts'
import { must } from './must.ts'
import { referenceOutput } from './reference.ts'
import { jobOf } from './scenario.ts'
import type { World } from './world.ts'

/** With fewer a job that has honest agents and time enough must complete. */
const EXPOSURES_TO_EXHAUST = 2

export function checkComplete(world: World, command: Extract<HubCommand, { type: 'complete' }>): void {
  const job = world.hub.jobs.get(command.jobId)
  if (job === undefined) throw new Error('a job that nobody knows is complete')
  const { policy } = job
  const digests = command.verdicts.map(({ digest }) => digest)
  must(digests.length === shardsOf(job.grid), 'a shard has no verdict')
  must(new Set(command.verdicts.map(({ shard }) => shard)).size === digests.length, 'a shard is counted twice')
  checkOutput(world, job, digests)
  const known = world.store.endings.get(job.id)
  if (known !== undefined) {
    // Durable before a restart: it stands, verdicts, record and warnings, whatever has been learned since.
    const { type: _, jobId: __, ...ending } = command
    return must(isDeepStrictEqual(ending, known), 'a restart gives another ending than the one that was durable')
  }
  const degraded = command.record.status === 'degraded'
  if (degraded) {
    must(policy.verify === 'spotcheck' && policy.on_unverified === 'degrade', 'a job degraded against its policy')
    must(!world.scenario.mustComplete || world.hub.suspended.size > 0, 'a job degraded although there were checkers')
  }
  const isClean = command.record.status === 'clean'
  const isVoided = policy.verify === 'spotcheck' && world.store.voided(job.id).length > 0
  must(!isClean || !isVoided, 'a job is clean by its record, and an answer of it is void')
  let checked = 0
  for (const part of job.parts) checked += checkPartOfComplete(world, job, part, digests, degraded)
  must(command.record.checked === checked, `${command.record.checked} checked by the record, ${checked} by recount`)
  checkRecord(job, command)
}

/** What the record says beside the checks, counted again from the answers. */
function checkRecord(job: Job, { record }: Extract<HubCommand, { type: 'complete' }>): void {
  const { shards, policy } = job
  const mismatches = shards.filter(({ submissions }) => new Set(submissions.map((row) => row.digest)).size > 1)
  must(record.mismatches === mismatches.length, 'the record counts other mismatches than there were')
  const behind = shards.map(({ submissions, accepted }) => submissions.filter(({ digest }) => digest === accepted))
  const byTrusted = behind.filter((rows) => rows.some(({ trusted, role }) => trusted && role !== 'first')).length
  must(record.checked_by_trusted === byTrusted, 'the record counts other trusted checks than there were')
  const networks = new Set(behind.flat().map(({ network }) => network))
  must(record.networks === networks.size, 'the record counts other networks than there were')
  const rows = shards.reduce((sum, { submissions }) => sum + submissions.length, 0)
  must(record.executions >= rows + record.voided, 'the record counts fewer executions than there are answers')
  must(record.shards === shards.length && record.mode === policy.verify, 'the record is of another job')
  must((record.bound === null) === (policy.verify === 'none'), 'a bound without checks, or checks without a bound')
  let least = shards.length - record.checked > 0 && record.status === 'degraded' ? 1 : 0
  for (const { max_wrong_shards: most } of record.bound ?? []) {
    // The more checkers may collude, the more may be wrong.
    must(most >= least && most <= shards.length, `${most} of ${shards.length} shards may be wrong, by the record`)
    least = most
  }
  const isSure = byTrusted === shards.length && mismatches.length + record.voided === 0
  must(!isSure || least === 0, 'the referee ran every shard, and some may be wrong by the record')
}

/** The output is one machine's, bit for bit, unless somebody lied and was not caught. */
function checkOutput({ scenario, partials }: World, job: Job, digests: readonly Digest[]): void {
  const [first, last] = job.parts
  const basis = last === undefined ? null : basisOf(job, digests.slice(0, first?.end))
  const wrong = digests.findIndex((digest, shard) => {
    const work = { jobId: job.id, shard, basis: shard < (first?.end ?? 0) ? null : basis }
    must(partials.isOf(work, digest), `shard ${shard} was computed from another basis, or not at all`)
    return digest !== partials.truth(work)
  })
  must(wrong < 0 || scenario.agents.some(({ lieRate }) => lieRate > 0), `shard ${wrong} is wrong, and nobody lied`)
  // It is reduced at the edge even then: what was accepted must fit together.
  const { outputDigest, merkleRoot: root } = partials.reduce(job.id, digests)
  must(root === merkleRoot(digests), 'the root is not that of the verdicts')
  if (wrong >= 0) return
  const { args, rootSeed } = jobOf(scenario, job.id)
  must(outputDigest === referenceOutput(args, rootSeed), 'the output is not that of one machine')
}

/**
 * How long after its deadline a job's end may be decided: a late timer, or planning after a restart. And what was decided and
 * on its way to the store when the Hub was killed is decided again.
 */
const DEADLINE_SLACK_MS = 1_000

/**
 * `slackMs` is what the world's clock took away by itself, and what its store takes. A Hub that is killed again and again
 * decides nothing in between, however late it is.
 */
export function checkInTime({ hub }: World, jobId: JobId, bornMs: number, slackMs: number): void {
  const late = hub.nowMs - Math.max(bornMs, hub.jobs.get(jobId)?.deadlineMs ?? 0) - slackMs
  must(late <= DEADLINE_SLACK_MS, `a job is ended ${late} ms after its deadline`)
}

/** How many shards of the part were checked. */
function checkPartOfComplete(
  world: World,
  job: Job,
  { first, end }: JobPart,
  digests: readonly Digest[],
  degraded: boolean,
): number {
  const { policy } = job
  // A last pass that follows from others must rest on what is accepted of them now, and on nothing else.
  const basis = first > 0 ? basisOf(job, digests.slice(0, first)) : null
  let checked = 0
  const authors = new Set<Identity>()
  const checkedExecutors = new Set<Identity>()
  job.shards.slice(first, end).forEach((shard, n) => {
    const index = first + n
    const digest = digests[index]
    if (digest === undefined) throw new Error(`shard ${index} has no verdict`)
    const truth = world.partials.truth({ jobId: job.id, shard: index, basis })
    const counts = checkVerdict(world, shard, { index, digest, truth })
    const isAgreed = policy.verify === 'none' && shard.submissions.length > 1
    must(counts || isAgreed || !job.contradicted.has(index), `shard ${index} was contradicted and passed unchecked`)
    for (const { executor } of shard.submissions) {
      authors.add(executor)
      if (counts) checkedExecutors.add(executor)
    }
    if (counts) checked++
    else if (policy.verify === 'spotcheck' && !degraded) checkUnchecked(job, shard, index, digest)
    if (policy.verify !== 'full') return
    must(counts, `shard ${index} was run once in a full job`)
    const isWeighty = shard.submissions.some((row) => row.digest === digest && row.tier !== 'probation')
    must(isWeighty, `shard ${index} of a full job stands on fresh keys alone`)
  })
  if (policy.verify !== 'spotcheck' || degraded) return checked
  const needed = checksNeeded(end - first, rateOf(policy.spotcheck_rate))
  must(checked >= needed, `${checked} shards of a part were checked, ${needed} are needed`)
  for (const author of authors) must(checkedExecutors.has(author), `nothing of ${author} was checked`)
  return checked
}

/** Why a spotcheck may let a shard pass unchecked: a veteran ran it, it was not drawn, and nobody was exposed. */
function checkUnchecked(job: Job, { submissions }: Shard, index: number, digest: Digest): void {
  must(!job.escalated, `shard ${index} of an escalated job passed unchecked`)
  must(submissions[0]?.tier !== 'probation', `shard ${index} of a fresh key passed unchecked`)
  const rate = rateOf(job.policy.spotcheck_rate)
  must(!isDrawn(sampleOf(job, index, digest), rate), `shard ${index} was drawn for a check and passed without`)
}

/** Whether a job that should complete had a reason to fail. */
export const isExcused = (world: World, command: Extract<HubCommand, { type: 'fail' }>): boolean =>
  checkBasisFailure(world, command) || isExhausted(world, command) || isOnlyWordLate(world, command)

/**
 * Each exposed identity can take back all that a job has: after a few of them its executions may be used up. And liars on one
 * engine can look like a fault of it; its honest agents are lost to the pool with them.
 */
const isExhausted = ({ hub }: World, { detail }: Extract<HubCommand, { type: 'fail' }>): boolean =>
  hub.suspended.size > 0 || (detail.startsWith('After ') && hub.quarantines.size >= EXPOSURES_TO_EXHAUST)

/**
 * The word of a pool's only veteran was not read when it answered, since it had just come back: in `full` nobody is left to
 * check those shards, unless others prove themselves in time. The decision on whose word counts names it.
 */
function isOnlyWordLate({ hub, scenario }: World, { jobId, code }: Extract<HubCommand, { type: 'fail' }>): boolean {
  const job = hub.jobs.get(jobId)
  if (job?.policy.verify !== 'full' || code !== 'NO_ELIGIBLE_CHECKER' || scenario.referee) return false
  const veterans = [...hub.standings].filter(([, valid]) => valid >= PROBATION_SHARDS).map(([key]) => key.split(' ')[0])
  const [only] = veterans
  return (
    new Set(veterans).size === 1 &&
    [...job.toCheck].every((index) => job.shards[index]?.submissions.some(({ executor }) => executor === only) === true)
  )
}

/** Whether a job failed because its last pass rested on a wrong answer; then there must have been one. */
function checkBasisFailure(world: World, command: Extract<HubCommand, { type: 'fail' }>): boolean {
  const job = world.hub.jobs.get(command.jobId)
  if (job?.refines !== true || !command.detail.startsWith('An answer on which the last pass was planned')) return false
  must(command.code === 'VERIFICATION_FAILED', `a wrong basis is ${command.code}`)
  const planned = job.basis === null ? undefined : world.bases.get(job.basis)
  if (planned === undefined) throw new Error('a job failed for a basis that was never planned from')
  const differ = planned.flatMap((digest, index) => (digest === job.shards[index]?.accepted ? [] : [index]))
  must(differ.length > 0, 'a job failed although its basis stands')
  return true
}

/** Whether the shard was checked: by a second identity that agreed, or by the referee. */
function checkVerdict(
  world: World,
  shard: Shard,
  { index, digest, truth }: { index: number; digest: Digest; truth: Digest },
): boolean {
  const behind = shard.submissions.filter((row) => row.digest === digest)
  const referee = shard.submissions.find(({ role }) => role === 'referee')
  must(behind.length > 0, `nobody returned the verdict of shard ${index}`)
  for (const row of behind) must(world.store.has(row), `the verdict of shard ${index} is not durable`)
  const others = behind.filter(({ executor }) => !world.hub.quarantined.has(executor))
  must(others.length > 0, `the verdict of shard ${index} stands on an exposed identity`)
  if (referee !== undefined) {
    must(digest === referee.digest && digest === truth, `shard ${index} differs from the referee's`)
    const wrong = shard.submissions.filter((row) => row.digest !== digest)
    for (const { executor } of wrong) must(world.hub.quarantines.has(executor), `${executor} was not exposed`)
    return true
  }
  if (behind.length < shard.submissions.length) {
    const votes = behind.filter(({ tier }) => tier !== 'probation')
    must(votes.length >= VOTES_TO_WIN, `a mismatch on shard ${index} was settled without the referee or veterans`)
    const against = new Map<Digest, number>()
    for (const row of shard.submissions) {
      if (row.tier === 'probation' || row.digest === digest) continue
      against.set(row.digest, (against.get(row.digest) ?? 0) + 1)
    }
    const lead = votes.length - Math.max(0, ...against.values())
    must(lead >= VOTES_LEAD, `a mismatch on shard ${index} was settled by too narrow a vote`)
    must(!world.scenario.referee, `a mismatch on shard ${index} was put to a vote, and a referee is to come`)
  }
  // Keys are free: what fresh ones agree on was not checked.
  if (behind.length < 2 || behind.every(({ tier }) => tier === 'probation')) return false
  const colluders = behind.filter(({ executor }) => kindOf(world, executor) === 'colluder')
  must(digest === truth || colluders.length === behind.length, `shard ${index} was checked and is wrong`)
  return true
}

function kindOf(world: World, identity: Identity): string | undefined {
  return world.scenario.agents.find((plan) => plan.identity === identity)?.kind
}
