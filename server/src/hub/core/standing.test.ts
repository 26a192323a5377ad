// Whose word counts: probation and its limits, how one becomes a veteran and stops being one, and who may check whom.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { KERNEL } from '../sim/kernel.ts'
import { mayCheck } from './eligibility.ts'
import { PROBATION_SHARDS } from './limits.ts'
import { validShards } from './standing.ts'
import { shardOf } from './state.ts'

const id = 'job' as JobId
const standingsOf = (pool: Pool): { identity: Identity; valid: number }[] =>
  pool.commands.flatMap((command) => (command.type === 'write' ? (command.writes.standings ?? []) : []))
const validOf = (pool: Pool, identity: string): number => validShards(pool.hub, identity as Identity, KERNEL, 'wasm')

describe('a fresh key', () => {
  it('has no more out at once than it has to prove, while somebody can make it a veteran', () => {
    const pool = new Pool({ referee: true })
    pool.join('referee', { referee: true })
    const a = pool.join('a', { fresh: true })
    pool.plan('job', 200, { verify: 'spotcheck' })
    const out = (): number => pool.held(a).reduce((sum, { order }) => sum + order.shards.length, 0)
    // Until it has answered at all it may be one that never does.
    expect(out()).toBe(1)
    for (const held of pool.held(a)) pool.answer(held)
    expect(out()).toBe(PROBATION_SHARDS - 1)
    for (const held of pool.held(a)) pool.answer(held)
    // All of them wait for the referee's word.
    expect(out()).toBe(0)
    expect(pool.job(id).acceptedCount).toBe(0)
  })

  it('has as many as anybody where nobody can, or where nothing is checked', () => {
    for (const verify of ['spotcheck', 'none'] as const) {
      const pool = new Pool({ referee: verify === 'none' })
      if (verify === 'none') pool.join('referee', { referee: true })
      const a = pool.join('a', { fresh: true })
      pool.plan('job', 200, { verify })
      const out = pool.held(a).reduce((sum, { order }) => sum + order.shards.length, 0)
      expect(out).toBeGreaterThan(PROBATION_SHARDS)
    }
  })

  it('has every shard checked, and is a veteran after enough of them', () => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    const a = pool.join('a', { fresh: true })
    pool.plan('job', 60, { verify: 'spotcheck', spotcheck_rate: 0.05 })
    for (let n = 0; n < 100 && pool.last('complete') === undefined; n++) {
      for (const session of [a, referee]) for (const held of pool.held(session)) pool.answer(held)
    }
    const { record, verdicts } = pool.last('complete') ?? {}
    expect(verdicts).toHaveLength(60)
    // The ten of its probation, and few of the fifty after.
    expect(record?.checked).toBeGreaterThanOrEqual(PROBATION_SHARDS)
    expect(record?.checked).toBeLessThan(PROBATION_SHARDS + 12)
    expect(validOf(pool, 'a')).toBe(PROBATION_SHARDS)
    expect(standingsOf(pool).at(-1)).toMatchObject({ identity: 'a', valid: PROBATION_SHARDS })
    // The count says no more beyond that: no row is written for every shard.
    expect(standingsOf(pool).length).toBeLessThanOrEqual(PROBATION_SHARDS)
  })

  it('does not become one by another fresh key’s word', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a', { fresh: true }), pool.join('b', { fresh: true })]
    pool.plan('job', 30, { verify: 'spotcheck' })
    for (let n = 0; n < 60 && pool.last('complete') === undefined; n++) for (const each of [a, b]) pool.work(each)
    expect(pool.last('complete')?.record).toMatchObject({ checked: 30, status: 'clean' })
    expect([validOf(pool, 'a'), validOf(pool, 'b')]).toEqual([0, 0])
  })

  it('checks nobody while a veteran or the referee can', () => {
    const pool = new Pool({ referee: true })
    const [author, fresh] = [pool.join('author'), pool.join('fresh', { fresh: true })]
    const job = pool.job(pool.plan('job', 1, { verify: 'spotcheck', spotcheck_rate: 1 }))
    pool.work(author)
    const may = (): boolean => {
      const agent = pool.hub.agents.get(fresh)
      return agent !== undefined && mayCheck(pool.hub, job, agent, shardOf(job, 0))
    }
    // The referee is awaited for a moment, and then it must not keep the job for ever.
    expect(may()).toBe(false)
    pool.at(6_000)
    expect(pool.held(fresh)).toHaveLength(1)
    pool.leave(fresh)
    pool.join('veteran')
    pool.join('fresh', { fresh: true })
    expect(pool.held('veteran' as typeof fresh)).toHaveLength(1)
    expect(pool.held(fresh)).toHaveLength(0)
  })

  it('does not make a full shard’s two, with another one', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a', { fresh: true }), pool.join('b', { fresh: true })]
    pool.plan('job', 2, { verify: 'full' })
    for (const each of [a, b, a, b]) pool.work(each)
    expect(pool.job(id).toCheck).toEqual(new Set([0, 1]))
    const v = pool.join('v')
    pool.work(v)
    expect(pool.last('complete')?.record).toMatchObject({ checked: 2, status: 'clean' })
  })
})

describe('a standing', () => {
  it('is lost with a wrong answer, with every engine', () => {
    const pool = new Pool({ referee: true })
    const [a, b] = [pool.join('a'), pool.join('b')]
    const referee = pool.join('referee', { referee: true })
    pool.plan('job', 1, { verify: 'full' })
    const [liar, honest] = pool.held(a).length > 0 ? [a, b] : [b, a]
    pool.work(liar, lie)
    pool.work(honest)
    pool.work(referee)
    expect(validOf(pool, liar)).toBe(0)
    expect(standingsOf(pool).filter(({ identity }) => identity === (liar as string))).toHaveLength(3)
  })

  it('is not counted again for what a restart brings in', () => {
    const pool = new Pool()
    const rows = [row(0, 'a', { tier: 'probation' }), row(0, 'b', { role: 'check' })]
    pool.plan('job', 2, { verify: 'spotcheck', spotcheck_rate: 1 }, rows)
    expect(validOf(pool, 'a')).toBe(0)
    expect(pool.job(id).acceptedCount).toBe(1)
  })
})
