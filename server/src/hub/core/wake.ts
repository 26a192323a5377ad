// When the next `tick` is due: everything that time alone changes, looked at once an event.
import { nextSlowMs } from './backup.ts'
import { nextOverdueMs } from './admission.ts'
import { checkerGivenUpMs, refereeAwaited, refereeAwaitedUntilMs } from './eligibility.ts'
import { hasEnded, type HubState, type Job } from './state.ts'

/** Null while nothing waits for time. An event that changes nothing, or only prolongs a lease, leaves it as it was. */
export function nextWakeMs(state: HubState): number | null {
  if (state.wakeMs === undefined) state.wakeMs = findWakeMs(state)
  return state.wakeMs
}

function findWakeMs(state: HubState): number | null {
  let wake = state.expiryMs
  for (const job of state.jobs.values()) if (!hasEnded(job)) wake = Math.min(wake, wakeOf(state, job))
  for (const session of state.resting) {
    const restsUntilMs = state.agents.get(session)?.restsUntilMs ?? -Infinity
    if (restsUntilMs > state.nowMs) wake = Math.min(wake, restsUntilMs)
    else state.resting.delete(session)
  }
  for (const untilMs of state.suspended.values()) wake = Math.min(wake, untilMs)
  return wake === Infinity ? null : Math.max(wake, state.nowMs + 1)
}

function wakeOf(state: HubState, job: Job): number {
  let wake = Math.min(job.deadlineMs, nextSlowMs(state, job) ?? Infinity, nextOverdueMs(state, job) ?? Infinity)
  if (refereeAwaited(state, job)) wake = Math.min(wake, refereeAwaitedUntilMs(state, job))
  if (job.drawnUntilMs > state.nowMs) wake = Math.min(wake, job.drawnUntilMs)
  // Once it is over it is no reason to wake: `full` goes on waiting until its deadline.
  for (const sinceMs of [job.checkerMissingSinceMs, job.contradictedSinceMs]) {
    const givesUpMs = sinceMs === null ? -Infinity : checkerGivenUpMs(state, sinceMs)
    if (givesUpMs > state.nowMs) wake = Math.min(wake, givesUpMs)
  }
  return wake
}
