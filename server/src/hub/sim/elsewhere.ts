// What is decided of identities beside the simulated Hub's own core: the operator's orders, given here or on another server of
// the same database, and what another server's core finds out. This Hub reads it on as its edge does, a little late.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { StandingRow } from '../../store/store.ts'
import { expose, type KnownExposures } from '../core/exposure.ts'
import { createHubState, type HubState } from '../core/state.ts'
import { mayTry } from '../core/trial.ts'
import type { Happening } from './agent.ts'
import type { Decision } from './decisions.ts'
import type { NumberedOrder } from './identity-rows.ts'
import { Random } from './random.ts'
import { restoreIdentities } from './restart.ts'
import type { World } from './world.ts'

/** How late an edge looks for what others decided, and how long one reading takes. */
const LOOK_MS = 2_000
const READ_MS = 20
const HELD_MS = 100

export class Elsewhere {
  readonly #world: World
  readonly #random: Random
  /** What waits for a trial of an identity. */
  readonly #inTrial = new Map<Identity, () => void>()
  #lastAct = 0
  #life = 0
  #isLooking = false
  /** What was written since the look began may have come too late for it. */
  #isToLook = false

  constructor(world: World) {
    this.#world = world
    this.#random = new Random(world.scenario.seed + 9_000_037)
  }

  get #isThere(): boolean {
    return this.#world.scenario.decisions.length > 0
  }

  /** A Hub begins, with all that is durable. */
  begin(): void {
    this.#life++
    this.#lastAct = this.#world.store.identities.lastAct
    this.#isLooking = false
    this.#isToLook = false
  }

  start(): void {
    for (const decision of this.#world.scenario.decisions) {
      const { atMs, inTrialMs, identity } = decision
      const happen = (): void => this.#decide(decision)
      if (inTrialMs === null) this.#world.after(atMs, happen)
      else this.#world.after(atMs, () => this.#inTrial.set(identity, () => this.#world.after(inTrialMs, happen)))
    }
  }

  /** Somebody has been given a trial. */
  tried(identity: Identity): void {
    this.#inTrial.get(identity)?.()
    this.#inTrial.delete(identity)
  }

  /** Something of an identity became durable, by whichever server. */
  changed(): void {
    if (this.#isThere) this.#look(this.#random.int(0, LOOK_MS))
  }

  #decide({ identity, what, isHere, skewMs }: Decision): void {
    const { store, scenario } = this.#world
    const atMs = Math.max(0, this.#world.hubNowMs() + (isHere ? 0 : skewMs))
    if (what === 'exposed') return this.#expose(identity, atMs)
    if (what === 'back') return this.#bringBack(identity, atMs)
    // On a Hub that stands still nobody can order.
    if (isHere && this.#world.isHeld()) return
    if (!store.identities.order({ identity, kind: what, atMs }, scenario.quarantineMs)) return
    this.#world.note('order', `${what} ${identity}${isHere ? '' : ', on another server'}`)
    if (isHere) this.#look(1)
    else this.changed()
  }

  /** The other server's core, with what it has read: everything, or not yet what was ordered last. */
  #otherCore(atMs: number, lastOrder: number): HubState {
    const { distinctNetwork, quarantineMs } = this.#world.scenario
    const settings = { referee: true, distinctNetwork, quarantineMs }
    const hub = createHubState({ ...settings, random: () => 0, assignmentId: () => '' as never })
    restoreIdentities(hub, this.#world.store.identities, lastOrder)
    hub.nowMs = atMs
    return hub
  }

  /** How far the other server has read the orders: to the end, or not yet the last one. */
  #readThere(): number {
    return Math.max(0, this.#world.store.identities.lastOrder - (this.#random.chance(0.3) ? 1 : 0))
  }

  #expose(identity: Identity, atMs: number): void {
    const { store } = this.#world
    const other = this.#otherCore(atMs, this.#readThere())
    // It may fail its trial.
    if (mayTry(other, { identity })) other.quarantined.delete(identity)
    const proof = { job: 'elsewhere' as never, reason: 'shard 0' }
    const written = expose(other, identity, proof, () => []).find((command) => command.type === 'write')
    if (written?.type !== 'write') return
    this.#world.note('exposure elsewhere', identity)
    store.write({ quarantines: written.writes.quarantines ?? [], standings: this.#lost(identity) }, atMs)
    this.changed()
  }

  #bringBack(identity: Identity, atMs: number): void {
    const lastOrder = this.#readThere()
    const other = this.#otherCore(atMs, lastOrder)
    if (!other.quarantined.has(identity) || !mayTry(other, { identity })) return
    this.#world.note('requalified elsewhere', identity)
    const number = other.quarantines.get(identity)?.exposures ?? 0
    const releases = [{ identity, number, atMs: 0, lastOrder }]
    this.#world.store.write({ releases, standings: this.#lost(identity) }, atMs)
    this.changed()
  }

  /** As a core writes it of one that is exposed, or that comes for its trial. */
  #lost(identity: Identity): StandingRow[] {
    return this.#world.standings(identity).map((row) => ({ ...row, valid: 0 }))
  }

  // ---- how this Hub hears of it: edge/order-watch.ts

  #look(delayMs: number): void {
    if (this.#isLooking) {
      this.#isToLook = true
      return
    }
    this.#isLooking = true
    this.#isToLook = false
    this.#whenAwake(delayMs, () => {
      const orders = this.#world.store.identities.ordersAfter(this.#world.hub.lastOrder)
      this.#whenAwake(this.#random.int(0, READ_MS), () => {
        const { through, known } = this.#world.store.identities.exposuresAfter(this.#lastAct)
        this.#whenAwake(this.#random.int(0, READ_MS), () => this.#tell(orders, through, known))
      })
    })
  }

  #tell(orders: readonly NumberedOrder[], through: number, known: readonly KnownExposures[]): void {
    this.#lastAct = through
    const life = this.#life
    const told: Happening[] = [
      ...known.map((one) => ({ type: 'exposures-known', ...one }) as const),
      ...orders.map((order) => ({ type: 'agent-ordered', ...order, reason: 'its owner asked' }) as const),
    ]
    for (const one of told) {
      this.#world.raise(one)
      // It was killed over that one.
      if (life !== this.#life) return
    }
    this.#isLooking = false
    if (this.#isToLook) this.#look(this.#random.int(0, LOOK_MS))
  }

  /** A Hub that is paused reads nothing, and one that is killed never again. */
  #whenAwake(delayMs: number, happen: () => void): void {
    this.#world.later(() => (this.#world.isHeld() ? this.#whenAwake(HELD_MS, happen) : happen()), delayMs)
  }
}
