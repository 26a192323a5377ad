// Which unfinished jobs are this server's, where several share a database: each job is run by one, its owner. Every other
// second this one looks whether jobs of its own are to be cancelled, have ended or are another's, and takes those of owners
// that are no more. What is done about it is the Hub's.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../../logger.ts'
import type { OwnerLook, OwnerStore, ServerPlace } from '../../store/owner-store.ts'
import type { JobRow } from '../../store/store.ts'
import { OWNER_LIMITS } from './limits.ts'

export interface OwnershipDeps {
  readonly store: OwnerStore
  readonly logger: Logger
  /** The jobs that the Hub holds now. */
  readonly held: ReadonlySet<JobId>
  /** Its registration is under way here, which says itself whether it goes on. */
  isComing(id: JobId): boolean
  /** Somebody is connected who computes. Without, another server is the better one for a job. */
  hasAgents(): boolean
  /** They are this server's from now on; some may have been before. */
  taken(rows: readonly JobRow[]): void
  cancel(id: JobId): void
  /** It has ended by another's hand, or is another server's. */
  drop(id: JobId): void
}

export class Ownership {
  readonly #deps: OwnershipDeps
  #place: ServerPlace | null = null
  #timer: ReturnType<typeof setInterval> | undefined
  #looking: Promise<void> | null = null
  /** Owners that were dead when they were looked at, and since when. */
  #desertedSince = new Map<number, number>()
  /** Jobs that were its own at the last look, and that the Hub did not hold. */
  #unheld: ReadonlySet<JobId> = new Set()
  /** Jobs may have become its own without its hearing of it. */
  #isUnheard = false
  #isClosed = false

  constructor(deps: OwnershipDeps) {
    this.#deps = deps
  }

  /** Of this server. */
  get number(): number {
    if (this.#place === null) throw new Error('this server has no number yet')
    return this.#place.number
  }

  /** The row may be older than a takeover: what is held here is here, whatever it says. */
  isElsewhere({ id, owner }: Pick<JobRow, 'id' | 'owner'>): boolean {
    return (owner ?? null) !== null && owner !== this.number && !this.#deps.held.has(id)
  }

  /** What the dead left is taken at once: a server that starts is mostly the successor of one that stopped. */
  async begin(): Promise<void> {
    const { store, logger } = this.#deps
    const lost = (): void => logger.warn({ server: this.#place?.number }, 'this server’s lock in the database is lost')
    const retaken = (): void => {
      logger.warn({ server: this.number }, 'this server’s lock in the database is held again')
      void this.#lookAnew()
    }
    this.#place = await store.enter(retaken, lost)
    this.#take(await store.takeJobs(this.number, null), null)
    this.#timer = setInterval(() => void this.look(), OWNER_LIMITS.lookMs).unref()
  }

  /** While the store does not answer, one look waits for it and no more. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = null))
    return this.#looking
  }

  /** Behind one that is under way, which may have seen what was before. */
  async #lookAnew(): Promise<void> {
    await this.#looking
    if (!this.#isClosed) await this.look()
  }

  /** No more looks; its jobs stay its own. */
  stop(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
  }

  /** Once nothing of its jobs is written any more: from here on others may take them, and what a last look took as well. */
  async leave(): Promise<void> {
    await this.#place?.leave()
  }

  async #lookOnce(): Promise<void> {
    const { store, logger } = this.#deps
    try {
      // Those that come while the store looks are not in what it saw.
      const before = [...this.#deps.held]
      const { isHere, own, deserted } = await store.jobsByOwner(this.number)
      if (this.#isClosed) return
      this.#compare(before, own)
      this.#findUnheld(own)
      if (!isHere) void this.#place?.retake()
      const from = this.#longDeserted(deserted)
      if (from.length === 0 && !this.#isUnheard) return
      const isAgain = this.#isUnheard
      this.#isUnheard = true
      const rows = await store.takeJobs(this.number, from, isAgain)
      this.#isUnheard = false
      if (!this.#isClosed) this.#take(rows, from)
    } catch (error) {
      if (!this.#isClosed) logger.warn({ err: error }, 'whose the unfinished jobs are could not be read')
    }
  }

  #take(rows: readonly JobRow[], from: readonly number[] | null): void {
    const ids = rows.slice(0, OWNER_LIMITS.takenLoggedMax).map(({ id }) => id)
    const told = { jobs: rows.length, job_ids: ids, server: this.number, from: from ?? 'all that are gone' }
    if (rows.length > 0) this.#deps.logger.info(told, 'unfinished jobs go on')
    this.#deps.taken(rows)
  }

  #compare(before: readonly JobId[], own: OwnerLook['own']): void {
    const { cancel, drop } = this.#deps
    const wanted = new Map(own.map(({ id, isCancelWanted }) => [id, isCancelWanted]))
    for (const id of before) {
      const isCancelWanted = wanted.get(id)
      if (isCancelWanted === undefined) drop(id)
      else if (isCancelWanted) cancel(id)
    }
  }

  /**
   * A job that was taken back while its refused end was still being written is its own and held by nobody: it has to be taken
   * up once more. In a single look that may as well be one that has ended since the store was asked.
   */
  #findUnheld(own: OwnerLook['own']): void {
    const { held, isComing } = this.#deps
    const unheld = own.map(({ id }) => id).filter((id) => !held.has(id) && !isComing(id))
    if (unheld.some((id) => this.#unheld.has(id))) this.#isUnheard = true
    this.#unheld = new Set(unheld)
  }

  #longDeserted(owners: readonly number[]): number[] {
    const nowMs = performance.now()
    this.#desertedSince = new Map(owners.map((owner) => [owner, this.#desertedSince.get(owner) ?? nowMs]))
    const longMs = this.#deps.hasAgents() ? OWNER_LIMITS.desertedMs : OWNER_LIMITS.desertedIdleMs
    return owners.filter((owner) => nowMs - (this.#desertedSince.get(owner) ?? nowMs) >= longMs)
  }
}
