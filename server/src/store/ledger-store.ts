// What the store keeps of money: a double-entry ledger in integer micro-credits to which rows are only ever added. A job is
// reserved for with its registration and settled with its end, each in that very transaction; balances are sums.
import type { Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'

export type TransactionKind = 'reserve' | 'settle' | 'credit-note'
export type BillingMode = 'billable' | 'test'

/** What was agreed at registration: all that the settlement needs, so that a later price list changes nothing. */
export interface Terms {
  readonly mode: BillingMode
  /** Registry name of the kernel. */
  readonly op: string
  readonly priceList: Digest
  /** What the job costs when it ends as it was asked for; of a `test` job what it would cost. */
  readonly microCredits: bigint
  /** What an executor earns for a shard, and for the last one of a pass, which may be shorter. */
  readonly shardMicroCredits: bigint
  readonly lastShardMicroCredits: bigint
  readonly shardsPerPass: number
}

/** In micro-credits; null is no limit. `testPerDay` is in what test jobs would cost. */
export interface CreditLimits {
  readonly perDay: bigint | null
  readonly total: bigint | null
  readonly testPerDay: bigint | null
}

/** What holds a job back, and what its project wants to be told of: micro-credits of a day, each told once a day. */
export interface SpendingLimits extends CreditLimits {
  readonly burnWarnings?: readonly bigint[]
}

export const NO_LIMITS: CreditLimits = { perDay: null, total: null, testPerDay: null }

/** How many jobs of a project may be there at a time; null is no limit. */
export interface JobLimits {
  /** That have not ended. */
  readonly concurrent: number | null
  /** Of those, that have not begun. */
  readonly queued: number | null
}

export const ANY_NUMBER: JobLimits = { concurrent: null, queued: null }

export interface Booking {
  readonly terms: Terms
  readonly limits: SpendingLimits
  readonly jobs: JobLimits
}

/** A job that was not registered, because its project has as many as it may have. */
export interface TooManyJobs {
  readonly inserted: false
  readonly tooMany: { readonly limit: keyof JobLimits; readonly most: number }
}

/** A job that was not registered, because it would have gone beyond a limit of its project. */
export interface OverLimit {
  readonly inserted: false
  readonly over: {
    readonly limit: keyof CreditLimits
    readonly limitMicroCredits: bigint
    /** Reserved and spent before. */
    readonly usedMicroCredits: bigint
    readonly wantedMicroCredits: bigint
  }
}

/**
 * `project/…` is what a project has paid (negative: owes), `held/…` what is reserved for its jobs; `revenue` gets what
 * clients pay and pays agents for it; `unbilled` is the operator's account that pays for work that no client pays for.
 * `test/…`, `test-held/…` and `test` are the same for test jobs, in credits that nobody pays.
 */
export const account = {
  project: (mode: BillingMode, id: ProjectId): string => `${mode === 'test' ? 'test' : 'project'}/${id}`,
  held: (mode: BillingMode, id: ProjectId): string => `${mode === 'test' ? 'test-held' : 'held'}/${id}`,
  income: (mode: BillingMode): string => (mode === 'test' ? 'test' : 'revenue'),
  agent: (identity: Identity): string => `agent/${identity}`,
  unbilled: 'unbilled',
} as const

export interface LedgerEntry {
  readonly account: string
  readonly microCredits: bigint
}

export interface LedgerTransaction {
  /** Later ones are greater; there may be gaps. */
  readonly id: number
  readonly projectId: ProjectId
  readonly jobId: JobId
  readonly kind: TransactionKind
  /** When it was booked, on the database's clock. */
  readonly atMs: number
  readonly day: number
  readonly detail: string
  /** By account. */
  readonly entries: readonly LedgerEntry[]
}

/** Settled jobs and credit notes of a day, UTC, by op and mode. */
export interface UsageRow {
  /** Days since 1970, UTC, of the booking of the settlement or the credit note. */
  readonly day: number
  readonly kind: 'settle' | 'credit-note'
  readonly op: string
  readonly mode: BillingMode
  readonly jobs: number
  /** What the project pays; negative for credit notes. Of `test` jobs, what they would have cost. */
  readonly microCredits: bigint
}

export interface LedgerStore {
  /** In the order in which they were written. */
  transactionsOf(jobId: JobId): Promise<LedgerTransaction[]>
  /**
   * Those with a greater id than `after`, at most `limit`, and in bounded batches without it: 0 is before the first, none is
   * the end. Waits for what is being booked, so that no smaller id than the last one's will ever come.
   */
  ledgerAfter(projectId: ProjectId, after: number, limit?: number): Promise<LedgerTransaction[]>
  /** The newest first: those with a smaller id than `before`, which is null for the newest of all; at most `limit`. */
  ledgerBefore(projectId: ProjectId, before: number | null, limit: number): Promise<LedgerTransaction[]>
  /** Of an account of the project's own: of those that more than one project moves there is no sum that waits for nobody. */
  balanceOf(projectId: ProjectId, account: string): Promise<bigint>
  /**
   * True when the day is over, on the database's clock: nothing will be booked in it or before it any more, and all that was
   * is there to be read. False, and nothing closed, when it is not over.
   */
  closeDay(projectId: ProjectId, day: number): Promise<boolean>
  /** From the first to the last day, both included, as it is now. */
  usage(projectId: ProjectId, firstDay: number, lastDay: number): Promise<UsageRow[]>
  /** What was reserved for the jobs registered on a day, less what was given back. */
  usedOnDay(projectId: ProjectId, mode: BillingMode, day: number): Promise<bigint>
  /**
   * Gives back what a completed job cost, or a part of it, once, and puts a notice beside the job. False when there is another
   * credit note already; throws a
   * `StoreContradiction` when the job paid less than that.
   */
  creditNote(
    jobId: JobId,
    note: { readonly microCredits: bigint; readonly reason: string; readonly atMs: number },
  ): Promise<boolean>
}

export const DAY_MS = 86_400_000
/** Days since 1970, UTC. */
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS)
