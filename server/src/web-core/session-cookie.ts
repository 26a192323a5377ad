// The cookie of HQ's sessions, and when it counts. A browser sends it by itself, so a page of somebody else could make calls
// in the name of whoever is signed in: it counts for requests of our own pages alone (Fetch Metadata, or else Origin).
import { refuse, type Refusal } from './refusal.ts'

/** `__Host-`: the browser takes it from a secure origin alone, for this host and every path, and from no subdomain. */
export const SESSION_COOKIE = '__Host-forge-hq'

/** All ends of a session answer alike, so that a stolen cookie tells nothing. */
export const SIGNED_OUT =
  'This session of HQ has ended: it expired, its key was revoked, or somebody signed out. Sign in again.'

const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict'

export const cookieOf = (text: string, seconds: number): string =>
  `${SESSION_COOKIE}=${text}; ${ATTRIBUTES}; Max-Age=${seconds}`

/** Makes the browser forget it. */
export const NO_COOKIE = `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`

/** What the cookie says, if it could be ours. */
export function sessionOf(headers: Headers): string | null {
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const [name = '', value = ''] = pair.trim().split('=')
    if (name === SESSION_COOKIE && /^fphq_[\da-f]{56}$/.test(value)) return value
  }
  return null
}

/**
 * Null for a request of our own pages, and for an address that a person typed, which changes nothing. Where a browser says
 * nothing of where a request comes from, what changes something needs our own Origin. The scheme is not compared: a proxy
 * may speak plain HTTP with us.
 */
export function crossSite({ headers, method, url }: Pick<Request, 'headers' | 'method' | 'url'>): Refusal | null {
  const changes = method !== 'GET' && method !== 'HEAD'
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  const ownOrigin = origin !== null && hostOf(origin) === hostOf(url)
  const isOwn =
    site === null
      ? ownOrigin || (origin === null && !changes)
      : site === 'same-origin' && (origin === null || ownOrigin)
  if (isOwn || (site === 'none' && !changes)) return null
  return refuse('FORBIDDEN', 'A session of HQ counts for requests of HQ’s own pages alone; from elsewhere send a key.')
}

function hostOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).host : null
}
