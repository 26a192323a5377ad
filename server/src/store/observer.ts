// What the store tells whoever counts: how long it took, what it tried again, and what money moved. Told after the fact,
// synchronously, and never waited for; without an observer nobody counts.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { BillingMode, Booking } from './ledger-store.ts'
import type { JobRow, JobState, NewJob } from './store.ts'

/** What became of what was reserved for a job. */
export interface Settled {
  readonly mode: BillingMode
  /** Registry name of the kernel. */
  readonly op: string
  /** What its client pays; of a test job what it would. */
  readonly priceMicroCredits: bigint
  /** Given back of what was reserved. */
  readonly releasedMicroCredits: bigint
  /** What the operator's account pays the agents. */
  readonly unbilledMicroCredits: bigint
}

export interface StoreObserver {
  /** One call, its waiting and its further attempts included. */
  done(kind: 'read' | 'transaction', seconds: number): void
  /** One more attempt, because the world failed. */
  retried(): void
  /** A call that was given up. */
  failed(error: unknown): void
  /** Writes that became durable together. */
  grouped(writes: number, bytes: number): void
  registered(job: NewJob, booking: Booking): void
  /** Taken over, at the start or from a server that is gone: they were registered before. */
  resumed(jobs: readonly JobRow[]): void
  /** `settled` is null where nothing was reserved, or where an earlier attempt had done it. */
  ended(id: JobId, state: JobState, finishedAtMs: number, settled: Settled | null): void
  credited(microCredits: bigint): void
}

const nothing = (): void => undefined
export const UNOBSERVED: StoreObserver = {
  done: nothing,
  retried: nothing,
  failed: nothing,
  grouped: nothing,
  registered: nothing,
  resumed: nothing,
  ended: nothing,
  credited: nothing,
}
