// Where a webhook may lead. Its address is read and looked up when it is made, for its client's sake; and again for each
// attempt, which then connects to what was looked at and to nothing else, because names can change what they lead to.
import { WEBHOOK_LIMITS } from '@forge/shared/contract/webhooks.ts'
import { isPublicAddress } from './addresses.ts'
import { SEND_LIMITS } from './limits.ts'
import { createResolve, type Address, type Resolve } from './resolve.ts'

/** Why not, in words that go behind the address: `leads to …`. */
export interface NoTarget {
  readonly refused: string
}

export interface Targets {
  /** Null when it may be a webhook's. */
  refusalOf(url: string): Promise<string | null>
  /** Where to connect for this attempt; looks no further when it is over. */
  find(url: URL, over: AbortSignal): Promise<readonly Address[] | NoTarget>
}

export interface TargetOptions {
  /** The operator says that this server may speak to its own network, and there without TLS. */
  readonly allowPrivate: boolean
  readonly resolve?: Resolve
}

/** Everything below belongs to a service that speaks something else: mail, shells, files. */
const PORT_MIN = 1_024

export function createTargets({ allowPrivate, resolve = createResolve() }: TargetOptions): Targets {
  const find = async (url: URL, over: AbortSignal): Promise<readonly Address[] | NoTarget> => {
    const host = hostOf(url)
    const addresses = await resolve(host, over).catch(() => [])
    if (addresses.length === 0) return { refused: 'has a name that leads nowhere at the moment' }
    // All of them: which one a connection takes is not ours to say.
    const isPublic = addresses.every(({ address }) => isPublicAddress(address))
    if (!isPublic && !allowPrivate) return { refused: 'leads to an address that is not of the public internet' }
    if (url.protocol !== 'https:' && addresses.some(({ address }) => isPublicAddress(address))) {
      return { refused: 'must be https: what leaves this machine’s network is encrypted' }
    }
    return addresses
  }
  return {
    find,
    async refusalOf(text) {
      const url = urlOf(text, allowPrivate)
      if ('refused' in url) return url.refused
      const over = AbortSignal.timeout(SEND_LIMITS.lookupMs)
      const found = await find(url, over)
      if (!('refused' in found)) return null
      return over.aborted ? TOO_SLOW : found.refused
    },
  }
}

const TOO_SLOW = 'has a name that could not be looked up in time; try it again'

/** What can be said without looking it up. */
function urlOf(text: string, allowPrivate: boolean): URL | NoTarget {
  if (text.length > WEBHOOK_LIMITS.urlCharactersMax || !URL.canParse(text)) {
    return {
      refused: `must be an address such as https://hooks.example.com/forge, of at most ${WEBHOOK_LIMITS.urlCharactersMax} characters`,
    }
  }
  const url = new URL(text)
  const schemes = allowPrivate ? ['https:', 'http:'] : ['https:']
  if (!schemes.includes(url.protocol)) return { refused: 'must be https' }
  if (url.username !== '' || url.password !== '') {
    return { refused: 'must not have a user or password in it; the signature says who sends' }
  }
  if (url.hash !== '') return { refused: 'must not have a fragment, which is never sent' }
  const port = url.port === '' ? null : Number(url.port)
  if (port !== null && !allowPrivate && port < PORT_MIN) {
    return { refused: `must have the port 443, or one from ${PORT_MIN} on` }
  }
  return url
}

/** Without the brackets of an IPv6 address. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')
