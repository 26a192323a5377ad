// The Hub's clock in the simulated world: virtual time, moved by jumps, and held up while the Hub is paused. Agents and
// store live in true time; what the Hub dates, and when it wakes, goes by this one.
import type { Fault, FaultPlan } from './faults.ts'

export class HubClock {
  #jumpedMs = 0
  #pausedUntilMs = 0
  /** By how much all that the Hub does by its clock may come later, or seem to. */
  readonly slackMs: number

  constructor({ clockJumps, pauses }: FaultPlan) {
    const jumps = clockJumps.reduce((sum, { byMs }) => sum + Math.abs(byMs), 0)
    this.slackMs = jumps + pauses.reduce((sum, { forMs }) => sum + forMs, 0)
  }

  at(trueMs: number): number {
    return Math.max(0, trueMs + this.#jumpedMs)
  }

  jump(byMs: number, world: { note(fault: Fault, what: string): void }): void {
    world.note(byMs > 0 ? 'clock forward' : 'clock back', `${byMs} ms`)
    this.#jumpedMs += byMs
  }

  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs)
  }

  /** Whether the Hub hears nothing now. */
  isHeld(trueMs: number): boolean {
    return trueMs < this.#pausedUntilMs
  }
}
