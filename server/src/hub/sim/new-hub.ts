// The core's state as a server begins with it in the simulated world: what the store knows of exposed identities, and chance
// from the seed.
import type { AssignmentId } from '@forge/shared/contract/ids.ts'
import { restoreQuarantine } from '../core/exposure.ts'
import { createHubState, type HubState } from '../core/state.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { SimStore } from './store.ts'

/** `generation` counts the Hub's lives, so that no assignment of one is taken for another's. */
export function newHub(
  { referee, distinctNetwork, quarantineMs }: Scenario,
  store: SimStore,
  random: Random,
  generation: number,
): HubState {
  const hub = createHubState({
    referee,
    distinctNetwork,
    quarantineMs,
    assignmentId: (number) => `${generation}.${number}` as AssignmentId,
    random: () => random.next(),
  })
  for (const [identity, { number, atMs }] of store.quarantines) {
    restoreQuarantine(hub, { identity, exposures: number, atMs, isOver: !store.isQuarantined(identity) })
  }
  return hub
}
