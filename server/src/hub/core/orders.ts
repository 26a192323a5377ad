// What the operator orders about an identity, and how it ends. Such an order is no exposure: nothing was proven, so it counts
// toward no ban and tells no finished job. In unfinished ones it takes back what an exposure would: shards run again cost
// less than a wrong one.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { OrderKind } from '../../store/agent-orders.ts'
import type { HubCommand } from './events.ts'
import { noteIdentity } from './fleet.ts'
import { ORDERED_AWAY, untilWhen } from './exposure.ts'
import { withdrawAndSettle } from './settle.ts'
import type { HubState, Quarantine } from './state.ts'

/*
 * working   -> away        quarantine: for as long as an exposed one stays away; ban: for good
 * away      -> may try     release, or its time is over (never after a ban): known shards, as in trial.ts
 * may try   -> working     requalified, by those shards
 */

export interface Order {
  readonly identity: Identity
  readonly kind: OrderKind
  /** On the monotonic clock of the events. */
  readonly atMs: number
}

/** Each is heard once, in the order of their numbers. */
export function takeOrder(
  state: HubState,
  order: Order & { readonly number: number; readonly reason: string },
): HubCommand[] {
  const { identity, kind, reason } = order
  state.lastOrder = order.number
  const wasAway = state.quarantined.has(identity)
  applyOrder(state, order)
  if (kind === 'release' || kind === 'requalified') return []
  const until = untilWhen(state, state.quarantines.get(identity))
  const why = /[.!?]$/.test(reason) ? reason : `${reason}.`
  const message = `The operator took this agent out of the pool: ${why} ${until}`.trim()
  // In a trial it is here although it is away; what it did was taken back when it went.
  if (wasAway) return expelled(state, identity, message)
  return [...withdrawAndSettle(state, identity, () => ORDERED_AWAY), ...expelled(state, identity, message)]
}

/** Of all orders, in the order of their numbers: those of each identity since it last came back. What was before is over. */
export function noteInForce<T extends Pick<Order, 'identity' | 'kind'>>(inForce: Map<Identity, T[]>, order: T): void {
  if (order.kind === 'requalified') inForce.delete(order.identity)
  else inForce.set(order.identity, [...(inForce.get(order.identity) ?? []), order])
}

/** When a server starts: an identity's orders since it last came back, in their order; its exposures are restored already. */
export function restoreOrders(state: HubState, orders: readonly Order[]): void {
  for (const order of orders) applyOrder(state, order)
}

function applyOrder(state: HubState, { identity, kind, atMs }: Order): void {
  const before = state.quarantines.get(identity)
  const known = before ?? { exposures: 0, atMs: -Infinity, untilMs: -Infinity }
  const { atMs: exposedMs, untilMs } = known
  const isAway = state.quarantined.has(identity)
  switch (kind) {
    case 'quarantine':
    case 'ban': {
      const longest = kind === 'ban' ? Infinity : Math.max(atMs + state.settings.quarantineMs, isAway ? untilMs : atMs)
      state.quarantined.add(identity)
      state.quarantines.set(identity, { ...known, untilMs: longest, ordered: true })
      break
    }
    case 'release':
      if (!isAway) return
      // What it did since then is another matter, but what was ordered before is over.
      if (known.exposedUntilMs !== undefined && exposedMs > atMs) state.quarantines.set(identity, withoutOrder(known))
      else state.quarantines.set(identity, { ...letGo(known, atMs), ordered: true })
      break
    case 'requalified':
      // Here its trial has said so already, unless it was on another server.
      if (before?.ordered !== true) return
      state.quarantines.set(identity, withoutOrder(known))
      // It has been exposed since.
      if (known.exposedUntilMs === undefined) state.quarantined.delete(identity)
  }
  noteIdentity(state, identity)
}

/** From what it was exposed for, too. */
function letGo({ exposedUntilMs, ...known }: Quarantine, atMs: number): Quarantine {
  const open = exposedUntilMs === undefined ? {} : { exposedUntilMs: Math.min(exposedUntilMs, atMs) }
  return { ...known, untilMs: Math.min(known.untilMs, atMs), ...open }
}

function withoutOrder({ exposures, atMs, untilMs, exposedUntilMs }: Quarantine): Quarantine {
  if (exposedUntilMs === undefined) return { exposures, atMs, untilMs }
  return { exposures, atMs, untilMs: exposedUntilMs, exposedUntilMs }
}

/** Its sessions are closed with the sentence that says why. */
export function expelled(state: HubState, identity: Identity, message: string): HubCommand[] {
  return [...state.agents.values()].flatMap((agent): HubCommand[] => {
    if (agent.identity !== identity) return []
    agent.trialsLeft = 0
    return [{ type: 'expel', session: agent.session, refusal: { ok: false, code: 'QUARANTINED', message } }]
  })
}
