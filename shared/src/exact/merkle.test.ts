// The tree against RFC 9162's own shape, hashed here by Node's crypto.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Digest } from './digest.ts'
import { merkleRoot } from './merkle.ts'

const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
const leaf = (n: number): Digest => createHash('sha256').update(`leaf ${n}`).digest('hex') as Digest
const hashed = (n: number): Buffer => sha(Buffer.of(0), Buffer.from(leaf(n), 'hex'))
const node = (left: Buffer, right: Buffer): Buffer => sha(Buffer.of(1), left, right)

describe('the Merkle root', () => {
  it('of nothing is the hash of nothing', () => {
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  it('of seven leaves has the shape that RFC 9162 draws', () => {
    const [a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6].map(hashed) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ]
    const expected = node(node(node(a, b), node(c, d)), node(node(e, f), g))
    expect(merkleRoot([0, 1, 2, 3, 4, 5, 6].map(leaf))).toBe(expected.toString('hex'))
  })

  it('of any number of leaves is the one of the RFC’s definition', () => {
    const defined = (hashes: readonly Buffer[]): Buffer => {
      const [only] = hashes
      if (only !== undefined && hashes.length === 1) return only
      let split = 1
      while (split * 2 < hashes.length) split *= 2
      return node(defined(hashes.slice(0, split)), defined(hashes.slice(split)))
    }
    for (let length = 1; length <= 130; length++) {
      const numbers = Array.from({ length }, (_, n) => n)
      expect(merkleRoot(numbers.map(leaf)), `${length} leaves`).toBe(defined(numbers.map(hashed)).toString('hex'))
    }
  })

  it('changes when any leaf changes or two change places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (length, at) => {
        const leaves = Array.from({ length }, (_, i) => leaf(i))
        const changed = leaves.with(at % length, leaf(1000))
        const swapped = leaves.with(0, leaves[1] as Digest).with(1, leaves[0] as Digest)
        expect(new Set([leaves, changed, swapped].map(merkleRoot)).size).toBe(3)
      }),
    )
  })
})
