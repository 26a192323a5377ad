// What must hold in the simulated world whatever happens: of the Hub's state after an event, of its reply to an answer,
// and of a completed job against the truth that only the world knows. Everything is recounted from scratch here.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { HubCommand, HubEvent } from '../core/events.ts'
import { LEASES_PER_AGENT } from '../core/limits.ts'
import { checksNeeded, rateOf } from '../core/sample.ts'
import type { Agent, Job, Lease, Shard } from '../core/state.ts'
import { trueDigest } from './agent.ts'
import type { World } from './world.ts'

function must(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence)
}

const HELD_AS: Partial<Record<Shard['status'], Lease['role']>> = {
  leased: 'first',
  checking: 'check',
  refereeing: 'referee',
}

export function checkState(world: World): void {
  const holders = new Map<string, { agent: Agent; lease: Lease }>()
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
      for (const shard of lease.shards) {
        const key = `${lease.jobId}|${shard}`
        must(!holders.has(key), `shard ${shard} is leased twice`)
        holders.set(key, { agent, lease })
      }
    }
  }
  for (const identity of world.hub.quarantined) {
    const plan = world.scenario.agents.find((agent) => agent.identity === identity)
    must(plan !== undefined && plan.lieRate > 0, `${identity} never lied and is exposed`)
  }
  for (const job of world.hub.jobs.values()) {
    must(!world.store.ended.has(job.id), 'an ended job is still held')
    if (job.phase === 'running' || job.phase === 'waiting') checkJob(world, job, holders)
  }
}

function checkJob(world: World, job: Job, holders: ReadonlyMap<string, { agent: Agent; lease: Lease }>): void {
  let answered = 0
  let accepted = 0
  job.shards.forEach((shard, index) => {
    const { status } = shard
    must(job.open.has(index) === (status === 'open'), `shard ${index} is ${status}, the open queue disagrees`)
    must(job.toCheck.has(index) === (status === 'to-check'), `shard ${index} is ${status}, the check queue disagrees`)
    must(job.disputed.has(index) === (status === 'disputed'), `shard ${index} is ${status}, the disputes disagree`)
    must((shard.accepted !== null) === (status === 'accepted'), `shard ${index} is ${status} with a wrong acceptance`)
    if (shard.submissions.length > 0) answered++
    if (shard.accepted !== null) accepted++
    const executors = new Set(shard.submissions.map(({ executor }) => executor))
    must(executors.size === shard.submissions.length, `shard ${index} counts an identity twice`)
    for (const row of shard.submissions) must(world.store.has(row), `shard ${index} counts what is not durable`)
    const key = `${job.id}|${index}`
    must(world.storing.has(key) === (status === 'storing'), `shard ${index} is ${status}, the store disagrees`)
    const holder = holders.get(key)
    const role = HELD_AS[status]
    must((holder !== undefined) === (role !== undefined), `shard ${index} is ${status}, the leases disagree`)
    if (holder !== undefined) checkHolder(world, shard, index, holder)
  })
  must(job.answered === answered, `${job.answered} answered by count, ${answered} by recount`)
  must(job.acceptedCount === accepted, `${job.acceptedCount} accepted by count, ${accepted} by recount`)
  const firsts = [...world.hub.agents.values()].filter(({ leases }) =>
    [...leases.values()].some(({ jobId, role }) => jobId === job.id && role === 'first'),
  )
  must(firsts.length <= job.policy.max_agents, 'more first executors than max_agents')
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

export function checkComplete(world: World, command: Extract<HubCommand, { type: 'complete' }>): void {
  const job = world.hub.jobs.get(command.jobId)
  if (job === undefined) throw new Error('a job that nobody knows is complete')
  const { policy, grid } = job
  must(command.verdicts.length === grid.shards, 'a shard has no verdict')
  const degraded = command.record.status === 'degraded'
  if (degraded) {
    must(policy.verify === 'spotcheck' && policy.on_unverified === 'degrade', 'a job degraded against its policy')
    must(!world.scenario.mustComplete, 'a job degraded although there were checkers')
  }
  let checked = 0
  const authors = new Set<Identity>()
  const checkedExecutors = new Set<Identity>()
  job.shards.forEach((shard, index) => {
    const verdict = command.verdicts[index]
    if (verdict === undefined) throw new Error(`shard ${index} has no verdict`)
    const counts = checkVerdict(world, job, index, shard, verdict.digest)
    for (const { executor } of shard.submissions) {
      authors.add(executor)
      if (counts) checkedExecutors.add(executor)
    }
    if (counts) checked++
    if (policy.verify === 'full') must(counts, `shard ${index} was run once in a full job`)
  })
  must(command.record.checked === checked, `${command.record.checked} checked by the record, ${checked} by recount`)
  const mismatches = job.shards.filter(
    ({ submissions }) =>
      submissions.some(({ role }) => role === 'referee') && new Set(submissions.map((row) => row.digest)).size > 1,
  )
  must(command.record.mismatches === mismatches.length, 'the record counts other mismatches than there were')
  if (policy.verify !== 'spotcheck' || degraded) return
  const needed = checksNeeded(grid.shards, rateOf(policy.spotcheck_rate))
  must(checked >= needed, `${checked} shards were checked, ${needed} are needed`)
  for (const author of authors) must(checkedExecutors.has(author), `nothing of ${author} was checked`)
}

/** Whether the shard was checked: by a second identity that agreed, or by the referee. */
function checkVerdict(world: World, job: Job, index: number, shard: Shard, digest: string): boolean {
  const truth = trueDigest(job.id, index)
  const behind = shard.submissions.filter((row) => row.digest === digest)
  const referee = shard.submissions.find(({ role }) => role === 'referee')
  must(behind.length > 0, `nobody returned the verdict of shard ${index}`)
  for (const row of behind) must(world.store.has(row), `the verdict of shard ${index} is not durable`)
  const others = behind.filter(({ executor }) => !world.hub.quarantined.has(executor))
  must(others.length > 0, `the verdict of shard ${index} stands on an exposed identity`)
  if (referee !== undefined) {
    must(digest === referee.digest && digest === truth, `shard ${index} differs from the referee's`)
    const wrong = shard.submissions.filter((row) => row.digest !== digest)
    for (const { executor } of wrong) must(world.hub.quarantined.has(executor), `${executor} was not exposed`)
    return true
  }
  must(behind.length === shard.submissions.length, `a mismatch on shard ${index} was settled without the referee`)
  if (behind.length < 2) return false
  const colluders = behind.filter(({ executor }) => kindOf(world, executor) === 'colluder')
  must(digest === truth || colluders.length === behind.length, `shard ${index} was checked and is wrong`)
  return true
}

function kindOf(world: World, identity: Identity): string | undefined {
  return world.scenario.agents.find((plan) => plan.identity === identity)?.kind
}
