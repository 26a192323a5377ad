// Who may run what: targets, kernels, quarantine, and who counts as another agent.
import { describe, expect, it, test } from 'vitest'
import type { EngineName, Identity } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { Pool } from '../sim/pool.ts'
import { KERNEL, KERNEL_DIGEST } from '../sim/kernel.ts'
import { abilityFor, eligibleAgents, eligibleSpeeds, mayCheck, mayRun, refereeOnline } from './eligibility.ts'
import { shardOf, type Agent } from './state.ts'

const agentOf = (pool: Pool, session: string): Agent => {
  const agent = [...pool.hub.agents.values()].find((one) => one.session === session)
  if (agent === undefined) throw new Error(`no agent ${session}`)
  return agent
}

describe('a target', () => {
  it.each([
    ['cpu', { wasm: true, webgpu: false, reference: true }],
    ['gpu', { wasm: false, webgpu: true, reference: true }],
    ['any', { wasm: true, webgpu: true, reference: true }],
  ] as const)('%s admits the engines it names', (target, admitted) => {
    const pool = new Pool()
    const job = pool.job(pool.plan('job', 1, { target, min_agents: 9, max_agents: 9 }))
    for (const [engine, may] of Object.entries(admitted)) {
      pool.join(engine, { engine: engine as EngineName })
      expect(abilityFor(pool.hub, job, agentOf(pool, engine)) !== null, engine).toBe(may)
    }
    // The referee settles with whatever passed its self-test.
    pool.join('referee', { engine: 'wasm', referee: true })
    expect(refereeOnline(pool.hub, job)).toBe(true)
    expect(eligibleAgents(pool.hub, job).map(({ session }) => session)).not.toContain('referee')
  })
})

test('the speeds of who could work on such a job are of the target’s engines, without the referee', () => {
  const pool = new Pool()
  const { projectId, policy } = pool.job(pool.plan('job', 1, { min_agents: 9, max_agents: 9 }))
  pool.join('wasm', { engine: 'wasm', shardsPerSecond: 2 })
  pool.join('webgpu', { engine: 'webgpu', shardsPerSecond: 8 })
  pool.join('referee', { engine: 'wasm', referee: true })
  const speeds = (target: 'any' | 'cpu' | 'gpu') =>
    eligibleSpeeds(pool.hub, KERNEL, { projectId, policy: { ...policy, target } })
  const [slow = 0, fast = 0] = speeds('any')
  expect(fast).toBe(4 * slow)
  expect([speeds('cpu'), speeds('gpu')]).toEqual([[slow], [fast]])
})

describe('an ability', () => {
  it('is of the very kernel, proven by digest, and of an identity that is not quarantined', () => {
    const pool = new Pool()
    const job = pool.job(pool.plan('job', 1, { min_agents: 9, max_agents: 9 }))
    const session = pool.join('a')
    const agent = agentOf(pool, 'a')
    expect(abilityFor(pool.hub, job, agent)).not.toBeNull()
    const old = { engine: 'wasm', kernelDigest: 'old' as Digest, unitsPerSecond: 1 } as const
    pool.raise({ type: 'agent-ready', session, kernel: KERNEL, ability: old })
    expect(abilityFor(pool.hub, job, agent)).toBeNull()
    pool.raise({ type: 'agent-ready', session, kernel: KERNEL, ability: { ...old, kernelDigest: KERNEL_DIGEST } })
    pool.hub.quarantined.add('a' as Identity)
    expect(abilityFor(pool.hub, job, agent)).toBeNull()
  })
})

describe('a checker', () => {
  it.each([
    ['another identity elsewhere', { network: 'n2' }, true, true],
    ['another identity in the same network', { network: 'n1' }, true, false],
    ['another tab of the same identity', { identity: 'author', network: 'n2' }, false, false],
    ['the referee in the same network', { network: 'n1', referee: true }, true, true],
  ])('may be %s', (_, joining, anywhere, elsewhere) => {
    for (const [distinctNetwork, may] of [
      [false, anywhere],
      [true, elsewhere],
    ] as const) {
      const pool = new Pool({ distinctNetwork })
      const author = pool.join('author', { network: 'n1' })
      const job = pool.job(pool.plan('job', 1, { verify: 'full' }))
      pool.work(author)
      pool.join('other', joining)
      const shard = shardOf(job, 0)
      expect(mayCheck(pool.hub, job, agentOf(pool, 'other'), shard)).toBe(may)
      expect(mayRun(agentOf(pool, 'author'), shard)).toBe(false)
    }
  })
})
