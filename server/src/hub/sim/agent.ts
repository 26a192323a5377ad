// A simulated agent: its sessions come and go, compute what they were assigned at their speed, and misbehave as their
// plan says. It sees of the Hub what a real agent sees: assignments and revocations.
import type { EngineName, Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { passOf } from '@forge/shared/kernels/kernel.ts'
import type { StandingRow } from '../../store/store.ts'
import type { AssignmentOrder, HubEvent } from '../core/events.ts'
import type { Fault } from './faults.ts'
import type { Random } from './random.ts'
import { KERNEL, UNITS_PER_SHARD } from './kernel.ts'
import type { Partials } from './partials.ts'
import type { AgentPlan } from './agent-plan.ts'
import { specOf, type Scenario } from './scenario.ts'

/** An event before the world adds the time. */
export type Happening = HubEvent extends infer E ? (E extends HubEvent ? Omit<E, 'nowMs'> : never) : never

export interface Surroundings {
  readonly random: Random
  readonly partials: Partials
  readonly faultsEndMs: number
  nowMs(): number
  isFaulty(): boolean
  after(delayMs: number, happen: () => void): void
  /** What the edge sees for itself: who came, who left. */
  raise(happening: Happening): void
  /** A frame to the Hub, which the network may lose, double or hold up. */
  send(happening: Happening): void
  note(fault: Fault, what?: string): void
  newSession(agent: SimAgent): SessionId
  nextRequest(): number
  standings(identity: Identity): readonly StandingRow[]
  readonly quarantineMs: number
  /** Any assignment that another session was ever handed: what a forger may have overheard. */
  foreignAssignment(session: SessionId): AssignmentOrder | undefined
}

/** What an assignment's launch depends on beside its job: in a last pass that follows from others, their total. */
export function basisOfLaunch(
  { scenario, refined }: { readonly scenario: Scenario; readonly refined: ReadonlyMap<JobId, Digest> },
  { jobId, order }: { readonly jobId: JobId; readonly order: AssignmentOrder },
): Digest | null {
  const { grid, refines } = specOf(scenario, jobId)
  const isLast = order.shards.some((shard) => passOf(grid, shard) === grid.passes - 1)
  return refines && isLast ? (refined.get(jobId) ?? null) : null
}

interface Held {
  readonly jobId: JobId
  readonly order: AssignmentOrder
  readonly basis: Digest | null
  left: number[]
  revoked: boolean
}

interface Tab {
  readonly session: SessionId
  held: Held[]
  busy: boolean
  open: boolean
}

const RECONNECT_MS = 3_000
const PRETENDED_MS = 5_000

export class SimAgent {
  readonly plan: AgentPlan
  readonly #world: Surroundings
  readonly #tabs = new Map<SessionId, Tab>()
  #banned = false
  #engine: EngineName
  /** It was exposed, and lies no more. */
  #mended = false

  constructor(plan: AgentPlan, world: Surroundings) {
    this.plan = plan
    this.#engine = plan.engine
    this.#world = world
  }

  get identity(): Identity {
    return this.plan.identity
  }

  start(): void {
    for (let n = 0; n < this.plan.sessions; n++) this.#world.after(this.plan.joinsAtMs, () => this.#join())
  }

  /** The Hub closed the connection, or is gone. */
  dropped(session: SessionId, banned: boolean): void {
    const tab = this.#tabs.get(session)
    if (tab === undefined) return
    // One that was banned may answer until its connection is closed.
    tab.open = banned
    this.#tabs.delete(session)
    this.#banned ||= banned
    const { random, quarantineMs } = this.#world
    const delayMs = random.int(1, RECONNECT_MS)
    if (!this.#banned) return this.#world.after(delayMs, () => this.#join())
    // One that was exposed tries again too soon, to be refused, or in time, mended or not.
    this.#mended ||= random.chance(0.5)
    if (random.chance(0.5)) this.#world.after(random.chance(0.5) ? delayMs : delayMs + quarantineMs, () => this.#join())
  }

  /** `basis` stands for the constants of a pass that follows from others. */
  assigned(session: SessionId, jobId: JobId, order: AssignmentOrder, basis: Digest | null): void {
    const tab = this.#tabs.get(session)
    if (tab === undefined) return
    tab.held.push({ jobId, order, basis, left: [...order.shards], revoked: false })
    this.#work(tab)
  }

  revoked(session: SessionId, assignmentId: string): void {
    for (const held of this.#tabs.get(session)?.held ?? []) {
      if (held.order.assignmentId === assignmentId) held.revoked = true
    }
  }

  #join(): void {
    const { plan } = this
    const session = this.#world.newSession(this)
    const tab: Tab = { session, held: [], busy: false, open: true }
    this.#tabs.set(session, tab)
    const { identity, network, referee, token } = plan
    this.#world.raise({ type: 'agent-joined', agent: { session, identity, network, referee, token } })
    // The store is asked, and answers a little later, before the agent is ready or after.
    this.#world.after(this.#world.random.pick([5, 5, 5, 500]), () =>
      this.#world.raise({ type: 'standings', identity, rows: this.#world.standings(identity) }),
    )
    this.#readyAfter(tab, 10)
    if (plan.stayMs > 0) this.#world.after(this.#world.random.int(1, 2 * plan.stayMs), () => this.#leave(tab))
  }

  #readyAfter(tab: Tab, delayMs: number): void {
    const { session } = tab
    const { kernelDigest, claimed } = this.plan
    this.#world.after(delayMs, () => {
      if (!tab.open) return
      const ability = { engine: this.#engine, kernelDigest, unitsPerSecond: claimed }
      this.#world.raise({ type: 'agent-ready', session, kernel: KERNEL, ability })
    })
  }

  #leave(tab: Tab): void {
    // The connection of one that was banned is closed by the Hub, once.
    if (!tab.open || this.#banned || this.#world.nowMs() >= this.#world.faultsEndMs) return
    tab.open = false
    this.#tabs.delete(tab.session)
    // A closed tab is seen at once, a lost network only by its silence.
    const seenAfterMs = this.#world.random.chance(0.7) ? 0 : 18_000
    this.#world.note(seenAfterMs === 0 ? 'disconnect' : 'silent disconnect')
    this.#world.after(seenAfterMs, () => this.#world.raise({ type: 'agent-left', session: tab.session }))
    this.#world.after(this.#world.random.int(1, RECONNECT_MS), () => this.#join())
  }

  #work(tab: Tab): void {
    const { random, faultsEndMs } = this.#world
    if (tab.busy || !tab.open) return
    if (this.plan.kind === 'hung') return this.#pretend(tab, 1)
    const held = tab.held.find(({ revoked }) => !revoked)
    tab.held = tab.held.filter(({ revoked }) => !revoked)
    if (held === undefined) return
    tab.busy = true
    const shards = held.left.splice(0, random.int(1, 8))
    if (held.left.length === 0) tab.held = tab.held.filter((other) => other !== held)
    const kernelMs = (shards.length * UNITS_PER_SHARD * 1_000) / this.plan.unitsPerSecond
    const frozen = this.#world.nowMs() < faultsEndMs && random.chance(this.plan.freezeRate)
    // Longer than a lease: what it answers then, it no longer holds.
    const frozenMs = frozen ? random.int(1_000, 90_000) : 0
    if (frozen) this.#world.note('freeze')
    if (random.chance(0.2)) this.#tellProgress(tab, held.order, shards.length * UNITS_PER_SHARD, kernelMs)
    this.#world.after(kernelMs + frozenMs + 20, () => {
      tab.busy = false
      if (!tab.open) return
      // One that was frozen has not heard the revocation yet.
      if (!held.revoked || frozen) this.#answer(tab, held, shards, kernelMs)
      this.#work(tab)
    })
  }

  /** It computes nothing and says that it does, for as long as it is believed. */
  #pretend(tab: Tab, units: number): void {
    const held = tab.held.find(({ revoked }) => !revoked)
    if (!this.plan.pretends || held === undefined || !tab.open) return
    const { assignmentId, epoch } = held.order
    this.#world.note('progress pretended')
    this.#world.send({ type: 'progress', session: tab.session, assignmentId, epoch, units })
    this.#world.after(PRETENDED_MS, () => this.#pretend(tab, units + 1))
  }

  #tellProgress(tab: Tab, { assignmentId, epoch }: AssignmentOrder, all: number, kernelMs: number): void {
    for (const part of [0.25, 0.5]) {
      this.#world.after(kernelMs * part, () => {
        const units = Math.floor(all * part)
        if (tab.open) this.#world.send({ type: 'progress', session: tab.session, assignmentId, epoch, units })
      })
    }
  }

  #answer(tab: Tab, { jobId, order, basis }: Held, computed: readonly number[], kernelMs: number): void {
    const { random } = this.#world
    const { session } = tab
    const { assignmentId, epoch } = order
    if (random.chance(this.plan.forgeRate)) this.#forge(session, order)
    if (this.#world.isFaulty() && random.chance(this.plan.engineLossRate)) this.#loseEngine(tab)
    if (random.chance(0.01)) return this.#world.send({ type: 'handback', session, assignmentId, epoch })
    if (random.chance(0.01)) {
      this.#world.raise({ type: 'agent-paused', session })
      this.#readyAfter(tab, random.int(1, 5_000))
    }
    const failed = computed.filter(() => random.chance(this.plan.failRate))
    for (const shard of failed) {
      this.#world.note('failure reported')
      this.#world.send({ type: 'shard-failed', session, assignmentId, epoch, shard, reason: 'out of memory' })
    }
    const shards = computed
      .filter((shard) => !failed.includes(shard))
      .map((shard) => ({ shard, digest: this.#digest(jobId, shard, basis) }))
    if (shards.length === 0) return
    // Its time is a claim like any other: one that forges claims what it likes, within what the frame's schema allows.
    const isFalse = random.chance(this.plan.forgeRate)
    const claimedMs = isFalse ? random.pick([0, 5e-324, 1e9]) : kernelMs
    if (isFalse) this.#world.note('false time')
    const said = { type: 'answer', session, assignmentId, epoch, shards, kernelMs: claimedMs } as const
    this.#world.send({ ...said, request: this.#world.nextRequest() })
    if (!random.chance(this.plan.doubleRate)) return
    this.#world.note('frame doubled')
    this.#world.send({ ...said, request: this.#world.nextRequest() })
  }

  #loseEngine(tab: Tab): void {
    if (this.#engine !== 'webgpu') return
    this.#world.note('engine lost')
    this.#engine = 'wasm'
    // Its other tabs have the same GPU, and notice when they come back.
    this.#readyAfter(tab, 1)
  }

  #digest(jobId: JobId, shard: number, basis: Digest | null): Digest {
    const { partials } = this.#world
    const work = { jobId, shard, basis }
    if (this.#mended) return partials.truth(work)
    const lies = this.#world.random.chance(basis === null ? this.plan.lieRate : this.plan.lastLieRate)
    if (!lies) return partials.truth(work)
    this.#world.note('lie', `${this.identity} on shard ${shard} of ${jobId}`)
    return partials.lie(work, this.plan.kind === 'colluder' ? 'together' : this.identity)
  }

  #forge(session: SessionId, own: AssignmentOrder): void {
    const { random } = this.#world
    const other = this.#world.foreignAssignment(session) ?? { ...own, epoch: own.epoch + 1 }
    const order = random.pick([other, { ...own, epoch: own.epoch - 1 }, { ...own, shards: [...own.shards, 9_999] }])
    const shards = order.shards.slice(-3).map((shard) => ({ shard, digest: 'forged' as Digest }))
    const { assignmentId, epoch } = order
    const request = this.#world.nextRequest()
    this.#world.note('forged frame')
    this.#world.send({ type: 'answer', session, request, assignmentId, epoch, shards, kernelMs: 1 })
  }
}
