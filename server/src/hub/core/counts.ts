// What has happened since the server started, as plain numbers beside the state: counted where it is decided, read when
// somebody asks. Nothing is decided by them. What a restart brings in again of an unfinished job is counted again.
import type { ExecutorRole } from '../../store/store.ts'

export interface Counts {
  /** Shards handed out, by what for; those given to a second agent because the first was slow are among the first runs. */
  readonly assigned: Record<ExecutorRole | 'trial', number>
  backups: number
  /** Shards whose answers went to the store. */
  answered: number
  /** Shards that got their digest, each once, also one whose answers were void since and that gets another. */
  accepted: number
  /** Answers that another one proved wrong. */
  rejected: number
  /** Answers that no longer count because their author was exposed. */
  voided: number
  /** Shards that a lease still held when its time was over. */
  expired: number
  /** Shards that an agent gave up on, or answered with what cannot be true. */
  failed: number
  quarantines: number
  /** Of jobs that completed, in shards. */
  checked: number
  mismatches: number
  /** Jobs that completed so. */
  escalated: number
  degraded: number
}

export const noCounts = (): Counts => ({
  assigned: { first: 0, check: 0, referee: 0, trial: 0 },
  backups: 0,
  answered: 0,
  accepted: 0,
  rejected: 0,
  voided: 0,
  expired: 0,
  failed: 0,
  quarantines: 0,
  checked: 0,
  mismatches: 0,
  escalated: 0,
  degraded: 0,
})

interface Ended {
  readonly status: 'clean' | 'escalated' | 'degraded'
  readonly checked: number
  readonly mismatches: number
}

/** Of the record of a job that completes. */
export function countEnding(counts: Counts, { status, checked, mismatches }: Ended): void {
  counts.checked += checked
  counts.mismatches += mismatches
  if (status !== 'clean') counts[status]++
}
