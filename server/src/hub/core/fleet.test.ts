// Who may work on a job, brought up to date change by change, is what a look at everybody finds.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Identity, SessionId } from '@forge/shared/contract/ids.ts'
import { Pool } from '../sim/pool.ts'
import { KERNEL } from '../sim/kernel.ts'
import { abilityFor, eligibleAgents, refereeOnline, weightyAgents } from './eligibility.ts'
import { expose } from './exposure.ts'
import { FLEET_CHANGES_MAX, PROBATION_SHARDS } from './limits.ts'
import { isWeighty, tierOf } from './standing.ts'
import { settleShard } from './settle.ts'
import type { Job } from './state.ts'

const SESSIONS = 6

const happening = fc.tuple(
  fc.constantFrom('join', 'fresh', 'referee', 'wasm', 'webgpu', 'pause', 'leave', 'veteran', 'expose', 'many', 'look'),
  fc.nat(SESSIONS - 1),
)

function happen(pool: Pool, job: Job, [what, n]: readonly [string, number]): void {
  const session = `s${n}` as SessionId
  // Two sessions an identity.
  const identity = `i${n >> 1}` as Identity
  const isThere = pool.hub.agents.has(session)
  if (['join', 'fresh', 'referee'].includes(what)) {
    if (!isThere) pool.join(session, { identity, fresh: what === 'fresh', referee: what === 'referee' })
  } else if (what === 'wasm' || what === 'webgpu') pool.ready(session, what)
  else if (what === 'pause') pool.raise({ type: 'agent-paused', session })
  else if (what === 'leave') pool.leave(session)
  else if (what === 'veteran') {
    const rows = [{ kernel: KERNEL, engine: 'wasm' as const, valid: PROBATION_SHARDS }]
    pool.raise({ type: 'standings', identity, rows })
  } else if (what === 'expose') expose(pool.hub, identity, { job: job.id, reason: 'a lie' }, settleShard)
  else if (what === 'many') for (let k = 0; k <= FLEET_CHANGES_MAX; k++) pool.ready(session, k % 2 ? 'wasm' : 'webgpu')
}

it('is the same, whatever happened between two looks', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const pool = new Pool()
      const job = pool.job(pool.plan('job', 1, { min_agents: 50, target: 'cpu' }))
      for (const one of happenings) {
        happen(pool, job, one)
        const able = [...pool.hub.agents.values()].filter((agent) => abilityFor(pool.hub, job, agent) !== null)
        const names = (agents: readonly { session: SessionId }[]): string[] =>
          agents.map(({ session }) => session).toSorted()
        const ordinary = able.filter(({ referee }) => !referee)
        const weighty = ordinary.filter((agent) => {
          const ability = abilityFor(pool.hub, job, agent)
          return ability !== null && isWeighty(tierOf(pool.hub, agent, job.kernel, ability))
        })
        expect(names(eligibleAgents(pool.hub, job))).toEqual(names(ordinary))
        expect(names(weightyAgents(pool.hub, job))).toEqual(names(weighty))
        expect(refereeOnline(pool.hub, job)).toBe(able.length > ordinary.length)
      }
    }),
    { numRuns: 100, seed: 1 },
  )
})
