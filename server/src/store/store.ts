// The one interface between the server and its tables. PGlite and Postgres implement it with the same queries; nothing
// else in the server knows SQL. Every write is durable when its promise resolves.
import type { EngineName, Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Problem } from '@forge/shared/contract/problem.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { ActStore } from './acts.ts'
import type { AgentOrderStore } from './agent-orders.ts'
import type { AgentRecords } from './agent-record.ts'
import type { JobReads } from './job-reads.ts'
import type { OwnerStore } from './owner-store.ts'
import type { JobReference, MemoryStore } from './memory.ts'
import type { Booking, LedgerStore, OverLimit, TooManyJobs } from './ledger-store.ts'
import type { SealStore } from './seal-store.ts'
import type { SessionStore } from './session-store.ts'
import type { TenantStore } from './tenants.ts'
import type { WebhookStore } from './webhook-store.ts'
import type { TotalsStore } from './totals.ts'

export const JOB_STATES = ['QUEUED', 'RUNNING', 'VERIFYING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const
export type JobState = (typeof JOB_STATES)[number]

/** A job as registered; never changed afterwards. Times are milliseconds since 1970, UTC. */
export interface NewJob {
  readonly id: JobId
  readonly projectId: ProjectId
  /** The client's own id: unique in its project. */
  readonly clientJobId: string | null
  /** Of the body without its labels: the same id with another digest is a conflict. */
  readonly requestDigest: Digest
  /** Canonical JSON of the parsed contract, defaults filled in. */
  readonly request: string
  readonly rootSeed: string
  readonly contractDigest: Digest
  readonly kernelDigest: Digest
  /** Random, 64 hexadecimal digits: decides which shards are checked; secret until the job ends. */
  readonly samplingKey: string
  readonly createdAtMs: number
  readonly deadlineAtMs: number
  /** Told when it is registered, and kept in rows of their own. */
  readonly references?: readonly JobReference[]
  /** The completed job of the same project that this one is to repeat; null for a job of its own. */
  readonly replayOf: JobId | null
  /** The number of the server that registers it and runs it; the one thing that changes: another one may take it over. */
  readonly owner?: number | null
}

export interface JobRow extends NewJob {
  readonly state: JobState
  /** Why it is where it is, in a sentence, when that helps: a queued job's lack of agents. */
  readonly reason: string | null
  readonly planDigest: Digest | null
  /** Sums up the accepted shards from which the last pass was planned, for as long as its answers may rest on it. */
  readonly basis: Digest | null
  /** JSON of what was decided of it beside its verdicts, record and warnings among them; written with them, once. */
  readonly ending: string | null
  readonly startedAtMs: number | null
  readonly finishedAtMs: number | null
  /** Canonical JSON of the answer's `hub`, `billing` and `warnings`; of completed jobs only. */
  readonly answer: string | null
  /** Of failed and cancelled jobs only. */
  readonly problem: Problem | null
  /** When its client asked another server than its owner to cancel it. */
  readonly cancelWantedAtMs?: number | null
}

export type ExecutorRole = 'first' | 'check' | 'referee'

/** What the word of an executor weighs: new here, proven by checked shards, or run by the operator. */
export type Tier = 'probation' | 'veteran' | 'trusted'

/** One answer of one executor to one shard. (job, shard, executor) is unique. */
export interface SubmissionRow {
  readonly jobId: JobId
  readonly shard: number
  readonly executor: Identity
  readonly role: ExecutorRole
  readonly engine: EngineName
  readonly trusted: boolean
  /** When it answered, for this kernel and engine. */
  readonly tier: Tier
  /** Network group of the connection. */
  readonly network: string
  /** Whose agent it is by its node token; null: it has none. */
  readonly owner: ProjectId | null
  /** Whether the rule is in force that a checker sits in another network than all who answered the shard before. */
  readonly distinctNetwork: boolean
  readonly digest: Digest
}

/** A partial's bytes, once per (job, shard, digest). */
export interface PartialRow {
  readonly jobId: JobId
  readonly shard: number
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** What is kept of a submission that counts no more: who may not run its shard again, and whose network may not check it. */
export type VoidedSubmission = Pick<SubmissionRow, 'shard' | 'executor' | 'network' | 'owner'>

/** The accepted digest of a shard; (job, shard) is unique. Voiding deletes nothing: see `voids`. */
export interface VerdictRow {
  readonly jobId: JobId
  readonly shard: number
  readonly digest: Digest
  /** How many distinct executors stand behind it, those of fresh keys alone as one, and whether a trusted one does. */
  readonly confirmations: number
  readonly trusted: boolean
}

/** An exposure of an identity: it may not work again until this very one is released. Numbers count from 1. */
export interface QuarantineRow {
  readonly identity: Identity
  readonly number: number
  readonly reason: string
  readonly atMs: number
}

/**
 * A requalification: it ended the quarantine of that number, with the number 0 none, and what the operator had ordered up to
 * `lastOrder`, the last order that the server knew when it decided. What was ordered since holds, whatever clocks say.
 */
export interface ReleaseRow extends Omit<QuarantineRow, 'reason'> {
  readonly lastOrder: number
}

/** How often in a row an identity's shards of a kernel on an engine were checked and right. */
export interface Standing {
  readonly kernel: string
  readonly engine: EngineName
  readonly valid: number
}

export type StandingRow = Standing & { readonly identity: Identity }

/** A group of writes that become durable together, in one transaction. Repeating a group changes nothing. */
export interface ShardWrites {
  /**
   * Refused, with all that came along: a check where `distinctNetwork` holds and an answer of the shard that is not void
   * came from the same network.
   */
  readonly submissions: readonly SubmissionRow[]
  readonly partials: readonly PartialRow[]
  readonly verdicts: readonly VerdictRow[]
  /**
   * Submissions that no longer count, because their executor was exposed. Appended, never deleted. Those of a job that
   * has ended are left out: what is learned later is said by `noticeFinished`.
   */
  readonly voids: readonly {
    readonly jobId: JobId
    readonly shard: number
    readonly executor: Identity
    readonly reason: string
  }[]
  readonly quarantines: readonly QuarantineRow[]
  readonly releases: readonly ReleaseRow[]
  /** These replace what was there; the last one of an identity, kernel and engine in a group wins. */
  readonly standings: readonly StandingRow[]
}

/** All exposures of an identity in one row. */
export interface QuarantinedIdentity {
  readonly identity: Identity
  readonly exposures: number
  /** When the last one was, and why. */
  readonly lastAtMs: number
  /** Of the one before; null when there was none. */
  readonly previousAtMs: number | null
  readonly reason: string
  /** The last one was ended by a requalification. */
  readonly released: boolean
}

export type NoticeKind = 'integrity' | 'credit-note'

/**
 * What was learned of a job after its end; (job, kind, identity) is unique. Its detail is JSON: of an `IntegrityDetail`, or
 * of a `CreditNoteDetail`, of which the ledger lets a job have one.
 */
export interface NoticeRow {
  readonly jobId: JobId
  /** From 0. */
  readonly number: number
  readonly kind: NoticeKind
  /** Who was exposed; null where the notice is about nobody. */
  readonly identity: Identity | null
  readonly atMs: number
  readonly detail: string
}

/** What was given back of the price, as the ledger has it. */
export interface CreditNoteDetail {
  readonly micro_credits: string
  readonly reason: string
}

/** The shards that rest on an exposed identity alone, or on it and others that were exposed. */
export interface IntegrityDetail {
  readonly identity: Identity
  readonly reason: string
  readonly shards: number
  /** Both ends belong to it; in order. */
  readonly ranges: readonly { readonly first: number; readonly last: number }[]
  /** How many ranges were left out, because there are too many. */
  readonly more: number
}

export const EVENT_TYPES = [
  'registered',
  'state',
  'basis',
  'voided',
  'completed',
  'failed',
  'cancelled',
  'notice',
  /** Of a job that was there before events were kept: its row as it was found. */
  'adopted',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** One link of a job's chain. What happens to single shards is not among them. */
export interface EventRow {
  readonly jobId: JobId
  /** From 0, without a gap. */
  readonly number: number
  readonly atMs: number
  readonly type: EventType
  /** Canonical JSON. */
  readonly data: string
  /** The hash of the event before; null for the first. */
  readonly previous: Digest | null
  readonly hash: Digest
}

export type InsertedJob = { readonly inserted: true } | { readonly inserted: false; readonly existing: JobRow }

/** Of a job whose first shard was handed out. */
export interface JobBeginning {
  readonly startedAtMs: number
  readonly planDigest: Digest | undefined
}

export interface Store
  extends
    TenantStore,
    SessionStore,
    JobReads,
    AgentRecords,
    LedgerStore,
    SealStore,
    MemoryStore,
    TotalsStore,
    WebhookStore,
    ActStore,
    AgentOrderStore,
    OwnerStore {
  setting(name: string): Promise<string | null>
  /** Keeps the first value that was ever put, and returns it: two servers that start at once agree. */
  settingOrPut(name: string, value: string): Promise<string>

  /** Attaches instead when the project already has a job of that client id. Nothing is reserved: it costs nothing. */
  insertJob(job: NewJob): Promise<InsertedJob>
  /** As `insertJob`; reserves what the job costs in the same transaction; registers nothing when that goes beyond a limit. */
  registerJob(job: NewJob, booking: Booking): Promise<InsertedJob | OverLimit | TooManyJobs>
  job(id: JobId): Promise<JobRow | null>
  jobOfClient(projectId: ProjectId, clientJobId: string): Promise<JobRow | null>
  /** False, and nothing written, when the job has already ended, or when `owner` is said and it is another server's. */
  updateJob(
    id: JobId,
    change: {
      readonly state: JobState
      readonly reason: string | null
      readonly planDigest?: Digest | undefined
      readonly startedAtMs?: number
      readonly owner?: number
    },
  ): Promise<boolean>
  /** Durable before the first shard of the last pass is handed out. False as of `updateJob`. */
  setBasis(id: JobId, basis: Digest, owner?: number): Promise<boolean>
  /**
   * The one transition into an end. False, and nothing written, when it has ended before: finished is finished; or when
   * `owner` is said and it is another server's. `begun`: what `updateJob` would have written before. What was reserved is settled with it: a completed job costs `microCredits`,
   * or what was reserved; any other end costs nothing.
   */
  finishJob(
    id: JobId,
    end: { readonly owner?: number; readonly begun?: JobBeginning | undefined } & (
      | {
          readonly state: 'COMPLETED'
          readonly answer: string
          readonly finishedAtMs: number
          readonly microCredits?: bigint
          /** What `writeEnding` would have written before: of a job that is reduced in no time. */
          readonly decided?: { readonly verdicts: readonly VerdictRow[]; readonly ending: string }
        }
      | { readonly state: 'FAILED' | 'CANCELLED'; readonly problem: Problem; readonly finishedAtMs: number }
    ),
  ): Promise<boolean>

  /** With what others write at the same time, in one transaction. */
  writeShards(writes: ShardWrites): Promise<void>
  /**
   * All or none, in a transaction of its own: an ending job of thousands of shards must not hold up others' answers. Refused
   * when `owner` is said and it is another server's.
   */
  writeEnding(jobId: JobId, verdicts: readonly VerdictRow[], ending: string, owner?: number): Promise<void>
  /** Those that are not void. */
  submissions(jobId: JobId): Promise<SubmissionRow[]>
  /** The job's submissions that are void. */
  voidedOf(jobId: JobId): Promise<VoidedSubmission[]>
  verdicts(jobId: JobId): Promise<VerdictRow[]>
  /** Of a job of few shards: of those that are asked for together, all are in memory at once. */
  fewVerdicts(jobId: JobId): Promise<VerdictRow[]>
  /** The partial behind each verdict of the shards from `first` to `end` - 1, in their order, in bounded batches. */
  acceptedPartials(jobId: JobId, first: number, end: number): AsyncIterable<PartialRow>
  /** Every partial of these shards, whether it counts or not: all that there is before there are verdicts. */
  partials(jobId: JobId, first: number, end: number): AsyncIterable<PartialRow>
  /** Who answered a shard of the job, also where the answer is void. */
  executorsOf(jobId: JobId): Promise<Identity[]>
  quarantines(): Promise<QuarantinedIdentity[]>
  standingsOf(identity: Identity): Promise<Standing[]>

  noticesOf(jobId: JobId): Promise<NoticeRow[]>
  /**
   * One notice for each completed job in which an exposed identity stands alone behind a verdict. Returns those jobs, also
   * those that had theirs already, so that it may be repeated. The reason is told to each job's client: it must name
   * nobody else's. A job that is just ending is not among them yet: ask again when it has ended.
   */
  noticeFinished(identity: Identity, reason: string, atMs: number): Promise<JobId[]>
  /** Exposures whose notices may be missing: the server died before it had written them all. */
  unnoticed(): Promise<Pick<QuarantineRow, 'identity' | 'number' | 'atMs'>[]>
  markNoticed(exposure: Pick<QuarantineRow, 'identity' | 'number'>): Promise<void>
  /** Which of these identities answered shards of a completed job. */
  tookPart(jobId: JobId, identities: readonly Identity[]): Promise<Identity[]>
  /** Those with a higher number than `after`, in their order, in bounded batches: -1 is before the first, none is the end. */
  eventsOf(jobId: JobId, after: number): Promise<EventRow[]>

  /** Compiled tables by the key of what they are compiled from. */
  table(key: string): Promise<Uint32Array | null>
  tableByDigest(digest: Digest): Promise<Uint32Array | null>
  putTable(key: string, digest: Digest, words: Uint32Array): Promise<void>

  /** Throws when the store cannot answer: readiness. */
  ping(): Promise<void>
  close(): Promise<void>
}
