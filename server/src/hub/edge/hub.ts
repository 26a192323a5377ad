// The Hub's edge: it gives the core its events with the time in them and carries out its commands. What must be durable
// is durable before anyone is told; jobs that a restart interrupted are planned again and go on.
import type { Server as HttpServer } from 'node:http'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Config } from '../../config.ts'
import type { Logger } from '../../logger.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { ANY_NUMBER, NO_LIMITS, type SpendingLimits, type JobLimits } from '../../store/ledger-store.ts'
import type { JobRow, NewJob, Store, SubmissionRow } from '../../store/store.ts'
import { labelsOfJob } from '../../trace.ts'
import type { HubCommand } from '../core/events.ts'
import type { HubState } from '../core/state.ts'
import { nextWakeMs, step } from '../core/step.ts'
import { AgentListener, type Happening } from './agent-listener.ts'
import { refusal } from './frames.ts'
import { createClientAddress } from './client-address.ts'
import { figuresOf, type HubFigures } from './figures.ts'
import { createGateway, type Gateway } from './gateway.ts'
import type { Hub } from './hub-interface.ts'
import { KEEPS_NOTHING, type KeepArtifacts } from './artifacts.ts'
import { createHubRows, type HubRows } from './hub-rows.ts'
import { assignmentOf, jobSpecOf, planInTime, whyUnplanned, type PlannedJob, type UnfinishedJob } from './planning.ts'
import { createNodeTokens } from './node-tokens.ts'
import { CANCEL_WAIT_MS } from './limits.ts'
import { eligibleOf, progressOf, shardStatesOf, speedsOf } from './progress.ts'
import { openState, type OpenedState } from './open-state.ts'
import { OrderWatch } from './order-watch.ts'
import { createRefining, type Refining } from './refining.ts'
import { Registration } from './registration.ts'
import { Roster } from './roster.ts'
import { createTables, warmTables, type Tables } from './tables.ts'
import { Tallies } from './tallies.ts'
import { createWaiters } from './waiters.ts'

export interface HubDeps {
  readonly store: Store
  readonly logger: Logger
  readonly config: Pick<Config, 'referee' | 'distinctNetwork' | 'publicUrl' | 'trustedProxies'>
  readonly http: HttpServer
  readonly refereeToken: string | null
  /** Of completed jobs, before they are seen to be; nothing is kept unless said. */
  readonly keepArtifacts?: KeepArtifacts
  /** Is told how long answers waited; nobody unless said. */
  readonly metrics?: Pick<Metrics, 'acknowledged'>
}

export interface RunningHub extends Hub {
  /** Stops taking answers, lets begun writes end. Unfinished jobs stay where they are. */
  close(): Promise<void>
  /** Where it stands, for whoever watches. */
  figures(): HubFigures
}

export async function startHub(deps: HubDeps): Promise<RunningHub> {
  const { store, logger, config } = deps
  const tables = createTables(store)
  const hub = new HubEdge(deps, await openState(store, config), tables)
  warmTables(tables, (error) => {
    if (!hub.isClosing) logger.error({ err: error }, 'a table failed')
  })
  const unfinished = await store.unfinishedJobs()
  if (unfinished.length > 0) logger.info({ jobs: unfinished.length }, 'unfinished jobs go on')
  hub.resumeAll(unfinished)
  return hub
}

class HubEdge implements RunningHub {
  readonly #deps: HubDeps
  readonly #state: HubState
  readonly roster: Roster
  readonly #orders: OrderWatch
  readonly #tables: Tables
  readonly #gateway: Gateway
  readonly #planned = new Map<JobId, PlannedJob>()
  readonly #agents: AgentListener
  readonly #rows: HubRows
  readonly #refining: Refining
  readonly #registration: Registration
  readonly #waiters = createWaiters()
  readonly #tallies = new Tallies((session, tally) => this.#gateway.send(session, 'tally', tally))
  readonly #closing = new AbortController()
  /** Cancelled while they were being planned. */
  readonly #unwanted = new Set<JobId>()
  readonly #writes = new Set<Promise<void>>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(deps: HubDeps, opened: OpenedState, tables: Tables) {
    this.#deps = deps
    this.#state = opened.state
    this.#orders = new OrderWatch({
      ...deps,
      ...opened,
      raise: (happening) => this.#raise(happening),
      exposedElsewhere: (exposed) => this.#track(this.#rows.exposedElsewhere(exposed)),
    })
    this.roster = new Roster(opened.state, this.#orders)
    this.#tables = tables
    const { store, logger } = deps
    this.#rows = createHubRows({
      store,
      logger,
      labelsOf: (jobId) => this.#labelsOf(jobId),
      closing: this.#closing.signal,
      keepArtifacts: deps.keepArtifacts ?? KEEPS_NOTHING,
    })
    this.#registration = new Registration({
      store: deps.store,
      rows: this.#rows,
      isUnfinished: (id) => this.#waiters.unfinished.has(id),
      resume: (row) => this.resume(row),
      track: (work) => this.#track(work),
    })
    this.#refining = createRefining({ store, rows: this.#rows, logger, closing: this.#closing.signal })
    const { config, http, refereeToken } = deps
    const { publicUrl, distinctNetwork: addressesDiffer, trustedProxies } = config
    const addressOf = createClientAddress(trustedProxies)
    this.#agents = new AgentListener({
      state: opened.state,
      store,
      logger,
      planned: this.#planned,
      raise: (happening) => this.#raise(happening),
      track: (work) => this.#track(work),
      roster: this.roster,
      left: (session) => this.#tallies.left(session),
      acknowledged: (outcome, seconds) => deps.metrics?.acknowledged(outcome, seconds),
    })
    const tokens = createNodeTokens(store, logger)
    const door = { logger, listener: this.#agents, refereeToken, tokens, publicUrl, addressesDiffer, addressOf }
    this.#gateway = createGateway(http, door)
  }

  // ---- what the server asks

  async submit(job: NewJob): ReturnType<Hub['submit']> {
    const submitted = await this.submitWithin(job, NO_LIMITS, ANY_NUMBER)
    if ('over' in submitted || 'tooMany' in submitted) throw new Error('a job was beyond limits that are none')
    return submitted
  }

  submitWithin(job: NewJob, limits: SpendingLimits, jobs: JobLimits): ReturnType<Hub['submitWithin']> {
    return this.#registration.submit(job, limits, jobs)
  }

  async ended(id: JobId, waitMs: number, signal?: AbortSignal): Promise<void> {
    // What is not among them has ended, is unknown, or is not this server's to end.
    if (this.#waiters.unfinished.has(id)) await this.#waiters.wait(id, waitMs, signal)
  }

  progress(id: JobId): ReturnType<Hub['progress']> {
    return progressOf(this.#state, id)
  }

  async cancel(id: JobId): Promise<void> {
    if (!this.#waiters.unfinished.has(id)) return
    const durable = this.#waiters.wait(id, CANCEL_WAIT_MS)
    if (this.#state.jobs.has(id)) this.#raise({ type: 'job-cancelled', jobId: id })
    else if (!this.#unwanted.has(id)) {
      // It is still being planned, and must not come into the core when it is.
      this.#unwanted.add(id)
      this.#track(this.#end(id, () => this.#rows.cancelled(id)))
    }
    await durable
  }

  shardStates(id: JobId, first: number, end: number): ReturnType<Hub['shardStates']> {
    return shardStatesOf(this.#state, id, first, end)
  }

  eligible(kernel: string, job: Parameters<Hub['eligible']>[1]): number {
    return eligibleOf(this.#state, kernel, job)
  }

  speeds(kernel: string, job: Parameters<Hub['speeds']>[1]): number[] {
    return speedsOf(this.#state, kernel, job)
  }

  table(digest: Parameters<Hub['table']>[0]): ReturnType<Hub['table']> {
    return this.#tables.bytes(digest)
  }

  get agentsOnline(): number {
    return [...this.#state.agents.values()].filter(({ referee }) => !referee).length
  }

  get refereeOnline(): boolean {
    return [...this.#state.agents.values()].some(({ referee, abilities }) => referee && abilities.size > 0)
  }

  figures(): HubFigures {
    return figuresOf(this.#state)
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    this.#tallies.close()
    this.#orders.close()
    this.#gateway.close()
    await Promise.allSettled(this.#writes)
    await this.#tables.close()
    this.#waiters.releaseAll()
  }

  resumeAll(rows: readonly JobRow[]): void {
    const sinceMs = rows.length === 0 ? null : Math.min(...rows.map(({ createdAtMs }) => createdAtMs))
    this.#track(this.#rows.resume(sinceMs))
    for (const row of rows) this.resume(row)
  }

  /** Plans a job that is not in the core: a new one, or one that was begun before a restart. */
  resume(row: UnfinishedJob): void {
    this.#waiters.unfinished.add(row.id)
    this.#track(this.#plan(row))
  }

  async #plan(row: UnfinishedJob): Promise<void> {
    const { store, logger } = this.#deps
    const beganMs = Date.now()
    try {
      const ready = await planInTime(row, { store, logger, tables: this.#tables, closing: this.#closing.signal })
      if (this.#closing.signal.aborted || this.#unwanted.has(row.id)) return
      const { planned, submissions, ending, voided } = ready
      this.#planned.set(row.id, planned)
      const job = jobSpecOf(row, ready, performance.now() + (row.deadlineAtMs - Date.now()))
      this.#raise({ type: 'job-planned', job, state: row.state, basis: row.basis, submissions, voided, ending })
    } catch (error) {
      if (this.#closing.signal.aborted || this.#unwanted.has(row.id)) return
      logger.error({ ...labelsOfJob(row), err: error }, 'a job could not be planned')
      await this.#end(row.id, () => this.#rows.failed(row.id, ...whyUnplanned(row, beganMs, Date.now())))
    } finally {
      this.#unwanted.delete(row.id)
    }
  }

  // ---- events in, commands out

  #raise(happening: Happening): void {
    if (this.#closing.signal.aborted) return
    for (const command of step(this.#state, { ...happening, nowMs: performance.now() })) this.#carryOut(command)
    clearTimeout(this.#timer)
    const wake = nextWakeMs(this.#state)
    if (wake === null) return
    const waitMs = Math.min(Math.max(0, wake - performance.now()), 60_000)
    this.#timer = setTimeout(() => this.#raise({ type: 'tick' }), waitMs)
  }

  #carryOut(command: HubCommand): void {
    switch (command.type) {
      case 'assign': {
        const assignment = assignmentOf(this.#plannedOf(command.jobId), command.order)
        return this.#gateway.send(command.session, 'assign', assignment)
      }
      case 'revoke':
        return this.#gateway.send(command.session, 'revoke', { assignmentId: command.assignmentId })
      case 'tally':
        return this.#tallies.changed(command.session, command.tally)
      case 'expel':
        this.#deps.logger.warn({ session: command.session, code: command.refusal.code }, command.refusal.message)
        return this.#gateway.expel(command.session, command.refusal)
      case 'reply':
        return this.#agents.reply(command.request, command.reply)
      case 'store':
        return this.#track(this.#store(command.request, command.submissions))
      case 'write':
        return this.#track(this.#rows.decided(command.writes))
      case 'job-state':
        return this.#track(this.#rows.jobState(command, this.#planned.get(command.jobId)?.planDigest))
      case 'refine':
        return this.#track(this.#refine(command))
      case 'complete':
        return this.#track(
          this.#end(command.jobId, () => this.#rows.completed(this.#plannedOf(command.jobId), command)),
        )
      case 'cancel':
        return this.#track(this.#end(command.jobId, () => this.#rows.cancelled(command.jobId)))
      case 'fail':
        this.#deps.logger.warn(
          { ...labelsOfJob(this.#plannedOf(command.jobId).row), code: command.code },
          command.detail,
        )
        return this.#track(
          this.#end(command.jobId, () => this.#rows.failed(command.jobId, command.code, command.detail, command.found)),
        )
    }
  }

  /** Of a job that is not planned only its id is at hand. */
  #labelsOf(jobId: JobId): object {
    const planned = this.#planned.get(jobId)
    return planned ? labelsOfJob(planned.row) : { job_id: jobId }
  }

  /** The core speaks of a job only after it heard that it is planned. */
  #plannedOf(jobId: JobId): PlannedJob {
    const planned = this.#planned.get(jobId)
    if (planned === undefined) throw new Error(`the core speaks of job ${jobId}, which is not planned`)
    return planned
  }

  /** Durable first, then the core hears of it, then the agent. */
  async #store(request: number, submissions: readonly SubmissionRow[]): Promise<void> {
    try {
      await this.#rows.answers(submissions, this.#agents.partialsOf(request))
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'answers could not be stored; their shards run again')
      this.#agents.reply(request, refusal('SERVER_STOPPING', 'The answer could not be stored.'))
      return this.#raise({ type: 'store-failed', submissions })
    }
    this.#agents.reply(request, { ok: true })
    this.#raise({ type: 'stored', submissions })
  }

  async #refine(command: Extract<HubCommand, { type: 'refine' }>): Promise<void> {
    const refined = await this.#refining.refine(this.#plannedOf(command.jobId), command)
    if (refined !== null) this.#raise(refined)
  }

  async #end(jobId: JobId, write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      if (this.#closing.signal.aborted) throw error
      this.#deps.logger.error({ ...this.#labelsOf(jobId), err: error }, 'the end of a job was refused by the store')
      await this.#rows.failed(jobId, 'INTERNAL', 'The end of the job could not be stored.')
    }
    this.#planned.delete(jobId)
    this.#refining.forget(jobId)
    this.#waiters.release(jobId)
    this.#raise({ type: 'job-ended', jobId })
    this.#track(this.#rows.noticed(jobId))
  }

  /** Keeps `close` waiting for it; a failure while closing is what the next start repairs. */
  #track(work: Promise<void>): void {
    const tracked = work.catch((error: unknown) => {
      if (!this.#closing.signal.aborted)
        this.#deps.logger.error({ err: error }, 'the Hub failed to carry out a command')
    })
    this.#writes.add(tracked)
    void tracked.finally(() => this.#writes.delete(tracked))
  }
}
