// Why a frame about an assignment cannot count, by what its session holds: asked before anything of it is computed.
import type { Refusal } from '@forge/shared/contract/agent-events.ts'
import type { AssignmentId, SessionId } from '@forge/shared/contract/ids.ts'
import type { HubState } from '../core/state.ts'
import { refusal } from './frames.ts'

/** Null when the assignment is held and its lease has all the shards that the frame names. */
export function notHeld(
  state: HubState,
  session: SessionId,
  fence: { readonly assignmentId: AssignmentId; readonly epoch: number },
  shards: readonly { readonly shard: number }[] = [],
): Refusal | null {
  const lease = state.agents.get(session)?.leases.get(fence.assignmentId)
  // After a sleep, or late: whoever works on for nothing should hear of it.
  if (lease?.epoch !== fence.epoch) return refusal('STALE_EPOCH', 'This assignment is no longer held.')
  if (shards.every(({ shard }) => lease.shards.has(shard))) return null
  return refusal('NOT_YOURS', 'The frame names a shard that the assignment does not hold, or has answered before.')
}
