// The committed quantiles against their digest, the walk that made them and Newton's method; normal-nodes.slow.ts holds
// Newton's method against all of them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64 } from '../exact/bytes.ts'
import { FRACTION_BITS, upperTailQuantile } from '../exact/fixed-point.ts'
import { OCTAVES, SEGMENTS } from './lognormal-quantile.ts'
import { normalNodesBase64, normalNodesDigest } from './normal-nodes.gen.ts'
import { nodesDigest, nodesFromBytes, nodesOf, nodesToBytes, normalNodes } from './normal-nodes.ts'

const bytes = fromBase64(normalNodesBase64)

describe('the committed quantiles', () => {
  it('are the bytes of their digest', () => {
    expect(nodesDigest(bytes)).toBe(normalNodesDigest)
    // Frozen: other nodes could make other tables.
    expect(normalNodesDigest).toBe('3800a76b7131f638055bc841da89c69216e65e0aa4cc2dad03095336b188113a')
  })

  it('are what the walk gives', () => {
    expect(nodesDigest(nodesToBytes(normalNodes()))).toBe(normalNodesDigest)
  })

  it('are there and back the same', () => {
    expect(nodesDigest(nodesToBytes(nodesFromBytes(bytes)))).toBe(normalNodesDigest)
  })

  it('are the quantiles of their tail probabilities', () => {
    const nodes = nodesFromBytes(bytes)
    expect(nodes).toHaveLength(3 * OCTAVES * SEGMENTS)
    const place = fc.tuple(fc.nat(OCTAVES - 1), fc.nat(SEGMENTS - 1), fc.nat(2))
    fc.assert(
      fc.property(place, ([octave, segment, which]) => {
        const difference =
          (nodes[(octave * SEGMENTS + segment) * 3 + which] ?? 0n) -
          upperTailQuantile(nodesOf(octave, segment)[which] ?? 0n)
        const bits = octave < 20 ? 148n : 106n
        expect((difference < 0n ? -difference : difference) < 1n << (FRACTION_BITS - bits)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })
})
