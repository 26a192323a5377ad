// What the store keeps of signatures: the keys that sign and since when, the signed documents of jobs, and for each project
// a log in which every document has its place. Documents are signed after the job's end and the log is written after that,
// so that no settlement waits for another; what still waits is a queue, written in the transaction that made it due.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'

export type SealKind = 'receipt' | 'notice'

export interface SealItem {
  readonly jobId: JobId
  readonly kind: SealKind
  /** Of a notice its own number; 0 for the receipt. */
  readonly number: number
}

/** What tells it from all others. */
export const itemName = ({ jobId, kind, number }: SealItem): string => `${jobId} ${kind} ${number}`

/** From `fromMs` on this key signs, until the next period begins. */
export interface SigningPeriod {
  readonly number: number
  readonly keyId: string
  /** Base64. */
  readonly publicKey: string
  readonly fromMs: number
}

export interface SealRow extends SealItem {
  /** Of the document's body. */
  readonly digest: Digest
  /** Canonical JSON of body and signature. */
  readonly document: string
}

export interface LogRow extends SealItem {
  readonly projectId: ProjectId
  /** From 0, without a gap. */
  readonly place: number
  /** Of the signed link's body. */
  readonly digest: Digest
  /** The digest of the link before; null for the first. */
  readonly previous: Digest | null
  /** Canonical JSON of the signed link. */
  readonly document: string
}

/** Synchronous, for it runs inside a transaction. */
export type MakeLink = (
  item: SealItem,
  head: Pick<LogRow, 'place' | 'digest'> | null,
) => Pick<LogRow, 'digest' | 'document'>

export interface SealStore {
  signingPeriods(): Promise<SigningPeriod[]>
  /** Begins a period when the last one is another key's; returns all. */
  beginSigning(key: Pick<SigningPeriod, 'keyId' | 'publicKey'>, atMs: number): Promise<SigningPeriod[]>
  /** What waits for its signature or its place in the log, a bounded number of it: the oldest behind the first `skipped`. */
  unsealed(skipped: number): Promise<SealItem[]>
  /** The first document stays, and is returned. */
  putSeal(seal: SealRow): Promise<SealRow>
  sealOf(item: SealItem): Promise<SealRow | null>
  /**
   * Puts sealed items of a project behind its last one, each once and in their order; they then wait no more. Returns the
   * places that they have.
   */
  appendToLog(items: readonly SealItem[], projectId: ProjectId, link: MakeLink): Promise<LogRow[]>
  logOf(item: SealItem): Promise<LogRow | null>
  /** The last one; null: there is none. */
  receiptHead(projectId: ProjectId): Promise<Pick<LogRow, 'place' | 'digest'> | null>
  /** Those at `from` and behind, in bounded batches; none is the end. */
  receiptLog(projectId: ProjectId, from: number): Promise<LogRow[]>
  /** Deletes the partials of sealed jobs that ended before, a bounded number of jobs at a time; returns them. */
  dropPartials(endedBeforeMs: number, atMs: number): Promise<JobId[]>
  /** Of jobs that ended before, puts a number in the place of each network; a bounded number of jobs, which it returns. */
  forgetNetworks(endedBeforeMs: number, atMs: number): Promise<JobId[]>
  /** When retention took the job's partials; null while they are there. */
  droppedAt(jobId: JobId): Promise<number | null>
  /** Of all partials behind the job's verdicts, as far as they are kept. */
  acceptedBytes(jobId: JobId): Promise<number>
}
