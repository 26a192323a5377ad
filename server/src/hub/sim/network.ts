// The network between agents and the Hub in the simulated world. While there are faults it loses frames, doubles them and
// holds them up, so that later ones overtake; otherwise each arrives once, in its time.
import type { Fault, FaultPlan } from './faults.ts'
import { Random } from './random.ts'

interface Line {
  readonly faultsEndMs: number
  nowMs(): number
  after(delayMs: number, happen: () => void): void
  note(fault: Fault): void
}

const LATE_MS_MAX = 5_000

export class Network {
  readonly #plan: FaultPlan
  readonly #line: Line
  readonly #random: Random

  constructor(seed: number, plan: FaultPlan, line: Line) {
    this.#plan = plan
    this.#line = line
    this.#random = new Random(seed + 3_000_017)
  }

  carry(delayMs: number, arrive: () => void): void {
    const { lostRate, doubledRate, lateRate } = this.#plan
    const faulty = this.#line.nowMs() < this.#line.faultsEndMs
    if (faulty && this.#random.chance(lostRate)) return this.#line.note('frame lost')
    if (faulty && this.#random.chance(doubledRate)) {
      this.#line.note('frame doubled')
      this.#line.after(delayMs + this.#random.int(0, 500), arrive)
    }
    if (faulty && this.#random.chance(lateRate)) {
      this.#line.note('frame late')
      return this.#line.after(delayMs + this.#random.int(1, LATE_MS_MAX), arrive)
    }
    if (delayMs === 0) arrive()
    else this.#line.after(delayMs, arrive)
  }
}
