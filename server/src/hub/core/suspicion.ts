// The engine is suspected before its agents where the referee alone differs from several of them: the kernel may be wrong
// on it. It then gets no work of that kernel for a while. Everybody who works on it pays for that, so it takes veterans of
// unrelated networks, whose keys were not free. Veterans of as many other ones who agree with the referee end it: a driver's
// fault shows on some inputs and not on others, and one right answer says nothing of those.
import type { EngineName } from '@forge/shared/contract/ids.ts'
import type { SubmissionRow } from '../../store/store.ts'
import { noteAll } from './fleet.ts'
import { SUSPECTS_MAX, SUSPENSION_MS } from './limits.ts'
import { isWeighty } from './standing.ts'
import type { HubState, Job } from './state.ts'

/*
 * fit       -> suspended   SUSPECTS_MAX groups of veterans, each on a shard where the referee alone differed from several
 * suspended -> fit         SUSPENSION_MS later, or when veterans of as many other groups as were wrong agree with the referee on it
 *
 * A group that was right before it is wrong, or the other way about, is one that was wrong.
 */

const nameOf = ({ kernel }: Pick<Job, 'kernel'>, engine: EngineName): string => `${kernel} ${engine}`

/** One machine, or one network, can have any number of keys. */
const groupOf = ({ settings }: HubState, { network, executor }: SubmissionRow): string =>
  settings.distinctNetwork ? network : executor

/** The referee ran a shard, and nobody agrees with it. */
export function suspect(state: HubState, job: Job, wrong: readonly SubmissionRow[], referee: SubmissionRow): void {
  // An engine that the referee runs itself gives right bits: whoever differs on it has a fault of its own.
  const weighty = wrong.filter(({ tier, engine }) => isWeighty(tier) && engine !== referee.engine)
  if (new Set(weighty.map((row) => groupOf(state, row))).size < 2) return
  for (const row of weighty) {
    const name = nameOf(job, row.engine)
    const known = state.suspects.get(name) ?? new Map<string, number>()
    for (const [group, sinceMs] of known) if (sinceMs + SUSPENSION_MS <= state.nowMs) known.delete(group)
    state.suspects.set(name, known.set(groupOf(state, row), state.nowMs))
    state.defenders.get(name)?.delete(groupOf(state, row))
    if (known.size < SUSPECTS_MAX || state.suspended.has(name)) continue
    state.suspended.set(name, state.nowMs + SUSPENSION_MS)
    noteAll(state)
  }
}

/** Somebody agrees with the referee: the engine is fit when as many groups were right on it as were wrong. */
export function clear(state: HubState, job: Job, right: readonly SubmissionRow[]): void {
  for (const row of right) {
    const name = nameOf(job, row.engine)
    const suspects = state.suspects.get(name)
    // The referee agrees with itself, and is no witness of what else is run on its engine.
    if (row.role === 'referee' || !isWeighty(row.tier) || suspects?.has(groupOf(state, row)) !== false) continue
    const defenders = state.defenders.get(name) ?? new Set<string>()
    state.defenders.set(name, defenders.add(groupOf(state, row)))
    if (defenders.size >= suspects.size) release(state, name)
  }
}

/** Those whose time is over. */
export function endSuspensions(state: HubState): void {
  for (const [name, untilMs] of state.suspended) if (untilMs <= state.nowMs) release(state, name)
}

function release(state: HubState, name: string): void {
  state.suspects.delete(name)
  state.defenders.delete(name)
  if (state.suspended.delete(name)) noteAll(state)
}
