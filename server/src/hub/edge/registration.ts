// A job becomes a row, with the credits that it may cost set aside; then it is planned. What the store left open, because it
// broke off while it wrote, is read back, for the job may be there although its client was told that it is not.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { termsOf } from '../../billing/price.ts'
import type { Booking, SpendingLimits, JobLimits } from '../../store/ledger-store.ts'
import { isPassing } from '../../store/sql-error.ts'
import type { JobRow, NewJob, Store } from '../../store/store.ts'
import type { Hub } from './hub-interface.ts'
import type { HubRows } from './hub-rows.ts'
import { planOf, type UnfinishedJob } from './planning.ts'

export interface RegistrationDeps {
  readonly store: Pick<Store, 'registerJob' | 'job'>
  readonly rows: Pick<HubRows, 'reading' | 'failed'>
  /** This server's number. */
  readonly owner: () => number
  readonly isUnfinished: (id: JobId) => boolean
  readonly resume: (row: UnfinishedJob) => void
  readonly track: (work: Promise<void>) => void
}

export class Registration {
  readonly #deps: RegistrationDeps
  /** Those that may have a row already, and whose registration is still to say what becomes of them. */
  readonly #coming = new Set<JobId>()

  constructor(deps: RegistrationDeps) {
    this.#deps = deps
  }

  isComing(id: JobId): boolean {
    return this.#coming.has(id)
  }

  async submit(job: NewJob, limits: SpendingLimits, jobs: JobLimits): ReturnType<Hub['submitWithin']> {
    const { isUnfinished, owner, resume } = this.#deps
    const known = planOf(job)
    const booking = { terms: termsOf(known), limits, jobs }
    const inserted = await this.#register({ ...job, owner: owner() }, booking)
    if ('over' in inserted || 'tooMany' in inserted) return inserted
    if (inserted.inserted) resume({ ...job, state: 'QUEUED', basis: null, ending: null, known })
    // Its insert was answered by an error although it was done: whoever asks again sets it going. Another server's goes on
    // there, or is taken from it by whoever looks first.
    else if (isOpenOf(owner(), inserted.existing) && !isUnfinished(inserted.existing.id)) resume(inserted.existing)
    return inserted
  }

  async #register(job: NewJob, booking: Booking): ReturnType<Store['registerJob']> {
    const come = (): void => void this.#coming.delete(job.id)
    this.#coming.add(job.id)
    try {
      const registered = await this.#deps.store.registerJob(job, booking)
      come()
      return registered
    } catch (error) {
      if (isPassing(error)) this.#deps.track(this.#readBack(job).finally(come))
      else come()
      throw error
    }
  }

  /** A job that can be asked for again goes on; one that nobody has a name for would be paid for and never seen. */
  async #readBack({ id }: NewJob): Promise<void> {
    const { store, rows, isUnfinished, resume } = this.#deps
    const row = await rows.reading(() => store.job(id))
    if (row === null || !isOpenOf(this.#deps.owner(), row) || isUnfinished(id)) return
    if (row.clientJobId !== null) return resume(row)
    const detail = 'The store broke off while the job was registered, and its client was told so; nothing is billed.'
    await rows.failed(id, 'STORE_UNAVAILABLE', detail)
  }
}

const isOpenOf = (server: number, { finishedAtMs, owner }: JobRow): boolean => finishedAtMs === null && owner === server
