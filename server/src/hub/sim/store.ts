// The simulated store: what survives when the Hub is killed. Its keys are those of the real one, and like the real one
// it leaves a row that is there already as it is.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { ShardWrites, SubmissionRow } from '../../store/store.ts'

const key = (row: { jobId: JobId; shard: number; executor: Identity }): string =>
  `${row.jobId}|${row.shard}|${row.executor}`

export class SimStore {
  readonly #submissions = new Map<string, SubmissionRow>()
  readonly #voids = new Set<string>()
  readonly #verdicts = new Map<string, Digest>()
  readonly quarantined = new Set<Identity>()
  readonly bases = new Map<JobId, Digest>()
  readonly ended = new Map<JobId, 'complete' | 'fail'>()

  writeSubmissions(rows: readonly SubmissionRow[]): void {
    for (const row of rows) if (!this.#submissions.has(key(row))) this.#submissions.set(key(row), row)
  }

  writeVoids({ voids, quarantines }: Pick<ShardWrites, 'voids' | 'quarantines'>): void {
    for (const row of voids) this.#voids.add(key(row))
    for (const { identity } of quarantines) this.quarantined.add(identity)
  }

  /** Throws on two truths for one shard, as the real one does. */
  writeVerdicts(rows: ShardWrites['verdicts']): void {
    for (const { jobId, shard, digest } of rows) {
      const known = this.#verdicts.get(`${jobId}|${shard}`)
      if (known !== undefined && known !== digest) throw new Error(`two verdicts for shard ${shard} of ${jobId}`)
      this.#verdicts.set(`${jobId}|${shard}`, digest)
    }
  }

  has(row: SubmissionRow): boolean {
    return this.#submissions.has(key(row))
  }

  /** Those that are not void, in the order of the real query. */
  submissions(jobId: JobId): SubmissionRow[] {
    return [...this.#submissions.values()]
      .filter((row) => row.jobId === jobId && !this.#voids.has(key(row)))
      .toSorted((a, b) => a.shard - b.shard || (a.executor < b.executor ? -1 : 1))
  }
}
