// Which addresses a server may be made to speak to by whoever it works for: those of the public internet, and nothing of its
// own network. What ranges there are is the library's to know; what of them is refused is decided here: all but plain unicast.
import ipaddr from 'ipaddr.js'

/** Where IPv6 unicast addresses of the public internet are (RFC 4291, IANA): what lies beyond is for translation or not given out. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** Azure's host speaks to each of its machines from here: unicast by its number, and nobody else's. */
const OF_THE_CLOUD = new Set(['168.63.129.16'])

/** False for every text that is no address. IPv4 in IPv6 clothes (mapped, NAT64, 6to4, Teredo) is not public either. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast' || OF_THE_CLOUD.has(address.toString())) return false
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST)
}
