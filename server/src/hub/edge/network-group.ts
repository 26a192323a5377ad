// What an address says of who is behind it: the network that it sits in, its IPv4 /24 or IPv6 /48, as far as verification
// cares; the household or machine that budgets are for; and whether it is this machine itself.
import { isIPv4 } from 'node:net'

export function networkGroup(address: string): string {
  const mapped = withoutMapping(address)
  if (isIPv4(mapped)) return `${mapped.split('.').slice(0, 3).join('.')}.0/24`
  return `${ipv6Groups(mapped).slice(0, 3).join(':')}::/48`
}

/** One IPv4 address, or the /64 of an IPv6 one: whoever has one address there has them all. */
export function householdOf(address: string): string {
  const mapped = withoutMapping(address)
  if (isIPv4(mapped)) return mapped
  return `${ipv6Groups(mapped).slice(0, 4).join(':')}::/64`
}

export function isLoopbackAddress(address: string): boolean {
  const mapped = withoutMapping(address)
  return isIPv4(mapped) ? mapped.startsWith('127.') : ipv6Groups(mapped).join(':') === '0:0:0:0:0:0:0:1'
}

const withoutMapping = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address

/** The eight groups of an IPv6 address, without leading zeros. */
function ipv6Groups(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array.from({ length: gap }, () => '0'), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  )
}
