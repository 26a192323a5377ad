// The proof as a document: it holds for every shard, as it is read back from JSON, and for no other shard, count or digest.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../exact/bytes.ts'
import { digest } from '../exact/digest.ts'
import { inclusionProof, inclusionProofSchema, isIncluded } from './proof.ts'

const leaf = (n: number) => digest('partial.v1', utf8(String(n)))

test('a proof holds, and does not when any of its fields is another', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1))),
      ([shards, shard]) => {
        const digests = Array.from({ length: shards }, (_, n) => leaf(n))
        const proof = inclusionProofSchema.parse(JSON.parse(JSON.stringify(inclusionProof(digests, shard))))
        expect(isIncluded(proof)).toBe(true)
        expect(isIncluded({ ...proof, digest: leaf(99) })).toBe(false)
        expect(isIncluded({ ...proof, merkle_root: leaf(99) })).toBe(false)
        expect(isIncluded({ ...proof, shard: (shard + 1) % shards })).toBe(shards === 1)
        expect(isIncluded({ ...proof, path: [...proof.path, leaf(1)] })).toBe(false)
      },
    ),
  )
})

test('there is none of a shard that is not', () => {
  for (const shard of [-1, 2, 0.5]) expect(() => inclusionProof([leaf(0), leaf(1)], shard)).toThrow(RangeError)
})
