// Keeps an engine at work for a share of the time only. It goes by debts: what was computed calls for so much rest, and a
// rest that came out longer than asked, as timers do in tabs that nobody looks at, is counted towards the next. So the
// share is kept whatever timers do, and at the full share there is no timer at all.

/** Shorter rests are saved up: a browser's timers wait four milliseconds at least. */
const REST_MS_MIN = 8
/** A pause without work, or a rest that was far too long, buys so much work without rests, and no more. */
const CREDIT_MS_MAX = 200
/** One piece of work calls for no more rest than this would: a lid that closes in its midst made it last a night. */
const WORK_MS_MAX = 2_000
/** The least share that can be asked for: a hundredth would make a second's assignment last two minutes. */
const SHARE_MIN = 0.05

export class DutyCycle {
  #share = 1
  /** Rest that is owed; negative where too much was taken. */
  #owedMs = 0
  #busyMs = 0
  /** When it last worked: rests are what lies between. */
  #workedUntilMs: number | undefined
  #wake: () => void = () => {}

  /** From 0.05 to 1, at once: whoever rests wakes. */
  set share(share: number) {
    if (Number.isNaN(share)) throw new RangeError('a share of the time is a number')
    this.#share = Math.min(1, Math.max(SHARE_MIN, share))
    this.#owedMs = 0
    this.#wake()
  }

  get isFull(): boolean {
    return this.#share === 1
  }

  /** Milliseconds that it has worked, ever. */
  get busyMs(): number {
    return this.#busyMs
  }

  /** It worked for `ms` until `nowMs`. */
  worked(ms: number, nowMs: number): void {
    const began = nowMs - ms
    const restedMs = Math.max(0, began - (this.#workedUntilMs ?? began))
    const restPerMs = 1 / this.#share - 1
    const owedMs = Math.max(-CREDIT_MS_MAX, this.#owedMs - restedMs) + Math.min(ms, WORK_MS_MAX) * restPerMs
    this.#owedMs = Math.min(owedMs, WORK_MS_MAX * restPerMs)
    this.#busyMs += ms
    this.#workedUntilMs = nowMs
  }

  /** Milliseconds to rest before the next piece of work; 0: none. */
  restMs(nowMs: number): number {
    if (this.isFull) return 0
    const owedMs = this.#owedMs - Math.max(0, nowMs - (this.#workedUntilMs ?? nowMs))
    return owedMs < REST_MS_MIN ? 0 : owedMs
  }

  /** Rests as long as is owed. An abort or another share ends the rest; whoever works looks at the signal next. */
  async rest(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = this.restMs(performance.now())
      if (waitMs === 0 || signal?.aborted === true) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, waitMs)
        function done(): void {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        this.#wake = done
        signal?.addEventListener('abort', done, { once: true })
      })
      this.#wake = () => {}
    }
  }
}
