// An answer of the last pass that could be true by itself and contradicts the first pass's shard of the same units: one of
// the two is wrong, and it is found out which, or the job ends.
import { describe, expect, it } from 'vitest'
import type { JobId, SessionId } from '@forge/shared/contract/ids.ts'
import { trueDigest } from '../sim/reference.ts'
import { lie, Pool, row, type Handed, type Planning } from '../sim/pool.ts'
import { CHECKER_BACK_MS, CHECKER_WAIT_MS } from './limits.ts'
import { nextWakeMs } from './wake.ts'

const id = 'job' as JobId
const REFINES: Planning = { passes: 2, refines: true }

describe('an answer of the last pass that contradicts the first pass', () => {
  /** Two shards a pass, run by `author`; the last pass is open. `wrong`: the author lied in shard 0. */
  const opened = ({ referee = false, wrong = false, ...policy }: Opened = {}): Pool => {
    const digest = wrong ? lie(id, 0) : trueDigest(id, 0)
    const pool = new Pool({ referee })
    pool.plan('job', 2, { verify: 'none', ...policy }, [row(0, 'author', { digest }), row(1, 'author')], REFINES)
    if (pool.last('refine') !== undefined) pool.refined()
    return pool
  }
  type Opened = { readonly referee?: boolean; readonly wrong?: boolean } & Parameters<Pool['plan']>[2]
  const holding = (pool: Pool, session: SessionId, shard: number): Handed => {
    const held = pool.held(session).find(({ order }) => order.shards.includes(shard))
    if (held === undefined) throw new Error(`${session} does not hold shard ${shard}`)
    return held
  }
  const contradict = (pool: Pool, session: SessionId, shard = 2): void => {
    const { assignmentId, epoch } = holding(pool, session, shard).order
    const reason = 'a sum differs'
    pool.raise({ type: 'shard-contradicted', session, assignmentId, epoch, shard, reason })
    pool.raise({ type: 'handback', session, assignmentId, epoch })
  }
  const status = (pool: Pool, shard: number) => pool.job(id).shards[shard]?.status
  const failures = (pool: Pool) => pool.commands.filter(({ type }) => type === 'fail')

  it.each(['none', 'spotcheck', 'full'] as const)('%s: it is marked, and the other shard is checked once', (verify) => {
    const pool = new Pool()
    const checks = verify === 'none' ? [] : [0, 1].map((shard) => row(shard, 'second', { role: 'check' }))
    pool.plan('job', 2, { verify }, [row(0, 'author'), row(1, 'author'), ...checks], REFINES)
    pool.refined()
    const liar = pool.join('liar', { shardsPerSecond: 1 })
    contradict(pool, liar)
    expect(pool.job(id).shards[2]).toMatchObject({ failures: 1 })
    expect([...(pool.job(id).shards[2]?.excluded ?? [])]).toEqual(['liar'])
    expect(pool.job(id).contradicted.size, 'two that agree are believed').toBe(verify === 'none' ? 1 : 0)
    pool.leave(liar)
    for (const name of ['a', 'b']) pool.join(name)
    for (const session of ['a', 'b', 'a', 'b']) pool.work(session as SessionId)
    expect(pool.last('complete')?.verdicts.map(({ confirmations }) => confirmations)).toEqual(
      verify === 'none' ? [2, 1, 1, 1] : [2, 2, 2, 2],
    )
  })

  it('no other agent is given the shard until the contradiction is settled', () => {
    const pool = opened()
    const a = pool.join('a', { shardsPerSecond: 1 })
    const b = pool.join('b', { shardsPerSecond: 1 })
    contradict(pool, a)
    pool.leave(a)
    expect(pool.held(b).flatMap(({ order }) => order.shards)).toEqual([0, 3])
    pool.answer(holding(pool, b, 0))
    expect(pool.held(b).flatMap(({ order }) => order.shards)).toEqual([3, 2])
  })

  it('a check that differs is a dispute: without a referee the job ends soon, whatever is left to run', () => {
    const pool = opened({ wrong: true })
    const a = pool.join('a', { shardsPerSecond: 1 })
    contradict(pool, a)
    pool.answer(holding(pool, a, 0))
    expect(status(pool, 0)).toBe('disputed')
    pool.at(CHECKER_WAIT_MS - 1)
    expect(failures(pool)).toEqual([])
    pool.at(CHECKER_WAIT_MS)
    expect(failures(pool)).toEqual([expect.objectContaining({ code: 'VERIFICATION_FAILED' })])
  })

  it.each([
    ['none', 'degrade'],
    ['none', 'fail'],
    ['spotcheck', 'degrade'],
  ] as const)('%s, %s: nobody may check it, so the job fails and says why', (verify, on_unverified) => {
    const pool = opened({ verify, on_unverified })
    // A spotcheck gives up its checks of the first pass.
    pool.at(CHECKER_WAIT_MS)
    pool.refined()
    contradict(pool, pool.join('author', { shardsPerSecond: 1 }))
    expect(status(pool, 0)).toBe('to-check')
    pool.at(2 * CHECKER_WAIT_MS - 1)
    expect(failures(pool)).toEqual([])
    pool.at(2 * CHECKER_WAIT_MS)
    expect(failures(pool)).toEqual([
      expect.objectContaining({ code: 'VERIFICATION_FAILED', detail: expect.stringContaining('a sum differs') }),
    ])
    expect(pool.last('complete')).toBeUndefined()
  })

  it('by the referee: it runs the other shard itself, the liar is exposed, and the job ends without its other shards', () => {
    const pool = opened({ referee: true, wrong: true })
    pool.leave(pool.join('author'))
    const other = pool.join('other', { shardsPerSecond: 1 })
    pool.fail(holding(pool, other, 2))
    pool.leave(other)
    const referee = pool.join('referee', { referee: true })
    contradict(pool, referee)
    expect(pool.job(id).shards[2]).toMatchObject({ status: 'open', failures: 1 })
    expect([...(pool.job(id).shards[2]?.excluded ?? [])]).toEqual(['other'])
    expect(failures(pool)).toEqual([])
    expect(pool.held(referee).flatMap(({ order }) => order.shards)).toEqual([0])
    pool.answer(holding(pool, referee, 0))
    expect(pool.hub.quarantined).toEqual(new Set(['author']))
    expect(failures(pool)).toEqual([expect.objectContaining({ code: 'VERIFICATION_FAILED' })])
  })

  it('by the referee, which then finds the other shard right, and again: it contradicts itself', () => {
    const pool = opened({ referee: true })
    const other = pool.join('other', { shardsPerSecond: 1 })
    pool.fail(holding(pool, other, 2))
    pool.leave(other)
    const referee = pool.join('referee', { referee: true })
    contradict(pool, referee)
    pool.answer(holding(pool, referee, 0))
    expect(status(pool, 0)).toBe('accepted')
    contradict(pool, referee)
    expect(failures(pool)).toEqual([expect.objectContaining({ code: 'KERNEL_FAULT' })])
  })

  it('by the referee, against two that agree: it is believed more than they are', () => {
    const pool = opened({ referee: true, wrong: true })
    pool.raise({ type: 'stored', submissions: [row(0, 'friend', { role: 'check', digest: lie(id, 0) })] })
    const other = pool.join('other', { shardsPerSecond: 1 })
    contradict(pool, other)
    expect(status(pool, 0)).toBe('accepted')
    pool.leave(other)
    const referee = pool.join('referee', { referee: true })
    contradict(pool, referee)
    pool.answer(holding(pool, referee, 0))
    expect(pool.hub.quarantined).toEqual(new Set(['author', 'friend']))
    expect(failures(pool)).toEqual([expect.objectContaining({ code: 'VERIFICATION_FAILED' })])
  })

  it('by the referee, of what an exposure has taken back: it runs that itself, and waits for nobody', () => {
    const pool = opened({ referee: true, wrong: true })
    const other = pool.join('other', { shardsPerSecond: 1 })
    pool.fail(holding(pool, other, 2))
    pool.leave(other)
    const rows = [row(0, 'author', { digest: lie(id, 0) }), row(0, 'referee', { role: 'referee' })]
    pool.plan(
      'another',
      1,
      {},
      rows.map((one) => ({ ...one, jobId: 'another' as JobId })),
    )
    expect(status(pool, 0)).toBe('open')
    const referee = pool.join('referee', { referee: true })
    contradict(pool, referee)
    pool.answer(holding(pool, referee, 0))
    expect(failures(pool)).toEqual([expect.objectContaining({ jobId: id, code: 'VERIFICATION_FAILED' })])
  })

  it('a checker that comes ends the wait for one, and the next wait begins anew', () => {
    const pool = opened()
    contradict(pool, pool.join('author', { shardsPerSecond: 1 }))
    pool.at(CHECKER_WAIT_MS - 1)
    pool.leave(pool.join('checker'))
    pool.at(2 * CHECKER_WAIT_MS - 1)
    expect(failures(pool)).toEqual([])
    expect(nextWakeMs(pool.hub)).toBeLessThanOrEqual(CHECKER_WAIT_MS - 1 + CHECKER_BACK_MS)
    pool.at(CHECKER_WAIT_MS - 1 + CHECKER_BACK_MS)
    expect(failures(pool)).toHaveLength(1)
  })

  it('at the deadline, with the referee still awaited: it is said why', () => {
    const pool = opened({ referee: true, wrong: true })
    contradict(pool, pool.join('author-of-nothing', { shardsPerSecond: 1 }))
    pool.leave('author-of-nothing' as SessionId)
    pool.at(60_000 - 1)
    expect(failures(pool)).toEqual([])
    pool.at(60_000)
    expect(failures(pool)).toEqual([
      expect.objectContaining({ code: 'VERIFICATION_FAILED', detail: expect.stringContaining('a sum differs') }),
    ])
  })
})
