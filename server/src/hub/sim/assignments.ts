// Whom an assignment may go to in the simulated world: distinct from all who ran the shard, with a word that counts where
// there is one, rested, and never twice. The fleet is found anew each time; who ran what is what the world remembers.
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { SubmissionRow } from '../../store/store.ts'
import type { HubCommand } from '../core/events.ts'
import {
  EXECUTIONS_MORE,
  EXECUTIONS_OF_SHARDS,
  FAILURES_BEFORE_REFEREE,
  PROBATION_SHARDS,
  VOTES_MAX,
} from '../core/limits.ts'
import type { Agent, Job, Lease, Shard } from '../core/state.ts'
import type { Away } from './away.ts'
import { checkPasses } from './invariants.ts'
import { must } from './must.ts'
import { fits, isWithin } from './scenario.ts'
import type { World } from './world.ts'

type Assign = Extract<HubCommand, { type: 'assign' }>

/** What the world remembers of what the Hub heard. */
export interface Memory {
  /** Durable answers that are not void. */
  heardOf(jobId: JobId, shard: number): readonly SubmissionRow[]
  hasFailedOn(jobId: JobId, shard: number, identity: Identity): boolean
  isVeteran(identity: Identity, engine: string | undefined): boolean
  executionsOf(jobId: JobId): number
  restsUntilMs(session: SessionId): number
  readonly away: Away
}

/** One of the shards that are handed out, and who ran it before. */
interface Handed {
  readonly job: Job
  readonly agent: Agent
  readonly index: number
  readonly shard: Shard
  readonly ran: readonly SubmissionRow[]
}

export const leaseOf = (
  agents: ReadonlyMap<SessionId, Agent>,
  { session, order }: Pick<Assign, 'session' | 'order'>,
): Lease | undefined => agents.get(session)?.leases.get(order.assignmentId)

const isDisputed = (ran: readonly SubmissionRow[]): boolean => new Set(ran.map(({ digest }) => digest)).size > 1

export class Assignments {
  readonly #world: World
  readonly #memory: Memory
  #epoch = 0

  constructor(world: World, memory: Memory) {
    this.#world = world
    this.#memory = memory
  }

  begin(): void {
    this.#epoch = 0
  }

  check({ session, jobId, order }: Assign): void {
    const { hub } = this.#world
    const [agent, job] = [hub.agents.get(session), hub.jobs.get(jobId)]
    const lease = leaseOf(hub.agents, { session, order })
    if (agent === undefined || job === undefined || lease?.epoch !== order.epoch) {
      throw new Error('an assignment is told that is not leased')
    }
    must(order.epoch > this.#epoch, 'an epoch is given twice')
    this.#epoch = order.epoch
    must(this.#world.sessions.has(session), 'work is assigned to a session that is gone')
    this.#memory.away.checkAssigned(agent.identity, lease.role)
    const isFit = agent.referee || fits(job.policy.target, lease.engine)
    must(isFit, `${lease.engine} is assigned work for ${job.policy.target}`)
    must(
      agent.referee || isWithin(job, agent.token),
      `${session} is not in the region of the job, by whose word counts`,
    )
    const isSame = agent.abilities.get(job.kernel)?.kernelDigest === job.kernelDigest
    must(isSame, `${session} is assigned work of a kernel that it does not have`)
    const engine = `${job.kernel} ${lease.engine}`
    must(agent.referee || !hub.suspended.has(engine), `work is assigned to ${engine}, which is at fault`)
    must(hub.nowMs >= this.#memory.restsUntilMs(session), `${session} failed, and does not rest`)
    const executions = this.#memory.executionsOf(jobId)
    must(executions <= executionsMax(job), `a job goes on after ${executions} executions`)
    checkPasses(this.#world, jobId, order)
    for (const index of order.shards) {
      const shard = job.shards[index]
      if (shard === undefined) throw new Error(`there is no shard ${index}`)
      this.#checkShard(lease, { job, agent, index, shard, ran: this.#memory.heardOf(jobId, index) })
    }
    if (lease.role === 'first') this.#checkShare(job, agent, lease)
    if (lease.role === 'trial') this.#world.elsewhere.tried(agent.identity)
  }

  /** A job that nobody has answered begins with as many agents as it asks for. */
  checkStart(job: Job): void {
    const here = this.#ordinary(job).length
    must(here >= job.policy.min_agents, `a job of min_agents ${job.policy.min_agents} begins with ${here}`)
  }

  #checkShard({ role }: Lease, handed: Handed): void {
    const { job, agent, index, ran } = handed
    const { identity } = agent
    must(!ran.some(({ executor }) => executor === identity), `shard ${index} is run again by ${identity}`)
    must(
      !this.#memory.hasFailedOn(job.id, index, identity),
      `shard ${index} went back to ${identity}, who failed on it`,
    )
    if (role === 'first') must(ran.length === 0, `shard ${index} is run again, although it was acknowledged`)
    if (role === 'trial') this.#checkTrial(handed)
    if (role === 'check') this.#checkChecker(handed)
    if (role === 'referee') this.#checkRefereed(handed)
  }

  #checkTrial({ agent: { identity }, index, shard, ran }: Handed): void {
    const { hub } = this.#world
    must((hub.quarantines.get(identity)?.untilMs ?? Infinity) <= hub.nowMs, `the trial of ${identity} begins too early`)
    const isKnown = ran.some(({ trusted, digest }) => trusted && digest === shard.accepted)
    must(isKnown, `shard ${index} is no trial: nobody trusted has run it`)
  }

  #checkChecker(handed: Handed): void {
    const { job, agent, index, shard, ran } = handed
    const { scenario } = this.#world
    must(ran.length > 0, `shard ${index} is checked, and has no answer`)
    const isMeant = job.policy.verify !== 'none' || isDisputed(ran) || job.contradicted.has(index)
    must(isMeant, `shard ${index} is checked for nothing`)
    const near = scenario.distinctNetwork && ran.some(({ network }) => network === agent.network)
    must(!near, `shard ${index} is checked from a network that ran it`)
    const isKin = agent.token !== null && ran.some(({ owner }) => owner === agent.token?.owner)
    must(!isKin, `shard ${index} is checked by the owner of who ran it`)
    const votes = ran.filter(({ tier }) => tier !== 'probation').length
    must(!isDisputed(ran) || !scenario.referee, `shard ${index} is voted on, and a referee is to come`)
    must(!isDisputed(ran) || votes < VOTES_MAX, `shard ${index} is voted on after ${votes} votes`)
    if (this.#isWeighty(job, agent)) return
    must(!isDisputed(ran), `${agent.identity} votes with a fresh key`)
    const judge = this.#refereeOnline(job) || scenario.referee || this.#weightyFor(job, shard).length > 0
    must(!judge, `${agent.identity} checks shard ${index} with a fresh key, and others could`)
    const counts = job.policy.verify === 'none' || ran.some(({ tier }) => tier !== 'probation')
    must(counts, `two fresh keys are to settle shard ${index}`)
  }

  /** The referee does what nobody else may, and no ordinary work. */
  #checkRefereed({ job, index, shard, ran }: Handed): void {
    if (isDisputed(ran) || job.contradicted.get(index)?.trusted === true) return
    if (shard.failures >= FAILURES_BEFORE_REFEREE) return
    must(ran.length > 0 || shard.excluded.size > 0, `the referee runs shard ${index} first`)
    const isCheck = ran.length > 0
    if (isCheck && shard.lapsed) return
    const others = isCheck
      ? this.#weightyFor(job, shard)
      : this.#ordinary(job).filter(({ identity, lapses }) => lapses === 0 && !shard.excluded.has(identity))
    must(others.length === 0, `the referee runs shard ${index}, and ${others[0]?.identity} could`)
  }

  /** With somebody there to judge it, a fresh key has no more out than it has still to prove. */
  #checkShare(job: Job, agent: Agent, lease: Lease): void {
    if (job.policy.verify === 'none' || this.#isWeighty(job, agent) || !this.#refereeOnline(job)) return
    const earlier = [...agent.leases.values()].filter(({ role, epoch }) => role === 'first' && epoch <= lease.epoch)
    const held = earlier.reduce((sum, { shards }) => sum + shards.size, 0)
    must(
      held + agent.pending <= PROBATION_SHARDS,
      `${agent.identity} has ${held + agent.pending} shards out with a fresh key`,
    )
  }

  // ---- the fleet, found anew

  #isWeighty(job: Job, agent: Agent): boolean {
    return (
      agent.referee ||
      agent.token?.trusted === true ||
      this.#memory.isVeteran(agent.identity, agent.abilities.get(job.kernel)?.engine)
    )
  }

  #ordinary(job: Job): readonly Agent[] {
    const { hub } = this.#world
    return [...hub.agents.values()].filter((agent) => {
      const { engine, kernelDigest } = agent.abilities.get(job.kernel) ?? {}
      if (engine === undefined || agent.referee || hub.quarantined.has(agent.identity)) return false
      return (
        kernelDigest === job.kernelDigest &&
        fits(job.policy.target, engine) &&
        isWithin(job, agent.token) &&
        !hub.suspended.has(`${job.kernel} ${engine}`)
      )
    })
  }

  #refereeOnline(job: Job): boolean {
    return [...this.#world.hub.agents.values()].some(({ referee, abilities }) => referee && abilities.has(job.kernel))
  }

  #weightyFor(job: Job, shard: Shard): readonly Agent[] {
    const { scenario, hub } = this.#world
    return this.#ordinary(job).filter((agent) => {
      // As far as the Hub has heard: the store may still be asked.
      const valid = hub.standings.get(`${agent.identity} ${job.kernel} ${agent.abilities.get(job.kernel)?.engine}`)
      const isWeighty = agent.token?.trusted === true || (valid ?? 0) >= PROBATION_SHARDS
      if (agent.lapses > 0 || shard.excluded.has(agent.identity) || !isWeighty) return false
      // Owners and networks of void answers too.
      if (agent.token !== null && shard.owners.has(agent.token.owner)) return false
      return !scenario.distinctNetwork || !shard.networks.has(agent.network)
    })
  }
}

const executionsMax = ({ shards: { length } }: Job): number =>
  Math.max(EXECUTIONS_OF_SHARDS * length, length + EXECUTIONS_MORE)
