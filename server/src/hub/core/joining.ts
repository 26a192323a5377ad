// Who comes in: everybody but those who were exposed, and of these whoever may try to come back.
import type { HubCommand, HubEvent } from './events.ts'
import { untilWhen } from './exposure.ts'
import { lapsesOf } from './leases.ts'
import type { HubState } from './state.ts'
import { mayTry, trialsOf } from './trial.ts'

export function takeJoined(state: HubState, agent: Extract<HubEvent, { type: 'agent-joined' }>['agent']): HubCommand[] {
  const { session, identity } = agent
  const quarantine = state.quarantines.get(identity)
  if (state.quarantined.has(identity) && !mayTry(state, agent)) {
    const why =
      quarantine?.ordered === true
        ? 'The operator keeps this identity away.'
        : 'This identity returned a wrong answer before.'
    const message = `${why} ${untilWhen(state, quarantine)}`.trim()
    return [{ type: 'expel', session, refusal: { ok: false, code: 'QUARANTINED', message } }]
  }
  state.agents.set(session, {
    ...agent,
    abilities: new Map(),
    leases: new Map(),
    lapses: lapsesOf(state, identity),
    answeredMs: -Infinity,
    restsUntilMs: -Infinity,
    trialsLeft: trialsOf(state, identity),
    accepted: 0,
    pending: 0,
    rejected: 0,
  })
  return []
}
