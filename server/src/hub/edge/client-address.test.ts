// Who is behind a proxy: the header counts only from a peer that the operator trusts, hop by hop from its end.
import type { Socket } from 'node:net'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClientAddress } from './client-address.ts'

const from = (peer: string | undefined, forwarded?: string) => ({
  socket: { remoteAddress: peer } as Socket,
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
})

test('without trusted proxies the header says nothing', () => {
  const addressOf = createClientAddress([])
  expect(addressOf(from('192.0.2.7', '198.51.100.1'))).toBe('192.0.2.7')
  expect(addressOf(from('127.0.0.1', '198.51.100.1'))).toBe('127.0.0.1')
  expect(addressOf(from(undefined, '198.51.100.1'))).toBe('')
})

test('a peer that is not trusted may write what it likes', () => {
  const addressOf = createClientAddress(['10.0.0.0/8', '::1'])
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (claimed) => {
      expect(addressOf(from('192.0.2.7', claimed))).toBe('192.0.2.7')
      // Nor does it help to say it to the proxy, which adds whom it saw.
      expect(addressOf(from('10.1.2.3', `${claimed}, 192.0.2.7`))).toBe('192.0.2.7')
    }),
  )
})

test.each([
  ['one proxy', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['a chain of them', '127.0.0.1', '198.51.100.1, 10.9.9.9, 10.1.1.1', '198.51.100.1'],
  ['a stranger between them', '127.0.0.1', '10.4.4.4, 203.0.113.5, 10.1.1.1', '203.0.113.5'],
  ['nobody but proxies', '127.0.0.1', '10.4.4.4, 10.1.1.1', '10.4.4.4'],
  ['no header', '127.0.0.1', undefined, '127.0.0.1'],
  ['an empty header', '127.0.0.1', '', '127.0.0.1'],
  ['a word', '127.0.0.1', '198.51.100.1, unknown', '127.0.0.1'],
  ['a word behind a hop', '127.0.0.1', 'unknown, 10.1.1.1', '10.1.1.1'],
  ['a port', '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
  ['IPv6', '::1', '2001:db8::5', '2001:db8::5'],
  ['IPv6 with a port', '::1', '[2001:db8::5]:4711', '2001:db8::5'],
  ['a mapped peer', '::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['a mapped hop', '127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
])('behind trusted proxies, with %s', (_, peer, forwarded, expected) => {
  expect(createClientAddress(['127.0.0.1', '::1', '10.0.0.0/8'])(from(peer, forwarded))).toBe(expected)
})

test('of an endless header only the end is read', () => {
  const addressOf = createClientAddress(['127.0.0.1', '10.0.0.0/8'])
  const hops = Array.from({ length: 100_000 }, () => '10.0.0.1').join(',')
  expect(addressOf(from('127.0.0.1', `198.51.100.1,${hops}`))).toBe('10.0.0.1')
})
