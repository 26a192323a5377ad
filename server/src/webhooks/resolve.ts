// Where a name leads, by DNS. Not by the system's lookup, which holds one of the process's few threads for as long as a name
// server is silent, and with them files and digests of everybody: whoever owns a name could have its server be silent. A
// query here holds a socket, ends in time, and ends at once when nobody waits for it any more.
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { SEND_LIMITS } from './limits.ts'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** All addresses of a name, of both families; none, or a rejection, where there are none. */
export type Resolve = (host: string, over: AbortSignal) => Promise<readonly Address[]>

/** RFC 6761: of this machine, and never asked of DNS. */
const LOOPBACK: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

/** `servers` are for the tests; without them they are the system's. Names of /etc/hosts and search domains are not known. */
export function createResolve(servers: readonly string[] = []): Resolve {
  return async (host, over) => {
    const literal = isIP(host)
    if (literal !== 0) return [{ address: host, family: literal === 6 ? 6 : 4 }]
    if (/(^|\.)localhost\.?$/i.test(host)) return LOOPBACK
    over.throwIfAborted()
    const resolver = new Resolver({ timeout: SEND_LIMITS.queryMs, tries: SEND_LIMITS.queryTries })
    if (servers.length > 0) resolver.setServers(servers)
    const cancel = (): void => resolver.cancel()
    over.addEventListener('abort', cancel, { once: true })
    try {
      // One family may have nothing, or its query no answer: what the other one has is enough.
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
      const of = (family: 4 | 6, found: PromiseSettledResult<string[]>): Address[] =>
        found.status === 'rejected' ? [] : found.value.map((address) => ({ address, family }))
      return [...of(4, v4), ...of(6, v6)]
    } finally {
      over.removeEventListener('abort', cancel)
    }
  }
}
