// Addresses of one network fall into one group, however they are written.
import { describe, expect, it } from 'vitest'
import { householdOf, isLoopbackAddress, networkGroup } from './network-group.ts'

describe('the network group', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.9', '203.0.113.0/24'],
    ['2001:db8:1:2::7', '2001:db8:1::/48'],
    ['2001:0db8:0001:ffff:1:2:3:4', '2001:db8:1::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
  ])('of %s is %s', (address, group) => {
    expect(networkGroup(address)).toBe(group)
  })
})

describe('the household', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2::7', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
  ])('of %s is %s', (address, household) => {
    expect(householdOf(address)).toBe(household)
  })
})

it.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::ffff:127.0.0.1', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['128.0.0.1', false],
  ['12.7.0.1', false],
  ['::', false],
  ['1::1', false],
  ['', false],
])('%s is this machine: %s', (address, is) => {
  expect(isLoopbackAddress(address)).toBe(is)
})
