// Whose word counts: probation and its limits, how one becomes a veteran and stops being one, and who may check whom.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { KERNEL } from '../sim/kernel.ts'
import { mayCheck } from './eligibility.ts'
import { CHECKER_WAIT_MS, PROBATION_SHARDS } from './limits.ts'
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
    for (const each of [a, b, a, b]) pool.work(each)
    expect(pool.last('complete')).toBeUndefined()
    pool.at(CHECKER_WAIT_MS)
    // Their agreement is no check, so it is not even asked for.
    const { record, warnings } = pool.last('complete') ?? {}
    expect(record).toMatchObject({ checked: 0, status: 'degraded', executions: 30 })
    expect(record?.bound).toMatchObject([{ max_wrong_shards: 30 }, { max_wrong_shards: 30 }, { max_wrong_shards: 30 }])
    expect(warnings).toHaveLength(1)
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
    // Nor while it is away, however long: who stops it must not choose the checkers.
    for (const nowMs of [0, 6_000, 59_000]) {
      pool.at(nowMs)
      expect(may()).toBe(false)
      expect(pool.held(fresh)).toEqual([])
    }
    pool.join('veteran')
    expect(pool.held('veteran' as typeof fresh)).toHaveLength(1)
  })

  it('checks a veteran where nobody else can, and no referee is to come', () => {
    const pool = new Pool()
    const author = pool.join('author')
    pool.plan('job', 1, { verify: 'spotcheck', spotcheck_rate: 1 })
    pool.work(author)
    pool.work(pool.join('fresh', { fresh: true }))
    expect(pool.last('complete')?.record).toMatchObject({ checked: 1, status: 'clean' })
  })

  it('and another one, while the referee starts again, make no answer that passes for a checked one', () => {
    const pool = new Pool({ referee: true, distinctNetwork: true })
    const liars = ['s1', 's2'].map((name) => pool.join(name, { fresh: true }))
    const referee = pool.join('referee', { referee: true })
    pool.plan('job', 16, { verify: 'spotcheck' })
    pool.at(6_000)
    pool.leave(referee)
    pool.at(20_000)
    for (const session of [...liars, ...liars]) pool.work(session, lie)
    expect(pool.last('complete')).toBeUndefined()
    pool.at(60_000)
    const { record } = pool.last('complete') ?? {}
    expect(record).toMatchObject({ status: 'degraded', checked: 0 })
    expect(record?.bound?.[0]).toMatchObject({ max_wrong_shards: 16 })
  })

  it('and its backup by another one count as one word', () => {
    const pool = new Pool()
    const rows = [row(0, 'a', { tier: 'probation' }), row(0, 'b', { tier: 'probation' })]
    pool.plan('job', 1, { verify: 'none' }, rows)
    expect(pool.last('complete')).toMatchObject({ record: { checked: 0 }, verdicts: [{ confirmations: 1 }] })
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
