// What changed of agents since the last event: their tallies, which they are told, and the standings of identities, which are
// written.
import type { HubCommand } from './events.ts'
import type { HubState } from './state.ts'

export function tallies(state: HubState): HubCommand[] {
  const commands: HubCommand[] = []
  for (const session of state.tallyChanged) {
    const agent = state.agents.get(session)
    if (agent === undefined) continue
    const { accepted, pending, rejected } = agent
    commands.push({ type: 'tally', session, tally: { accepted, pending, rejected } })
  }
  state.tallyChanged.clear()
  return commands
}

export function standings(state: HubState): HubCommand[] {
  if (state.standingsChanged.size === 0) return []
  const changed = [...state.standingsChanged.values()]
  state.standingsChanged.clear()
  return [{ type: 'write', writes: { standings: changed } }]
}
