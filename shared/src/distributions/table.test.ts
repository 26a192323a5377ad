// Tables by name and digest: equal specs, equal bytes, and the frozen digests of a few.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { TableSpec } from '../kernels/kernel.ts'
import { compileTable, tableDigest, tableKey } from './table.ts'

const severity: TableSpec = {
  kind: 'lognormal-quantile.v2',
  mu: 6,
  sigma: 1,
  fractionBits: 12,
  ceiling: '204800000',
  wide: false,
}
const empirical: TableSpec = {
  kind: 'empirical-quantile.v1',
  quantiles: [
    [0, 0],
    [0.3, 250],
    [0.6, 250],
    [0.995, 40_000.25],
    [1, 1e6],
  ],
  fractionBits: 11,
  ceiling: null,
  wide: false,
}
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
    [
      { ...severity, mu: 18, sigma: 2, ceiling: null, wide: true, fractionBits: 10 },
      16_384,
      'c309bc4f162c0199e8186b8cfaa2c97502d1ebb6d6790851cd3182bf0e8f8c5a',
    ],
    [
      { ...severity, mu: 18, sigma: 2, ceiling: '35184372088833', wide: true },
      16_384,
      '75613e00e7d236070a1d5935927d9d641a3c68f978eb21cf23bba8a14b7dbde2',
    ],
    [empirical, 16_384, 'f9283dd4cd150bb02b3687cd2e0f4af92e038f0116beb7c97e1ee471c3e5e559'],
    [
      { ...empirical, fractionBits: 16, ceiling: '5000000001', wide: true },
      16_384,
      'e15c981c42672b2f995aeb188e1c44be816a786f464606d9ebfb418a7931f232',
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
      ceiling: '204800000',
      sigma: 1,
      fractionBits: 12,
      mu: 6,
      wide: false,
      kind: 'lognormal-quantile.v2',
    }
    expect(tableKey(reordered)).toBe(tableKey(severity))
    expect(tableKey(severity)).toBe(
      '{"ceiling":"204800000","fractionBits":12,"kind":"lognormal-quantile.v2","mu":6,"sigma":1,"wide":false}',
    )
  })
})
