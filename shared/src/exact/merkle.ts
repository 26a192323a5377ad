// The Merkle tree of RFC 9162, section 2.1: leaves and nodes are hashed under different prefixes, and a list of any
// length has one root. Leaves are the digests of a job's shards, in shard order. A path of a logarithmic number of hashes
// proves that a digest is the n-th leaf under a root (section 2.1.3).
import { sha256 } from '#sha256'
import { concat, fromHex, toHex } from './bytes.ts'
import type { Digest } from './digest.ts'

const LEAF_PREFIX = Uint8Array.of(0)
const NODE_PREFIX = Uint8Array.of(1)

/** The root over shard digests; the empty list has the hash of nothing, as in the RFC. */
export function merkleRoot(leaves: Iterable<Digest>): Digest {
  const tree = new MerkleTree()
  for (const leaf of leaves) tree.push(leaf)
  return tree.root()
}

/**
 * The same root from leaves that come one after another: of those so far it keeps the roots of whole subtrees alone, one for
 * each bit of their number, so that a server which takes in thousands never stands still to hash them all.
 */
export class MerkleTree {
  /** Of 2^k leaves each, the largest and leftmost first. */
  readonly #subtrees: Uint8Array[] = []
  #leaves = 0

  push(leaf: Digest): void {
    let root = leafOf(leaf)
    // As adding one in binary carries: two subtrees of a size are one of twice the size.
    for (let carry = this.#leaves++; carry % 2 === 1; carry = Math.floor(carry / 2)) {
      root = nodeOf(this.#subtrees.pop(), root)
    }
    this.#subtrees.push(root)
  }

  root(): Digest {
    const root = this.#subtrees.reduceRight<Uint8Array | undefined>(
      (right, left) => (right === undefined ? left : nodeOf(left, right)),
      undefined,
    )
    return toHex(root ?? sha256(new Uint8Array())) as Digest
  }
}

/** The siblings from the leaf up. Throws a `RangeError` when there is no such leaf. */
export function inclusionPath(leaves: readonly Digest[], index: number): Digest[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`leaf ${index} is not one of ${leaves.length}`)
  }
  if (leaves.length === 1) return []
  // The left half is the greatest power of two smaller than the length.
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...inclusionPath(left, index), merkleRoot(right)]
    : [...inclusionPath(right, index - split), merkleRoot(left)]
}

/** The root that a path leads to, by section 2.1.3.2; null when no tree of `size` leaves has such a path. */
export function rootOfPath(leaf: Digest, index: number, size: number, path: readonly Digest[]): Digest | null {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null
  // BigInt, because shifts of a number know 32 bits.
  let [place, last] = [BigInt(index), BigInt(size) - 1n]
  let hash = leafOf(leaf)
  for (const sibling of path) {
    if (last === 0n) return null
    if (place % 2n === 1n || place === last) {
      hash = nodeOf(fromHex(sibling), hash)
      while (place % 2n === 0n && place !== 0n) [place, last] = [place >> 1n, last >> 1n]
    } else {
      hash = nodeOf(hash, fromHex(sibling))
    }
    ;[place, last] = [place >> 1n, last >> 1n]
  }
  return last === 0n ? (toHex(hash) as Digest) : null
}

const leafOf = (leaf: Digest): Uint8Array => sha256(concat(LEAF_PREFIX, fromHex(leaf)))

function nodeOf(left: Uint8Array | undefined, right: Uint8Array): Uint8Array {
  if (left === undefined) throw new Error('a subtree is missing')
  return sha256(concat(NODE_PREFIX, left, right))
}
