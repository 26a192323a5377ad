// What the store says of jobs to whoever looks at many of them, or into one. Reading alone; a page is bounded.
import type { EngineName, Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Problem } from '@forge/shared/contract/problem.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { JobLimits, Terms } from './ledger-store.ts'
import type { ExecutorRole, JobState } from './store.ts'
import type { PageOf } from './tenants.ts'

/** A job without its request and its answer: they take space. */
export interface JobSummary {
  readonly id: JobId
  readonly clientJobId: string | null
  /** `mc/1/insurance.v1`. */
  readonly op: string | null
  readonly state: JobState
  readonly replayOf: JobId | null
  readonly reason: string | null
  readonly createdAtMs: number
  readonly startedAtMs: number | null
  readonly finishedAtMs: number | null
  readonly deadlineAtMs: number
  readonly problem: Problem | null
  /** JSON of the answer's `billing`; of completed jobs only. */
  readonly billing: string | null
  /** JSON of the answer's `hub.metrics`; of completed jobs only. */
  readonly metrics: string | null
  readonly kernelDigest: Digest
  /** What was reserved for it, and how it is billed; null for a job of before there was a ledger. */
  readonly terms: Pick<Terms, 'mode' | 'microCredits'> | null
}

/** Each narrows what is there. */
export interface JobFilter {
  readonly state?: JobState | undefined
  readonly clientJobId?: string | undefined
  readonly op?: string | undefined
  /** Inclusive, exclusive. */
  readonly createdFromMs?: number | undefined
  readonly createdBeforeMs?: number | undefined
}

/** One answer to a shard, void ones too. */
export interface ShardAttempt {
  readonly shard: number
  readonly executor: Identity
  readonly role: ExecutorRole
  readonly engine: EngineName
  readonly trusted: boolean
  readonly digest: Digest
  readonly isVoid: boolean
}

export interface JobReads {
  /** Newest first; the key is of the last job of the page before. */
  jobsOf(
    projectId: ProjectId,
    filter: JobFilter,
    page: PageOf<readonly [createdAtMs: number, id: string]>,
  ): Promise<JobSummary[]>
  /** The stored contracts of those that are jobs of this project. */
  requestsOf(projectId: ProjectId, ids: readonly JobId[]): Promise<ReadonlyMap<JobId, string>>
  /** How many jobs of a project have not ended, and how many of those have not begun. */
  jobsAtATime(projectId: ProjectId): Promise<Readonly<Record<keyof JobLimits, number>>>
  /**
   * How many jobs that had begun a project gave up on the UTC day of `nowMs`, up to `most`: cancelled, or timed out. Agents have
   * executed shards of them, or were at it, and nobody pays for that.
   */
  givenUpOnDay(projectId: ProjectId, nowMs: number, most: number): Promise<number>
  /** Of the shards from `first` to `end` - 1, in their order. */
  attemptsOf(jobId: JobId, first: number, end: number): Promise<ShardAttempt[]>
  verdictsOf(jobId: JobId, first: number, end: number): Promise<{ shard: number; digest: Digest }[]>
}
