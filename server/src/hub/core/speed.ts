// How fast an agent is: as it claimed first, and as its answers show since. A guess that sizes work and leases; nothing is
// decided by it that counts.
import { shardRange } from '@forge/shared/kernels/kernel.ts'
import type { HubEvent } from './events.ts'
import { SPEED_MAX, SPEED_MIN, SPEED_WEIGHT } from './limits.ts'
import type { Agent, Job } from './state.ts'

/** Units a second that one can be believed to compute. */
export const within = (unitsPerSecond: number): number => Math.min(SPEED_MAX, Math.max(SPEED_MIN, unitsPerSecond))

export function learnSpeed(job: Job, agent: Agent, { shards, kernelMs }: Extract<HubEvent, { type: 'answer' }>): void {
  const ability = agent.abilities.get(job.kernel)
  if (ability === undefined || kernelMs <= 0) return
  // Not as if all were whole: a small job is less than one shard.
  const units = shards.reduce((sum, { shard }) => sum + shardRange(job.grid, shard).units, 0)
  // The time is the agent's own claim: an infinite speed would make every later size and lease NaN.
  const measured = within((units * 1_000) / kernelMs)
  ability.unitsPerSecond += SPEED_WEIGHT * (measured - ability.unitsPerSecond)
}
