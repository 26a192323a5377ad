// Tables by name and digest: equal specs, equal bytes, and the frozen digests of a few.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { TableSpec } from '../kernels/kernel.ts'
import { compileTable, tableDigest, tableKey } from './table.ts'

const severity: TableSpec = { kind: 'lognormal-quantile.v1', mu: 6, sigma: 1, fractionBits: 12, ceiling: 204_800_000 }
const count: TableSpec = { kind: 'poisson-threshold.v1', rate: 2 }

describe('a table', () => {
  // Frozen: another digest is another table, and needs another kind.
  it.each([
    [severity, 16_384, '8dc28fab9422b598df9a576dfdccce6cdf6324c060dd3d21f3a61433343d53c2'],
    [
      { ...severity, mu: -3.25, sigma: 1.25, fractionBits: 16, ceiling: null },
      16_384,
      '536da3bb9b0ef79c42b45e70a74cbf160aa7b1db85cce0b17b3e36dea336e455',
    ],
    [count, 276, 'f134acd2a91ed956160e84472a698ab596c636c8308226e6ea11b72fa9f68a41'],
    [{ ...count, rate: 10_000 }, 1524, '45850380da688f152b755243d41f9b10ef156fcee495d25fa62d0c8058238646'],
  ])('of %o has its published digest', (spec, length, digest) => {
    const { words } = compileTable(spec)
    expect(words).toHaveLength(length)
    expect(tableDigest(words)).toBe(digest)
  })

  it('is digested over its little-endian bytes', () => {
    const bytes = [1, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde]
    const expected = createHash('sha256').update('forge-pool/table.v1\0').update(Uint8Array.from(bytes)).digest('hex')
    expect(tableDigest(Uint32Array.of(1, 0xdeadbeef))).toBe(expected)
  })

  it('has one key whatever the order of its spec’s members', () => {
    const reordered: TableSpec = {
      ceiling: 204_800_000,
      sigma: 1,
      fractionBits: 12,
      mu: 6,
      kind: 'lognormal-quantile.v1',
    }
    expect(tableKey(reordered)).toBe(tableKey(severity))
    expect(tableKey(severity)).toBe(
      '{"ceiling":204800000,"fractionBits":12,"kind":"lognormal-quantile.v1","mu":6,"sigma":1}',
    )
  })
})
