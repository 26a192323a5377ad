// How a Hub of the simulated world begins, for the first time or after it was killed: with what the store has, and with
// nothing else.
import type { AssignmentId, Identity } from '@forge/shared/contract/ids.ts'
import { restoreQuarantine } from '../core/exposure.ts'
import { noteInForce, restoreOrders } from '../core/orders.ts'
import { createHubState, type HubState, type JobSpec } from '../core/state.ts'
import type { Happening } from './agent.ts'
import type { IdentityRows, NumberedOrder } from './identity-rows.ts'
import type { Scenario } from './scenario.ts'
import type { SimStore } from './store.ts'

interface Life {
  readonly scenario: Scenario
  readonly store: SimStore
  /** Which life of the Hub it is: no assignment has the id of an earlier one. */
  readonly generation: number
  readonly random: () => number
}

export function hubOf({ scenario, store, generation, random }: Life): HubState {
  const { referee, distinctNetwork, quarantineMs } = scenario
  const assignmentId = (number: number): AssignmentId => `${generation}.${number}` as AssignmentId
  const hub = createHubState({ referee, distinctNetwork, quarantineMs, assignmentId, random })
  restoreIdentities(hub, store.identities)
  return hub
}

/** All that is durable, or of the orders no more than a server has heard. */
export function restoreIdentities(hub: HubState, rows: IdentityRows, lastOrder = rows.lastOrder): void {
  for (const known of rows.exposures()) restoreQuarantine(hub, known)
  const inForce = new Map<Identity, NumberedOrder[]>()
  for (const order of rows.orders.slice(0, lastOrder)) noteInForce(inForce, order)
  for (const orders of inForce.values()) restoreOrders(hub, orders)
  hub.lastOrder = lastOrder
}

export const plannedOf = (store: SimStore, spec: JobSpec): Happening => ({
  type: 'job-planned',
  job: spec,
  state: store.states.get(spec.id) ?? 'QUEUED',
  basis: store.bases.get(spec.id) ?? null,
  submissions: store.submissions(spec.id),
  voided: store.voided(spec.id),
  ending: store.endings.get(spec.id) ?? null,
})
