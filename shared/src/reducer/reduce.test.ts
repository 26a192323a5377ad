// Laws of the reduction: any order of shards ends in the same output, digest and root; a gap, a double and a partial
// that cannot be true are refused and leave no trace. A real job of eight shards, computed once by the WASM engine.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { digestOfJson } from '../exact/digest.ts'
import { merkleRoot } from '../exact/merkle.ts'
import { PartialError, type Kernel } from '../kernels/kernel.ts'
import { kernel as insurance } from '../kernels/mc.insurance.v1/kernel.ts'
import { simulate, type Simulated } from '../kernels/mc.insurance.v1/simulate.case.ts'
import { createReducer, partialDigest, type Reducer, type Reduction } from './reduce.ts'

const kernel = insurance as unknown as Kernel
const sent = { iterations: 1_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const SHARDS = 8

let job: Simulated
beforeAll(async () => {
  job = await simulate(sent, 'reducer')
}, 60_000)
const reducer = (): Reducer => createReducer(kernel, job.args, job.plan)
const partial = (shard: number): Uint8Array => {
  const found = job.partials[shard]
  if (found === undefined) throw new RangeError(`the job has no shard ${shard}`)
  return found
}
const all = Array.from({ length: SHARDS }, (_, shard) => shard)
function reduced(order: readonly number[], of = (shard: number): number => shard): Reduction {
  const adding = reducer()
  for (const shard of order) adding.add(shard, partial(of(shard)))
  return adding.finish()
}

describe('the reduction', () => {
  it('is the total of all shards, its digest, and the root over their digests in shard order', () => {
    const { output, outputDigest, merkleRoot: root } = reduced(all)
    expect(job.partials).toHaveLength(SHARDS)
    expect(output).toEqual({ loss: job.loss })
    expect(outputDigest).toBe(digestOfJson('output.v1', { loss: job.loss }))
    expect(root).toBe(merkleRoot(all.map((shard) => partialDigest(partial(shard)))))
  })

  it('is the same in every order', () => {
    const inOrder = reduced(all)
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: SHARDS }), (order) => {
        expect(reduced(order)).toEqual(inOrder)
      }),
      { numRuns: 20 },
    )
  })

  it('shows in its root, though not in its sums, that two shards changed places', () => {
    const inOrder = reduced(all)
    const swapped = reduced(all, (shard) => [3, 1, 2, 0][shard] ?? shard)
    expect(swapped.outputDigest).toBe(inOrder.outputDigest)
    expect(swapped.merkleRoot).not.toBe(inOrder.merkleRoot)
  })
})

describe('refused, without a trace', () => {
  it('is every partial that cannot be true, and the right one is taken after it', () => {
    const adding = reducer()
    for (const shard of all) {
      const right = partial(shard)
      // The last shard is shorter than the others, so neither can stand for the other.
      const otherLength = partial(shard === SHARDS - 1 ? 0 : SHARDS - 1)
      const wrong = [
        right.subarray(0, -1),
        Uint8Array.of(...right, 1),
        right.with(4, 99),
        otherLength,
        new Uint8Array(),
      ]
      for (const bytes of wrong) expect(() => adding.add(shard, bytes)).toThrow(PartialError)
      adding.add(shard, right)
    }
    expect(adding.finish()).toEqual(reduced(all))
  })

  it('is a shard that was added before, with the same bytes or others', () => {
    const adding = reducer()
    for (const shard of all) {
      adding.add(shard, partial(shard))
      for (const again of [shard, (shard + 1) % SHARDS]) {
        expect(() => adding.add(shard, partial(again))).toThrow(`shard ${shard} is added twice`)
      }
    }
    expect(adding.finish()).toEqual(reduced(all))
  })

  it('is a shard that the job does not have', () => {
    for (const shard of [-1, SHARDS, 0.5, NaN]) expect(() => reducer().add(shard, partial(0))).toThrow(RangeError)
  })

  it('is an end while any shard is missing', () => {
    expect(() => reducer().finish()).toThrow('8 of 8 shards are missing')
    for (const gap of all) {
      const adding = reducer()
      for (const shard of all) if (shard !== gap) adding.add(shard, partial(shard))
      expect(() => adding.finish()).toThrow('1 of 8 shards are missing')
      adding.add(gap, partial(gap))
      expect(adding.finish()).toEqual(reduced(all))
    }
  })
})
