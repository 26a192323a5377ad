// The Merkle tree of RFC 9162, section 2.1: leaves and nodes are hashed under different prefixes, and a list of any
// length has one root. Leaves are the digests of a job's shards, in shard order.
import { sha256 } from '#sha256'
import { fromHex, toHex } from './bytes.ts'
import type { Digest } from './digest.ts'

const LEAF_PREFIX = 0
const NODE_PREFIX = 1
const DIGEST_BYTES = 32

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
    let root = sha256(prefixed(LEAF_PREFIX, fromHex(leaf)))
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

function nodeOf(left: Uint8Array | undefined, right: Uint8Array): Uint8Array {
  if (left === undefined) throw new Error('a subtree is missing')
  return sha256(prefixed(NODE_PREFIX, left, right))
}

function prefixed(prefix: number, ...hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(1 + DIGEST_BYTES * hashes.length)
  bytes[0] = prefix
  hashes.forEach((hash, i) => bytes.set(hash, 1 + DIGEST_BYTES * i))
  return bytes
}
