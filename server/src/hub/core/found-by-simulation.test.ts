// Faults of the core that a simulated world found, each reduced to the fewest events that show it: exposures that met a
// restart, a second session, a vote or a lease that was still out.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { trueDigest } from '../sim/reference.ts'
import { KERNEL } from '../sim/kernel.ts'
import { restoreQuarantine } from './exposure.ts'
import { TRIAL_SHARDS } from './limits.ts'
import { exposeAndSettle, settleShard } from './settle.ts'
import { step } from './step.ts'
import { validShards } from './standing.ts'
import { shardOf } from './state.ts'

const id = 'job' as JobId
const liar = 'liar' as Identity
const wrong = lie(id, 0)
const validOf = (pool: Pool, identity: string): number => validShards(pool.hub, identity as Identity, KERNEL, 'wasm')

describe('the standing of an exposed identity', () => {
  it('is nothing, whatever the store knew of it before', () => {
    const pool = new Pool()
    restoreQuarantine(pool.hub, { identity: liar, exposures: 1, atMs: -1e9, previousAtMs: null, isOver: false })
    pool.join('liar')
    expect(validOf(pool, 'liar')).toBe(0)
    const written = pool.commands.flatMap((command) =>
      command.type === 'write' ? (command.writes.standings ?? []) : [],
    )
    expect(written).toContainEqual({ identity: liar, kernel: KERNEL, engine: 'wasm', valid: 0 })
  })

  it('does not rise by the answers that stay as the record of a dispute', () => {
    const pool = new Pool({ referee: true })
    const session = pool.join('liar', { fresh: true })
    pool.plan('job', 2, { verify: 'spotcheck', min_agents: 1 })
    pool.work(session, (job, shard) => (shard === 0 ? wrong : trueDigest(job, shard)))
    // One frame of the referee settles both, and its first shard exposes.
    pool.work(pool.join('referee', { referee: true }))
    expect(pool.hub.quarantined).toEqual(new Set(['liar']))
    expect(validOf(pool, 'liar')).toBe(0)
  })
})

describe('a late answer of an exposed identity', () => {
  it('escalates the job that it was for, as it would after a restart', () => {
    const pool = new Pool()
    pool.plan('job', 3, { verify: 'spotcheck', spotcheck_rate: 0.05, min_agents: 1 }, [row(0, 'a')])
    pool.hub.quarantined.add(liar)
    pool.raise({ type: 'stored', submissions: [row(1, 'liar', { role: 'check' })] })
    expect(pool.job(id)).toMatchObject({ voided: 1, escalated: true })
  })
})

describe('a trial', () => {
  it('is given on no engine that is at fault', () => {
    const pool = new Pool({ referee: true })
    restoreQuarantine(pool.hub, { identity: liar, exposures: 1, atMs: -1e9, previousAtMs: null, isOver: false })
    const rows = Array.from({ length: TRIAL_SHARDS }, (_, shard) => row(shard, 'referee', { role: 'referee' }))
    pool.plan('job', 2 * TRIAL_SHARDS, { verify: 'spotcheck' }, rows)
    pool.hub.suspended.set(`${KERNEL} wasm`, Infinity)
    expect(pool.held(pool.join('liar'))).toEqual([])
    pool.hub.suspended.clear()
    expect(pool.held(pool.join('again', { identity: 'liar' }))).not.toEqual([])
  })
})

describe('a trial without a referee', () => {
  it('is of answers that a trusted agent gave, not of those that outvoted it', () => {
    const pool = new Pool()
    const trusted = { tier: 'trusted', trusted: true } as const
    const colluders = ['x', 'y', 'z'].map((name) => row(0, name, { role: 'check', digest: wrong }))
    restoreQuarantine(pool.hub, { identity: liar, exposures: 1, atMs: -1e9, previousAtMs: null, isOver: false })
    pool.plan('job', 3, { verify: 'none' }, [row(0, 'honest', trusted), ...colluders, row(1, 'friend', trusted)])
    expect(shardOf(pool.job(id), 0).accepted).toBe(wrong)
    const given = pool.held(pool.join('liar')).flatMap(({ order }) => order.shards)
    expect(given).toEqual([1])
  })
})

describe('an identity that is exposed in the middle of its trial', () => {
  it('has no trial in its other sessions', () => {
    const pool = new Pool({ referee: true })
    const rows = Array.from({ length: 2 * TRIAL_SHARDS }, (_, shard) => row(shard, 'referee', { role: 'referee' }))
    restoreQuarantine(pool.hub, { identity: liar, exposures: 1, atMs: -1e9, previousAtMs: null, isOver: false })
    pool.plan('job', 3 * TRIAL_SHARDS, { verify: 'spotcheck' }, rows)
    const [one, other] = [pool.join('one', { identity: 'liar' }), pool.join('other', { identity: 'liar' })]
    const [first, second] = [pool.held(one)[0], pool.held(other)[0]]
    if (first === undefined || second === undefined) throw new Error('no trial')
    pool.answer(first, lie)
    expect(pool.hub.agents.get(other)?.trialsLeft).toBe(0)
    pool.answer(second)
    expect(pool.hub.quarantined.has(liar)).toBe(true)
    expect(pool.last('reply')?.reply).toMatchObject({ ok: false, code: 'QUARANTINED' })
  })
})

describe('a vote', () => {
  it('is void when those who won it are exposed over something else', () => {
    const pool = new Pool()
    const colluders = ['x', 'y', 'z']
    const rows = [row(0, 'honest'), ...colluders.map((name) => row(0, name, { role: 'check', digest: wrong }))]
    pool.plan('job', 2, { verify: 'full', min_agents: 1 }, rows)
    expect(shardOf(pool.job(id), 0).accepted).toBe(wrong)
    for (const name of colluders)
      exposeAndSettle(pool.hub, name as Identity, { job: 'other' as JobId, reason: 'a lie' })
    expect(shardOf(pool.job(id), 0)).toMatchObject({ accepted: null, submissions: [] })
  })
})

describe('a shard that the referee has', () => {
  /** Three failed on it while `holder` had it as well. */
  const taken = () => {
    const pool = new Pool({ referee: true })
    const sessions = ['a', 'b', 'c', 'd'].map((name) => pool.join(name, { fresh: true }))
    pool.plan('job', 1, { verify: 'none' })
    const shard = shardOf(pool.job(id), 0)
    shard.failures = 3
    const holder = sessions.find((session) => pool.held(session).length > 0)
    if (holder === undefined) throw new Error('nobody has it')
    const referee = pool.join('referee', { referee: true })
    // As a backup was out when the third agent failed.
    settleShard(pool.hub, pool.job(id), 0)
    pool.raise({ type: 'tick' })
    return { pool, shard, holder, referee }
  }

  it('is not handed to it again when another lease of it ends', () => {
    const { pool, shard, holder, referee } = taken()
    expect(pool.held(referee)).toHaveLength(1)
    pool.leave(holder)
    expect(pool.held(referee)).toHaveLength(1)
    expect(shard.status).toBe('refereeing')
  })

  it('nor while its answer is being stored', () => {
    const { pool, shard, holder, referee } = taken()
    const [held] = pool.held(referee)
    if (held === undefined) throw new Error('the referee does not have it')
    const { assignmentId, epoch } = held.order
    const shards = [{ shard: 0, digest: trueDigest(id, 0) }]
    const answer = { type: 'answer', session: referee, request: 1, assignmentId, epoch, shards, kernelMs: 1 } as const
    const stores = step(pool.hub, { ...answer, nowMs: 0 }).filter((command) => command.type === 'store')
    pool.leave(holder)
    expect(pool.held(referee)).toEqual([])
    expect(shard.status).toBe('storing')
    for (const { submissions } of stores) pool.raise({ type: 'stored', submissions })
    expect(shard.accepted).toBe(trueDigest(id, 0))
  })
})
