// Who waits for whom: jobs and projects take turns, checkers are drawn, authors of a spotcheck are few, slow shards get a
// second agent near the end, and no job runs its shards without end.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import { Pool, type Handed, type Joining } from '../sim/pool.ts'
import { Random } from '../sim/random.ts'
import { DRAWN_MS, DRAWN_OF_EXPECTED, SLOW_MS_MIN } from './limits.ts'

type Counts = (name: string) => number

const heldOf = (pool: Pool, session: SessionId): string[] => pool.held(session).map(({ jobId }) => jobId)
const one = (pool: Pool, session: SessionId): Handed => {
  const [held] = pool.held(session)
  if (held === undefined) throw new Error(`${session} holds nothing`)
  return held
}

describe('jobs', () => {
  it('take turns: a small one does not wait behind a large one', () => {
    const pool = new Pool()
    const a = pool.join('a', { shardsPerSecond: 10 })
    pool.plan('large', 10_000)
    pool.plan('small', 10)
    expect(heldOf(pool, a)).toEqual(['large', 'large'])
    pool.answer(one(pool, a))
    expect(heldOf(pool, a)).toEqual(['large', 'small'])
    pool.answer(one(pool, a))
    pool.answer(one(pool, a))
    expect(new Set(heldOf(pool, a))).toEqual(new Set(['large', 'small']))
  })

  it('of a project that sends many take turns with another project’s one', () => {
    const pool = new Pool()
    for (let n = 0; n < 10; n++) pool.plan(`many-${n}`, 20_000, {}, [], { project: 'many' })
    pool.plan('single', 20_000, {}, [], { project: 'single' })
    const a = pool.join('a', { shardsPerSecond: 10 })
    const seen: string[] = []
    for (let n = 0; n < 40; n++) {
      const held = one(pool, a)
      seen.push(held.jobId)
      pool.answer(held)
    }
    expect(seen.filter((job) => job === 'single').length).toBeGreaterThanOrEqual(15)
  })
})

describe('what is out of a job', () => {
  it.each([5e-324, 1e-3, 1 / 3, 1e300])(
    'is nothing once all have left, although one claimed %f units a second',
    (claim) => {
      const pool = new Pool()
      const a = pool.join('a', { shardsPerSecond: 3 })
      const job = pool.plan('large', 2_000)
      const odd = pool.join('odd', { fresh: true, shardsPerSecond: claim / 100 })
      expect(pool.held(odd)).not.toEqual([])
      expect(pool.job(job).heldMs).toBeLessThan(1e9)
      for (let n = 0; n < 5; n++) pool.answer(one(pool, a), undefined, 333)
      pool.leave(odd)
      pool.leave(a)
      expect(pool.job(job).heldMs).toBe(0)
      pool.plan('small', 10)
      const b = pool.join('b', { shardsPerSecond: 10 })
      pool.answer(one(pool, b))
      expect(heldOf(pool, b), 'jobs still take turns').toContain('small')
    },
  )
})

describe('authors of a spotcheck', () => {
  it('are as many as the rate has checks for', () => {
    const pool = new Pool()
    const sessions = Array.from({ length: 12 }, (_, n) => pool.join(`agent-${n}`, { shardsPerSecond: 1 }))
    pool.plan('job', 40, { verify: 'spotcheck', spotcheck_rate: 0.1 })
    expect(sessions.filter((session) => pool.held(session).length > 0)).toHaveLength(4)
  })

  it('are more when those would be late, and when they are gone', () => {
    for (const timeout_ms of [5_000, 600_000]) {
      const pool = new Pool()
      const sessions = Array.from({ length: 12 }, (_, n) => pool.join(`agent-${n}`, { shardsPerSecond: 1 }))
      pool.plan('job', 40, { verify: 'spotcheck', spotcheck_rate: 0.1, timeout_ms })
      const working = sessions.filter((session) => pool.held(session).length > 0)
      if (timeout_ms < 10_000) expect(working.length).toBeGreaterThan(4)
      else {
        for (const session of working) pool.leave(session)
        expect(sessions.some((session) => pool.held(session).length > 0)).toBe(true)
      }
    }
  })
})

describe('a checker', () => {
  it('is drawn among all who may, not whoever is free first', () => {
    const checkers = new Map<string, number>()
    for (let seed = 0; seed < 30; seed++) {
      const pool = new Pool({ random: () => (seed * 0.37) % 1 })
      const author = pool.join('author', { shardsPerSecond: 1 })
      pool.plan('job', 1, { verify: 'full', max_agents: 1 })
      for (const name of ['a', 'b', 'c']) pool.join(name)
      pool.work(author)
      for (const name of ['a', 'b', 'c']) {
        if (pool.held(name as SessionId).length > 0) checkers.set(name, (checkers.get(name) ?? 0) + 1)
      }
    }
    expect([...checkers.keys()].toSorted()).toEqual(['a', 'b', 'c'])
    for (const times of checkers.values()) expect(times).toBeGreaterThan(4)
  })

  /** One author of ten shards, all to be checked by the others; `counts` says how many each identity was drawn for. */
  const drawn = (others: readonly [name: string, joining: Joining][], shards = 400): { pool: Pool; of: Counts } => {
    const random = new Random(1)
    const pool = new Pool({ distinctNetwork: true, random: () => random.next() })
    const author = pool.join('author', { shardsPerSecond: 0.1 })
    const job = pool.plan('job', shards, { verify: 'full', max_agents: 1 })
    for (const [name, joining] of others) pool.join(name, { shardsPerSecond: 0.1, ...joining })
    pool.work(author)
    const queued = (name: string): number => pool.job(job).drawnFor.get(name as Identity)?.size ?? 0
    const held = (name: string): number =>
      pool.held(name as SessionId).reduce((sum, { order }) => sum + order.shards.length, 0)
    return { pool, of: (name) => queued(name) + held(name) }
  }

  it('is as likely to be one as another, whatever speed they claim and however many tabs they have', () => {
    const honest = Array.from({ length: 8 }, (_, n): [string, Joining] => [`honest-${n}`, {}])
    const tabs = Array.from({ length: 20 }, (_, n): [string, Joining] => [`tab-${n}`, { identity: 'tabs' }])
    const { of } = drawn([...honest, ['fast', { shardsPerSecond: 1e6 }], ...tabs])
    // A tenth each, with three deviations.
    for (const who of ['honest-0', 'honest-7', 'tabs']) expect(of(who), who).toBeLessThanOrEqual(40 + 18)
    expect(of('honest-0')).toBeGreaterThanOrEqual(40 - 18)
    expect(of('fast')).toBeLessThanOrEqual(40 + 18)
  })

  it('is as likely to be one as another, whoever joined before', () => {
    // Ten of the author's network may not check: whoever stands behind them is no nearer to it.
    const near = Array.from({ length: 10 }, (_, n): [string, Joining] => [`near-${n}`, { network: 'author' }])
    const { of } = drawn([...near, ['after', {}], ['last', {}]])
    expect(of('after')).toBeLessThanOrEqual(200 + 30)
  })

  it('is waited for while it is busy, and then is not alone', () => {
    const { pool, of } = drawn(
      [
        ['slow', {}],
        ['slow-too', {}],
        ['idle', { shardsPerSecond: 1e6 }],
      ],
      12,
    )
    const idle = 'idle' as SessionId
    pool.work(idle)
    const left = of('slow')
    expect(left).toBeGreaterThan(1)
    pool.at(2 * DRAWN_MS + 1)
    expect(pool.held(idle), 'it is idle, and has to wait').toEqual([])
    pool.at(2 * DRAWN_OF_EXPECTED * left * 10_000)
    pool.work(idle)
    expect(of('slow')).toBeLessThan(left)
  })
})

describe('a slow shard near the end', () => {
  /** Two agents at work; `slow` keeps the last shards of it. */
  const nearEnd = (distinctNetwork = false): { pool: Pool; slow: SessionId; quick: SessionId } => {
    const pool = new Pool({ distinctNetwork })
    const slow = pool.join('slow', { shardsPerSecond: 1 })
    const quick = pool.join('quick', { shardsPerSecond: 50 })
    pool.plan('job', 40)
    pool.work(quick)
    return { pool, slow, quick }
  }

  it('goes to a faster agent as well, and the first answer counts', () => {
    const { pool, slow, quick } = nearEnd()
    expect(pool.held(quick)).toEqual([])
    const kept = pool.held(slow).flatMap(({ order }) => order.shards)
    expect(kept.length).toBeGreaterThan(0)
    pool.at(SLOW_MS_MIN + 1)
    const [backup] = pool.held(quick)
    expect(kept).toContain(backup?.order.shards[0])
    pool.work(quick)
    const late = pool.held(slow)
    pool.work(slow)
    // The slow one's answer to the same shard is a check of it.
    expect(pool.last('complete')?.verdicts).toHaveLength(40)
    expect(late.length).toBeGreaterThan(0)
  })

  it('does not before three quarters of the job are answered, nor to its own network', () => {
    const early = new Pool()
    early.join('slow', { shardsPerSecond: 1 })
    early.plan('job', 2)
    early.join('quick', { shardsPerSecond: 50 })
    const before = early.held('quick' as SessionId)
    early.at(SLOW_MS_MIN + 1)
    expect(early.held('quick' as SessionId)).toEqual(before)

    const { pool, quick } = nearEnd(true)
    pool.leave(quick)
    const twin = pool.join('twin', { network: 'slow', shardsPerSecond: 50 })
    pool.at(SLOW_MS_MIN + 1)
    expect(pool.held(twin)).toEqual([])
  })
})

describe('a job that never agrees with itself', () => {
  it('ends after four answers a shard', () => {
    const pool = new Pool()
    const job = pool.job(pool.plan('job' as JobId, 8))
    job.executions = 33
    pool.work(pool.join('a'))
    expect(pool.last('fail')).toMatchObject({ code: 'VERIFICATION_FAILED' })
  })
})
