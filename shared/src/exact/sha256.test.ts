// Two libraries, one function: what a browser digests and what a server does are the same bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from './bytes.ts'
import * as ofBrowsers from './sha256.ts'
import * as ofNode from './sha256.node.ts'

const both = { 'of browsers': ofBrowsers, 'of Node': ofNode }

describe.each(Object.entries(both))('SHA-256 %s', (_, { sha256, sha256Hex, hmacSha256 }) => {
  it('gives the standard’s own example (FIPS 180-4)', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(sha256Hex(utf8('abc'))).toBe(digest)
    expect(sha256(utf8('abc'))).toEqual(Uint8Array.from(digest.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))
  })

  it('gives RFC 4231’s second HMAC', () => {
    const mac = hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'))
    expect([...mac.subarray(0, 4)]).toEqual([0x5b, 0xdc, 0xc1, 0x46])
  })
})

describe('the two', () => {
  it('agree on any bytes, also on a part of a larger buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 100 }), fc.nat(9), (all, key, from) => {
        const bytes = all.subarray(Math.min(from, all.length))
        expect(ofNode.sha256(bytes)).toEqual(ofBrowsers.sha256(bytes))
        expect(ofNode.sha256Hex(bytes)).toBe(ofBrowsers.sha256Hex(bytes))
        expect(ofNode.hmacSha256(key, bytes)).toEqual(ofBrowsers.hmacSha256(key, bytes))
      }),
    )
  })
})
