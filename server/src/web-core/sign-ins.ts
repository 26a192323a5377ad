// How often somebody may fail to sign in to HQ: by address, by its network, and all together. A key that is right passes
// whatever others tried, else guesses from anywhere would lock everybody out; what it does is bounded by the key itself. So
// this slows no guess that could be right, which its chance alone stands against: it is said to whoever mistypes, or runs wild.
// What is remembered is bounded; the time comes from the clock that is given.
import { TokenBucket } from '../hub/edge/token-bucket.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { WEB_LIMITS } from './limits.ts'
import { Budgets, placesOf, rateInWords, tooOften } from './place-budgets.ts'
import type { Refusal } from './refusal.ts'

export interface SignIns {
  /** Counts a try whose key was not right; null within the limits. `address` is empty where it is not known. */
  failed(address: string): Refusal | null
  /** Counts a try whose key is right, which begins a session and writes an act; null within the limit of that key. */
  right(key: Digest): Refusal | null
}

export interface SignInOptions {
  /** False where one address stands for many people: behind a proxy that nobody named, whose address is all that is seen. */
  readonly addressesDiffer: boolean
  /** Milliseconds that never go back. */
  readonly nowMs: () => number
}

export function createSignIns({ addressesDiffer, nowMs }: SignInOptions): SignIns {
  const all = new TokenBucket(WEB_LIMITS.signIns, nowMs())
  const addresses = new Budgets(WEB_LIMITS.signInsPerAddress, WEB_LIMITS.signInPlacesMax)
  const networks = new Budgets(WEB_LIMITS.signInsPerNetwork, WEB_LIMITS.signInPlacesMax)
  const keys = new Budgets(WEB_LIMITS.signInsPerKey, WEB_LIMITS.signInPlacesMax)
  return {
    right(key) {
      const now = nowMs()
      const own = keys.of(key, now)
      const waitMs = own.waitMs(now)
      if (waitMs > 0) return refused(waitMs, said('signInsPerKey', 'a key', 'sign in'))
      own.take(now)
      return null
    },
    failed(address) {
      const now = nowMs()
      const places = placesOf(address, addressesDiffer)
      const own = places && addresses.of(places.household, now)
      const near = places && networks.of(places.network, now)
      const waits: readonly (readonly [number, string])[] = [
        [own?.waitMs(now) ?? 0, said('signInsPerAddress', 'an address', 'fail to sign in')],
        [near?.waitMs(now) ?? 0, said('signInsPerNetwork', 'a network', 'fail to sign in')],
        [all.waitMs(now), said('signIns', 'all together', 'fail to sign in')],
      ]
      const over = waits.find(([waitMs]) => waitMs > 0)
      if (over !== undefined) return refused(...over)
      for (const bucket of [own, near, all]) bucket?.take(now)
      return null
    },
  }
}

type LimitName = 'signIns' | 'signInsPerAddress' | 'signInsPerNetwork' | 'signInsPerKey'

const said = (name: LimitName, whose: string, what: string): string =>
  `The limit ${name} lets ${whose} ${what} ${rateInWords(WEB_LIMITS[name])}`

const refused = (waitMs: number, limit: string): Refusal =>
  tooOften(waitMs, (again) => `${limit}. ${again}; a key that is sent with every call is not held up by this.`)
