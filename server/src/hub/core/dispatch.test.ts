// Who gets how much: about a second of work at the agent's own speed, a fair share of what is left, no more agents than
// the policy allows, and nobody waits for one that hangs.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'
import { Pool, row } from '../sim/pool.ts'
import { LEASE_MS_MAX, LEASE_MS_MIN, LEASES_PER_AGENT } from './limits.ts'

const sizes = (pool: Pool, session: string): number[] =>
  [...pool.hub.agents.values()]
    .filter((agent) => agent.session === session)
    .flatMap(({ leases }) => [...leases.values()].map(({ shards }) => shards.size))

describe('an assignment', () => {
  it.each([
    [0.01, 1],
    [1, 1],
    [7.9, 7],
    [40, 40],
    [1e6, AGENT_LIMITS.shardsPerAssignmentMax],
  ])('at %d shards a second has %i shards', (shardsPerSecond, expected) => {
    const pool = new Pool()
    pool.join('a', { shardsPerSecond })
    pool.plan('job', 10_000)
    expect(sizes(pool, 'a')).toEqual([expected, expected])
  })

  it('follows the measured speed, from either side', () => {
    const pool = new Pool()
    const session = pool.join('a', { shardsPerSecond: 100 })
    pool.plan('job', 50_000)
    // In truth ten a second.
    for (let n = 0; n < 40; n++) {
      const [next] = pool.held(session)
      if (next !== undefined) pool.answer(next, undefined, next.order.shards.length * 100)
    }
    expect(sizes(pool, 'a').at(-1)).toBe(10)
  })

  it.each([0, 5e-324, 1e-300, 1e9])('stays in its bounds whatever time an agent claims: %d ms', (kernelMs) => {
    const pool = new Pool()
    const session = pool.join('a', { shardsPerSecond: 10 })
    pool.plan('job', 60_000)
    for (let n = 0; n < 20; n++) {
      const [next] = pool.held(session)
      if (next === undefined) throw new Error('nothing is held')
      expect(next.order.shards.length).toBeLessThanOrEqual(AGENT_LIMITS.shardsPerAssignmentMax)
      expect(next.order.leaseMs).toBeGreaterThanOrEqual(LEASE_MS_MIN)
      expect(next.order.leaseMs).toBeLessThanOrEqual(LEASE_MS_MAX)
      pool.answer(next, undefined, kernelMs)
    }
  })

  it('leaves the end of a job to all', () => {
    const pool = new Pool()
    for (const session of ['a', 'b', 'c', 'd']) pool.join(session)
    pool.plan('job', 64)
    const held = ['a', 'b', 'c', 'd'].map((session) => sizes(pool, session).reduce((sum, size) => sum + size, 0))
    expect(Math.max(...held) / Math.min(...held)).toBeLessThan(2)
    expect(sizes(pool, 'a')).toHaveLength(LEASES_PER_AGENT)
  })
})

describe('a policy', () => {
  it('waits for min_agents and says so, then runs', () => {
    const pool = new Pool()
    pool.join('a')
    const id = pool.plan('job', 5, { min_agents: 2, target: 'cpu' })
    expect(pool.job(id).phase).toBe('waiting')
    expect(pool.last('job-state')).toMatchObject({
      state: 'QUEUED',
      reason: expect.stringContaining('1 of min_agents 2'),
    })
    pool.join('gpu', { engine: 'webgpu' })
    expect(pool.job(id).phase).toBe('waiting')
    pool.join('b')
    expect(pool.job(id).phase).toBe('running')
    expect(pool.last('job-state')).toMatchObject({ state: 'RUNNING', reason: null })
  })

  it('keeps first executions to max_agents; checks may go to others', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 100, { max_agents: 1, verify: 'full' })
    expect([pool.held(a).length > 0, pool.held(b).length > 0]).toEqual([true, false])
    const [first] = pool.held(a)
    if (first === undefined) throw new Error('a holds nothing')
    pool.answer(first)
    expect(pool.held(b).flatMap(({ order }) => order.shards)).toEqual(expect.arrayContaining([first.order.shards[0]]))
  })

  it('gives the place of one that left to another', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 4, { max_agents: 1 })
    const before = pool.held(a).flatMap(({ order }) => order.shards)
    pool.leave(a)
    expect(pool.held(b).flatMap(({ order }) => order.shards)).toEqual(expect.arrayContaining([before[0]]))
  })
})

describe('a lease', () => {
  it('ends with its time, and an agent that let it run out comes last and gets one shard', () => {
    const pool = new Pool()
    const hung = pool.join('hung')
    const id = pool.plan('job', 40, { max_agents: 1 })
    const b = pool.join('b')
    expect(sizes(pool, 'b')).toEqual([])
    pool.at(2 * LEASE_MS_MIN)
    expect(pool.last('revoke')).toBeDefined()
    // With a place for one, the one that hangs no longer takes it.
    expect(pool.held(hung)).toEqual([])
    expect(sizes(pool, 'b').length).toBeGreaterThan(0)
    pool.leave(b)
    expect(sizes(pool, 'hung')).toEqual([1])
    pool.work(hung)
    expect(pool.job(id).phase).toBe('closing')
  })

  it('is renewed by each part of its answer', () => {
    const pool = new Pool()
    const session = pool.join('a', { shardsPerSecond: 2 })
    pool.plan('job', 100)
    const [held] = pool.held(session)
    if (held === undefined) throw new Error('nothing is held')
    pool.nowMs = LEASE_MS_MIN - 1
    pool.answer({ ...held, order: { ...held.order, shards: held.order.shards.slice(0, 1) } })
    pool.at(LEASE_MS_MIN + 1)
    expect(pool.held(session).map(({ order }) => order.assignmentId)).toContain(held.order.assignmentId)
  })
})

describe('the referee', () => {
  const job = 'job' as JobId

  it('does no ordinary work, but what the agents online failed on', () => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    const a = pool.join('a')
    pool.plan('job', 3)
    expect(pool.held(referee)).toEqual([])
    const [held] = pool.held(a)
    if (held === undefined) throw new Error('nothing is held')
    pool.fail(held)
    expect(pool.held(referee).flatMap(({ order }) => order.shards)).toEqual(held.order.shards)
    pool.work(a)
    pool.work(referee)
    expect(pool.last('complete')?.verdicts).toHaveLength(3)
  })

  it('checks what no other agent online may check, and nothing else', () => {
    const pool = new Pool({ referee: true })
    const [a, b] = [pool.join('a'), pool.join('b')]
    const referee = pool.join('referee', { referee: true })
    pool.plan('job', 2, { verify: 'full' }, [row(0, 'a'), row(1, 'a')])
    expect(pool.held(b).length).toBeGreaterThan(0)
    expect(pool.held(referee)).toEqual([])
    pool.leave(b)
    expect(pool.held(referee).flatMap(({ order }) => order.shards)).toEqual([0, 1])
    expect(pool.held(a)).toEqual([])
    pool.work(referee)
    expect(pool.hub.jobs.get(job)?.phase).toBe('closing')
  })
})

describe('an agent whose engine was lost', () => {
  const lose = (target: 'any' | 'gpu') => {
    const pool = new Pool()
    const session = pool.join('a', { engine: 'webgpu', shardsPerSecond: 10 })
    const job = pool.plan('job', 1_000, { target })
    const before = pool.held(session)
    pool.raise({ type: 'agent-paused', session })
    const commands = pool.ready(session, 'wasm')
    return { pool, session, job, before, commands }
  }

  it('keeps what it holds in the name of the next engine', () => {
    const { pool, session, before, commands } = lose('any')
    expect(commands).toEqual([])
    expect(pool.held(session)).toEqual(before.map((one) => ({ ...one, order: { ...one.order, engine: 'wasm' } })))
    const [first] = pool.held(session)
    if (first === undefined) throw new Error('nothing is held')
    pool.answer(first)
    expect(pool.last('store')?.submissions.map(({ engine }) => engine)).toEqual(first.order.shards.map(() => 'wasm'))
  })

  it('loses what the next engine may not do', () => {
    const { pool, session, job, before, commands } = lose('gpu')
    expect(commands).toEqual(before.map(({ order }) => ({ type: 'revoke', session, assignmentId: order.assignmentId })))
    expect(pool.held(session)).toEqual([])
    expect(pool.job(job).open.size).toBe(1_000)
  })
})
