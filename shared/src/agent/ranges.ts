// Where an assignment's shards lie among the units of its job, from what the assignment says of it.
import type { Assignment } from '../contract/agent-events.ts'
import { shardRange, type ShardRange } from '../kernels/kernel.ts'
import { sentenceOf } from './engine-host.ts'

/** By shard; one that the job does not have is refused on its own. */
export function rangesOf(
  { units, unitsPerShard, passes }: Pick<Assignment, 'units' | 'unitsPerShard' | 'passes'>,
  shards: readonly number[],
  refuse: (shard: number, reason: string) => void,
): ReadonlyMap<number, ShardRange> {
  const all = BigInt(units)
  const grid = {
    units: all,
    unitsPerShard,
    shards: Number((all + BigInt(unitsPerShard) - 1n) / BigInt(unitsPerShard)),
    passes,
  }
  const ranges = new Map<number, ShardRange>()
  for (const shard of shards) {
    try {
      ranges.set(shard, shardRange(grid, shard))
    } catch (error) {
      refuse(shard, sentenceOf(error))
    }
  }
  return ranges
}

export const unitsOf = (ranges: Iterable<ShardRange>): number => [...ranges].reduce((sum, { units }) => sum + units, 0)
