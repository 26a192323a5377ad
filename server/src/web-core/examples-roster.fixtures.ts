// The agents of the examples' world, in a real core: one of the examples' project in its pool, one of the other project, and
// one of nobody, both of which no answer to the examples' project may name.
import type { AssignmentId, Identity, ProjectId, SessionId } from '@forge/shared/contract/ids.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { createHubState, type AgentToken, type HubState } from '../hub/core/state.ts'
import { AWAY_TERMS, QUARANTINE_MS } from '../hub/core/limits.ts'
import { step } from '../hub/core/step.ts'
import { Roster } from '../hub/edge/roster.ts'
import type { Store } from '../store/store.ts'
import { EXAMPLE } from './examples.ts'

export function exampleState(): HubState {
  return createHubState({
    referee: false,
    distinctNetwork: false,
    quarantineMs: QUARANTINE_MS,
    assignmentId: (number) => String(number) as AssignmentId,
    random: () => 0,
  })
}

const tokenOf = (owner: string, pool: string): AgentToken => {
  return { owner: owner as ProjectId, pool, region: null, trusted: false, madeByOperator: false }
}

/** `mark` is the name of whoever is not the examples' own. */
export function exampleRoster(
  store: Pick<Store, 'orderAgent'>,
  foreign: { readonly project: string; readonly pool: string },
  mark: string,
): Roster {
  const state = exampleState()
  const give: ConstructorParameters<typeof Roster>[1]['give'] = async (order) => {
    const isNew = await store.orderAgent({ ...order, atMs: Date.now() }, AWAY_TERMS)
    const nowMs = performance.now()
    if (isNew) step(state, { type: 'agent-ordered', number: state.lastOrder + 1, ...order, atMs: nowMs, nowMs })
    return isNew
  }
  const roster = new Roster(state, { give, read: () => Promise.resolve() })
  const [artifact] = artifacts
  const join = (identity: string, name: string, token: AgentToken | null): void => {
    const session = `session of ${identity}` as SessionId
    const newcomer = { session, identity: identity as Identity, network: '192.0.2.0/24', referee: false, token }
    step(state, { type: 'agent-joined', agent: newcomer, nowMs: performance.now() })
    roster.joined(newcomer, { name, kind: 'node' })
    if (artifact === undefined) return
    const ability = { engine: 'wasm', kernelDigest: artifact.kernelDigest, unitsPerSecond: 1e6 } as const
    step(state, { type: 'agent-ready', session, kernel: artifact.name, ability, nowMs: performance.now() })
  }
  join(EXAMPLE.agent, 'rack 7', tokenOf(EXAMPLE.project, EXAMPLE.pool))
  join('ab'.repeat(32), mark, tokenOf(foreign.project, foreign.pool))
  join('cd'.repeat(32), mark, null)
  return roster
}
