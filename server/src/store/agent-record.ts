// What the store says of one identity to whoever holds its key: what it did, what came of it, and nothing of whose job it was.
import type { EngineName, Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'

export interface AgentRecord {
  /** Completed jobs that it answered a shard of. */
  readonly jobs: number
  /** Its answers that stand behind a verdict of a completed job. */
  readonly accepted: number
  /** Its answers that do not count, since one of them was found wrong. */
  readonly rejected: number
  /** What it was given for accepted work, ever. */
  readonly microCredits: bigint
  /** Its last exposure; null: there was none. */
  readonly quarantine: {
    readonly number: number
    readonly reason: string
    readonly atMs: number
    readonly released: boolean
  } | null
  /** A bounded number of them. */
  readonly rejections: readonly {
    readonly jobId: JobId
    readonly shard: number
    readonly engine: EngineName
    readonly digest: Digest
    /** Null: the shard has no verdict yet. */
    readonly accepted: Digest | null
    readonly reason: string
  }[]
  /** The newest, a bounded number of them. */
  readonly receipts: readonly {
    readonly jobId: JobId
    readonly op: string | null
    /** Null: the job ended before this was counted. */
    readonly shards: number | null
    /** Of the whole job. */
    readonly of: number
    readonly finishedAtMs: number
    /** Null: it is not signed yet. */
    readonly receipt: Digest | null
  }[]
}

export interface AgentRecords {
  agentRecord(identity: Identity): Promise<AgentRecord>
}
