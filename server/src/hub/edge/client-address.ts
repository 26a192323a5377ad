// Whose address a connection comes from. Behind a proxy the socket has the proxy's, and who came stands in
// X-Forwarded-For, which anybody can write: it is read from its end, where the nearest proxy wrote, only while whoever
// wrote it is one that the operator named. Networks and budgets hang on this, so in doubt the nearer address counts.
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Longer chains of proxies there are none; what a stranger adds in front is never looked at. */
const HOPS_MAX = 32

/** The address of who asked, in the form that the kernel or the nearest trusted proxy gave it; empty when it is gone. */
export type ClientAddress = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string

/** `proxies` are addresses and networks as `FORGE_TRUSTED_PROXIES` has them. */
export function createClientAddress(proxies: readonly string[]): ClientAddress {
  const trusted = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  const isTrusted = (address: string): boolean => trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')

  return ({ headers, socket }) => {
    let client = unmapped(socket.remoteAddress ?? '')
    const forwarded = headers['x-forwarded-for']
    if (forwarded === undefined || isIP(client) === 0) return client
    const hops = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded).split(',')
    for (const hop of hops.slice(-HOPS_MAX).toReversed()) {
      if (!isTrusted(client)) return client
      const address = unmapped(withoutPort(hop.trim()))
      // A word of no address: the proxy that wrote it is the last one that is known.
      if (isIP(address) === 0) return client
      client = address
    }
    return client
  }
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
const withoutPort = (text: string): string =>
  /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? text

/** A socket that takes both families shows IPv4 addresses as IPv6 ones. */
const unmapped = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
