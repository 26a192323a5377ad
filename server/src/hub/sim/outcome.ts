// What a run of a simulated world is asked for, and what comes of it when every promise was kept.
import type { FaultCounts } from './faults.ts'

export interface Outcome {
  readonly events: number
  readonly faults: FaultCounts
  readonly completed: number
  readonly failed: readonly string[]
}

export interface WorldOptions {
  /** Hears of every event and fault: one line each. */
  readonly tell?: (line: string) => void
  /** Checks the whole state after every event, however large. */
  readonly thorough?: boolean
}
