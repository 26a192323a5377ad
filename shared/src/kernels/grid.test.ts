// Laws of the grain: shards cover the units exactly, and only units and expected draws decide.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rational } from '../exact/rational.ts'
import { SHARDS_MAX, shardGrid } from './grid.ts'
import { shardRange } from './kernel.ts'

describe('the shard grid', () => {
  it('covers every unit exactly once, in aligned runs of a power of two', () => {
    const units = fc.bigInt({ min: 1n, max: 1_000_000_000_000n })
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 10_000 }), (n, draws) => {
        const grid = shardGrid(n, rational(BigInt(draws)), 2)
        expect(grid.shards).toBeLessThanOrEqual(SHARDS_MAX)
        expect(Math.log2(grid.unitsPerShard) % 1).toBe(0)
        let next = 0n
        for (let shard = 0; shard < grid.shards; shard++) {
          const range = shardRange(grid, shard)
          if (range.firstUnit !== next || range.units < 1) throw new Error(`shard ${shard} leaves a gap or overlaps`)
          next += BigInt(range.units)
        }
        expect(next).toBe(n)
        const again = shardRange(grid, grid.shards)
        expect(again).toEqual({ ...shardRange(grid, 0), shard: grid.shards })
      }),
      { numRuns: 60 },
    )
  })

  it('cuts the founding example into 77 shards of 131,072 years', () => {
    expect(shardGrid(10_000_000n, rational(302n, 100n), 1)).toEqual({
      units: 10_000_000n,
      unitsPerShard: 131_072,
      shards: 77,
      passes: 1,
    })
  })

  it('refuses a shard that does not exist', () => {
    expect(() => shardRange(shardGrid(10n, rational(1n), 2), 2)).toThrow('shard 2 is not one of 2')
  })
})
