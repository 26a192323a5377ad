// What the rest of the server may ask of the Hub. Web Core registers and reads; it never sees shards, sockets or leases.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { SpendingLimits, JobLimits, OverLimit, TooManyJobs } from '../../store/ledger-store.ts'
import type { InsertedJob, JobRow, NewJob } from '../../store/store.ts'
import type { KeptArtifact } from './artifacts.ts'
import type { HubRoster } from './roster.ts'
import type { Asked } from '../core/eligibility.ts'
import type { VerificationRecord } from '../core/events.ts'
import type { ShardStatus } from '../core/state.ts'

/**
 * How far a job is, from the Hub's memory; null for a job that the Hub does not hold (ended, not planned yet, or another
 * server's).
 */
export interface JobProgress {
  readonly shards: number
  /** Shards with at least one stored answer. */
  readonly answered: number
  readonly accepted: number
  readonly toCheck: number
  /** Sessions that hold shards of the job now. */
  readonly agentsNow: number
  readonly eligibleAgents: number
  /** Why nothing moves, in a sentence; null while it does. */
  readonly reason: string | null
}

export type { ShardStatus }

export interface Hub {
  /** Durable once resolved, with what it costs reserved; attaches instead when the project has a job of that client id. Planning goes on behind. */
  submit(job: NewJob): Promise<InsertedJob>
  /** As `submit`; nothing is registered when it goes beyond what its project may spend, or when it has too many jobs. */
  submitWithin(job: NewJob, limits: SpendingLimits, jobs: JobLimits): Promise<InsertedJob | OverLimit | TooManyJobs>
  /** Resolves when the job has ended, on whichever server, or after `waitMs`, whichever is first. */
  ended(id: JobId, waitMs: number, signal?: AbortSignal): Promise<void>
  progress(id: JobId): JobProgress | null
  /** Whether another server has the job, by its row, and this one does not. That server may be gone, and the job not taken yet. */
  isElsewhere(row: Pick<JobRow, 'id' | 'owner'>): boolean
  /**
   * Stops the job at once and resolves when its end is durable: cancelled, or another one that was being written already.
   * One of another server is marked, durably, for that one to stop at its next look. Waits for an end some seconds at most.
   * Nothing for a job that has ended or that is not there.
   */
  cancel(id: JobId): Promise<void>
  /** Where the shards from `first` to `end` - 1 stand; null for a job that the Hub does not hold. */
  shardStates(id: JobId, first: number, end: number): ShardStatus[] | null
  /** Agents online, without the referee, that could work on such a job now. */
  eligible(kernel: string, job: Asked): number
  /** How fast each of them is on that kernel, in its units a second. */
  speeds(kernel: string, job: Asked): number[]
  /** The bytes of a table that agents fetch, or null. */
  table(digest: Digest): Promise<Uint8Array | null>
  readonly agentsOnline: number
  readonly refereeOnline: boolean
  readonly roster: HubRoster
}

/**
 * The answer of a completed job as the store keeps it: `JobRow.answer` is the canonical JSON of this. Web Core adds
 * `ok`, `job_id`, `status` and the client's `ctx` ids.
 */
export interface StoredAnswer {
  readonly hub: {
    readonly metrics: {
      readonly wall_ms: number
      readonly agents_used: number
      /** Of all passes. */
      readonly shards: number
      readonly units: number
      readonly kernel_ms: number
      readonly verified_shards: number
      readonly engines: readonly string[]
      /** Parts of wall_ms in milliseconds: plan, tables, dispatch (to the last verdict), reduce. */
      readonly parts: {
        readonly plan: number
        readonly tables: number
        readonly dispatch: number
        readonly reduce: number
      }
    }
    readonly output: Record<string, unknown>
    readonly replay: {
      readonly root_seed: string
      readonly contract_digest: Digest
      readonly kernel_digest: Digest
      readonly plan_digest: Digest
      readonly merkle_root: Digest
      readonly output_digest: Digest
      /** Of a job of several passes: what each of them ran, the last one as it followed from the others. */
      readonly passes?: readonly {
        readonly program: string
        readonly facts: object
        readonly first_shard: number
        readonly shards: number
      }[]
    }
    /** What was written into the project’s memory, as the contract asked. */
    readonly artifacts?: readonly KeptArtifact[]
    readonly verification: VerificationRecord & {
      /** Of a spotcheck: the key under which shards were drawn for checks, and its SHA-256, which was shown before. */
      readonly sampling_key?: string
      readonly sampling_key_sha256?: string
    }
  }
  readonly billing: { readonly credits: number; readonly eur: number }
  readonly warnings: readonly string[]
}
