// The simulated store: what survives when the Hub is killed. Its keys are those of the real one, and like the real one
// it leaves a row that is there already as it is.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { JobState, ShardWrites, StandingRow, SubmissionRow, VoidedSubmission } from '../../store/store.ts'
import type { Ending } from '../core/events.ts'
import { IdentityRows } from './identity-rows.ts'

type Writes = Partial<Pick<ShardWrites, 'voids' | 'quarantines' | 'releases' | 'standings'>>

const key = (row: { jobId: JobId; shard: number; executor: Identity }): string =>
  `${row.jobId}|${row.shard}|${row.executor}`

export class SimStore {
  readonly #submissions = new Map<string, SubmissionRow>()
  /** Rows that were found durable once: a row is never taken away. */
  readonly #durable = new WeakSet<SubmissionRow>()
  readonly #voids = new Set<string>()
  /**
   * Rows of writes that were told to have failed. Who answers such a shard again with other bytes is taken at its last
   * word until a restart, and at its first from then on: a liar alone can do that, and both are settled as ever.
   */
  readonly #unsure = new Set<string>()
  readonly #standings = new Map<string, StandingRow & { readonly writtenAs: number }>()
  #writes = 0
  readonly identities = new IdentityRows()
  readonly bases = new Map<JobId, Digest>()
  readonly endings = new Map<JobId, Ending>()
  readonly states = new Map<JobId, JobState>()
  readonly ended = new Map<JobId, 'complete' | 'fail' | 'cancel'>()

  writeSubmissions(rows: readonly SubmissionRow[]): void {
    for (const row of rows) if (!this.#submissions.has(key(row))) this.#submissions.set(key(row), row)
  }

  failed(rows: readonly SubmissionRow[]): void {
    for (const row of rows) this.#unsure.add(key(row))
  }

  /** One transaction. */
  write({ voids = [], quarantines = [], releases = [], standings = [] }: Writes, nowMs: number): void {
    const writtenAs = ++this.#writes
    for (const row of voids) this.#voids.add(key(row))
    for (const row of quarantines) this.identities.expose(row, nowMs, writtenAs)
    for (const row of releases) this.identities.release(row, nowMs)
    for (const row of standings) this.putStanding(row)
  }

  putStanding(row: StandingRow): void {
    this.#standings.set(`${row.identity}|${row.kernel}|${row.engine}`, { ...row, writtenAs: this.#writes })
  }

  standings(identity: Identity): StandingRow[] {
    return [...this.#standings.values()].filter((row) => row.identity === identity)
  }

  /** Whether what is written of it since its last exposure makes it a veteran: what a restart may believe. */
  standingsSinceExposure(): StandingRow[] {
    return [...this.#standings.values()].filter(
      ({ identity, writtenAs }) => writtenAs > this.identities.exposedIn(identity),
    )
  }

  voided(jobId: JobId): VoidedSubmission[] {
    return [...this.#submissions.values()].filter((row) => row.jobId === jobId && this.#voids.has(key(row)))
  }

  /** Throws on two truths for one shard, as the real one does. */
  writeEnding(jobId: JobId, ending: Ending): void {
    const known = this.endings.get(jobId)
    const other = known?.verdicts.find(({ digest }, shard) => ending.verdicts[shard]?.digest !== digest)
    if (other !== undefined) throw new Error(`two verdicts for shard ${other.shard} of ${jobId}`)
    if (known === undefined) this.endings.set(jobId, ending)
  }

  has(row: SubmissionRow): boolean {
    if (this.#durable.has(row)) return true
    const written = this.#submissions.get(key(row))
    if (written === undefined || this.#voids.has(key(row))) return false
    if (written.digest !== row.digest && !this.#unsure.has(key(row))) return false
    this.#durable.add(row)
    return true
  }

  /**
   * Shards on which it agreed with somebody whose word counted, with one engine: no more can have been counted. Of writes
   * that were told to have failed, its own and the other's, the Hub may have heard another answer since, or the same from
   * one who had become a veteran.
   */
  agreements({ identity, engine }: Pick<StandingRow, 'identity' | 'engine'>): number {
    const weighty = new Set<string>()
    const unsure = new Set<string>()
    const own: SubmissionRow[] = []
    for (const row of this.#submissions.values()) {
      if (row.executor === identity) {
        if (row.engine === engine) own.push(row)
      } else if (this.#unsure.has(key(row))) unsure.add(`${row.jobId}|${row.shard}`)
      else if (row.tier !== 'probation') weighty.add(`${row.jobId}|${row.shard}|${row.digest}`)
    }
    const ownUnsure = [...this.#unsure].filter((row) => row.endsWith(`|${identity}`)).length
    const agreed = own.filter(
      ({ jobId, shard, digest }) => unsure.has(`${jobId}|${shard}`) || weighty.has(`${jobId}|${shard}|${digest}`),
    )
    return ownUnsure + agreed.length
  }

  /** Those that are not void, in the order of the real query. */
  submissions(jobId: JobId): SubmissionRow[] {
    return [...this.#submissions.values()]
      .filter((row) => row.jobId === jobId && !this.#voids.has(key(row)))
      .toSorted((a, b) => a.shard - b.shard || (a.executor < b.executor ? -1 : 1))
  }
}
