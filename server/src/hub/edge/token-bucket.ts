// A budget that fills with time: so many tokens a second, up to a burst. A fixed window would let twice the rate through
// around its edge, or refuse an honest burst inside it. Takes the time as an argument.

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #atMs: number

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#atMs = nowMs
  }

  /** Takes them all, or none. */
  take(nowMs: number, tokens = 1): boolean {
    if (this.waitMs(nowMs, tokens) > 0) return false
    this.#tokens -= tokens
    return true
  }

  /** Takes what is not there yet, too; `waitMs(now, 0)` then says how long it stays in debt. */
  owe(nowMs: number, tokens: number): void {
    this.#fill(nowMs)
    this.#tokens -= tokens
  }

  /** Until there are so many; 0 when there are. */
  waitMs(nowMs: number, tokens = 1): number {
    this.#fill(nowMs)
    return Math.max(0, ((tokens - this.#tokens) * 1_000) / this.#rate.perSecond)
  }

  #fill(nowMs: number): void {
    // A clock that steps back takes nothing away.
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + (passedMs * this.#rate.perSecond) / 1_000)
  }
}
