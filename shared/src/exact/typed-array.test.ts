// Arrays as bytes: exact both ways, little-endian, and an address that type, shape and bytes make together.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat, toHex } from './bytes.ts'
import {
  arrayBytes,
  arrayDigest,
  arrayDigestPrefix,
  arrayToBytes,
  bytesToArray,
  DTYPES,
  elementFault,
  elementsOf,
} from './typed-array.ts'

test.each([
  ['u8', [0, 255], '00ff'],
  ['u16', [1, 65_535], '0100ffff'],
  ['u32', [4_294_967_295], 'ffffffff'],
  ['u64', [2n ** 64n - 1n, 1], 'ffffffffffffffff0100000000000000'],
  ['i32', [-1, -(2 ** 31)], 'ffffffff00000080'],
  ['i64', [-(2n ** 63n)], '0000000000000080'],
  ['f32', [1, -0], '0000803f00000080'],
  ['f64', [1, 5e-324], '000000000000f03f0100000000000000'],
] as const)('%s is little-endian', (dtype, values, hex) => {
  const bytes = arrayToBytes(dtype, values)
  expect(toHex(bytes)).toBe(hex)
  expect(bytesToArray(dtype, bytes).map(Number)).toEqual(values.map(Number))
})

test.each([
  ['u8', 256],
  ['u8', -1],
  ['u8', 0.5],
  ['u64', 2n ** 64n],
  ['u64', 2 ** 53],
  ['i32', 2 ** 31],
  ['i64', 2n ** 63n],
  ['f32', 1e39],
  ['f64', Infinity],
  ['f64', NaN],
] as const)('%s does not have %s', (dtype, value) => {
  expect(elementFault(dtype, value)).toMatch(/^is not/)
  expect(() => arrayToBytes(dtype, [value])).toThrow(RangeError)
})

test('bytes of every type come back as they were', () => {
  const bytes = fc.uint8Array({ maxLength: 64 }).map((some) => some.slice(0, some.length - (some.length % 8)))
  fc.assert(
    fc.property(fc.constantFrom('u8', 'u16', 'u32', 'u64', 'i32', 'i64'), bytes, (dtype, some) => {
      expect(arrayToBytes(dtype, bytesToArray(dtype, some))).toEqual(new Uint8Array(some))
    }),
  )
  expect(() => bytesToArray('u16', new Uint8Array(3))).toThrow(RangeError)
})

test('the digest is SHA-256 of tag, type, shape and bytes, and tells all of them apart', () => {
  const bytes = new Uint8Array(16)
  const sha = createHash('sha256').update('forge-pool/vmem.v1\0f64\x002,1\0').update(bytes).digest('hex')
  expect(arrayDigest('f64', [2, 1], bytes)).toBe(sha)
  const streamed = createHash('sha256')
    .update(concat(arrayDigestPrefix('f64', [2, 1]), bytes))
    .digest('hex')
  expect(streamed).toBe(sha)
  const all = DTYPES.flatMap((dtype) => [[2], [2, 1], [1, 2], []].map((shape) => arrayDigest(dtype, shape, bytes)))
  expect(new Set(all).size).toBe(all.length)
})

test('sizes follow from type and shape', () => {
  expect([elementsOf([]), elementsOf([3, 2]), elementsOf([5, 0])]).toEqual([1, 6, 0])
  expect(arrayBytes('u16', [3, 2])).toBe(12)
})
