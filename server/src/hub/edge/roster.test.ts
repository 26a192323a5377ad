// Who is remembered of those that have left, and who is not.
import { expect, test } from 'vitest'
import type { Identity, SessionId } from '@forge/shared/contract/ids.ts'
import { createLogger } from '../../logger.ts'
import { Pool } from '../sim/pool.ts'
import { AgentListener } from './agent-listener.ts'
import { ROSTER_LIMITS } from './limits.ts'
import { Roster } from './roster.ts'

const orders = { give: () => Promise.resolve(true), read: () => Promise.resolve() }

const agentOf = (identity: string, session: string) => {
  const ids = { session: session as SessionId, identity: identity as Identity }
  return { ...ids, network: 'N', referee: false, token: null }
}

function visited() {
  const roster = new Roster(new Pool().hub, orders)
  const visit = (identity: string, session: string): void => {
    const agent = agentOf(identity, session)
    roster.joined(agent, { name: null, kind: 'node' })
    roster.left(agent.session)
  }
  const sessions = () => new Map(roster.agents().map((agent) => [String(agent.identity), agent.sessions.length]))
  return { visit, sessions }
}

test('of those that have left the newest are remembered, as many as there is room for', () => {
  const { visit, sessions } = visited()
  for (let n = 0; n < ROSTER_LIMITS.goneMax + 3; n++) visit(`agent ${n}`, `session ${n}`)
  expect(sessions().size).toBe(ROSTER_LIMITS.goneMax)
  expect(sessions().has('agent 2')).toBe(false)
  expect(sessions().has('agent 3')).toBe(true)
})

test('who comes and goes all the time takes no other’s place', () => {
  const { visit, sessions } = visited()
  visit('another', 'once')
  for (let n = 0; n < 2 * ROSTER_LIMITS.goneMax; n++) visit('restless', `session ${n}`)
  expect(sessions()).toEqual(
    new Map([
      ['restless', ROSTER_LIMITS.gonePerIdentity],
      ['another', 1],
    ]),
  )
})

test('who is refused at the door was never here', () => {
  const pool = new Pool()
  const roster = new Roster(pool.hub, orders)
  const listener = new AgentListener({
    state: pool.hub,
    roster,
    store: { standingsOf: () => Promise.resolve([]) },
    logger: createLogger('silent'),
    planned: new Map(),
    raise: (happening) => void pool.raise(happening),
    track: () => undefined,
    left: () => undefined,
    acknowledged: () => undefined,
  })
  const identity = 'banned' as Identity
  pool.raise({ type: 'agent-ordered', number: 1, identity, kind: 'ban', reason: 'r', atMs: 0 })
  for (const session of ['first', 'second']) {
    listener.joined({ ...agentOf(identity, session), name: null, kind: 'node' })
    listener.left(session as SessionId)
  }
  listener.joined({ ...agentOf('good', 'third'), name: null, kind: 'node' })
  const seen = roster.agents().map((agent) => [agent.identity, agent.sessions.length])
  expect(seen).toEqual([
    ['good', 1],
    ['banned', 0],
  ])
})
