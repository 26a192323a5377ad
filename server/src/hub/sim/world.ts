// The simulated world of one seed: virtual time, the real core, a store and agents that fail in every way the design
// names. After each event it asks the invariants; the first that does not hold ends the run with the seed in its message.
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { StandingRow } from '../../store/store.ts'
import type { AssignmentOrder, HubCommand, HubEvent } from '../core/events.ts'
import type { HubState } from '../core/state.ts'
import { PROBATION_SHARDS } from '../core/limits.ts'
import { nextWakeMs, step } from '../core/step.ts'
import { Agenda } from './agenda.ts'
import { basisOfLaunch, SimAgent, type Happening, type Surroundings } from './agent.ts'
import {
  checkAnswerReply,
  checkBasisFailure,
  checkComplete,
  checkFail,
  checkFit,
  checkPlanned,
  checkState,
} from './invariants.ts'
import { newHub } from './new-hub.ts'
import { Random } from './random.ts'
import { KERNEL, scenarioOf, type JobPlan, type Scenario } from './scenario.ts'
import { SimStore } from './store.ts'
import { insteadOfAnswer } from './witness.ts'

/** How long after its deadline a job's end may be decided: a late timer, or planning after a restart. */
const DEADLINE_SLACK_MS = 3_000
/** Wakes in a row after which nothing had to be done: more than a few are a loop that burns the Hub's time. */
const IDLE_WAKES_MAX = 20
/** A world with more is out of hand: agents that multiply, or a Hub that hands the same work out for ever. */
const EVENTS_MAX = 100_000
/** Every event is checked in small worlds, every so many in large ones: a check walks every shard. */
const SHARDS_CHECKED_PER_EVENT = 64

type Failure = Extract<HubEvent, { type: 'shard-failed' | 'shard-contradicted' }>

export interface Outcome {
  readonly events: number
  readonly completed: number
  readonly failed: readonly string[]
  readonly quarantined: number
}

export class World implements Surroundings {
  readonly scenario: Scenario
  readonly random: Random
  readonly store = new SimStore()
  hub: HubState
  /** Sessions that are open as the Hub's edge sees it. */
  readonly sessions = new Map<SessionId, SimAgent>()
  /** Shards of answers that wait for the store: job|shard. */
  readonly storing = new Set<string>()
  readonly #agenda = new Agenda()
  readonly #orders: { session: SessionId; order: AssignmentOrder }[] = []
  readonly #decided = new Set<JobId>()
  readonly #failed: string[] = []
  /** From which basis a job's last pass is planned in this life of the Hub, and what it is planned from in any. */
  readonly refined = new Map<JobId, Digest>()
  readonly bases = new Map<Digest, readonly Digest[]>()
  readonly #refining = new Map<JobId, Digest>()
  /** job|shard|identity, of this life of the Hub: failures are no rows. */
  readonly #failedOn = new Set<string>()
  #nowMs = 0
  #generation = 0
  #requests = 0
  #events = 0
  #idleWakes = 0
  #wake = 0
  #queue: Happening[] = []
  #draining = false

  constructor(seed: number) {
    this.scenario = scenarioOf(seed)
    this.random = new Random(seed + 1_000_003)
    this.hub = this.#newHub()
  }

  run(): Outcome {
    const { agents, jobs, crashesAtMs } = this.scenario
    for (const plan of agents) {
      const { identity, engine } = plan
      if (plan.veteran) this.store.putStanding({ identity, kernel: KERNEL, engine, valid: PROBATION_SHARDS })
      new SimAgent(plan, this).start()
    }
    for (const job of jobs) this.after(job.arrivesAtMs, () => this.#plan(job))
    for (const at of crashesAtMs) this.after(at, () => this.#crash())
    const lastMs = Math.max(...jobs.map(({ spec }) => spec.deadlineMs)) + 60_000
    try {
      while (this.store.ended.size < jobs.length) {
        const next = this.#agenda.next()
        if (next === undefined || next.atMs > lastMs) throw new Error('a job never ended')
        this.#nowMs = next.atMs
        next.happen()
      }
      if (this.hub.jobs.size > 0) throw new Error('an ended job is still held')
      checkState(this)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`SIM_SEED=${this.scenario.seed} at ${Math.round(this.#nowMs)} ms: ${message}`, { cause: error })
    }
    const completed = [...this.store.ended.values()].filter((end) => end === 'complete').length
    return { events: this.#events, completed, failed: this.#failed, quarantined: this.store.quarantines.size }
  }

  // ---- what agents see of the world

  get faultsEndMs(): number {
    return this.scenario.faultsEndMs
  }

  get quarantineMs(): number {
    return this.scenario.quarantineMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, happen: () => void): void {
    this.#agenda.add(this.#nowMs + delayMs, happen)
  }

  newSession(agent: SimAgent): SessionId {
    const session = `${agent.identity}#${++this.#requests}` as SessionId
    this.sessions.set(session, agent)
    return session
  }

  /** What the edge reads when somebody joins. */
  standings(identity: Identity): StandingRow[] {
    return this.store.standings(identity)
  }

  nextRequest(): number {
    return ++this.#requests
  }

  foreignAssignment(session: SessionId): AssignmentOrder | undefined {
    const foreign = this.#orders.slice(-50).filter((handed) => handed.session !== session)
    return foreign.length === 0 ? undefined : this.random.pick(foreign).order
  }

  /** One event after another: what a command causes at once waits until the commands before it are carried out. */
  raise(happening: Happening): void {
    this.#queue.push(happening)
    if (this.#draining) return
    this.#draining = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next)
    this.#draining = false
  }

  // ---- the Hub's edge

  #take(happening: Happening): void {
    // A frame of a connection that the edge has closed is never read.
    if ('session' in happening && !this.sessions.has(happening.session) && happening.type !== 'agent-left') return
    if (happening.type === 'agent-left') this.sessions.delete(happening.session)
    const event = { ...happening, nowMs: this.#nowMs } as HubEvent
    const instead = insteadOfAnswer(this, event)
    if (instead !== null) return instead.forEach((one) => this.#take(one))
    if (event.type === 'shard-failed' || event.type === 'shard-contradicted') this.#noteFailure(event)
    const asked = event.type === 'answer' ? checkAnswerReply(this, event) : null
    const planned = event.type === 'pass-planned' ? checkPlanned(this, event) : null
    const commands = step(this.hub, event)
    planned?.()
    if (++this.#events > EVENTS_MAX) throw new Error('there is no end of events')
    asked?.(commands)
    for (const command of commands) this.#carryOut(command)
    const shards = [...this.hub.jobs.values()].reduce((sum, job) => sum + job.shards.length, 0)
    if (this.#events % Math.max(1, Math.ceil(shards / SHARDS_CHECKED_PER_EVENT)) === 0) checkState(this)
    this.#idleWakes = event.type === 'tick' && commands.length === 0 ? this.#idleWakes + 1 : 0
    if (this.#idleWakes > IDLE_WAKES_MAX) throw new Error('the Hub wakes again and again with nothing to do')
    this.#setTimer()
  }

  #noteFailure({ session, assignmentId, epoch, shard }: Failure): void {
    const agent = this.hub.agents.get(session)
    const lease = agent?.leases.get(assignmentId)
    // What contradicts the referee's run is not its failure.
    if (agent === undefined || agent.referee || lease?.epoch !== epoch || !lease.shards.has(shard)) return
    this.#failedOn.add(`${lease.jobId}|${shard}|${agent.identity}`)
  }

  #setTimer(): void {
    const wake = nextWakeMs(this.hub)
    const number = ++this.#wake
    if (wake === null) return
    if (!(wake > this.#nowMs)) throw new Error(`a wake at ${wake} is not ahead`)
    this.after(wake - this.#nowMs + this.random.int(0, 5), () => {
      if (number === this.#wake) this.raise({ type: 'tick' })
    })
  }

  #carryOut(command: HubCommand): void {
    switch (command.type) {
      case 'assign':
        checkFit(this, this.#failedOn, command)
        this.#orders.push({ session: command.session, order: command.order })
        return this.#deliver(command.session, (agent) =>
          agent.assigned(command.session, command.jobId, command.order, basisOfLaunch(this, command)),
        )
      case 'revoke':
        return this.#deliver(command.session, (agent) => agent.revoked(command.session, command.assignmentId))
      case 'tally': {
        const figures = Object.values(command.tally)
        if (figures.some((figure) => !Number.isInteger(figure) || figure < 0)) throw new Error('a tally below zero')
        return
      }
      case 'expel': {
        // Frames that were on their way may still arrive before the connection is closed.
        const agent = this.sessions.get(command.session)
        agent?.dropped(command.session, true)
        return this.#later(() => this.raise({ type: 'agent-left', session: command.session }), this.random.int(0, 200))
      }
      case 'reply':
        return
      case 'store':
        return this.#storeAnswer(command)
      case 'write':
        this.#maybeCrashAfter(command)
        return this.#later(() => this.store.write(command.writes, this.#nowMs))
      case 'job-state':
        if (this.#decided.has(command.jobId)) throw new Error('a state is written after the end')
        return
      case 'refine':
        return this.#refine(command)
      case 'complete':
        this.#decide(command.jobId)
        checkComplete(this, command)
        return this.#later(() => {
          this.store.writeVerdicts(command.verdicts)
          this.#later(() => this.#end(command.jobId, 'complete'))
        })
      case 'fail':
        this.#decide(command.jobId)
        this.#failed.push(command.code)
        checkFail(command)
        if (this.scenario.mustComplete && !checkBasisFailure(this, command))
          throw new Error(`a job failed with ${command.code}: ${command.detail}`)
        return this.#later(() => this.#end(command.jobId, 'fail'))
    }
  }

  #maybeCrashAfter({ writes }: Extract<HubCommand, { type: 'write' }>): void {
    if ((writes.quarantines ?? []).length === 0 || this.#nowMs >= this.faultsEndMs) return
    if (this.random.chance(this.scenario.exposureCrashRate)) this.after(this.random.int(1, 3_000), () => this.#crash())
  }

  /** As the edge does: reduced, made durable, and told unless a later one has replaced it. */
  #refine({ jobId, basis, digests }: Extract<HubCommand, { type: 'refine' }>): void {
    this.bases.set(basis, digests)
    this.#refining.set(jobId, basis)
    const isWanted = (): boolean => this.#refining.get(jobId) === basis
    // A long job's partials take a while to read: time enough for an exposure.
    this.#later(
      () => {
        if (isWanted() && !this.store.ended.has(jobId)) this.store.bases.set(jobId, basis)
        this.#later(() => {
          if (isWanted()) this.refined.set(jobId, basis)
          // One that has been replaced, too: the core must know by itself which it wants.
          this.raise({ type: 'pass-planned', jobId, basis })
        })
      },
      this.random.pick([1, 100, 10_000]),
    )
  }

  #storeAnswer({ submissions }: Extract<HubCommand, { type: 'store' }>): void {
    for (const { jobId, shard } of submissions) this.storing.add(`${jobId}|${shard}`)
    const settled = (): void => {
      for (const { jobId, shard } of submissions) this.storing.delete(`${jobId}|${shard}`)
    }
    const fails = this.#nowMs < this.faultsEndMs && this.random.chance(this.scenario.storeFailRate)
    if (fails) {
      // Nobody knows whether a write that failed was written.
      if (this.random.chance(0.5)) this.#later(() => this.store.writeSubmissions(submissions))
      return this.#later(() => {
        settled()
        this.raise({ type: 'store-failed', submissions })
      }, 2_500)
    }
    this.#later(() => {
      this.store.writeSubmissions(submissions)
      // The Hub may be killed between the commit and its hearing of it.
      this.#later(() => {
        settled()
        this.raise({ type: 'stored', submissions })
      }, 1)
    })
  }

  #decide(jobId: JobId): void {
    if (this.#decided.has(jobId)) throw new Error('a job is ended twice')
    this.#decided.add(jobId)
    const job = this.hub.jobs.get(jobId)
    const late = this.#nowMs - (job?.deadlineMs ?? 0)
    if (late > DEADLINE_SLACK_MS) throw new Error(`a job is ended ${late} ms after its deadline`)
  }

  #end(jobId: JobId, how: 'complete' | 'fail'): void {
    this.store.ended.set(jobId, how)
    this.raise({ type: 'job-ended', jobId })
  }

  #deliver(session: SessionId, hear: (agent: SimAgent) => void): void {
    const agent = this.sessions.get(session)
    if (agent !== undefined) this.after(15, () => hear(agent))
  }

  /** Done after a while unless the Hub is killed before. */
  #later(work: () => void, delayMs = this.random.int(1, this.scenario.storeDelayMs)): void {
    const generation = this.#generation
    this.after(delayMs, () => {
      if (generation === this.#generation) work()
    })
  }

  // ---- jobs and restarts

  #plan({ spec }: JobPlan): void {
    if (this.store.ended.has(spec.id)) return
    this.raise({
      type: 'job-planned',
      job: spec,
      state: 'QUEUED',
      basis: this.store.bases.get(spec.id) ?? null,
      submissions: this.store.submissions(spec.id),
      voided: this.store.voided(spec.id),
      verdicts: [],
    })
  }

  #newHub(): HubState {
    return newHub(this.scenario, this.store, this.random, ++this.#generation)
  }

  /** Killed and started again: what is not a row is gone, and every connection with it. */
  #crash(): void {
    const dropped = [...this.sessions]
    this.sessions.clear()
    this.storing.clear()
    this.#decided.clear()
    this.#failedOn.clear()
    this.refined.clear()
    this.#refining.clear()
    this.hub = this.#newHub()
    for (const [session, agent] of dropped) agent.dropped(session, false)
    for (const job of this.scenario.jobs) {
      if (job.arrivesAtMs < this.#nowMs) this.#later(() => this.#plan(job), this.random.int(1, 500))
    }
    this.#setTimer()
  }
}
