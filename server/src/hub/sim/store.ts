// The simulated store: what survives when the Hub is killed. Its keys are those of the real one, and like the real one
// it leaves a row that is there already as it is.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { ShardWrites, StandingRow, SubmissionRow } from '../../store/store.ts'

type Writes = Partial<Pick<ShardWrites, 'voids' | 'quarantines' | 'releases' | 'standings'>>

const key = (row: { jobId: JobId; shard: number; executor: Identity }): string =>
  `${row.jobId}|${row.shard}|${row.executor}`

export class SimStore {
  readonly #submissions = new Map<string, SubmissionRow>()
  readonly #voids = new Set<string>()
  readonly #verdicts = new Map<string, Digest>()
  readonly #released = new Set<string>()
  readonly #standings = new Map<string, StandingRow>()
  /** The last exposure of each identity. */
  readonly quarantines = new Map<Identity, { readonly number: number; readonly atMs: number }>()
  readonly bases = new Map<JobId, Digest>()
  readonly ended = new Map<JobId, 'complete' | 'fail'>()

  writeSubmissions(rows: readonly SubmissionRow[]): void {
    for (const row of rows) if (!this.#submissions.has(key(row))) this.#submissions.set(key(row), row)
  }

  write({ voids = [], quarantines = [], releases = [], standings = [] }: Writes, nowMs: number): void {
    for (const row of voids) this.#voids.add(key(row))
    for (const { identity, number } of quarantines) this.quarantines.set(identity, { number, atMs: nowMs })
    for (const { identity, number } of releases) this.#released.add(`${identity}|${number}`)
    for (const row of standings) this.putStanding(row)
  }

  putStanding(row: StandingRow): void {
    this.#standings.set(`${row.identity}|${row.kernel}|${row.engine}`, row)
  }

  standings(identity: Identity): StandingRow[] {
    return [...this.#standings.values()].filter((row) => row.identity === identity)
  }

  /** Exposed, and not released since. */
  isQuarantined(identity: Identity): boolean {
    const last = this.quarantines.get(identity)
    return last !== undefined && !this.#released.has(`${identity}|${last.number}`)
  }

  voided(jobId: JobId): number {
    return [...this.#voids].filter((row) => row.startsWith(`${jobId}|`)).length
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
