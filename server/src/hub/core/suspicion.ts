// The engine is suspected before its agents where the referee alone differs from several of them: the kernel may be wrong
// on it. It then gets no work of that kernel for a while. Everybody who works on it pays for that, so it takes veterans of
// unrelated networks, whose keys were not free, and one of them who agrees with the referee ends it.
import type { EngineName } from '@forge/shared/contract/ids.ts'
import type { SubmissionRow } from '../../store/store.ts'
import { noteAll } from './fleet.ts'
import { SUSPECTS_MAX, SUSPENSION_MS } from './limits.ts'
import { isWeighty } from './standing.ts'
import type { HubState, Job } from './state.ts'

/*
 * fit       -> suspended   SUSPECTS_MAX groups of veterans, each on a shard where the referee alone differed from several
 * suspended -> fit         SUSPENSION_MS later, or when a veteran of another group agrees with the referee on it
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
    if (known.size < SUSPECTS_MAX || state.suspended.has(name)) continue
    state.suspended.set(name, state.nowMs + SUSPENSION_MS)
    noteAll(state)
  }
}

/** Somebody agrees with the referee: the engine of a veteran of another group is fit. */
export function clear(state: HubState, job: Job, right: readonly SubmissionRow[]): void {
  for (const row of right) {
    const name = nameOf(job, row.engine)
    if (isWeighty(row.tier) && state.suspects.get(name)?.has(groupOf(state, row)) === false) release(state, name)
  }
}

/** Those whose time is over. */
export function endSuspensions(state: HubState): void {
  for (const [name, untilMs] of state.suspended) if (untilMs <= state.nowMs) release(state, name)
}

function release(state: HubState, name: string): void {
  state.suspects.delete(name)
  if (state.suspended.delete(name)) noteAll(state)
}
