// Who may not work, by the simulated world's own memory of what the Hub was told and what it decided: orders, exposures, and
// the way back. The core's own sets are not asked.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { HubCommand, HubEvent } from '../core/events.ts'
import type { Lease } from '../core/state.ts'
import type { IdentityRows, NumberedOrder } from './identity-rows.ts'
import { must } from './must.ts'
import type { World } from './world.ts'

type Writes = Extract<HubCommand, { type: 'write' }>['writes']

interface Exposed {
  readonly number: number
  readonly atMs: number
  /** It has not come back since. */
  readonly isAway: boolean
  /** A release said that it may try to, whatever is ordered later. */
  readonly isLetGo: boolean
}

export class Away {
  readonly #world: World
  readonly #exposed = new Map<Identity, Exposed>()
  /** The last order about those who are away by one, or were let go from what keeps them away. */
  readonly #orders = new Map<Identity, NumberedOrder>()
  /** Banned, or exposed a second time, and not let go since. */
  readonly #forGood = new Set<Identity>()
  #lastOrder = 0

  constructor(world: World) {
    this.#world = world
  }

  /** The Hub begins with all that is durable. */
  begin({ identities }: World['store'] = this.#world.store): void {
    for (const memory of [this.#exposed, this.#orders, this.#forGood]) memory.clear()
    for (const { identity, exposures: number, atMs, isOver } of identities.exposures()) {
      this.#exposed.set(identity, { number, atMs, isAway: !isOver, isLetGo: false })
      if (number > 1 && !isOver) this.#forGood.add(identity)
    }
    for (const order of inForce(identities)) this.#hear(order)
    this.#lastOrder = identities.lastOrder
  }

  isAway(identity: Identity): boolean {
    return this.#exposed.get(identity)?.isAway === true || this.#orders.has(identity)
  }

  /** What the Hub is about to hear: whether it then has to close the sessions of an identity, and of which. */
  heard(event: HubEvent): Identity | null {
    if (event.type === 'agent-ordered') {
      must(event.number === this.#lastOrder + 1, `order ${event.number} is heard behind ${this.#lastOrder}`)
      this.#lastOrder = event.number
      this.#hear(event)
      return event.kind === 'quarantine' || event.kind === 'ban' ? event.identity : null
    }
    if (event.type !== 'exposures-known') return null
    const { identity, exposures: number, atMs, isOver } = event
    const before = this.#exposed.get(identity)?.number ?? 0
    // One of its own is newer, and not in the store yet.
    if (number < before) return null
    if (number > before) this.#expose(identity, { number, atMs, isOver })
    const known = this.#exposed.get(identity)
    if (isOver && known !== undefined) {
      this.#exposed.set(identity, { ...known, isAway: false })
      if (!this.#orders.has(identity)) this.#forGood.delete(identity)
    }
    return number > before && !isOver ? identity : null
  }

  #hear(order: NumberedOrder): void {
    const { identity, kind, atMs } = order
    if (kind === 'requalified') {
      this.#orders.delete(identity)
      const exposed = this.#exposed.get(identity)
      if (!isForGood(exposed)) this.#forGood.delete(identity)
      return
    }
    if (kind === 'release') {
      if (!this.isAway(identity)) return
      this.#forGood.delete(identity)
      const exposed = this.#exposed.get(identity)
      if (exposed?.isAway === true && exposed.atMs > atMs) {
        // What was found out after it was given is another matter; what was ordered before is over.
        this.#orders.delete(identity)
        if (isForGood(exposed)) this.#forGood.add(identity)
        return
      }
      if (exposed !== undefined) this.#exposed.set(identity, { ...exposed, isLetGo: true })
    }
    if (kind === 'ban') this.#forGood.add(identity)
    this.#orders.set(identity, order)
  }

  #expose(identity: Identity, { number, atMs, isOver }: { number: number; atMs: number; isOver: boolean }): void {
    this.#exposed.set(identity, { number, atMs, isAway: true, isLetGo: false })
    // Whoever might try again serves the new sentence; where that is over already, what was ordered ends by a word of its own.
    if (!isOver && !this.#isRunning(this.#orders.get(identity))) this.#orders.delete(identity)
    if (number > 1 && !isOver) this.#forGood.add(identity)
  }

  #isRunning(order: NumberedOrder | undefined): boolean {
    const { hub, scenario } = this.#world
    const nowMs = Math.max(hub.nowMs, this.#world.hubNowMs())
    return order?.kind === 'ban' || (order?.kind === 'quarantine' && order.atMs + scenario.quarantineMs > nowMs)
  }

  wrote({ quarantines = [], releases = [] }: Writes): void {
    for (const { identity, number } of quarantines) {
      must(!this.isAway(identity) || this.#mayTry(identity), `${identity} is exposed while it is away`)
      this.#expose(identity, { number, atMs: this.#world.hub.nowMs, isOver: false })
    }
    for (const { identity, lastOrder } of releases) {
      must(lastOrder <= this.#lastOrder, `the way back of ${identity} ends an order that was not heard`)
      must(!this.isAway(identity) || this.#mayTry(identity), `${identity} is back, and may not be`)
      const known = this.#exposed.get(identity)
      if (known !== undefined) this.#exposed.set(identity, { ...known, isAway: false })
      this.#orders.delete(identity)
      this.#forGood.delete(identity)
    }
  }

  #mayTry(identity: Identity): boolean {
    if (this.#forGood.has(identity)) return false
    const { hub, scenario } = this.#world
    const order = this.#orders.get(identity)
    if (order?.kind === 'release') return true
    const exposed = this.#exposed.get(identity)
    const exposedMs = exposed === undefined || exposed.isLetGo ? -Infinity : exposed.atMs
    const sinceMs = Math.max(order?.atMs ?? -Infinity, exposedMs)
    return hub.nowMs >= sinceMs + scenario.quarantineMs
  }

  checkAssigned(identity: Identity, role: Lease['role']): void {
    // The trial of another session may go on when one has brought it back.
    if (!this.isAway(identity)) return
    must(role === 'trial', () => `work is assigned to ${identity}, who is away`)
    must(this.#mayTry(identity), () => `${identity} may not try to come back yet, or ever`)
  }

  /** All sessions of an identity that may not work any more are closed, in the same breath. */
  checkClosed(identity: Identity, commands: readonly HubCommand[]): void {
    const closed = new Set(commands.flatMap((command) => (command.type === 'expel' ? [command.session] : [])))
    for (const agent of this.#world.hub.agents.values()) {
      must(agent.identity !== identity || closed.has(agent.session), () => `${agent.session} is away and not closed`)
    }
  }

  /** An order counts toward no ban, what another server found out counts as it would here, and nobody else is kept away. */
  checkCounts(): void {
    for (const identity of this.#world.hub.quarantined) {
      must(this.isAway(identity), () => `${identity} is kept away for nothing`)
    }
    for (const identity of [...this.#exposed.keys(), ...this.#orders.keys()]) {
      const isKept = this.#world.hub.quarantined.has(identity)
      must(isKept || !this.isAway(identity), () => `${identity} may not work, and nobody keeps it away`)
      const isForGood = isKept && this.#world.hub.quarantines.get(identity)?.untilMs === Infinity
      must(
        isForGood === (isKept && this.#forGood.has(identity)),
        () => `${identity} is banned for nothing, or not at all`,
      )
    }
    for (const [identity, { exposures }] of this.#world.hub.quarantines) {
      const { number = 0 } = this.#exposed.get(identity) ?? {}
      must(exposures === number, () => `${identity} was exposed ${number} times, and ${exposures} count`)
    }
    for (const [identity] of this.#exposed)
      must(this.#world.hub.quarantines.has(identity), () => `${identity} is forgotten`)
  }
}

const isForGood = (exposed: Exposed | undefined): boolean =>
  exposed?.isAway === true && exposed.number > 1 && !exposed.isLetGo

/** Those since each last came back. */
function inForce({ orders }: IdentityRows): NumberedOrder[] {
  const cameBack = new Map<Identity, number>()
  for (const { identity, kind, number } of orders) if (kind === 'requalified') cameBack.set(identity, number)
  return orders.filter(({ identity, number }) => number > (cameBack.get(identity) ?? 0))
}
