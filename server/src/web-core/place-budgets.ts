// How often a thing may be done from one place: budgets by address and by network, of which so many are remembered. The time
// comes from the clock that is given.
import { householdOf, isLoopbackAddress, networkGroup } from '../hub/edge/network-group.ts'
import { TokenBucket, type Rate } from '../hub/edge/token-bucket.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { Refusal } from './refusal.ts'

export interface Places {
  /** The address, or the /64 of an IPv6 one. */
  readonly household: string
  readonly network: string
}

/**
 * Null where the address tells nobody from another: empty, of this machine, or any at all where `addressesDiffer` is false,
 * behind a proxy that nobody named.
 */
export function placesOf(address: string, addressesDiffer: boolean): Places | null {
  if (!addressesDiffer || address === '' || isLoopbackAddress(address)) return null
  return { household: householdOf(address), network: networkGroup(address) }
}

/** One bucket for each name; the least recently seen is forgotten first, and starts anew with all of its burst. */
export class Budgets {
  readonly #rate: Rate
  readonly #most: number
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(rate: Rate, most: number) {
    this.#rate = rate
    this.#most = most
  }

  of(name: string, nowMs: number): TokenBucket {
    const bucket = this.#buckets.get(name) ?? new TokenBucket(this.#rate, nowMs)
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined && this.#buckets.size > this.#most) this.#buckets.delete(oldest)
    return bucket
  }
}

/** `burst times at once, and then so many a second`. */
export function rateInWords({ perSecond, burst }: Rate): string {
  const seconds = perSecond < 1 ? `one in ${Math.round(1 / perSecond)} s` : `${perSecond} a second`
  return `${burst} times at once, and then ${seconds}`
}

/** `says` names the limit, and what else helps than waiting. */
export function tooOften(waitMs: number, says: (again: string) => string): Refusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  const detail = says(`Try again in ${seconds} s`)
  return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': String(seconds) })
}
