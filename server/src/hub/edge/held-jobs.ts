// The jobs that this Hub holds: from their registration, or from where another server left them, until they have ended or
// are another's. It plans them, brings them into the core, and lets them go when the core or the store says so.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../../logger.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Store } from '../../store/store.ts'
import { labelsOfJob } from '../../trace.ts'
import type { HubState } from '../core/state.ts'
import type { Happening } from './agent-listener.ts'
import { endsAtOnce } from './completing.ts'
import type { HubRows } from './hub-rows.ts'
import {
  jobSpecOf,
  planInTime,
  whyUnplanned,
  type PlannedJob,
  type PlanningDeps,
  type UnfinishedJob,
} from './planning.ts'
import type { Tables } from './tables.ts'
import type { Waiters } from './waiters.ts'

export interface HeldJobsDeps {
  readonly store: PlanningDeps['store'] & Pick<Store, 'job'>
  readonly tables: Tables
  readonly logger: Logger
  readonly rows: Pick<HubRows, 'failed' | 'cancelled' | 'noticed' | 'forget'>
  readonly waiters: Pick<Waiters, 'unfinished' | 'release'>
  readonly core: Pick<HubState, 'jobs'>
  readonly closing: AbortSignal
  raise(happening: Happening): void
  track(work: Promise<void>): void
  /** What else is known of a job that is held no more. */
  forget(id: JobId): void
  readonly metrics: Pick<Metrics, 'forgotten'> | undefined
}

export class HeldJobs {
  readonly planned = new Map<JobId, PlannedJob>()
  readonly #deps: HeldJobsDeps
  /** Those on their way into the core; aborted when they are not to come there any more. */
  readonly #planning = new Map<JobId, AbortController>()
  /** Whose end is being written here. */
  readonly #ending = new Set<JobId>()
  /** Of which nothing is to be written when the core lets go of it. */
  #dropping: JobId | null = null

  constructor(deps: HeldJobsDeps) {
    this.#deps = deps
  }

  /** Of a job that is not planned only its id is at hand. */
  labelsOf(id: JobId): object {
    const planned = this.planned.get(id)
    return planned ? labelsOfJob(planned.row) : { job_id: id }
  }

  isQuick(id: JobId): boolean {
    const planned = this.planned.get(id)
    return planned !== undefined && endsAtOnce(planned)
  }

  /** The core speaks of a job only after it heard that it is planned. */
  plannedOf(id: JobId): PlannedJob {
    const planned = this.planned.get(id)
    if (planned === undefined) throw new Error(`the core speaks of job ${id}, which is not planned`)
    return planned
  }

  /**
   * Plans a job that is not in the core: a new one, or one that was begun before. One that is held already goes on, and one
   * whose end is being written ends. A planning that was aborted may not have returned yet; nothing comes of it.
   */
  resume(row: UnfinishedJob): void {
    const { waiters, track, core } = this.#deps
    if (this.#ending.has(row.id)) return
    waiters.unfinished.add(row.id)
    if (this.#planning.get(row.id)?.signal.aborted === false || core.jobs.has(row.id)) return
    const unwanted = new AbortController()
    this.#planning.set(row.id, unwanted)
    track(this.#plan(row, unwanted))
  }

  /** As its client asked. One whose end is being written already has that end. */
  cancel(id: JobId): void {
    const { waiters, core, raise, track, rows } = this.#deps
    if (!waiters.unfinished.has(id) || this.#ending.has(id)) return
    if (core.jobs.has(id)) return raise({ type: 'job-cancelled', jobId: id })
    // It is still being planned, and must not come into the core when it is.
    this.#planning.get(id)?.abort()
    track(this.end(id, () => rows.cancelled(id)))
  }

  /** The core has let go of a job that is cancelled or dropped. */
  cancelled(id: JobId): void {
    const { track, rows } = this.#deps
    if (this.#dropping !== id) track(this.end(id, () => rows.cancelled(id)))
  }

  /**
   * A job that has ended by another's hand, or is another server's by now: nobody works on it here any more, and nothing is
   * written. To agents it is as a job that was cancelled. One whose end is being written here ends by that. The core is asked
   * as well: what it has is given to agents, whoever else knows of it.
   */
  drop(id: JobId): void {
    const { waiters, core, raise, rows, logger } = this.#deps
    if (this.#ending.has(id) || !(waiters.unfinished.has(id) || core.jobs.has(id))) return
    logger.warn(this.labelsOf(id), 'a job that has ended elsewhere, or is another server’s by now, is dropped')
    if (core.jobs.has(id)) {
      this.#dropping = id
      raise({ type: 'job-cancelled', jobId: id })
      this.#dropping = null
    }
    rows.forget(id)
    this.#forget(id)
  }

  /** Whether a job that the store takes nothing more of has ended there; then it is dropped. */
  async dropIfEnded(id: JobId): Promise<boolean> {
    const row = await this.#deps.store.job(id).catch(() => null)
    if (row === null || row.finishedAtMs === null) return false
    this.drop(id)
    return true
  }

  async end(id: JobId, write: () => Promise<void>): Promise<void> {
    const { closing, logger, rows, track } = this.#deps
    this.#ending.add(id)
    try {
      await write()
    } catch (error) {
      if (closing.aborted) throw error
      logger.error({ ...this.labelsOf(id), err: error }, 'the end of a job was refused by the store')
      await rows.failed(id, 'INTERNAL', 'The end of the job could not be stored.')
    } finally {
      this.#ending.delete(id)
    }
    this.#forget(id)
    track(rows.noticed(id))
  }

  #forget(id: JobId): void {
    const { waiters, forget, metrics, raise } = this.#deps
    // A plan that comes later would bring into the core what nothing ends any more.
    this.#planning.get(id)?.abort()
    this.planned.delete(id)
    forget(id)
    metrics?.forgotten(id)
    waiters.release(id)
    raise({ type: 'job-ended', jobId: id })
  }

  async #plan(row: UnfinishedJob, unwanted: AbortController): Promise<void> {
    const { store, logger, tables, raise, rows, closing } = this.#deps
    const gone = AbortSignal.any([closing, unwanted.signal])
    const beganMs = Date.now()
    try {
      const ready = await planInTime(row, { store, logger, tables, closing: gone })
      if (gone.aborted) return
      this.#planning.delete(row.id)
      const { planned, submissions, ending, voided } = ready
      this.planned.set(row.id, planned)
      const job = jobSpecOf(row, ready, performance.now() + (row.deadlineAtMs - Date.now()))
      raise({ type: 'job-planned', job, state: row.state, basis: row.basis, submissions, voided, ending })
    } catch (error) {
      if (gone.aborted) return
      logger.error({ ...labelsOfJob(row), err: error }, 'a job could not be planned')
      await this.end(row.id, () => rows.failed(row.id, ...whyUnplanned(row, beganMs, Date.now())))
    } finally {
      if (this.#planning.get(row.id) === unwanted) this.#planning.delete(row.id)
    }
  }
}
