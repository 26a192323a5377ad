// Which addresses count as public: one of each range that must not, by name, and laws over whole ranges and over every way
// to write an IPv4 address as an IPv6 one.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPublicAddress } from './addresses.ts'

test.each([
  '1.1.1.1',
  '93.184.216.34',
  '223.255.255.254',
  '2606:2800:220:1:248:1893:25c8:1946',
  '2a00:1450:4001:81b::200e',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

test.each([
  ['this network', '0.0.0.0'],
  ['private', '10.0.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['metadata of a cloud behind it', '100.100.100.200'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['link-local: metadata of most clouds', '169.254.169.254'],
  ['the host of Azure', '168.63.129.16'],
  ['protocol assignments', '192.0.0.192'],
  ['documentation', '192.0.2.1'],
  ['6to4 relays', '192.88.99.1'],
  ['benchmarks', '198.18.0.1'],
  ['documentation', '203.0.113.9'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['mapped', '::ffff:1.1.1.1'],
  ['compatible', '::1.1.1.1'],
  ['translated', '::ffff:0:1.1.1.1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['NAT64 of one’s own', '64:ff9b:1::7f00:1'],
  ['Teredo', '2001:0:1:2::3'],
  ['6to4', '2002:7f00:1::'],
  ['documentation', '2001:db8::1'],
  ['documentation', '3fff::1'],
  ['unique local: metadata too', 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
  ['link-local of an interface', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['discard', '100::1'],
  ['not given out', '4000::1'],
  ['not given out', 'a000::1'],
  ['no address', 'localhost'],
  ['no address', ''],
])('%s: %s is not', (_, address) => {
  expect(isPublicAddress(address)).toBe(false)
})

const octet = fc.nat(255)
const ipv4 = fc.tuple(octet, octet, octet, octet)
const hex = (a: number, b: number): string => ((a << 8) | b).toString(16)

test('no IPv4 address is public in the clothes of IPv6', () => {
  fc.assert(
    fc.property(ipv4, ([a, b, c, d]) => {
      const tail = `${hex(a, b)}:${hex(c, d)}`
      for (const prefix of ['::ffff:', '::', '64:ff9b::', '64:ff9b:1::', '::ffff:0:']) {
        expect(isPublicAddress(prefix + tail)).toBe(false)
        expect(isPublicAddress(`${prefix}${a}.${b}.${c}.${d}`)).toBe(false)
      }
      expect(isPublicAddress(`2002:${tail}::1`)).toBe(false)
    }),
  )
})

test('nothing of a private range is public', () => {
  const within = fc.oneof(
    ipv4.map(([, b, c, d]) => `10.${b}.${c}.${d}`),
    ipv4.map(([, b, c, d]) => `127.${b}.${c}.${d}`),
    ipv4.map(([, b, c, d]) => `172.${16 + (b & 15)}.${c}.${d}`),
    ipv4.map(([, , c, d]) => `192.168.${c}.${d}`),
    ipv4.map(([, , c, d]) => `169.254.${c}.${d}`),
    ipv4.map(([, b, c, d]) => `100.${64 + (b & 63)}.${c}.${d}`),
    ipv4.map(([a, b, c, d]) => `${224 + (a & 31)}.${b}.${c}.${d}`),
    fc.tuple(ipv4, ipv4).map(([[a, b, c, d], [e, f, g, h]]) => {
      return `${hex(0xfc | (a & 1), b)}:${hex(c, d)}:${hex(e, f)}::${hex(g, h)}`
    }),
  )
  fc.assert(fc.property(within, (address) => !isPublicAddress(address)))
})
