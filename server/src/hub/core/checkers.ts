// Who checks what: drawn at random among those who may, when a shard first needs it. Whoever happens to be free would be
// an invitation: a colluder that holds back is always free. So would whoever is fast: speed is a claim. Each identity is as
// likely as any other, however many tabs it has, and a check waits for the one that was drawn.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { abilityFor, eligibleAgents, isDistinct, takesFreshChecker, weightyAgents } from './eligibility.ts'
import { heldMsOf } from './leases.ts'
import { ASSIGNMENT_MS, DRAWN_MS, DRAWN_OF_EXPECTED, LEASES_PER_AGENT } from './limits.ts'
import { shardOf, type Agent, type Draw, type HubState, type Job } from './state.ts'

type Tabs = ReadonlyMap<Identity, readonly Agent[]>

interface Pool {
  readonly tabs: Tabs
  readonly identities: readonly Identity[]
}

/**
 * Draws a checker for each shard that has none, and one more for each whose checkers had their time. Those drawn before
 * may still take it: if they were passed over, whoever leaves nothing lying would come nearer to it with every draw.
 */
export function drawCheckers(state: HubState, job: Job): void {
  if (job.toCheck.size === 0) return
  const isLate = state.nowMs >= job.drawnUntilMs
  const isComplete = job.drawn.size === job.toCheck.size
  if (isComplete && !isLate && job.drawnFor.size === 0) return
  const all = poolOf(eligibleAgents(state, job))
  forgetAbsent(job, all)
  if (isComplete && !isLate && !job.drawnAnew) return
  if (all.identities.length === 0) return
  job.drawnAnew = false
  const weighty = poolOf(weightyAgents(state, job))
  let medianMs: number | undefined
  job.drawnUntilMs = Infinity
  for (const index of job.toCheck) {
    const before = job.drawn.get(index)
    if (before === undefined || before.waiting === 0 || before.untilMs <= state.nowMs) {
      const pool = takesFreshChecker(state, job, shardOf(job, index)) ? all : weighty
      const found = oneFor(state, job, index, pool)
      if (found !== undefined) {
        medianMs ??= medianShardMs(state, job, weighty.identities.length > 0 ? weighty : all)
        draw(job, index, found, state.nowMs + waitMs(state, job, found, pool.tabs.get(found) ?? [], medianMs))
      } else if (before !== undefined) {
        // All were drawn and had their time: whoever has nothing else to do.
        before.untilMs = Infinity
      }
    }
    job.drawnUntilMs = Math.min(job.drawnUntilMs, job.drawn.get(index)?.untilMs ?? Infinity)
  }
}

/** By the list, which is another one when any of them has changed. */
const pools = new WeakMap<readonly Agent[], Pool>()

/** Who let a lease lapse is not worth waiting for. */
function poolOf(agents: readonly Agent[]): Pool {
  const known = pools.get(agents)
  if (known !== undefined) return known
  const tabs = new Map<Identity, Agent[]>()
  for (const agent of agents) {
    if (agent.lapses > 0) continue
    const own = tabs.get(agent.identity)
    if (own === undefined) tabs.set(agent.identity, [agent])
    else own.push(agent)
  }
  const pool = { tabs, identities: [...tabs.keys()] }
  pools.set(agents, pool)
  return pool
}

/** Nobody is drawn twice for a shard while others are left: to leave and come back is no second chance. */
function oneFor(state: HubState, job: Job, index: number, { tabs, identities }: Pool): Identity | undefined {
  const shard = shardOf(job, index)
  const before = job.drawn.get(index)
  const mayBe = (identity: Identity): boolean =>
    tabs.get(identity)?.some((agent) => isDistinct(state, agent, shard)) === true
  const isNew = (identity: Identity): boolean => before?.by.has(identity) !== true && mayBe(identity)
  const found = oneOf(state, identities, isNew)
  if (found !== undefined || before === undefined || before.waiting > 0) return found
  // All were drawn, and none of them is waited for.
  undraw(job, index)
  return oneOf(state, identities, mayBe)
}

/** Each of those admitted is as likely as the others, whatever stands between them. */
function oneOf(state: HubState, of: readonly Identity[], admits: (one: Identity) => boolean): Identity | undefined {
  const any = (some: readonly Identity[]): Identity | undefined =>
    some[Math.floor(state.settings.random() * some.length)]
  const one = any(of)
  return one === undefined || admits(one) ? one : any(of.filter(admits))
}

function draw(job: Job, index: number, one: Identity, untilMs: number): void {
  const known: Draw = job.drawn.get(index) ?? { by: new Set(), waiting: 0, untilMs }
  known.by.add(one)
  known.waiting++
  // All are looked at together, now and then: each at its own time would wake the Hub as often as there are checks.
  known.untilMs = Math.ceil(untilMs / DRAWN_MS) * DRAWN_MS
  const own = job.drawnFor.get(one) ?? new Set()
  job.drawnFor.set(one, own.add(index))
  job.drawn.set(index, known)
}

/**
 * How long a check waits for who was drawn: as long as what it has before it takes, and some more. It is waited for at its
 * own speed, but no longer than at the median's: neither a phone among desktops nor one that says it is slow keeps a job.
 */
function waitMs(state: HubState, job: Job, one: Identity, tabs: readonly Agent[], medianMs: number): number {
  const ownMs = Math.min(medianMs, ...tabs.map((agent) => shardMsOf(state, job, agent)))
  const heldMs = Math.min(...tabs.map(({ leases }) => [...leases.values()].reduce((sum, l) => sum + heldMsOf(l), 0)))
  const beforeMs = Math.min(heldMs, LEASES_PER_AGENT * Math.max(ASSIGNMENT_MS, medianMs))
  // What it was drawn for in other jobs comes in turn with this.
  const queued = [...state.jobs.values()].reduce((sum, other) => sum + (other.drawnFor.get(one)?.size ?? 0), 1)
  return Math.max(DRAWN_MS, DRAWN_OF_EXPECTED * (beforeMs + queued * ownMs))
}

const shardMsOf = (state: HubState, job: Job, agent: Agent): number =>
  (job.grid.unitsPerShard * 1_000) / (abilityFor(state, job, agent)?.unitsPerSecond ?? 1)

/** Of identities: what few claim does not move it. */
function medianShardMs(state: HubState, job: Job, { tabs }: Pool): number {
  const each = [...tabs.values()].map((own) => Math.min(...own.map((agent) => shardMsOf(state, job, agent))))
  each.sort((a, b) => a - b)
  return each[Math.floor(each.length / 2)] ?? 0
}

/** What an agent was drawn for; then what is for whoever may. */
export const checksFor = (job: Job, agent: Agent, free: readonly number[]): Iterable<number> => ({
  *[Symbol.iterator]() {
    if (agent.lapses === 0) yield* job.drawnFor.get(agent.identity) ?? []
    for (const index of free) if (job.toCheck.has(index)) yield index
  },
})

/** What nobody could be drawn for, or everybody was. */
export function freeChecks(job: Job): number[] {
  const isFree = (index: number): boolean => (job.drawn.get(index)?.untilMs ?? Infinity) === Infinity
  return [...job.toCheck].filter(isFree)
}

export function undraw(job: Job, index: number): void {
  const known = job.drawn.get(index)
  if (known === undefined) return
  job.drawn.delete(index)
  for (const identity of known.by) {
    const own = job.drawnFor.get(identity)
    own?.delete(index)
    if (own?.size === 0) job.drawnFor.delete(identity)
  }
}

/** Those who left, lost their engine, were exposed, or let a lease lapse: nobody waits for them. */
function forgetAbsent(job: Job, { tabs }: Pool): void {
  for (const [identity, own] of job.drawnFor) {
    if (tabs.has(identity)) continue
    job.drawnFor.delete(identity)
    for (const index of own) {
      const known = job.drawn.get(index)
      if (known === undefined) continue
      known.waiting--
      if (known.waiting === 0) job.drawnAnew = true
    }
  }
}
