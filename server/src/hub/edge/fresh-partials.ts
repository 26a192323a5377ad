// Partials of jobs of few shards, from when they are durable until their job ends: such a job is reduced within milliseconds
// of its last answer, and need not ask the store for what the server has just written there. What is not here is read.
import { LRUCache } from 'lru-cache'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { PartialRow, VerdictRow } from '../../store/store.ts'
import { FRESH_PARTIAL_BYTES_MAX } from './limits.ts'

type OfJob = ReadonlyMap<string, PartialRow>

export class FreshPartials {
  readonly #kept = new LRUCache<JobId, OfJob>({
    maxSize: FRESH_PARTIAL_BYTES_MAX,
    sizeCalculation: (rows) => [...rows.values()].reduce((sum, { bytes }) => sum + bytes.length + ROW_BYTES, 0),
  })

  /** Of one job. */
  keep(jobId: JobId, rows: readonly PartialRow[]): void {
    const before = this.#kept.get(jobId) ?? []
    // As they came, they are pieces of whatever else their socket brought.
    const own = rows.map((row) => [nameOf(row), { ...row, bytes: Uint8Array.from(row.bytes) }] as const)
    this.#kept.set(jobId, new Map([...before, ...own]))
  }

  /** The partials behind the verdicts of a job, in their order; null where one is not here. */
  behind(jobId: JobId, verdicts: readonly Pick<VerdictRow, 'shard' | 'digest'>[]): PartialRow[] | null {
    const kept = this.#kept.get(jobId)
    const found = verdicts.flatMap((verdict) => kept?.get(nameOf(verdict)) ?? [])
    return found.length === verdicts.length ? found : null
  }

  forget(jobId: JobId): void {
    this.#kept.delete(jobId)
  }
}

/** What a row takes beside its bytes, roughly. */
const ROW_BYTES = 300

const nameOf = ({ shard, digest }: Pick<PartialRow, 'shard' | 'digest'>): string => `${shard} ${digest}`
