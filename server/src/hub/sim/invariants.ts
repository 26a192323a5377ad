// What must hold in the simulated world whatever happens: of the Hub's state after an event, of its reply to an answer,
// and of a completed job against the truth that only the world knows. Everything is recounted from scratch here.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { passOf, shardsOf } from '@forge/shared/kernels/kernel.ts'
import type { AssignmentOrder, HubCommand, HubEvent } from '../core/events.ts'
import { LEASES_PER_AGENT, VOTES_TO_WIN } from '../core/limits.ts'
import { basisOf } from '../core/parts.ts'
import { checksNeeded, rateOf } from '../core/sample.ts'
import type { Agent, Job, JobPart, Lease, Shard } from '../core/state.ts'
import { trueDigest } from './agent.ts'
import { specOf } from './scenario.ts'
import type { World } from './world.ts'

function must(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence)
}

const HELD_AS: Partial<Record<Shard['status'], Lease['role']>> = {
  leased: 'first',
  checking: 'check',
  refereeing: 'referee',
}

type Holders = Map<string, readonly { readonly agent: Agent; readonly lease: Lease }[]>

export function checkState(world: World): void {
  const holders: Holders = new Map()
  must(
    [...world.hub.agents.keys()].every((session) => world.sessions.has(session)),
    'a gone session is still held',
  )
  for (const agent of world.hub.agents.values()) {
    must(agent.leases.size <= LEASES_PER_AGENT, 'an agent has too many leases')
    must(agent.accepted >= 0 && agent.pending >= 0 && agent.rejected >= 0, 'a tally is below zero')
    for (const lease of agent.leases.values()) {
      must(lease.expiresAtMs > world.nowMs(), 'a lease is held past its end')
      must(lease.shards.size > 0, 'a lease without shards is kept')
      const job = world.hub.jobs.get(lease.jobId)
      must(job !== undefined, 'a lease outlives its job')
      if (job?.phase !== 'running') continue
      // A trial changes nothing of its shard.
      if (lease.role === 'trial') continue
      for (const shard of lease.shards) {
        const key = `${lease.jobId}|${shard}`
        const others = holders.get(key) ?? []
        must(others.length < (job.shards[shard]?.backedUp === true ? 2 : 1), `shard ${shard} is leased too often`)
        must(!others.some((other) => other.agent.identity === agent.identity), `shard ${shard} is its own backup`)
        holders.set(key, [...others, { agent, lease }])
      }
    }
  }
  for (const identity of world.hub.quarantines.keys()) {
    const plan = world.scenario.agents.find((agent) => agent.identity === identity)
    must(plan !== undefined && plan.lieRate > 0, `${identity} never lied and is exposed`)
  }
  for (const job of world.hub.jobs.values()) {
    must(!world.store.ended.has(job.id), 'an ended job is still held')
    if (job.phase === 'running' || job.phase === 'waiting') checkJob(world, job, holders)
  }
}

function checkJob(world: World, job: Job, holders: Holders): void {
  let answered = 0
  let accepted = 0
  const released = job.parts[job.released - 1]?.end ?? 0
  job.shards.forEach((shard, index) => {
    const { status } = shard
    const queued = index < released
    must(job.open.has(index) === (queued && status === 'open'), `shard ${index} is ${status}, the open queue disagrees`)
    must(
      job.toCheck.has(index) === (queued && status === 'to-check'),
      `shard ${index} is ${status}, the check queue disagrees`,
    )
    must(
      job.disputed.has(index) === (queued && status === 'disputed'),
      `shard ${index} is ${status}, the disputes disagree`,
    )
    must((shard.accepted !== null) === (status === 'accepted'), `shard ${index} is ${status} with a wrong acceptance`)
    if (shard.submissions.length > 0) answered++
    if (shard.accepted !== null) accepted++
    const executors = new Set(shard.submissions.map(({ executor }) => executor))
    must(executors.size === shard.submissions.length, `shard ${index} counts an identity twice`)
    for (const row of shard.submissions) must(world.store.has(row), `shard ${index} counts what is not durable`)
    const key = `${job.id}|${index}`
    const own = holders.get(key) ?? []
    must(shard.holders.size === own.length, `shard ${index} counts ${shard.holders.size} holders, not ${own.length}`)
    must(world.storing.has(key) === shard.storing > 0, `shard ${index} counts answers that the store does not have`)
    must(shard.storing > 0 || status !== 'storing', `shard ${index} is ${status} for nothing`)
    const roles = own.map(({ lease }) => lease.role)
    const role = HELD_AS[status]
    // A backup may still be at it when the shard is settled, or its first answer is being stored or checked.
    if (shard.backedUp) must(role === undefined || own.length > 0, `shard ${index} is ${status} and nobody has it`)
    else
      must(role === undefined ? own.length === 0 : own.length > 0, `shard ${index} is ${status}, the leases disagree`)
    if (status === 'leased') must(roles.includes('first'), `shard ${index} is leased to nobody`)
    for (const holder of own) checkHolder(world, shard, index, holder)
  })
  must(job.answered === answered, `${job.answered} answered by count, ${answered} by recount`)
  must(job.acceptedCount === accepted, `${job.acceptedCount} accepted by count, ${accepted} by recount`)
  for (const part of job.parts) checkPart(job, part)
  const firsts = [...world.hub.agents.values()].filter(({ leases }) =>
    [...leases.values()].some(({ jobId, role }) => jobId === job.id && role === 'first'),
  )
  must(firsts.length <= job.policy.max_agents, 'more first executors than max_agents')
}

function checkPart({ shards }: Job, { first, end, ...counted }: JobPart): void {
  const own = shards.slice(first, end)
  const answered = own.filter(({ submissions }) => submissions.length > 0).length
  must(counted.answered === answered, `${counted.answered} answered in a part by count, ${answered} by recount`)
  for (const [status, count] of [
    ['accepted', counted.accepted],
    ['to-check', counted.toCheck],
  ] as const) {
    const recount = own.filter((shard) => shard.status === status).length
    must(count === recount, `${count} ${status} in a part by count, ${recount} by recount`)
  }
  must(!counted.settled || counted.accepted === own.length, 'a part is settled with something missing')
}

function checkHolder(
  world: World,
  shard: Shard,
  index: number,
  { agent, lease }: { agent: Agent; lease: Lease },
): void {
  const ranBy = shard.submissions.map(({ executor }) => executor)
  must(!ranBy.includes(agent.identity), `shard ${index} is run again by ${agent.identity}`)
  must(!shard.excluded.has(agent.identity), `shard ${index} went back to ${agent.identity}, who failed on it`)
  must(agent.referee === (lease.role === 'referee'), 'the referee does ordinary work, or others do its')
  if (lease.role === 'first') must(ranBy.length === 0 || shard.backedUp, `shard ${index} is run first again`)
  if (lease.role !== 'check' || !world.scenario.distinctNetwork) return
  const networks = shard.submissions.map(({ network }) => network)
  must(!networks.includes(agent.network), `shard ${index} is checked from its author's network`)
}

/** What the reply to an answer must be, from the state before it; the returned function compares. */
export function checkAnswerReply(
  { hub }: World,
  event: Extract<HubEvent, { type: 'answer' }>,
): (commands: readonly HubCommand[]) => void {
  const agent = hub.agents.get(event.session)
  const lease = agent?.leases.get(event.assignmentId)
  const counts =
    agent !== undefined &&
    lease?.role !== 'trial' &&
    !hub.quarantined.has(agent.identity) &&
    lease?.epoch === event.epoch &&
    hub.jobs.get(lease.jobId)?.phase === 'running' &&
    event.shards.every(({ shard }) => lease.shards.has(shard))
  return (commands) => {
    const stores = commands.filter((command) => command.type === 'store' && command.request === event.request)
    const replies = commands.filter((command) => command.type === 'reply' && command.request === event.request)
    must(stores.length === (counts ? 1 : 0), counts ? 'a valid answer is not stored' : 'a stale answer is stored')
    must(replies.length === (counts ? 0 : 1), 'an answer has no reply, or two')
  }
}

/** From the world's own memory: the core's could have forgotten. `failedOn` has job|shard|identity. */
export function checkFit(
  world: World,
  failedOn: ReadonlySet<string>,
  { session, jobId, order }: Extract<HubCommand, { type: 'assign' }>,
): void {
  const identity = world.sessions.get(session)?.identity
  if (identity === undefined) throw new Error('work is assigned to a session that is gone')
  // Who may come back is given shards whose answers are known.
  const isTrial = (world.hub.agents.get(session)?.trialsLeft ?? 0) > 0
  must(!world.hub.quarantined.has(identity) || isTrial, `work is assigned to ${identity}, who was exposed`)
  const again = order.shards.find((shard) => failedOn.has(`${jobId}|${shard}|${identity}`))
  must(again === undefined, `shard ${again} went back to ${identity}, who failed on it`)
  checkPasses(world, jobId, order)
}

/** An assignment is of one pass, and of the last one only once that is planned. */
function checkPasses({ refined, scenario }: World, jobId: JobId, { shards }: AssignmentOrder): void {
  const { grid, refines } = specOf(scenario, jobId)
  const passes = new Set(shards.map((shard) => passOf(grid, shard)))
  must(passes.size === 1, 'an assignment mixes passes')
  const isPlanned = !refines || !passes.has(grid.passes - 1) || refined.has(jobId)
  must(isPlanned, 'a shard is assigned of a pass that is not planned')
}

/** Whether a last pass that is planned may open, from the state before; the returned function compares. */
export function checkPlanned({ hub }: World, event: Extract<HubEvent, { type: 'pass-planned' }>): () => void {
  const job = hub.jobs.get(event.jobId)
  if (job === undefined) return () => undefined
  const accepted = job.shards.slice(0, job.parts[0]?.end).map((shard) => shard.accepted)
  const digests = accepted.filter((digest) => digest !== null)
  const rests = digests.length === accepted.length && basisOf(job, digests) === event.basis
  const opens = job.phase === 'running' && rests
  const wasOpen = job.released > 1
  return () => must(job.released > 1 === (wasOpen || opens), 'a last pass opened, or not, against what it rests on')
}

export function checkComplete(world: World, command: Extract<HubCommand, { type: 'complete' }>): void {
  const job = world.hub.jobs.get(command.jobId)
  if (job === undefined) throw new Error('a job that nobody knows is complete')
  const { policy } = job
  const digests = command.verdicts.map(({ digest }) => digest)
  must(digests.length === shardsOf(job.grid), 'a shard has no verdict')
  const degraded = command.record.status === 'degraded'
  if (degraded) {
    must(policy.verify === 'spotcheck' && policy.on_unverified === 'degrade', 'a job degraded against its policy')
    must(!world.scenario.mustComplete, 'a job degraded although there were checkers')
  }
  let checked = 0
  for (const part of job.parts) checked += checkPartOfComplete(world, job, part, digests, degraded)
  must(command.record.checked === checked, `${command.record.checked} checked by the record, ${checked} by recount`)
  const mismatches = job.shards.filter(({ submissions }) => new Set(submissions.map((row) => row.digest)).size > 1)
  must(command.record.mismatches === mismatches.length, 'the record counts other mismatches than there were')
}

/** The world's referee is honest and never fails: no contradiction is its fault. */
export function checkFail({ code, detail }: Extract<HubCommand, { type: 'fail' }>): void {
  must(code !== 'KERNEL_FAULT', `the referee is blamed: ${detail}`)
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
    must(basis === null || digest.endsWith(`|${basis}`), `shard ${index} was computed from another basis`)
    const counts = checkVerdict(world, shard, { index, digest, truth: trueDigest(job.id, index, basis) })
    must(counts || !job.contradicted.has(index), `shard ${index} was contradicted and passed unchecked`)
    for (const { executor } of shard.submissions) {
      authors.add(executor)
      if (counts) checkedExecutors.add(executor)
    }
    if (counts) checked++
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

/** Whether a job failed because its last pass rested on a wrong answer; then there must have been one. */
export function checkBasisFailure(world: World, command: Extract<HubCommand, { type: 'fail' }>): boolean {
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
  }
  if (behind.length < 2) return false
  const colluders = behind.filter(({ executor }) => kindOf(world, executor) === 'colluder')
  must(digest === truth || colluders.length === behind.length, `shard ${index} was checked and is wrong`)
  return true
}

function kindOf(world: World, identity: Identity): string | undefined {
  return world.scenario.agents.find((plan) => plan.identity === identity)?.kind
}
