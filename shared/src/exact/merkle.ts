// The Merkle tree of RFC 9162, section 2.1: leaves and nodes are hashed under different prefixes, and a list of any
// length has one root. Leaves are the digests of a job's shards, in shard order. A path of a logarithmic number of hashes
// proves that a digest is the n-th leaf under a root (section 2.1.3).
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, fromHex, toHex } from './bytes.ts'
import type { Digest } from './digest.ts'

const LEAF_PREFIX = Uint8Array.of(0)
const NODE_PREFIX = Uint8Array.of(1)

/** The root over shard digests; the empty list has the hash of nothing, as in the RFC. */
export function merkleRoot(leaves: readonly Digest[]): Digest {
  return toHex(rootOf(leaves.map(leafHash))) as Digest
}

/** The siblings from the leaf up. Throws a `RangeError` when there is no such leaf. */
export function inclusionPath(leaves: readonly Digest[], index: number): Digest[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`leaf ${index} is not one of ${leaves.length}`)
  }
  return pathOf(leaves.map(leafHash), index).map((hash) => toHex(hash) as Digest)
}

/** The root that a path leads to, by section 2.1.3.2; null when no tree of `size` leaves has such a path. */
export function rootOfPath(leaf: Digest, index: number, size: number, path: readonly Digest[]): Digest | null {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null
  // BigInt, because shifts of a number know 32 bits.
  let [place, last] = [BigInt(index), BigInt(size) - 1n]
  let hash = leafHash(leaf)
  for (const sibling of path) {
    if (last === 0n) return null
    if (place % 2n === 1n || place === last) {
      hash = nodeHash(fromHex(sibling), hash)
      while (place % 2n === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n]
    } else {
      hash = nodeHash(hash, fromHex(sibling))
    }
    ;[place, last] = [place >> 1n, last >> 1n]
  }
  return last === 0n ? (toHex(hash) as Digest) : null
}

const leafHash = (leaf: Digest): Uint8Array => sha256(concat(LEAF_PREFIX, fromHex(leaf)))
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concat(NODE_PREFIX, left, right))

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes
  if (only === undefined) return sha256(new Uint8Array())
  if (hashes.length === 1) return only
  const split = splitOf(hashes.length)
  return nodeHash(rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)))
}

function pathOf(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (hashes.length === 1) return []
  const split = splitOf(hashes.length)
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)]
  return index < split ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - split), rootOf(left)]
}

/** The left half is the greatest power of two smaller than the length. */
function splitOf(length: number): number {
  let split = 1
  while (split * 2 < length) split *= 2
  return split
}
