// Hellos wait here for their turn: checking a signature takes the server's one thread a millisecond or two, and two
// thousand at once would hold up everybody's answers for seconds. First come, first served; how many may wait is bounded
// where connections are admitted.
import { TokenBucket, type Rate } from './token-bucket.ts'

export interface Clock {
  nowMs(): number
  later(act: () => void, ms: number): void
}

const realClock: Clock = {
  nowMs: () => performance.now(),
  later: (act, ms) => void setTimeout(act, ms).unref(),
}

export class HelloQueue {
  readonly #bucket: TokenBucket
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #isWaking = false

  constructor(rate: Rate, clock = realClock) {
    this.#bucket = new TokenBucket(rate, clock.nowMs())
    this.#clock = clock
  }

  /** At once when there is room, else in its turn. Whoever is gone by then must notice itself. */
  push(check: () => void): void {
    this.#waiting.push(check)
    if (!this.#isWaking) this.#serve()
  }

  #serve(): void {
    this.#isWaking = false
    let turns = 0
    while (turns < this.#waiting.length && this.#bucket.take(this.#clock.nowMs())) turns++
    const ready = this.#waiting.splice(0, turns)
    if (this.#waiting.length > 0) {
      this.#isWaking = true
      this.#clock.later(() => this.#serve(), Math.ceil(this.#bucket.waitMs(this.#clock.nowMs())))
    }
    for (const check of ready) check()
  }
}
