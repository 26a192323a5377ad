// Who may open a connection now. When two thousand agents come back at once, or one address opens sockets without end,
// the rest is told when to come again, before a socket, a signature or the core costs anything. Pure but for its memory,
// which is bounded; the time comes as an argument.
import { ADMISSION_LIMITS } from './limits.ts'
import { householdOf, isLoopbackAddress, networkGroup } from './network-group.ts'
import { TokenBucket, type Rate } from './token-bucket.ts'

export interface TurnedAway {
  readonly retryAfterS: number
  readonly sentence: string
}

/** One connection, from its first byte until it is gone. */
export interface Seat {
  /** It has said hello, which waits to be checked: nobody takes its place. */
  spoke(): void
  /** Its hello was checked: it no longer counts among those who wait. */
  greeted(): void
  left(): void
}

interface Silent {
  readonly sinceMs: number
  unseat(): void
  left(): void
}

type Limits = {
  readonly [L in keyof typeof ADMISSION_LIMITS]: (typeof ADMISSION_LIMITS)[L] extends Rate ? Rate : number
}

export interface AdmissionOptions {
  /** False where one address stands for many agents: behind a proxy, whose own address is all that is seen here. */
  readonly addressesDiffer: boolean
  readonly limits?: Partial<Limits>
}

export class Admission {
  readonly #limits: Limits
  readonly #addressesDiffer: boolean
  readonly #attempts: TokenBucket
  readonly #households: Shares
  readonly #networks: Shares
  /** Those who have not said hello, the longest silent first. */
  readonly #silent = new Set<Silent>()
  #connections = 0
  #waiting = 0

  constructor({ addressesDiffer, limits }: AdmissionOptions, nowMs: number) {
    this.#limits = { ...ADMISSION_LIMITS, ...limits }
    const { attempts, perHousehold, attemptsPerHousehold, perNetwork, attemptsPerNetwork } = this.#limits
    this.#addressesDiffer = addressesDiffer
    this.#attempts = new TokenBucket(attempts, nowMs)
    this.#households = new Shares(perHousehold, attemptsPerHousehold, this.#limits.rememberedMax)
    this.#networks = new Shares(perNetwork, attemptsPerNetwork, this.#limits.rememberedMax)
  }

  get connections(): number {
    return this.#connections
  }

  /** `unseat` closes the connection: somebody who comes later may need its place more. */
  admit(address: string, nowMs: number, unseat: () => void): Seat | TurnedAway {
    const shares = this.#sharesOf(address)
    const refused = this.#refuses(shares, nowMs)
    if (refused !== null) return refused
    if (this.#waiting >= this.#limits.waitingMax && !this.#unseatOne(nowMs)) {
      // Those before it are let in at this rate.
      return turnedAway(this.#waiting / this.#limits.hellos.perSecond, MANY)
    }
    this.#attempts.take(nowMs)
    for (const [share, key] of shares) share.enter(key, nowMs)
    this.#connections++
    this.#waiting++
    let [waits, sits] = [true, true]
    const greeted = (): void => {
      this.#silent.delete(silent)
      if (waits) this.#waiting--
      waits = false
    }
    const left = (): void => {
      greeted()
      if (!sits) return
      sits = false
      this.#connections--
      for (const [share, key] of shares) share.leave(key)
    }
    const silent: Silent = { sinceMs: nowMs, unseat, left }
    this.#silent.add(silent)
    return { spoke: () => this.#silent.delete(silent), greeted, left }
  }

  /** Sockets that are opened and say nothing are cheap to have by the thousand: they must not fill the room. */
  #unseatOne(nowMs: number): boolean {
    const [longest] = this.#silent
    if (longest === undefined || nowMs - longest.sinceMs < this.#limits.silentMs) return false
    longest.left()
    longest.unseat()
    return true
  }

  /** One's own machine, where the referee, a demo and a proxy live, has no budget of its own. */
  #sharesOf(address: string): readonly (readonly [Shares, string])[] {
    if (!this.#addressesDiffer || isLoopbackAddress(address)) return []
    return [
      [this.#households, householdOf(address)],
      [this.#networks, networkGroup(address)],
    ]
  }

  #refuses(shares: readonly (readonly [Shares, string])[], nowMs: number): TurnedAway | null {
    const { connectionsMax, fullRetryS } = this.#limits
    for (const [share, key] of shares) {
      if (share.isFull(key)) return turnedAway(fullRetryS, 'This address has as many connections as one may have.')
    }
    if (this.#connections >= connectionsMax) return turnedAway(fullRetryS, 'The pool holds no more agents now.')
    const busyMs = this.#attempts.waitMs(nowMs)
    if (busyMs > 0) return turnedAway(busyMs / 1_000, MANY)
    const hastyMs = Math.max(0, ...shares.map(([share, key]) => share.waitMs(key, nowMs)))
    return hastyMs > 0 ? turnedAway(hastyMs / 1_000, 'This address connects too often.') : null
  }
}

const MANY = 'Many agents are joining at this moment.'

/** Whole seconds, as the header has them. */
const turnedAway = (seconds: number, sentence: string): TurnedAway => ({
  retryAfterS: Math.max(1, Math.ceil(seconds)),
  sentence: `${sentence} Try again later.`,
})

/** What each household, or each network, has of the whole. */
class Shares {
  readonly #connectionsMax: number
  readonly #rate: Rate
  readonly #rememberedMax: number
  /** At most one entry a connection. */
  readonly #connections = new Map<string, number>()
  /** The least recently seen first: one that is forgotten starts again with a full burst, as after a long absence. */
  readonly #attempts = new Map<string, TokenBucket>()

  constructor(connectionsMax: number, rate: Rate, rememberedMax: number) {
    this.#connectionsMax = connectionsMax
    this.#rate = rate
    this.#rememberedMax = rememberedMax
  }

  isFull(key: string): boolean {
    return (this.#connections.get(key) ?? 0) >= this.#connectionsMax
  }

  waitMs(key: string, nowMs: number): number {
    return this.#attempts.get(key)?.waitMs(nowMs) ?? 0
  }

  enter(key: string, nowMs: number): void {
    this.#connections.set(key, (this.#connections.get(key) ?? 0) + 1)
    const bucket = this.#attempts.get(key) ?? new TokenBucket(this.#rate, nowMs)
    bucket.take(nowMs)
    this.#attempts.delete(key)
    this.#attempts.set(key, bucket)
    if (this.#attempts.size <= this.#rememberedMax) return
    const [oldest] = this.#attempts.keys()
    if (oldest !== undefined) this.#attempts.delete(oldest)
  }

  leave(key: string): void {
    const left = (this.#connections.get(key) ?? 0) - 1
    if (left > 0) this.#connections.set(key, left)
    else this.#connections.delete(key)
  }
}
