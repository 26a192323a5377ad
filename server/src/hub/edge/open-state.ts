// The core's state as a server begins with it: its settings, with all the chance that the core itself has none of, and the
// identities that were exposed before.
import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { AssignmentId, Identity } from '@forge/shared/contract/ids.ts'
import type { Config } from '../../config.ts'
import { OPERATOR_CHAIN } from '../../store/acts.ts'
import type { AgentOrder } from '../../store/agent-orders.ts'
import type { QuarantinedIdentity, Store } from '../../store/store.ts'
import { restoreQuarantine, type KnownExposures } from '../core/exposure.ts'
import { QUARANTINE_MS } from '../core/limits.ts'
import { noteInForce, restoreOrders } from '../core/orders.ts'
import { createHubState, type HubState } from '../core/state.ts'

export interface OpenedState {
  readonly state: HubState
  /** The operator's last act of before: what it tells of exposures, the state knows. */
  readonly lastAct: number
}

/** The greatest range of `randomInt`. */
const DRAWS = 2 ** 47

export async function openState(
  store: Pick<Store, 'quarantines' | 'agentOrders' | 'actsOf'>,
  { referee, distinctNetwork }: Pick<Config, 'referee' | 'distinctNetwork'>,
): Promise<OpenedState> {
  const secret = randomBytes(32)
  const state = createHubState({
    referee,
    distinctNetwork,
    quarantineMs: QUARANTINE_MS,
    random: () => randomInt(DRAWS) / DRAWS,
    // Opaque: a hash of a number and a secret tells neither order nor role.
    assignmentId: (number) =>
      createHash('sha256').update(secret).update(String(number)).digest('hex').slice(0, 32) as AssignmentId,
  })
  // Looked up first: what is exposed in between is heard twice.
  const [last] = await store.actsOf(OPERATOR_CHAIN, { after: null, limit: 1 })
  for (const known of await store.quarantines()) restoreQuarantine(state, toCore(known))
  await readOrders(state, store)
  return { state, lastAct: last?.number ?? -1 }
}

/** On the core's clock. */
export function toCore({ identity, exposures, lastAtMs, previousAtMs, released }: QuarantinedIdentity): KnownExposures {
  const toMonotonic = performance.now() - Date.now()
  return {
    identity,
    exposures,
    atMs: lastAtMs + toMonotonic,
    previousAtMs: previousAtMs === null ? null : previousAtMs + toMonotonic,
    isOver: released,
  }
}

/** Those in force, behind the exposures. */
async function readOrders(state: HubState, store: Pick<Store, 'agentOrders'>): Promise<void> {
  const inForce = new Map<Identity, AgentOrder[]>()
  let last = 0
  for (let orders = await store.agentOrders(0); orders.length > 0; orders = await store.agentOrders(last)) {
    for (const order of orders) {
      last = order.number
      noteInForce(inForce, order)
    }
  }
  const toMonotonic = performance.now() - Date.now()
  for (const orders of inForce.values()) {
    const dated = orders.map(({ identity, kind, atMs }) => ({ identity, kind, atMs: atMs + toMonotonic }))
    restoreOrders(state, dated)
  }
  state.lastOrder = last
}
