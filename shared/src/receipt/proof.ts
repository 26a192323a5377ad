// The proof that one shard's digest is in a job's Merkle root (RFC 9162, section 2.1.3): whoever has the receipt, and re-ran
// that one shard, needs nothing else of the job.
import { z } from 'zod'
import { digestSchema } from '../contract/ids.ts'
import type { Digest } from '../exact/digest.ts'
import { inclusionPath, merkleRoot, rootOfPath } from '../exact/merkle.ts'

export const inclusionProofSchema = z.strictObject({
  shard: z.int().nonnegative(),
  /** Of the job, all passes. */
  shards: z.int().positive(),
  /** Of the shard's partial. */
  digest: digestSchema,
  /** The siblings, from the leaf up. */
  path: z.array(digestSchema),
  merkle_root: digestSchema,
})
export type InclusionProof = z.infer<typeof inclusionProofSchema>

/** Throws a `RangeError` when there is no such shard. */
export function inclusionProof(digests: readonly Digest[], shard: number): InclusionProof {
  const path = inclusionPath(digests, shard)
  const [digest] = digests.slice(shard)
  if (digest === undefined) throw new RangeError(`there is no shard ${shard}`)
  return { shard, shards: digests.length, digest, path, merkle_root: merkleRoot(digests) }
}

export const isIncluded = ({ shard, shards, digest, path, merkle_root }: InclusionProof): boolean =>
  rootOfPath(digest, shard, shards, path) === merkle_root
