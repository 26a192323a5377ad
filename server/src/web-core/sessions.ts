// People who are signed in to HQ: a session begins with a key or the operator's token and may what that may, as long as that
// may. Kept is a digest of the cookie beside a digest of the key; neither can be said again from the store.
import type { Digest } from '@forge/shared/exact/digest.ts'
import { hashOf, newCredential } from '../credentials.ts'
import type { SessionStore } from '../store/session-store.ts'
import type { Store } from '../store/store.ts'
import { actorOf, chainOf, type Auth, type Caller } from './auth.ts'
import { WEB_LIMITS } from './limits.ts'
import { refuse, Refusal } from './refusal.ts'
import { cookieOf, sessionOf } from './session-cookie.ts'

export interface SignedIn {
  readonly caller: Exclude<Caller, { readonly kind: 'scraper' }>
  readonly expiresAtMs: number
}

/** Null when the key of that digest may begin one more session now. */
export type MayBegin = (keyHash: Digest) => Refusal | null

export interface Sessions {
  /** A session that the request came with ends: a browser has one. `may` is asked of a key that is right. */
  begin(key: string, request: Request, may: MayBegin): Promise<(SignedIn & { readonly cookie: string }) | Refusal>
  /** Of the request's cookie. */
  of(request: Request): Promise<SignedIn | Refusal>
  end(request: Request): Promise<void>
}

export interface SessionsDeps extends Auth {
  readonly store: SessionStore & Pick<Store, 'session' | 'apiKeyByHash'>
  readonly clock: () => number
  readonly randomBytes: (count: number) => Uint8Array
}

export function createSessions({ store, clock, randomBytes, authenticate, callerOf }: SessionsDeps): Sessions {
  return {
    async begin(key, request, may) {
      const caller = await callerOf(key)
      if (caller instanceof Refusal) return caller
      if (caller.kind === 'scraper') return noScraper()
      const keyHash = hashOf('key', key)
      const tooOften = may(keyHash)
      if (tooOften !== null) return tooOften
      const before = sessionOf(request.headers)
      if (before !== null) await store.deleteSession(hashOf('session', before))
      const nowMs = clock()
      // No row has the operator's token, nor the key of the configuration: these do not expire.
      const keyEndsMs = (await store.apiKeyByHash(keyHash))?.expiresAtMs ?? Infinity
      const expiresAtMs = Math.min(nowMs + WEB_LIMITS.sessionMsMax, keyEndsMs)
      const { text, hash } = newCredential('session', randomBytes)
      const session = { hash, keyHash, createdAtMs: nowMs, expiresAtMs }
      const by = { chain: chainOf(caller), actor: actorOf(caller) }
      await store.insertSession(session, WEB_LIMITS.sessionsPerKeyMax, by)
      return { caller, expiresAtMs, cookie: cookieOf(text, Math.floor((expiresAtMs - nowMs) / 1_000)) }
    },
    async of(request) {
      // A key in a header would say nothing of the cookie.
      const headers = new Headers({ ...pick(request.headers, ['cookie', 'origin', 'sec-fetch-site']) })
      const caller = await authenticate({ headers, method: request.method, url: request.url })
      if (caller instanceof Refusal) return caller
      if (caller.kind === 'scraper') return noScraper()
      const row = await store.session(hashOf('session', sessionOf(headers) ?? ''))
      return { caller, expiresAtMs: row?.expiresAtMs ?? 0 }
    },
    async end(request) {
      const text = sessionOf(request.headers)
      if (text !== null) await store.deleteSession(hashOf('session', text))
    },
  }
}

const noScraper = (): Refusal =>
  refuse('FORBIDDEN', 'FORGE_METRICS_TOKEN reads /metrics and nothing else: sign in with a project’s key.')

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? '']] : [])))
}
