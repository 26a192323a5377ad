// The Merkle tree of RFC 9162, section 2.1: leaves and nodes are hashed under different prefixes, and a list of any
// length has one root. Leaves are the digests of a job's shards, in shard order.
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, fromHex, toHex } from './bytes.ts'
import type { Digest } from './digest.ts'

const LEAF_PREFIX = Uint8Array.of(0)
const NODE_PREFIX = Uint8Array.of(1)

/** The root over shard digests; the empty list has the hash of nothing, as in the RFC. */
export function merkleRoot(leaves: readonly Digest[]): Digest {
  return toHex(rootOf(leaves.map((leaf) => sha256(concat(LEAF_PREFIX, fromHex(leaf)))))) as Digest
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes
  if (only === undefined) return sha256(new Uint8Array())
  if (hashes.length === 1) return only
  // The left half is the greatest power of two smaller than the length.
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  return sha256(concat(NODE_PREFIX, rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split))))
}
