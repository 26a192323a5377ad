// What the Hub's decisions must keep to, by the world's own memory of what it told the Hub: the core could have forgotten.
// Whose word counts, how a job's state moves, what is never done twice; whom an assignment may go to is in assignments.ts.
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import type { StandingRow, SubmissionRow } from '../../store/store.ts'
import type { HubCommand, HubEvent } from '../core/events.ts'
import { PROBATION_SHARDS, REST_MS, TRIAL_SHARDS, VETERAN_FAILURES } from '../core/limits.ts'
import type { Draw } from '../core/state.ts'
import { Away } from './away.ts'
import { Assignments, leaseOf, type Memory } from './assignments.ts'
import { must } from './must.ts'
import { specOf } from './scenario.ts'
import type { World } from './world.ts'

type Command<T extends HubCommand['type']> = Extract<HubCommand, { type: T }>
type Happened<T extends HubEvent['type']> = Extract<HubEvent, { type: T }>

const STATES: readonly string[] = ['QUEUED', 'RUNNING', 'VERIFYING']

export class Promises implements Memory {
  readonly #world: World
  readonly #assignments: Assignments
  /** By job and shard. */
  readonly #heard = new Map<string, SubmissionRow[]>()
  /** By identity and engine. */
  #veterans = new Set<string>()
  /** Job, shard and identity, of this life of the Hub: failures are no rows. */
  readonly #failedOn = new Set<string>()
  /** Veterans that failed, by job and shard. */
  readonly #veteransFailed = new Map<string, Set<Identity>>()
  readonly #states = new Map<JobId, number>()
  readonly #executions = new Map<JobId, number>()
  readonly #restsUntilMs = new Map<SessionId, number>()
  /** Right answers to known shards, by session. */
  readonly #trials = new Map<SessionId, number>()
  /** Jobs of which the Hub has voided an answer in this life. */
  readonly #voided = new Set<JobId>()
  readonly away: Away
  /** Whose sessions the Hub has to close for what it hears. */
  #toClose: Identity | null = null
  #drawn = new Map<string, Draw & { readonly waitedFor: ReadonlySet<Identity> }>()
  #randomCalls = 0

  constructor(world: World) {
    this.#world = world
    this.away = new Away(world)
    this.#assignments = new Assignments(world, this)
  }

  /** The Hub begins: for the first time, or after a crash with what the store has. */
  begin(): void {
    const { store } = this.#world
    for (const memory of [this.#heard, this.#failedOn, this.#states, this.#executions, this.#voided]) memory.clear()
    for (const memory of [this.#restsUntilMs, this.#trials, this.#drawn, this.#veteransFailed]) memory.clear()
    this.#assignments.begin()
    this.away.begin()
    const known = store.standingsSinceExposure().filter(({ valid }) => valid >= PROBATION_SHARDS)
    this.#veterans = new Set(known.map(nameOf))
  }

  // ---- what it remembers

  heardOf(jobId: JobId, shard: number): readonly SubmissionRow[] {
    return this.#heard.get(`${jobId}|${shard}`) ?? []
  }

  hasFailedOn(jobId: JobId, shard: number, identity: Identity): boolean {
    return this.#failedOn.has(`${jobId}|${shard}|${identity}`)
  }

  isVeteran(identity: Identity, engine: string | undefined): boolean {
    return this.#veterans.has(`${identity} ${engine}`)
  }

  executionsOf(jobId: JobId): number {
    return this.#executions.get(jobId) ?? 0
  }

  restsUntilMs(session: SessionId): number {
    return this.#restsUntilMs.get(session) ?? 0
  }

  /** The Hub asked for chance. */
  random(): void {
    this.#randomCalls++
  }

  /** What the Hub is about to hear, from the state before. */
  heard(event: HubEvent): void {
    this.#randomCalls = 0
    this.#toClose = this.away.heard(event)
    if (this.#toClose !== null) this.#demote(this.#toClose)
    if (event.type === 'stored') this.#remember(event.submissions)
    if (event.type === 'job-planned' && !this.#world.hub.jobs.has(event.job.id)) {
      this.#states.set(event.job.id, STATES.indexOf(event.state))
      this.#executions.set(event.job.id, event.submissions.length + event.voided.length)
      this.#remember(event.submissions)
    }
    if (event.type === 'answer') this.#noteTrials(event)
    if (event.type === 'shard-failed' || event.type === 'shard-contradicted') this.#noteFailure(event)
  }

  #remember(rows: readonly SubmissionRow[]): void {
    for (const row of rows) {
      const known = this.heardOf(row.jobId, row.shard)
      if (known.some(({ executor }) => executor === row.executor)) continue
      this.#heard.set(`${row.jobId}|${row.shard}`, [...known, row])
    }
  }

  #noteTrials({ session, assignmentId, epoch, shards }: Happened<'answer'>): void {
    const lease = this.#world.hub.agents.get(session)?.leases.get(assignmentId)
    if (lease?.role !== 'trial' || lease.epoch !== epoch) return
    for (const { shard, digest } of shards) {
      if (!lease.shards.has(shard)) continue
      if (digest === this.#truthOf(lease.jobId, shard)) this.#trials.set(session, (this.#trials.get(session) ?? 0) + 1)
    }
  }

  /** As the Hub has planned it. */
  #truthOf(jobId: JobId, shard: number): Digest {
    const { scenario, partials, refined } = this.#world
    const { grid, refines } = specOf(scenario, jobId)
    const isLast = refines && passOf(grid, shard) === grid.passes - 1
    return partials.truth({ jobId, shard, basis: isLast ? (refined.get(jobId) ?? null) : null })
  }

  #noteFailure(event: Happened<'shard-failed' | 'shard-contradicted'>): void {
    const { session, assignmentId, epoch, shard, nowMs } = event
    const { hub } = this.#world
    const agent = hub.agents.get(session)
    const lease = agent?.leases.get(assignmentId)
    // What contradicts the referee's run is not its failure.
    if (agent === undefined || agent.referee || lease?.epoch !== epoch || !lease.shards.has(shard)) return
    this.#failedOn.add(`${lease.jobId}|${shard}|${agent.identity}`)
    const job = hub.jobs.get(lease.jobId)
    if (event.type !== 'shard-failed' || lease.role === 'trial' || job?.phase !== 'running') return
    const isTrusted = agent.token?.trusted === true
    if (isTrusted || this.isVeteran(agent.identity, agent.abilities.get(job.kernel)?.engine)) {
      const key = `${job.id}|${shard}`
      this.#veteransFailed.set(key, (this.#veteransFailed.get(key) ?? new Set()).add(agent.identity))
      return
    }
    this.#restsUntilMs.set(session, Math.max(nowMs, hub.nowMs) + REST_MS)
  }

  // ---- what it holds the Hub to

  /** All that one event led to, with the state as it is now. */
  check(event: HubEvent, commands: readonly HubCommand[]): void {
    this.#checkDraws(event, commands)
    if (this.#toClose !== null) this.away.checkClosed(this.#toClose, commands)
    // Who became a veteran just now may be given a veteran's work in the same breath.
    for (const command of commands) if (command.type === 'write') this.#checkWrites(command.writes)
    this.away.checkCounts()
    for (const command of commands) {
      if ('jobId' in command) {
        must(!this.#world.store.ended.has(command.jobId), `${command.type} of a job that has ended`)
      }
      if (command.type === 'assign') this.#assignments.check(command)
      if (command.type === 'store') for (const row of command.submissions) this.#checkRow(row)
      if (command.type === 'job-state') this.#checkState(event, command)
      if (command.type === 'fail') this.#checkBlame(command)
      if (command.type === 'complete') {
        const { mode, status } = command.record
        const isTainted = mode === 'spotcheck' && this.#voided.has(command.jobId)
        must(!isTainted || status !== 'clean', 'a job is clean by its record, and an answer of it is void')
      }
    }
  }

  #checkState(event: HubEvent, { jobId, state }: Command<'job-state'>): void {
    const job = this.#world.hub.jobs.get(jobId)
    const isResumed = event.type === 'job-planned' && event.job.id === jobId && event.submissions.length > 0
    if (job !== undefined && state === 'RUNNING' && !isResumed) this.#assignments.checkStart(job)
    const [before, now] = [this.#states.get(jobId) ?? -1, STATES.indexOf(state)]
    must(now === before + 1 || (now === 0 && before === 0), `a job goes from ${STATES[before]} to ${state}`)
    this.#states.set(jobId, now)
  }

  /** The world's referee is honest and its kernel sound: only veterans that fail, each for itself, can look otherwise. */
  #checkBlame({ jobId, code, detail }: Command<'fail'>): void {
    if (code !== 'KERNEL_FAULT') return
    const shard = /^Veterans of .* failed on shard (\d+)/.exec(detail)?.[1]
    const failed = this.#veteransFailed.get(`${jobId}|${shard}`)?.size ?? 0
    must(failed >= VETERAN_FAILURES, `the kernel is blamed: ${detail}`)
  }

  #checkRow({ jobId, executor, engine, tier, trusted, network }: SubmissionRow): void {
    const plan = this.#world.scenario.agents.find(({ identity }) => identity === executor)
    must(plan?.network === network, `an answer of ${executor} is recorded for another network`)
    const isTrusted = plan?.referee === true || plan?.token?.trusted === true
    must(trusted === isTrusted && (tier === 'trusted') === trusted, `${executor} is taken for trusted, or not`)
    if (tier === 'veteran') must(this.isVeteran(executor, engine), `${executor} is no veteran on ${engine}`)
    this.#executions.set(jobId, this.executionsOf(jobId) + 1)
  }

  #checkWrites({ voids = [], quarantines = [], releases = [], standings = [] }: Command<'write'>['writes']): void {
    for (const { jobId, shard, executor } of voids) {
      this.#voided.add(jobId)
      const left = this.heardOf(jobId, shard).filter((row) => row.executor !== executor)
      this.#heard.set(`${jobId}|${shard}`, left)
    }
    this.away.wrote({ quarantines, releases })
    for (const { identity } of quarantines) this.#demote(identity)
    for (const { identity } of releases) {
      const passed = [...this.#trials].filter(([session]) => session.startsWith(`${identity}#`)).map(([, n]) => n)
      must(Math.max(0, ...passed) >= TRIAL_SHARDS, `${identity} is released without its trial`)
    }
    for (const row of standings) this.#checkStanding(row)
  }

  #demote(identity: Identity): void {
    for (const name of this.#veterans) if (name.startsWith(`${identity} `)) this.#veterans.delete(name)
  }

  #checkStanding(row: StandingRow): void {
    if (row.valid < PROBATION_SHARDS) {
      this.#veterans.delete(nameOf(row))
      return
    }
    const agreed = this.#world.store.agreements(row)
    must(agreed >= PROBATION_SHARDS, `${row.identity} is a veteran after ${agreed} checked shards`)
    this.#veterans.add(nameOf(row))
  }

  /** Who checks what is drawn by chance, and stays drawn until it has had its time. */
  #checkDraws(event: HubEvent, commands: readonly HubCommand[]): void {
    const { hub } = this.#world
    const before = this.#drawn
    this.#drawn = new Map()
    let isNew = false
    for (const job of hub.jobs.values()) {
      for (const [index, draw] of job.drawn) {
        const key = `${job.id}|${index}`
        // Who left and came back is not waited for any more: that is no second chance.
        const waitedFor = [...draw.by].filter((identity) => job.drawnFor.get(identity)?.has(index))
        this.#drawn.set(key, { ...draw, by: new Set(draw.by), waitedFor: new Set(waitedFor) })
        isNew ||= [...draw.by].some((identity) => before.get(key)?.by.has(identity) !== true)
      }
    }
    must(!isNew || this.#randomCalls > 0, 'a checker was chosen, not drawn')
    // Whatever settles shards may draw anew.
    if (event.type !== 'tick' && event.type !== 'answer') return
    if (commands.some(({ type }) => type === 'revoke' || type === 'write')) return
    for (const command of commands) {
      if (command.type !== 'assign' || leaseOf(hub.agents, command)?.role !== 'check') continue
      for (const shard of command.order.shards) {
        const draw = before.get(`${command.jobId}|${shard}`)
        if (draw === undefined || draw.untilMs <= hub.nowMs || draw.untilMs === Infinity) continue
        const taker = hub.agents.get(command.session)?.identity
        if (taker === undefined || draw.by.has(taker)) continue
        const isHere = [...hub.agents.values()].some(
          ({ identity, lapses, abilities }) =>
            draw.waitedFor.has(identity) && lapses === 0 && abilities.size > 0 && !hub.quarantined.has(identity),
        )
        must(!isHere, `${[...draw.waitedFor].join(' or ')} was drawn for shard ${shard}, and ${taker} has it`)
      }
    }
  }
}

const nameOf = ({ identity, engine }: Pick<StandingRow, 'identity' | 'engine'>): string => `${identity} ${engine}`
