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

/** The inputs by which implementations of Certificate Transparency (RFC 6962, whose tree this is) test themselves, and what they give. */
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
] as readonly string[] as readonly Digest[]
/** Of the first, the first two, and so on. */
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
/** Place, size and path. */
const PATHS: readonly (readonly [index: number, size: number, path: readonly string[]])[] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]

describe('the published answers of RFC 6962’s tree', () => {
  it('are ours: the roots of one to eight leaves, each of its own length', () => {
    expect(INPUTS.map((_, last) => merkleRoot(INPUTS.slice(0, last + 1)))).toEqual(ROOTS)
  })

  it.each(PATHS)('are ours: leaf %i of %i', (index, size, path) => {
    expect(inclusionPath(INPUTS.slice(0, size), index)).toEqual(path)
    const [input] = INPUTS.slice(index)
    expect(input === undefined ? null : rootOfPath(input, index, size, path as Digest[])).toBe(ROOTS[size - 1])
  })
})
