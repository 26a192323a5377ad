// Exposures that another server of the same database wrote, and requalifications. What they mean is the same here: only the
// counting, the row and the notices were that server's.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { HubCommand } from './events.ts'
import { EXPOSED_ELSEWHERE, restoreQuarantine, untilWhen, type KnownExposures } from './exposure.ts'
import { noteIdentity } from './fleet.ts'
import { expelled } from './orders.ts'
import { withdrawAndSettle } from './settle.ts'
import type { HubState } from './state.ts'

/** All that the store knows of the exposures of one identity; heard as often as one likes, its own too. */
export function hearExposures(state: HubState, known: KnownExposures): HubCommand[] {
  const { identity, exposures, isOver } = known
  const before = state.quarantines.get(identity)
  const wasAway = state.quarantined.has(identity)
  const isOrdered = wasAway && before?.ordered === true
  const heard = before?.exposures ?? 0
  // A newer one of its own is on its way into the store.
  if (exposures < heard) return []
  if (exposures > heard) {
    restoreQuarantine(state, known)
    const found = state.quarantines.get(identity)
    // An order that is not over yet goes on beside it; one that it was let go from ends with it.
    if (isOrdered && found !== undefined && (isOver || before.untilMs > state.nowMs)) {
      state.quarantined.add(identity)
      const untilMs = isOver ? before.untilMs : Math.max(before.untilMs, found.untilMs)
      state.quarantines.set(identity, { ...found, untilMs, ordered: true })
    }
  }
  // What the operator ordered ends by a word of its own.
  if (isOver && !isOrdered) state.quarantined.delete(identity)
  if (isOver) endExposure(state, identity)
  noteIdentity(state, identity)
  if (isOver || exposures === heard) return []
  const message = `This agent returned a wrong answer. ${untilWhen(state, state.quarantines.get(identity))}`
  // What one that was away has done was taken back when it went.
  const withdrawn = wasAway ? [] : withdrawAndSettle(state, identity, () => EXPOSED_ELSEWHERE)
  return [...withdrawn, ...expelled(state, identity, message)]
}

function endExposure(state: HubState, identity: Identity): void {
  const known = state.quarantines.get(identity)
  if (known === undefined) return
  const { exposedUntilMs: _, ...rest } = known
  state.quarantines.set(identity, rest)
}
