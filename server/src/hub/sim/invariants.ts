// What must hold in the simulated world whatever happens: of the Hub's state after an event, of its reply to an answer,
// and of a completed job against the truth that only the world knows. Everything is recounted from scratch here.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import type { AssignmentOrder, HubCommand, HubEvent } from '../core/events.ts'
import { BACKUPS_MAX, LEASES_PER_AGENT, VOTES_TO_WIN } from '../core/limits.ts'
import { heldMsOf } from '../core/leases.ts'
import { basisOf } from '../core/parts.ts'
import type { Agent, Job, JobPart, Lease, Shard } from '../core/state.ts'
import { must } from './must.ts'
import { fits, specOf } from './scenario.ts'
import type { World } from './world.ts'

const HELD: ReadonlySet<Shard['status']> = new Set(['leased', 'storing', 'checking', 'refereeing'])

const HELD_AS: Partial<Record<Shard['status'], Lease['role']>> = {
  leased: 'first',
  checking: 'check',
  refereeing: 'referee',
}

type Holders = Map<string, readonly { readonly agent: Agent; readonly lease: Lease }[]>

/** Every event is checked in small worlds, every so many in large ones: a check walks every shard. */
const SHARDS_CHECKED_PER_EVENT = 32

export function isToCheck({ jobs }: World['hub'], events: number): boolean {
  const shards = [...jobs.values()].reduce((sum, job) => sum + job.shards.length, 0)
  return events % Math.max(1, Math.ceil(shards / SHARDS_CHECKED_PER_EVENT)) === 0
}

export function checkState(world: World): void {
  const holders: Holders = new Map()
  must(
    [...world.hub.agents.keys()].every((session) => world.sessions.has(session)),
    'a gone session is still held',
  )
  for (const agent of world.hub.agents.values()) {
    must(agent.leases.size <= LEASES_PER_AGENT, 'an agent has too many leases')
    for (const { unitsPerSecond } of agent.abilities.values()) {
      must(Number.isFinite(unitsPerSecond), () => `${agent.identity} computes ${unitsPerSecond} units a second`)
    }
    must(agent.accepted >= 0 && agent.pending >= 0 && agent.rejected >= 0, 'a tally is below zero')
    for (const lease of agent.leases.values()) {
      must(lease.expiresAtMs > world.hub.nowMs, 'a lease is held past its end')
      must(lease.expiresAtMs <= lease.endsAtMs, 'a lease is renewed beyond its last end')
      must(lease.shards.size > 0, 'a lease without shards is kept')
      const job = world.hub.jobs.get(lease.jobId)
      must(job !== undefined, 'a lease outlives its job')
      if (job?.phase !== 'running') continue
      const isFit = agent.referee || fits(job.policy.target, lease.engine)
      must(isFit, () => `${agent.identity} holds shards for ${job.policy.target} on ${lease.engine}`)
      // A trial changes nothing of its shard.
      if (lease.role === 'trial') continue
      for (const shard of lease.shards) {
        const key = `${lease.jobId}|${shard}`
        const others = holders.get(key) ?? []
        must(others.length < (job.shards[shard]?.backedUp === true ? 2 : 1), () => `shard ${shard} is leased too often`)
        must(!others.some((other) => other.agent.identity === agent.identity), () => `shard ${shard} is its own backup`)
        const near = world.scenario.distinctNetwork && others.some((other) => other.agent.network === agent.network)
        must(!near, () => `shard ${shard} has a backup from its own network`)
        const isKin = others.some((other) => agent.token !== null && other.agent.token?.owner === agent.token.owner)
        must(!isKin, () => `shard ${shard} has a backup of its own owner`)
        holders.set(key, [...others, { agent, lease }])
      }
    }
  }
  for (const [identity, { exposures }] of world.hub.quarantines) {
    if (exposures === 0) continue
    const plan = world.scenario.agents.find((agent) => agent.identity === identity)
    must(plan !== undefined && (plan.lieRate > 0 || isOutvotable(world)), () => `${identity} never lied and is exposed`)
  }
  for (const identity of world.hub.quarantined) checkExposed(world, identity)
  for (const job of world.hub.jobs.values()) {
    must(!world.store.ended.has(job.id) || job.phase === 'closing', 'an ended job is still held')
    if (job.phase === 'running' || job.phase === 'waiting') checkJob(world, job, holders)
  }
}

/** Without a referee disputes are voted on, and enough veterans in league win any vote. */
const isOutvotable = ({ scenario }: World): boolean =>
  !scenario.referee && scenario.agents.filter(({ kind }) => kind === 'colluder').length >= VOTES_TO_WIN

function checkExposed({ hub }: World, identity: Identity): void {
  must(hub.quarantines.has(identity), () => `${identity} is in quarantine for nothing`)
  for (const [key, valid] of hub.standings) {
    if (valid > 0) must(!key.startsWith(`${identity} `), () => `${identity} was exposed and keeps its standing`)
  }
}

function checkJob(world: World, job: Job, holders: Holders): void {
  let answered = 0
  let accepted = 0
  const released = job.parts[job.released - 1]?.end ?? 0
  job.shards.forEach((shard, index) => {
    checkQueues(job, shard, index, index < released)
    checkAnswers(world, job, shard, index)
    if (shard.submissions.length > 0) answered++
    if (shard.accepted !== null) accepted++
    const { status } = shard
    const key = `${job.id}|${index}`
    const own = holders.get(key) ?? []
    must(
      shard.holders.size === own.length,
      () => `shard ${index} counts ${shard.holders.size} holders, not ${own.length}`,
    )
    must(
      (world.writing.storing.get(key) ?? 0) === shard.storing,
      () => `shard ${index} counts answers that the store does not have`,
    )
    must(shard.storing > 0 || status !== 'storing', () => `shard ${index} is ${status} for nothing`)
    const roles = own.map(({ lease }) => lease.role)
    const role = HELD_AS[status]
    // A backup may still be at it when the shard is settled, or its first answer is being stored or checked.
    if (shard.backedUp)
      must(role === undefined || own.length > 0, () => `shard ${index} is ${status} and nobody has it`)
    else
      must(
        role === undefined ? own.length === 0 : own.length > 0,
        () => `shard ${index} is ${status}, the leases disagree`,
      )
    if (status === 'leased') must(roles.includes('first'), () => `shard ${index} is leased to nobody`)
    must(
      status !== 'disputed' || !roles.includes('referee'),
      () => `shard ${index} waits for the referee, which has it`,
    )
    for (const holder of own) checkHolder(world, shard, index, holder)
  })
  const heldMs = [...world.hub.agents.values()]
    .flatMap(({ leases }) => [...leases.values()].filter(({ jobId }) => jobId === job.id))
    .reduce((sum, lease) => sum + heldMsOf(lease), 0)
  must(
    Number.isFinite(job.heldMs) && job.heldMs === heldMs,
    () => `${job.heldMs} ms are out by count, ${heldMs} by recount`,
  )
  const backups = job.shards.filter(({ backedUp }) => backedUp).length
  must(job.backups === backups, () => `${job.backups} backups by count, ${backups} by recount`)
  must(backups <= Math.max(1, job.shards.length * BACKUPS_MAX), () => `${backups} backups are too many`)
  must(job.answered === answered, () => `${job.answered} answered by count, ${answered} by recount`)
  must(job.acceptedCount === accepted, () => `${job.acceptedCount} accepted by count, ${accepted} by recount`)
  for (const part of job.parts) checkPart(job, part)
  const firsts = [...world.hub.agents.values()].filter(({ leases }) =>
    [...leases.values()].some(({ jobId, role }) => jobId === job.id && role === 'first'),
  )
  must(firsts.length <= job.policy.max_agents, 'more first executors than max_agents')
}

/** A shard is in the queue that its status names, and in no other. */
function checkQueues(job: Job, shard: Shard, index: number, queued: boolean): void {
  const { status } = shard
  must(
    job.open.has(index) === (queued && status === 'open'),
    () => `shard ${index} is ${status}, the open queue disagrees`,
  )
  must(
    job.toCheck.has(index) === (queued && status === 'to-check'),
    () => `shard ${index} is ${status}, the check queue disagrees`,
  )
  must(
    job.disputed.has(index) === (queued && status === 'disputed'),
    () => `shard ${index} is ${status}, the disputes disagree`,
  )
  must(
    (shard.accepted !== null) === (status === 'accepted'),
    () => `shard ${index} is ${status} with a wrong acceptance`,
  )
  must(status !== 'disputed' || shard.storing === 0, () => `shard ${index} is disputed before its answers are in`)
}

function checkAnswers(world: World, job: Job, shard: Shard, index: number): void {
  const isWeighty = job.policy.verify !== 'full' || shard.submissions.some(({ tier }) => tier !== 'probation')
  must(shard.accepted === null || isWeighty, () => `shard ${index} of a full job stands on fresh keys alone`)
  if (shard.submissions.length > 1) {
    const executors = new Set(shard.submissions.map(({ executor }) => executor))
    must(executors.size === shard.submissions.length, () => `shard ${index} counts an identity twice`)
  }
  for (const row of shard.submissions) {
    must(world.store.has(row), () => `shard ${index} counts what is not durable`)
    // Where a dispute was settled its answers stay as the record of it.
    if (!world.hub.quarantined.has(row.executor) || HELD.has(shard.status)) continue
    const isJudged = shard.submissions.some(({ role, digest }) => role === 'referee' || digest !== row.digest)
    must(isJudged, () => `shard ${index} counts the answer of ${row.executor}, who was exposed`)
  }
}

function checkPart({ shards }: Job, { first, end, ...counted }: JobPart): void {
  const own = shards.slice(first, end)
  const answered = own.filter(({ submissions }) => submissions.length > 0).length
  must(counted.answered === answered, () => `${counted.answered} answered in a part by count, ${answered} by recount`)
  for (const [status, count] of [
    ['accepted', counted.accepted],
    ['to-check', counted.toCheck],
  ] as const) {
    const recount = own.filter((shard) => shard.status === status).length
    must(count === recount, () => `${count} ${status} in a part by count, ${recount} by recount`)
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
  must(!ranBy.includes(agent.identity), () => `shard ${index} is run again by ${agent.identity}`)
  must(!shard.excluded.has(agent.identity), () => `shard ${index} went back to ${agent.identity}, who failed on it`)
  must(agent.referee === (lease.role === 'referee'), 'the referee does ordinary work, or others do its')
  if (lease.role === 'first') must(ranBy.length === 0 || shard.backedUp, () => `shard ${index} is run first again`)
  if (lease.role !== 'check') return
  const owners = shard.submissions.map(({ owner }) => owner)
  must(agent.token === null || !owners.includes(agent.token.owner), () => `shard ${index} is checked by its own owner`)
  if (!world.scenario.distinctNetwork) return
  const networks = shard.submissions.map(({ network }) => network)
  must(!networks.includes(agent.network), () => `shard ${index} is checked from its author's network`)
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

/** An assignment is of one pass, and of the last one only once that is planned. */
export function checkPasses({ refined, scenario }: World, jobId: JobId, { shards }: AssignmentOrder): void {
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

export function checkTally({ tally }: Extract<HubCommand, { type: 'tally' }>): void {
  must(
    Object.values(tally).every((figure) => Number.isInteger(figure) && figure >= 0),
    'a tally below zero',
  )
}

/** Nothing is kept of what is over: with every job ended and every session gone the Hub remembers identities alone. */
export function checkEmpty({ hub }: World): void {
  const { jobs, agents, roomy, resting, tallyChanged, standingsChanged } = hub
  for (const [name, { size }] of Object.entries({ jobs, agents, roomy, resting, tallyChanged, standingsChanged })) {
    must(size === 0, () => `${size} ${name} are kept when all is over`)
  }
}
