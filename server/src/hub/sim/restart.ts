// How a Hub of the simulated world begins, for the first time or after it was killed: with what the store has, and with
// nothing else.
import type { AssignmentId } from '@forge/shared/contract/ids.ts'
import { restoreQuarantine } from '../core/exposure.ts'
import { createHubState, type HubState, type JobSpec } from '../core/state.ts'
import type { Happening } from './agent.ts'
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
  for (const [identity, { number, atMs, previousAtMs }] of store.quarantines) {
    restoreQuarantine(hub, { identity, exposures: number, atMs, previousAtMs, isOver: !store.isQuarantined(identity) })
  }
  return hub
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
