// The Hub's edge: it gives the core its events with the time in them and carries out its commands. What must be durable
// is durable before anyone is told; jobs that a restart interrupted are planned again and go on.
import type { Server as HttpServer } from 'node:http'
import type { Refusal } from '@forge/shared/contract/agent-events.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Config } from '../../config.ts'
import type { Logger } from '../../logger.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { ANY_NUMBER, NO_LIMITS, type SpendingLimits, type JobLimits } from '../../store/ledger-store.ts'
import { isRefusal } from '../../store/sql-error.ts'
import type { JobRow, NewJob, Store, SubmissionRow } from '../../store/store.ts'
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
import { HeldJobs } from './held-jobs.ts'
import { createHubRows, type HubRows } from './hub-rows.ts'
import { assignmentOf } from './planning.ts'
import { createNodeTokens } from './node-tokens.ts'
import { CANCEL_WAIT_MS } from './limits.ts'
import { eligibleOf, progressOf, shardStatesOf, speedsOf } from './progress.ts'
import { openState, type OpenedState } from './open-state.ts'
import { OrderWatch } from './order-watch.ts'
import { Ownership } from './ownership.ts'
import { createRefining, type Refining } from './refining.ts'
import { Registration } from './registration.ts'
import { Roster } from './roster.ts'
import { settledInTime } from './settled-in-time.ts'
import { createTables, warmTables, type Tables } from './tables.ts'
import { Tallies } from './tallies.ts'
import { untilEnded } from './until-ended.ts'
import { createWaiters } from './waiters.ts'

export interface HubDeps {
  readonly store: Store
  readonly logger: Logger
  readonly config: Pick<Config, 'referee' | 'distinctNetwork' | 'publicUrl' | 'trustedProxies'>
  readonly http: HttpServer
  readonly refereeToken: string | null
  /** Of completed jobs, before they are seen to be; nothing is kept unless said. */
  readonly keepArtifacts?: KeepArtifacts
  /** Is told how long answers waited, and which jobs are held no more; nobody unless said. */
  readonly metrics?: Pick<Metrics, 'acknowledged' | 'forgotten'>
}

export interface RunningHub extends Hub {
  /** Stops taking answers, lets begun writes end, some seconds long. Unfinished jobs stay where they are, for the next owner. */
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
  await hub.begin()
  return hub
}

class HubEdge implements RunningHub {
  readonly #deps: HubDeps
  readonly #state: HubState
  readonly roster: Roster
  readonly #orders: OrderWatch
  readonly #tables: Tables
  readonly #gateway: Gateway
  readonly #jobs: HeldJobs
  readonly #ownership: Ownership
  readonly #agents: AgentListener
  readonly #rows: HubRows
  readonly #refining: Refining
  readonly #registration: Registration
  readonly #waiters = createWaiters()
  readonly #tallies = new Tallies((session, tally) => this.#gateway.send(session, 'tally', tally))
  readonly #closing = new AbortController()
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
      labelsOf: (jobId) => this.#jobs.labelsOf(jobId),
      isQuick: (jobId) => this.#jobs.isQuick(jobId),
      owner: () => this.#ownership.number,
      closing: this.#closing.signal,
      keepArtifacts: deps.keepArtifacts ?? KEEPS_NOTHING,
    })
    this.#refining = createRefining({ store, rows: this.#rows, logger, closing: this.#closing.signal })
    this.#jobs = this.#holdJobs(deps)
    this.#ownership = new Ownership({
      store,
      logger,
      held: this.#waiters.unfinished,
      isComing: (id) => this.#registration.isComing(id),
      hasAgents: () => this.agentsOnline > 0,
      taken: (rows) => this.#taken(rows),
      cancel: (id) => this.#jobs.cancel(id),
      drop: (id) => this.#jobs.drop(id),
    })
    this.#registration = new Registration({
      store,
      rows: this.#rows,
      owner: () => this.#ownership.number,
      isUnfinished: (id) => this.#waiters.unfinished.has(id),
      resume: (row) => this.#jobs.resume(row),
      track: (work) => this.#track(work),
    })
    const { config, http, refereeToken } = deps
    const { publicUrl, distinctNetwork: addressesDiffer, trustedProxies } = config
    const addressOf = createClientAddress(trustedProxies)
    this.#agents = new AgentListener({
      state: opened.state,
      store,
      logger,
      planned: this.#jobs.planned,
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

  #holdJobs({ store, logger, metrics }: HubDeps): HeldJobs {
    return new HeldJobs({
      store,
      logger,
      tables: this.#tables,
      rows: this.#rows,
      waiters: this.#waiters,
      core: this.#state,
      closing: this.#closing.signal,
      raise: (happening) => this.#raise(happening),
      track: (work) => this.#track(work),
      forget: (id) => this.#refining.forget(id),
      metrics,
    })
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

  ended(id: JobId, waitMs: number, signal?: AbortSignal): Promise<void> {
    const { store, logger } = this.#deps
    return untilEnded(id, waitMs, signal, { store, logger, waiters: this.#waiters, closing: this.#closing.signal })
  }

  progress(id: JobId): ReturnType<Hub['progress']> {
    return progressOf(this.#state, id)
  }

  isElsewhere(row: Parameters<Hub['isElsewhere']>[0]): boolean {
    return this.#ownership.isElsewhere(row)
  }

  async cancel(id: JobId): Promise<void> {
    // Another server's is marked for its owner, which looks every other second; what has ended is not.
    const isOurs = this.#waiters.unfinished.has(id)
    if (!isOurs && !(await this.#deps.store.wantCancelled(id, Date.now()))) return
    const durable = this.ended(id, CANCEL_WAIT_MS)
    if (isOurs) this.#jobs.cancel(id)
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
    this.#ownership.stop()
    this.#gateway.close()
    await settledInTime(this.#writes, this.#deps.logger)
    await this.#ownership.leave()
    await this.#tables.close()
    this.#waiters.releaseAll()
  }

  /** Its place among the servers of the database, and the jobs that are left there. */
  async begin(): Promise<void> {
    await this.#ownership.begin()
  }

  #taken(rows: readonly JobRow[]): void {
    const sinceMs = rows.length === 0 ? null : Math.min(...rows.map(({ createdAtMs }) => createdAtMs))
    this.#track(this.#rows.resume(sinceMs))
    for (const row of rows.filter(({ id }) => !this.#registration.isComing(id))) {
      this.#jobs.resume(row)
      if ((row.cancelWantedAtMs ?? null) !== null) this.#jobs.cancel(row.id)
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
        const assignment = assignmentOf(this.#jobs.plannedOf(command.jobId), command.order)
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
        return this.#track(this.#rows.jobState(command, this.#jobs.planned.get(command.jobId)?.planDigest))
      case 'refine':
        return this.#track(this.#refine(command))
      case 'complete':
        return this.#track(
          this.#jobs.end(command.jobId, () => this.#rows.completed(this.#jobs.plannedOf(command.jobId), command)),
        )
      case 'cancel':
        return this.#jobs.cancelled(command.jobId)
      case 'fail':
        this.#deps.logger.warn({ ...this.#jobs.labelsOf(command.jobId), code: command.code }, command.detail)
        return this.#track(
          this.#jobs.end(command.jobId, () =>
            this.#rows.failed(command.jobId, command.code, command.detail, command.found),
          ),
        )
    }
  }

  /** Durable first, then the core hears of it, then the agent. */
  async #store(request: number, submissions: readonly SubmissionRow[]): Promise<void> {
    try {
      await this.#rows.answers(submissions, this.#agents.partialsOf(request))
    } catch (error) {
      this.#agents.reply(request, await this.#whyNotStored(submissions, error))
      return this.#raise({ type: 'store-failed', submissions })
    }
    this.#agents.reply(request, { ok: true })
    this.#raise({ type: 'stored', submissions })
  }

  /** A job may have ended without this Hub's knowledge: then its shards must not run again, and nobody is at fault. */
  async #whyNotStored([first]: readonly SubmissionRow[], error: unknown): Promise<Refusal> {
    if (first !== undefined && isRefusal(error) && (await this.#jobs.dropIfEnded(first.jobId))) {
      return refusal('STALE_EPOCH', 'This assignment is no longer held: its job has ended.')
    }
    this.#deps.logger.error({ err: error }, 'answers could not be stored; their shards run again')
    return refusal('SERVER_STOPPING', 'The answer could not be stored.')
  }

  async #refine(command: Extract<HubCommand, { type: 'refine' }>): Promise<void> {
    const refined = await this.#refining.refine(this.#jobs.plannedOf(command.jobId), command)
    if (refined !== null) this.#raise(refined)
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
