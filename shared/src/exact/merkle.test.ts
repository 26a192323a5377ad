// The tree against RFC 9162's own shape, hashed here by Node's crypto.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Digest } from './digest.ts'
import { inclusionPath, merkleRoot, rootOfPath } from './merkle.ts'

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

describe('an inclusion path', () => {
  const tree = fc.integer({ min: 1, max: 70 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
  const leavesOf = (size: number) => Array.from({ length: size }, (_, n) => leaf(n))

  it('of every leaf leads to the root, in as many steps as the tree is high', () => {
    fc.assert(
      fc.property(tree, ([size, index]) => {
        const leaves = leavesOf(size)
        const path = inclusionPath(leaves, index)
        expect(rootOfPath(leaf(index), index, size, path)).toBe(merkleRoot(leaves))
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)))
      }),
    )
  })

  it('of seven leaves has the hashes that RFC 9162 names for its leaf d5', () => {
    const [a, b, c, d, e, g] = [0, 1, 2, 3, 4, 6].map(hashed) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]
    const left = node(node(a, b), node(c, d))
    expect(inclusionPath(leavesOf(7), 5)).toEqual([e, g, left].map((hash) => hash.toString('hex')))
  })

  it('leads nowhere else: not from another leaf, place or size, nor with a step changed, more or less', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.integer({ min: 0, max: 80 }), ([size, index], at, other) => {
        const leaves = leavesOf(size)
        const root = merkleRoot(leaves)
        const path = inclusionPath(leaves, index)
        const leads = (...args: Parameters<typeof rootOfPath>) => rootOfPath(...args) === root
        expect(leads(leaf(1000), index, size, path)).toBe(false)
        if (other !== index) expect(leads(leaf(index), other, size, path)).toBe(false)
        expect(leads(leaf(index), index, size, [...path, leaf(1)])).toBe(false)
        if (path.length === 0) return
        expect(leads(leaf(index), index, size, path.slice(1))).toBe(false)
        expect(leads(leaf(index), index, size, path.with(at % path.length, leaf(1000)))).toBe(false)
      }),
    )
  })

  it('is asked for of a leaf that is there', () => {
    for (const index of [-1, 3, 0.5, NaN]) {
      expect(() => inclusionPath(leavesOf(3), index)).toThrow(RangeError)
      expect(rootOfPath(leaf(0), index, 3, [])).toBeNull()
    }
  })
})
