// How far an agent's word goes: probation until enough of its shards in a row were checked by somebody whose word counts,
// then veteran; trusted is who the operator runs. Counted for an identity, a kernel and an engine together: a machine
// whose WASM is sound may have a GPU that is not.
import type { EngineName, Identity } from '@forge/shared/contract/ids.ts'
import type { StandingRow, SubmissionRow, Tier } from '../../store/store.ts'
import { PROBATION_SHARDS, STANDINGS_MAX } from './limits.ts'
import type { Ability, Agent, HubState, Job, Shard } from './state.ts'

/*
 * probation -> veteran     PROBATION_SHARDS shards in a row agreed with a veteran's, or with a trusted agent's
 * veteran   -> probation   its answer was found wrong
 */

const keyOf = (identity: Identity, kernel: string, engine: EngineName): string => `${identity} ${kernel} ${engine}`

/** Agreeing shards in a row. */
export const validShards = (state: HubState, identity: Identity, kernel: string, engine: EngineName): number =>
  state.standings.get(keyOf(identity, kernel, engine)) ?? 0

export function tierOf(state: HubState, agent: Agent, kernel: string, { engine }: Pick<Ability, 'engine'>): Tier {
  if (agent.referee || agent.token?.trusted === true) return 'trusted'
  return validShards(state, agent.identity, kernel, engine) >= PROBATION_SHARDS ? 'veteran' : 'probation'
}

/** Keys are free: what a fresh one says proves nothing about another fresh one. */
export const isWeighty = (tier: Tier): boolean => tier !== 'probation'

/**
 * What the store knew when the agent joined; what was counted since is newer. Of an exposed identity it is worth nothing:
 * it was asked before, or its standing was not in memory when it was lost, or a restart came between the two.
 */
export function restoreStandings(
  state: HubState,
  identity: Identity,
  rows: readonly Omit<StandingRow, 'identity'>[],
): void {
  for (const { kernel, engine, valid } of rows) {
    const key = keyOf(identity, kernel, engine)
    if (state.standings.has(key)) continue
    if (valid > 0 && state.quarantined.has(identity)) setValid(state, kernel, { executor: identity, engine }, 0)
    else keep(state, key, valid)
  }
}

function keep(state: HubState, key: string, valid: number): void {
  state.standings.delete(key)
  state.standings.set(key, valid)
  state.fleet++
  for (const [oldest] of state.standings) {
    if (state.standings.size <= STANDINGS_MAX) return
    // It is in the store, and is read again when its identity joins.
    state.standings.delete(oldest)
  }
}

/**
 * Counts an accepted shard for those behind it: for each that another of them, whose word counts, agrees with. Once a
 * submission; what a restart brings in again has been counted.
 */
export function countAgreement(state: HubState, job: Job, { submissions, accepted, counted }: Shard): void {
  const behind = submissions.filter(({ digest, engine }) => digest === accepted && engine !== undefined)
  for (const row of behind) {
    if (row.tier === 'trusted' || counted.has(row.executor)) continue
    // Where a dispute was settled the rows of who was exposed stay; they earn it nothing.
    if (state.quarantined.has(row.executor)) continue
    if (!behind.some((other) => other !== row && isWeighty(other.tier))) continue
    counted.add(row.executor)
    setValid(state, job.kernel, row, validShards(state, row.executor, job.kernel, row.engine) + 1)
  }
}

/** Its answer was wrong: it begins again, with every engine. */
export function loseStanding(state: HubState, identity: Identity): void {
  for (const [key] of state.standings) {
    if (!key.startsWith(`${identity} `)) continue
    const [, kernel = '', engine = ''] = key.split(' ')
    setValid(state, kernel, { executor: identity, engine: engine as EngineName }, 0)
  }
}

function setValid(
  state: HubState,
  kernel: string,
  { executor: identity, engine }: Pick<SubmissionRow, 'executor' | 'engine'>,
  counted: number,
): void {
  // Beyond the threshold the number says nothing, and a row a shard would be written for nothing.
  const valid = Math.min(counted, PROBATION_SHARDS)
  const key = keyOf(identity, kernel, engine)
  if (state.standings.get(key) === valid) return
  keep(state, key, valid)
  state.standingsChanged.set(key, { identity, kernel, engine, valid })
}
