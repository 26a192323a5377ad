// Who checks what: drawn at random among those who may, when a shard first needs it. Whoever happens to be free would be
// an invitation: a colluder that holds back is always free.
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { eligibleAgents, isDistinct, mayCheck, takesFreshChecker, weightyAgents } from './eligibility.ts'
import { DRAWN_MS } from './limits.ts'
import { shardOf, type Agent, type HubState, type Job } from './state.ts'

/**
 * Draws a checker for each shard that has none. Nobody is drawn for more than it can do at once, so that a slow one does
 * not keep the job waiting: what is left is drawn when somebody has room again.
 */
export function drawCheckers(state: HubState, job: Job, atOnce: (agent: Agent) => number): void {
  forgetAbsent(state, job)
  if (job.drawn.size === job.toCheck.size) return
  const hasRoom = (agent: Agent): boolean =>
    agent.lapses === 0 && (job.drawnFor.get(agent.session)?.size ?? 0) < atOnce(agent)
  const weighty = weightyAgents(state, job).filter(hasRoom)
  const all = eligibleAgents(state, job).filter(hasRoom)
  if (all.length === 0) return
  for (const index of job.toCheck) {
    if (job.drawn.has(index)) continue
    const shard = shardOf(job, index)
    const admits = (agent: Agent): boolean => hasRoom(agent) && isDistinct(state, agent, shard)
    const drawn =
      oneOf(state, weighty, admits) ?? (takesFreshChecker(state, job, shard) ? oneOf(state, all, admits) : undefined)
    if (drawn === undefined) continue
    job.drawn.set(index, { session: drawn.session, sinceMs: state.nowMs })
    const own = job.drawnFor.get(drawn.session) ?? new Set()
    job.drawnFor.set(drawn.session, own.add(index))
  }
}

/** Any one of those admitted, each as likely as the distance to the admitted one before it. */
function oneOf(state: HubState, agents: readonly Agent[], admits: (agent: Agent) => boolean): Agent | undefined {
  const start = Math.floor(state.settings.random() * agents.length)
  for (let i = 0; i < agents.length; i++) {
    const agent = agents[(start + i) % agents.length]
    if (agent !== undefined && admits(agent)) return agent
  }
  return undefined
}

/** What an agent was drawn for; and what others were drawn for and have left lying. */
export function checksFor(state: HubState, job: Job, agent: Agent): Iterable<number> {
  const own = job.drawnFor.get(agent.session)
  if (own !== undefined && own.size > 0) return own
  return [...job.toCheck].filter((index) => {
    const drawn = job.drawn.get(index)
    const isFree = drawn === undefined || drawn.sinceMs + DRAWN_MS <= state.nowMs
    return isFree && mayCheck(state, job, agent, shardOf(job, index))
  })
}

export function undraw(job: Job, index: number): void {
  const drawn = job.drawn.get(index)
  if (drawn === undefined) return
  job.drawn.delete(index)
  const own = job.drawnFor.get(drawn.session)
  own?.delete(index)
  if (own?.size === 0) job.drawnFor.delete(drawn.session)
}

export function undrawAllOf(job: Job, session: SessionId): void {
  for (const index of job.drawnFor.get(session) ?? []) undraw(job, index)
}

/** Those who left, lost their engine, were exposed, or let a lease lapse. */
function forgetAbsent(state: HubState, job: Job): void {
  if (job.drawnFor.size === 0) return
  const here = new Set(eligibleAgents(state, job))
  for (const session of job.drawnFor.keys()) {
    const agent = state.agents.get(session)
    if (agent === undefined || agent.lapses > 0 || !here.has(agent)) undrawAllOf(job, session)
  }
}
