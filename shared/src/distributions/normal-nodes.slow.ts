// All committed quantiles against Newton's method, which knows nothing of the walk that made them: some seconds.
import { expect, it } from 'vitest'
import { fromBase64 } from '../exact/bytes.ts'
import { FRACTION_BITS, upperTailQuantile } from '../exact/fixed-point.ts'
import { OCTAVES, SEGMENTS } from './lognormal-quantile.ts'
import { normalNodesBase64 } from './normal-nodes.gen.ts'
import { nodesFromBytes, nodesOf } from './normal-nodes.ts'

it('every committed quantile is that of its tail probability, within its bound', { timeout: 240_000 }, () => {
  const nodes = nodesFromBytes(fromBase64(normalNodesBase64))
  for (let octave = 0; octave < OCTAVES; octave++) {
    // 2^-149 in the first octave and 2^-107 in the last; a bit for Newton's own error.
    const bits = Math.min(148, 170 - octave)
    for (let segment = 0; segment < SEGMENTS; segment++) {
      for (const [which, p] of nodesOf(octave, segment).entries()) {
        const difference = (nodes[(octave * SEGMENTS + segment) * 3 + which] ?? 0n) - upperTailQuantile(p)
        expect((difference < 0n ? -difference : difference) < 1n << (FRACTION_BITS - BigInt(bits))).toBe(true)
      }
    }
  }
})
