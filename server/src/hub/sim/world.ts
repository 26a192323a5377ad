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
import { HubClock } from './clock.ts'
import { checkComplete, checkInTime, isExcused } from './endings.ts'
import { Elsewhere } from './elsewhere.ts'
import { noFaults, type Fault } from './faults.ts'
import { checkAnswerReply, checkEmpty, checkPlanned, checkState, checkTally, isToCheck } from './invariants.ts'
import { Network } from './network.ts'
import type { Outcome, WorldOptions } from './outcome.ts'
import { Promises } from './promises.ts'
import { Random } from './random.ts'
import { hubOf, plannedOf } from './restart.ts'
import { KERNEL } from './kernel.ts'
import { Partials } from './partials.ts'
import { scenarioOf, type JobPlan, type Scenario } from './scenario.ts'
import { SimStore } from './store.ts'
import { toldEvent } from './told.ts'
import { insteadOfAnswer } from './witness.ts'
import { Writing } from './writing.ts'

/** Wakes in a row after which nothing had to be done: more than a few are a loop that burns the Hub's time. */
const IDLE_WAKES_MAX = 20
/** A world with more is out of hand: agents that multiply, or a Hub that hands the same work out for ever. */
const EVENTS_MAX = 100_000

export class World implements Surroundings {
  readonly scenario: Scenario
  readonly random: Random
  readonly store = new SimStore()
  readonly partials: Partials
  hub: HubState
  /** Sessions that are open as the Hub's edge sees it. */
  readonly sessions = new Map<SessionId, SimAgent>()
  readonly #agenda = new Agenda()
  readonly #orders: { session: SessionId; order: AssignmentOrder }[] = []
  readonly #decided = new Set<JobId>()
  readonly #failed: string[] = []
  /** From which basis a job's last pass is planned in this life of the Hub, and what it is planned from in any. */
  readonly refined = new Map<JobId, Digest>()
  readonly bases = new Map<Digest, readonly Digest[]>()
  #nowMs = 0
  #generation = 0
  #bornMs = 0
  #requests = 0
  #events = 0
  #idleWakes = 0
  #wake = 0
  #queue: Happening[] = []
  #draining = false
  readonly #options: WorldOptions
  readonly #faults = noFaults()
  readonly #clock: HubClock
  readonly #network: Network
  readonly #promises = new Promises(this)
  readonly elsewhere: Elsewhere
  readonly writing = new Writing(this)

  constructor(seed: number, options: WorldOptions = {}) {
    this.#options = options
    this.scenario = scenarioOf(seed)
    this.partials = new Partials(this.scenario)
    this.random = new Random(seed + 1_000_003)
    this.#clock = new HubClock(this.scenario.faults)
    this.#network = new Network(seed, this.scenario.faults, this)
    this.elsewhere = new Elsewhere(this)
    this.hub = this.#newHub()
  }

  run(): Outcome {
    const { agents, jobs, crashesAtMs, faults } = this.scenario
    for (const plan of agents) {
      const { identity, engine } = plan
      if (plan.veteran) this.store.putStanding({ identity, kernel: KERNEL, engine, valid: PROBATION_SHARDS })
      new SimAgent(plan, this).start()
    }
    this.#promises.begin()
    for (const job of jobs) this.after(job.arrivesAtMs, () => this.#plan(job))
    for (const at of crashesAtMs) this.after(at, () => this.crash('crash'))
    for (const { atMs, byMs } of faults.clockJumps) this.after(atMs, () => this.#clock.jump(byMs, this))
    for (const { atMs, job } of faults.cancels) this.after(atMs, () => this.#cancel(jobs[job]?.spec.id))
    for (const { atMs, forMs } of faults.pauses) this.after(atMs, () => this.#pause(forMs))
    this.elsewhere.start()
    const lastMs = Math.max(...jobs.map(({ spec }) => spec.deadlineMs)) + 60_000 + this.#clock.slackMs
    try {
      while (this.store.ended.size < jobs.length || this.hub.jobs.size > 0) {
        const next = this.#agenda.next()
        if (next === undefined || next.atMs > lastMs) throw new Error('a job never ended')
        this.#nowMs = next.atMs
        next.happen()
      }
      checkState(this)
      for (const session of this.sessions.keys()) this.raise({ type: 'agent-left', session })
      checkEmpty(this)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`SIM_SEED=${this.scenario.seed} at ${Math.round(this.#nowMs)} ms: ${message}`, { cause: error })
    }
    const completed = [...this.store.ended.values()].filter((end) => end === 'complete').length
    return { events: this.#events, faults: this.#faults, completed, failed: this.#failed }
  }

  // ---- what agents see of the world

  get faultsEndMs(): number {
    return this.scenario.faultsEndMs
  }

  get quarantineMs(): number {
    return this.scenario.quarantineMs
  }

  isFaulty(): boolean {
    return this.#nowMs < this.faultsEndMs
  }

  /** As the Hub dates what it writes. */
  hubNowMs(): number {
    return this.#clock.at(this.#nowMs)
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** Paused: it hears nothing. */
  readonly isHeld = (): boolean => this.#clock.isHeld(this.#nowMs)

  after(delayMs: number, happen: () => void): void {
    this.#agenda.add(this.#nowMs + delayMs, happen)
  }

  note(fault: Fault, what = ''): void {
    this.#faults[fault]++
    this.#tell(() => `fault: ${fault}${what === '' ? '' : `, ${what}`}`)
  }

  #tell(line: () => string): void {
    this.#options.tell?.(`${(this.#nowMs / 1_000).toFixed(3).padStart(9)} s  ${line()}`)
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
    // What comes in a pause is heard when it is over, unless the Hub dies in it.
    if (this.#draining || this.isHeld()) return
    this.#drain()
  }

  #drain(): void {
    this.#draining = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next)
    this.#draining = false
  }

  send(happening: Happening): void {
    this.#network.carry(0, () => this.raise(happening))
  }

  // ---- the Hub's edge

  #take(happening: Happening): void {
    // A frame of a connection that the edge has closed is never read.
    if ('session' in happening && !this.sessions.has(happening.session) && happening.type !== 'agent-left') return
    if (happening.type === 'agent-left') this.sessions.delete(happening.session)
    const event = { ...happening, nowMs: this.#clock.at(this.#nowMs) } as HubEvent
    const instead = insteadOfAnswer(this, event)
    if (instead !== null) return instead.forEach((one) => this.#take(one))
    if (event.type === 'stored' || event.type === 'store-failed') {
      this.writing.heard(event.submissions)
    }
    if (event.type === 'shard-contradicted') this.note('contradiction')
    this.#promises.heard(event)
    const asked = event.type === 'answer' ? checkAnswerReply(this, event) : null
    const planned = event.type === 'pass-planned' ? checkPlanned(this, event) : null
    const beforeMs = this.hub.nowMs
    const commands = step(this.hub, event)
    if (this.hub.nowMs < beforeMs) throw new Error('time runs back')
    this.#tell(() => toldEvent(event, commands, this.hub))
    planned?.()
    if (++this.#events > EVENTS_MAX) throw new Error('there is no end of events')
    asked?.(commands)
    this.#promises.check(event, commands)
    for (const command of commands) {
      if (this.diesNow()) return
      this.#carryOut(command)
    }
    if (this.#options.thorough === true || isToCheck(this.hub, this.#events)) checkState(this)
    this.#idleWakes = event.type === 'tick' && commands.length === 0 ? this.#idleWakes + 1 : 0
    if (this.#idleWakes > IDLE_WAKES_MAX) throw new Error('the Hub wakes again and again with nothing to do')
    this.#setTimer()
  }

  /** At any effect boundary: what was not carried out before is lost. */
  diesNow(): boolean {
    if (!this.isFaulty() || !this.random.chance(this.scenario.faults.boundaryCrashRate)) return false
    this.crash('crash between effects')
    return true
  }

  #setTimer(): void {
    const wake = nextWakeMs(this.hub)
    const number = ++this.#wake
    if (wake === null) return
    const nowMs = this.#clock.at(this.#nowMs)
    if (!(wake > nowMs)) throw new Error(`a wake at ${wake} is not ahead`)
    this.after(wake - nowMs + this.random.int(0, 5), () => {
      if (number === this.#wake) this.raise({ type: 'tick' })
    })
  }

  #carryOut(command: HubCommand): void {
    switch (command.type) {
      case 'assign':
        this.#orders.push({ session: command.session, order: command.order })
        return this.#deliver(command.session, (agent) =>
          agent.assigned(command.session, command.jobId, command.order, basisOfLaunch(this, command)),
        )
      case 'revoke':
        return this.#deliver(command.session, (agent) => agent.revoked(command.session, command.assignmentId))
      case 'tally':
        return checkTally(command)
      case 'expel':
        // Frames that were on their way may still arrive before the connection is closed.
        this.sessions.get(command.session)?.dropped(command.session, true)
        return this.later(() => this.raise({ type: 'agent-left', session: command.session }), this.random.int(0, 200))
      case 'reply':
        if (!command.reply.ok && command.reply.code === 'STALE_EPOCH') this.note('late answer')
        return
      case 'store':
        return this.writing.answer(command)
      case 'write':
        return this.writing.decision(command)
      case 'job-state':
        if (this.#decided.has(command.jobId)) throw new Error('a state is written after the end')
        return this.writing.inOrder(() => this.store.states.set(command.jobId, command.state))
      case 'refine':
        return this.writing.refine(command)
      case 'complete':
        this.#decide(command.jobId)
        checkComplete(this, command)
        return this.writing.ending(command, () => this.#end(command.jobId, 'complete'))
      case 'cancel':
        this.#decide(command.jobId)
        this.note('cancel')
        return this.writing.inOrder(() => this.#end(command.jobId, 'cancel'))
      case 'fail':
        this.#decide(command.jobId)
        this.#failed.push(command.code)
        if (this.scenario.mustComplete && !isExcused(this, command))
          throw new Error(`a job failed with ${command.code}: ${command.detail}`)
        return this.writing.inOrder(() => this.#end(command.jobId, 'fail'))
    }
  }

  #decide(jobId: JobId): void {
    if (this.#decided.has(jobId)) throw new Error('a job is ended twice')
    this.#decided.add(jobId)
    checkInTime(this, jobId, this.#bornMs, this.#clock.slackMs + this.scenario.storeDelayMs)
  }

  #end(jobId: JobId, how: 'complete' | 'fail' | 'cancel'): void {
    this.store.ended.set(jobId, how)
    this.raise({ type: 'job-ended', jobId })
  }

  #deliver(session: SessionId, hear: (agent: SimAgent) => void): void {
    const agent = this.sessions.get(session)
    if (agent !== undefined) this.#network.carry(15, () => hear(agent))
  }

  /** Done after a while unless the Hub is killed before. */
  later(work: () => void, delayMs: number): void {
    const generation = this.#generation
    this.after(delayMs, () => {
      if (generation === this.#generation) work()
    })
  }

  // ---- jobs and restarts

  #plan(job: JobPlan, times = 1): void {
    const { spec } = job
    if (this.store.ended.has(spec.id)) return
    this.raise(plannedOf(this.store, spec))
    // Whoever sends a job again sets it going where nobody knows whether it is.
    if (times === 1 && this.random.chance(0.1)) this.later(() => this.#plan(job, 2), 1_000)
  }

  /** As the edge raises it: of a job that the Hub holds. */
  #cancel(jobId: JobId | undefined): void {
    if (jobId !== undefined && this.hub.jobs.has(jobId)) this.raise({ type: 'job-cancelled', jobId })
  }

  #newHub(): HubState {
    const random = (): number => {
      this.#promises.random()
      return this.random.next()
    }
    return hubOf({ scenario: this.scenario, store: this.store, generation: ++this.#generation, random })
  }

  /** Killed and started again: what is not a row is gone, and every connection with it. */
  crash(how: Fault): void {
    this.note(how)
    const dropped = [...this.sessions]
    this.sessions.clear()
    this.writing.crashed()
    this.#queue = []
    this.#decided.clear()
    this.refined.clear()
    this.hub = this.#newHub()
    this.#bornMs = this.hubNowMs()
    this.#promises.begin()
    this.elsewhere.begin()
    for (const [session, agent] of dropped) agent.dropped(session, false)
    for (const job of this.scenario.jobs) {
      if (job.arrivesAtMs <= this.#nowMs) this.later(() => this.#plan(job), this.random.int(1, 500))
    }
    this.#setTimer()
  }

  #pause(forMs: number): void {
    this.note('hub paused', `${forMs} ms`)
    this.#clock.pause(this.#nowMs + forMs)
    this.after(forMs, () => this.isHeld() || this.#drain())
  }
}
