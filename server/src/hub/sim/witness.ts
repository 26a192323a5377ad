// What the edge sees of an answer of the last pass in the simulated world: whether it contradicts what the first pass's
// shards of the same units said when the last pass was planned from them.
import { passOf } from '@forge/shared/kernels/kernel.ts'
import type { HubEvent } from '../core/events.ts'
import type { Happening } from './agent.ts'
import { trueDigest } from './reference.ts'
import { specOf } from './scenario.ts'
import type { World } from './world.ts'

/** What the edge raises for an answer that contradicts the first pass; null where the answer itself is raised. */
export function insteadOfAnswer(world: World, event: HubEvent): Happening[] | null {
  const shard = event.type === 'answer' ? contradictingShard(world, event) : null
  if (event.type !== 'answer' || shard === null) return null
  const { session, assignmentId, epoch } = event
  return [
    { type: 'shard-contradicted', session, assignmentId, epoch, shard, reason: 'a sum differs' },
    { type: 'handback', session, assignmentId, epoch },
  ]
}

/** The first one of the answer; null for what belongs to no lease, as at the edge. */
function contradictingShard(
  { hub, scenario, refined, bases }: World,
  { session, assignmentId, epoch, shards }: Extract<HubEvent, { type: 'answer' }>,
): number | null {
  const lease = hub.agents.get(session)?.leases.get(assignmentId)
  if (lease?.epoch !== epoch || shards.some(({ shard }) => !lease.shards.has(shard))) return null
  const { jobId } = lease
  const { grid, refines } = specOf(scenario, jobId)
  const basis = refined.get(jobId)
  const planned = basis === undefined ? undefined : bases.get(basis)
  if (!refines || basis === undefined || planned === undefined) return null
  const found = shards.find(({ shard, digest }) => {
    if (passOf(grid, shard) !== grid.passes - 1) return false
    const witness = shard % grid.shards
    const isTrue = digest === trueDigest(jobId, shard, basis)
    const isWitnessTrue = planned[witness] === trueDigest(jobId, witness)
    // A lie fits a lie; it fits the truth where it keeps to what the witness says, as every other shard's does here.
    return isTrue ? !isWitnessTrue : isWitnessTrue && shard % 2 === 0
  })
  return found?.shard ?? null
}
