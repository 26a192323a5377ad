// How often somebody may fail to sign in to HQ: by address, by its network, and all together. A key that is right passes
// whatever others tried, else guesses from anywhere would lock everybody out; what it does is bounded by the key itself. So
// this slows no guess that could be right, which its chance alone stands against: it is said to whoever mistypes, or runs wild.
// What is remembered is bounded; the time comes from the clock that is given.
import { householdOf, isLoopbackAddress, networkGroup } from '../hub/edge/network-group.ts'
import { TokenBucket, type Rate } from '../hub/edge/token-bucket.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

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
  const addresses = new Budgets(WEB_LIMITS.signInsPerAddress)
  const networks = new Budgets(WEB_LIMITS.signInsPerNetwork)
  const keys = new Budgets(WEB_LIMITS.signInsPerKey)
  return {
    right(key) {
      const now = nowMs()
      const own = keys.of(key, now)
      const waitMs = own.waitMs(now)
      if (waitMs > 0) return tooOften(waitMs, said('signInsPerKey', 'a key', 'sign in'))
      own.take(now)
      return null
    },
    failed(address) {
      const now = nowMs()
      const isAnybody = !addressesDiffer || address === '' || isLoopbackAddress(address)
      const own = isAnybody ? null : addresses.of(householdOf(address), now)
      const near = isAnybody ? null : networks.of(networkGroup(address), now)
      const waits: readonly (readonly [number, string])[] = [
        [own?.waitMs(now) ?? 0, said('signInsPerAddress', 'an address', 'fail to sign in')],
        [near?.waitMs(now) ?? 0, said('signInsPerNetwork', 'a network', 'fail to sign in')],
        [all.waitMs(now), said('signIns', 'all together', 'fail to sign in')],
      ]
      const refused = waits.find(([waitMs]) => waitMs > 0)
      if (refused !== undefined) return tooOften(...refused)
      for (const bucket of [own, near, all]) bucket?.take(now)
      return null
    },
  }
}

type LimitName = 'signIns' | 'signInsPerAddress' | 'signInsPerNetwork' | 'signInsPerKey'

const said = (name: LimitName, whose: string, what: string): string => {
  const { perSecond, burst } = WEB_LIMITS[name]
  const seconds = perSecond < 1 ? `one in ${Math.round(1 / perSecond)} s` : `${perSecond} a second`
  return `The limit ${name} lets ${whose} ${what} ${burst} times at once, and then ${seconds}`
}

function tooOften(waitMs: number, limit: string): Refusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  const detail = `${limit}. Try again in ${seconds} s; a key that is sent with every call is not held up by this.`
  return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': String(seconds) })
}

/** One bucket for each name; the least recently seen is forgotten first, and starts anew with all of its burst. */
class Budgets {
  readonly #rate: Rate
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  of(name: string, nowMs: number): TokenBucket {
    const bucket = this.#buckets.get(name) ?? new TokenBucket(this.#rate, nowMs)
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined && this.#buckets.size > WEB_LIMITS.signInPlacesMax) this.#buckets.delete(oldest)
    return bucket
  }
}
