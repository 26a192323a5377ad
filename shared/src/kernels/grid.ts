// The grain of a job: which units a shard holds. A function of op and args alone, so that neither agents nor policy can
// show in the root or the result.
import { ceil, compare, multiply, rational, type Rational } from '../exact/rational.ts'
import type { ShardGrid } from './kernel.ts'

/** Some 5 to 10 ms on one WASM core: small enough to check and to lose, large enough to be worth a digest. */
const DRAWS_PER_SHARD = rational(1n << 18n)
export const SHARDS_MAX = 16_384
/** A shard's counts are u32 in the partial. */
const UNITS_PER_SHARD_MAX = 2 ** 30

/** The smallest power of two of units with 2^18 expected draws, doubled until a pass has at most 16,384 shards. */
export function shardGrid(units: bigint, drawsPerUnit: Rational, passes: number): ShardGrid {
  let unitsPerShard = 1n
  while (compare(multiply(drawsPerUnit, rational(unitsPerShard)), DRAWS_PER_SHARD) < 0) unitsPerShard *= 2n
  const shardsOf = (size: bigint): number => Number(ceil(rational(units, size)))
  while (shardsOf(unitsPerShard) > SHARDS_MAX) unitsPerShard *= 2n
  if (unitsPerShard > BigInt(UNITS_PER_SHARD_MAX))
    throw new RangeError(`a shard of ${unitsPerShard} units is too large`)
  return { units, unitsPerShard: Number(unitsPerShard), shards: shardsOf(unitsPerShard), passes }
}
