// What happens to the Hub and what it wants done. Events carry the time; commands are carried out by the edge, in
// order, and what they find out comes back as events.
import type { Assignment, Refusal, Reply, Tally } from '@forge/shared/contract/agent-events.ts'
import type { AssignmentId, Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Findings, ProblemCode } from '@forge/shared/contract/problem.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Bound } from '@forge/shared/verifier/bound.ts'
import type {
  JobState,
  ShardWrites,
  StandingRow,
  SubmissionRow,
  VerdictRow,
  VoidedSubmission,
} from '../../store/store.ts'
import type { KnownExposures } from './exposure.ts'
import type { Order } from './orders.ts'
import type { Ability, JobSpec, Newcomer } from './state.ts'

export type HubEvent = { readonly nowMs: number } & (
  | {
      readonly type: 'job-planned'
      readonly job: JobSpec
      /** As its row has it; beyond QUEUED it was begun before a restart. */
      readonly state: JobState
      /** What its row says that the last pass was planned from. */
      readonly basis: Digest | null
      readonly submissions: readonly SubmissionRow[]
      /** Its submissions that are void. */
      readonly voided: readonly VoidedSubmission[]
      /** What was decided of it and durable before a restart: nothing that is learned later changes it. */
      readonly ending: Ending | null
    }
  | { readonly type: 'job-ended'; readonly jobId: JobId }
  /** Its client wants it no longer. One whose end is being written already has that end. */
  | { readonly type: 'job-cancelled'; readonly jobId: JobId }
  /** The last pass is planned from this basis, and its row says so. */
  | { readonly type: 'pass-planned'; readonly jobId: JobId; readonly basis: Digest }
  | {
      readonly type: 'pass-failed'
      readonly jobId: JobId
      readonly basis: Digest
      readonly code: ProblemCode
      readonly detail: string
    }
  | {
      readonly type: 'agent-joined'
      readonly agent: Newcomer
    }
  /** What the store knows of its identity's checked shards. */
  | {
      readonly type: 'standings'
      readonly identity: Identity
      readonly rows: readonly Omit<StandingRow, 'identity'>[]
    }
  | { readonly type: 'agent-ready'; readonly session: SessionId; readonly kernel: string; readonly ability: Ability }
  /** It takes no assignment until it is ready again. */
  | { readonly type: 'agent-paused'; readonly session: SessionId }
  | { readonly type: 'agent-left'; readonly session: SessionId }
  /** Signature, digests and plausibility have been checked at the edge. */
  | {
      readonly type: 'answer'
      readonly session: SessionId
      readonly request: number
      readonly assignmentId: AssignmentId
      readonly epoch: number
      readonly shards: readonly { readonly shard: number; readonly digest: Digest }[]
      readonly kernelMs: number
    }
  /** The submissions of an answer are durable. */
  | { readonly type: 'stored'; readonly submissions: readonly SubmissionRow[] }
  /** They could not be made durable: as if never answered. */
  | { readonly type: 'store-failed'; readonly submissions: readonly SubmissionRow[] }
  /** Units of the assignment that the agent says it has computed, those of unfinished shards included. */
  | {
      readonly type: 'progress'
      readonly session: SessionId
      readonly assignmentId: AssignmentId
      readonly epoch: number
      readonly units: number
    }
  | {
      readonly type: 'shard-failed'
      readonly session: SessionId
      readonly assignmentId: AssignmentId
      readonly epoch: number
      readonly shard: number
      readonly reason: string
    }
  /**
   * A partial of the last pass that could be true by itself contradicts the first pass's shard of the same units: one of
   * the two is wrong.
   */
  | {
      readonly type: 'shard-contradicted'
      readonly session: SessionId
      readonly assignmentId: AssignmentId
      readonly epoch: number
      readonly shard: number
      readonly reason: string
    }
  | {
      readonly type: 'handback'
      readonly session: SessionId
      readonly assignmentId: AssignmentId
      readonly epoch: number
    }
  /** By the operator, and durable; or what ended such an order on another server. */
  | ({ readonly type: 'agent-ordered'; readonly number: number; readonly reason: string } & Order)
  /** As the store has them, after some server of the database wrote one or what ended it. */
  | ({ readonly type: 'exposures-known' } & KnownExposures)
  | { readonly type: 'tick' }
)

/** An assignment without what only the edge knows: the launch (constants, tables). */
export type AssignmentOrder = Pick<Assignment, 'assignmentId' | 'epoch' | 'engine' | 'shards' | 'leaseMs'>

export type HubCommand =
  | { readonly type: 'assign'; readonly session: SessionId; readonly jobId: JobId; readonly order: AssignmentOrder }
  | { readonly type: 'revoke'; readonly session: SessionId; readonly assignmentId: AssignmentId }
  | { readonly type: 'reply'; readonly session: SessionId; readonly request: number; readonly reply: Reply }
  /**
   * Make these durable with their partials, raise `stored`, then acknowledge the request. `refused` names shards of the
   * frame that did not count.
   */
  | {
      readonly type: 'store'
      readonly session: SessionId
      readonly request: number
      readonly submissions: readonly SubmissionRow[]
    }
  | {
      readonly type: 'write'
      readonly writes: Partial<Pick<ShardWrites, 'voids' | 'quarantines' | 'releases' | 'standings'>>
    }
  | { readonly type: 'expel'; readonly session: SessionId; readonly refusal: Refusal }
  | {
      readonly type: 'job-state'
      readonly jobId: JobId
      readonly state: 'QUEUED' | 'RUNNING' | 'VERIFYING'
      readonly reason: string | null
    }
  /**
   * Plan the last pass from the partials that have these digests (of the shards from 0 on, in their order), write the
   * basis, then raise `pass-planned`. A later one of the same job replaces it.
   */
  | { readonly type: 'refine'; readonly jobId: JobId; readonly basis: Digest; readonly digests: readonly Digest[] }
  /** Write the verdicts, reduce the partials behind them, settle; then raise `job-ended`. */
  | ({ readonly type: 'complete'; readonly jobId: JobId } & Ending)
  /** End the job unbilled; then raise `job-ended`. */
  | {
      readonly type: 'fail'
      readonly jobId: JobId
      readonly code: ProblemCode
      readonly detail: string
      readonly found: Findings
    }
  /** End the job as its client asked, unbilled; then raise `job-ended`. */
  | { readonly type: 'cancel'; readonly jobId: JobId }
  | { readonly type: 'tally'; readonly session: SessionId; readonly tally: Tally }

/** How a job completed: its record says what was known when its verdicts became durable, and is written with them. */
export interface Ending {
  readonly verdicts: readonly VerdictRow[]
  readonly record: VerificationRecord
  readonly kernelMs: number
  readonly agents: number
  readonly engines: readonly string[]
  readonly warnings: readonly string[]
}

export interface RecordedStratum {
  readonly strata: number
  readonly shards: number
  readonly checked: number
  readonly checked_by_trusted: number
}

export interface VerificationRecord {
  readonly mode: 'none' | 'spotcheck' | 'full'
  readonly status: 'clean' | 'escalated' | 'degraded'
  readonly shards: number
  readonly checked: number
  readonly checked_by_trusted: number
  readonly mismatches: number
  readonly voided: number
  readonly authors: number
  readonly networks: number
  /** Whether a checker had to sit in another network than the author. */
  readonly distinct_network: boolean
  /** Answers, checks and those that were in vain included. */
  readonly executions: number
  /** How many wrong shards the checks do not exclude, for each assumption of collusion; null where nothing is checked. */
  readonly bound: readonly Bound[] | null
  /** What the bound was made of, so that anybody can make it again; equal ones once, with how many they are. */
  readonly strata?: readonly RecordedStratum[]
}

export type Voids = ShardWrites['voids']
export type { Identity }
