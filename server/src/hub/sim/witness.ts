// What the edge sees of an answer of the last pass in the simulated world: whether it contradicts what the first pass's
// shards of the same units said when the last pass was planned from them.
import type { HubEvent } from '../core/events.ts'
import type { Happening } from './agent.ts'
import type { World } from './world.ts'

/** What the edge raises for an answer that contradicts the first pass; null where the answer itself is raised. */
export function insteadOfAnswer(world: World, event: HubEvent): Happening[] | null {
  if (event.type !== 'answer') return null
  const found = firstContradiction(world, event)
  if (found === null) return null
  const { session, assignmentId, epoch } = event
  return [
    { type: 'shard-contradicted', session, assignmentId, epoch, ...found },
    { type: 'handback', session, assignmentId, epoch },
  ]
}

/** Null for what belongs to no lease, as at the edge. */
function firstContradiction(
  { hub, refined, partials }: World,
  { session, assignmentId, epoch, shards }: Extract<HubEvent, { type: 'answer' }>,
): { readonly shard: number; readonly reason: string } | null {
  const lease = hub.agents.get(session)?.leases.get(assignmentId)
  if (lease?.epoch !== epoch || shards.some(({ shard }) => !lease.shards.has(shard))) return null
  const { jobId } = lease
  const basis = refined.get(jobId) ?? null
  for (const { shard, digest } of shards) {
    const reason = partials.contradiction({ jobId, shard, basis }, digest)
    if (reason !== null) return { shard, reason }
  }
  return null
}
