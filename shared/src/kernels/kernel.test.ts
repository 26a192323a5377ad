// Laws of a job's shards: every pass runs over the same units in the same cuts, and a shard's number says which pass it
// belongs to.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AGENT_LIMITS } from '../contract/agent-events.ts'
import { rational } from '../exact/rational.ts'
import { shardGrid } from './grid.ts'
import { passOf, shardRange, shardsOf } from './kernel.ts'
import { kernels } from './registry.gen.ts'

const grids = fc
  .tuple(
    fc.bigInt({ min: 1n, max: 10_000_000_000n }),
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([units, draws, passes]) => shardGrid(units, rational(BigInt(draws)), passes))

describe('the shards of a job', () => {
  it('are those of one pass as many times as there are passes, over the same units', () => {
    fc.assert(
      fc.property(grids, fc.nat(), (grid, index) => {
        expect(shardsOf(grid)).toBe(grid.shards * grid.passes)
        const first = index % grid.shards
        for (let pass = 0; pass < grid.passes; pass++) {
          const shard = pass * grid.shards + first
          expect(passOf(grid, shard)).toBe(pass)
          expect(shardRange(grid, shard)).toEqual({ ...shardRange(grid, first), shard })
        }
      }),
    )
  })

  it('end with the last pass', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const all = shardsOf(grid)
        expect(passOf(grid, all - 1)).toBe(grid.passes - 1)
        const { firstUnit, units } = shardRange(grid, all - 1)
        expect(firstUnit + BigInt(units)).toBe(grid.units)
        for (const none of [all, -1, 0.5, NaN]) {
          expect(() => shardRange(grid, none)).toThrow(`shard ${none} is not one of ${all}`)
        }
      }),
    )
  })
})

describe('every kernel', () => {
  it.each([...kernels])('%s returns no partial that the wire refuses', (_, { partialBytesMax }) => {
    expect(partialBytesMax).toBeLessThanOrEqual(AGENT_LIMITS.partialBytesMax)
    expect(AGENT_LIMITS.partialBytesMax).toBeLessThan(AGENT_LIMITS.answerBytesMax)
  })
})
