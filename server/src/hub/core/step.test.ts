// The transition itself: which answers count, what goes back when an agent leaves, what a restart resumes, and that
// nothing of an ended job or a gone agent is kept.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { Pool, row, type Handed } from '../sim/pool.ts'
import { trueDigest } from '../sim/reference.ts'
import { LEASE_MS_MIN } from './limits.ts'
import { step } from './step.ts'

const id = 'job' as JobId

function first(pool: Pool, session: Parameters<Pool['held']>[0]): Handed {
  const [held] = pool.held(session)
  if (held === undefined) throw new Error(`${session} holds nothing`)
  return held
}

describe('an answer', () => {
  const two = (): { pool: Pool; a: Handed; b: Handed } => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 20)
    return { pool, a: first(pool, a), b: first(pool, b) }
  }
  const reply = (pool: Pool, handed: Handed): unknown =>
    pool.answer(handed).find(({ type }) => type === 'reply' || type === 'store')

  it('counts once', () => {
    const { pool, a } = two()
    expect(reply(pool, a)).toMatchObject({ type: 'store' })
    expect(reply(pool, a)).toMatchObject({ type: 'reply', reply: { ok: false, code: 'STALE_EPOCH' } })
  })

  it.each([
    [
      'for an assignment of someone else',
      ({ a, b }: ReturnType<typeof two>) => ({ ...a, session: b.session }),
      'STALE_EPOCH',
    ],
    [
      'with another epoch',
      ({ a }: ReturnType<typeof two>) => ({ ...a, order: { ...a.order, epoch: a.order.epoch + 1 } }),
      'STALE_EPOCH',
    ],
    [
      'with a shard of someone else',
      ({ a, b }: ReturnType<typeof two>) => ({
        ...a,
        order: { ...a.order, shards: [...a.order.shards, ...b.order.shards] },
      }),
      'NOT_YOURS',
    ],
    [
      'with a shard that there is not',
      ({ a }: ReturnType<typeof two>) => ({ ...a, order: { ...a.order, shards: [65_535] } }),
      'NOT_YOURS',
    ],
  ])('%s is refused and changes nothing', (_, forged, code) => {
    const world = two()
    const before = world.pool.held(world.a.session)
    expect(reply(world.pool, forged(world))).toMatchObject({ type: 'reply', reply: { ok: false, code } })
    expect(world.pool.held(world.a.session)).toEqual(before)
    expect(world.pool.job(id).answered).toBe(0)
  })

  it('that comes after its lease is refused, and the shard is another’s', () => {
    const { pool, a, b } = two()
    pool.at(3 * LEASE_MS_MIN)
    expect(reply(pool, a)).toMatchObject({ reply: { code: 'STALE_EPOCH' } })
    expect(pool.job(id).answered).toBe(0)
    for (const { session } of [b, a]) pool.work(session)
    expect(pool.last('complete')?.verdicts).toHaveLength(20)
  })

  it('that could not be stored is as if never given', () => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 1)
    const { order } = first(pool, a)
    const { assignmentId, epoch } = order
    const shards = [{ shard: 0, digest: trueDigest(id, 0) }]
    const said = { type: 'answer', session: a, request: 1, assignmentId, epoch, shards, kernelMs: 1 } as const
    const [store] = step(pool.hub, { ...said, nowMs: 0 })
    expect(store).toMatchObject({ type: 'store', submissions: [{ shard: 0, executor: 'a' }] })
    expect(pool.held(a)).toEqual([])
    pool.raise({ type: 'store-failed', submissions: [row(0, 'a')] })
    expect(first(pool, a).order.shards).toEqual(order.shards)
    pool.work(a)
    expect(pool.last('complete')).toBeDefined()
  })
})

describe('an agent that leaves', () => {
  it('gives its shards back at once', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 2)
    const lost = pool.held(a).flatMap(({ order }) => order.shards)
    pool.leave(a)
    expect(pool.held(b).flatMap(({ order }) => order.shards)).toEqual(expect.arrayContaining(lost))
    expect(pool.leave(a)).toEqual([])
  })

  it('or hands back, gives only what the epoch names', () => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 10)
    const { order } = first(pool, a)
    const { assignmentId, epoch } = order
    const before = pool.held(a)
    pool.raise({ type: 'handback', session: a, assignmentId, epoch: epoch + 1 })
    expect(pool.held(a)).toEqual(before)
    pool.raise({ type: 'handback', session: a, assignmentId, epoch })
    expect(pool.held(a).map((held) => held.order.assignmentId)).not.toContain(assignmentId)
  })
})

describe('after a restart', () => {
  it('a job with all its answers needs nobody to end', () => {
    const pool = new Pool()
    pool.plan('job', 2, { min_agents: 5, max_agents: 5 }, [row(0, 'a'), row(1, 'b')])
    expect(pool.last('complete')?.verdicts).toHaveLength(2)
  })

  it('a job that had begun goes on with whoever is there', () => {
    const pool = new Pool()
    const c = pool.join('c')
    pool.plan('job', 2, { min_agents: 5, max_agents: 5 }, [row(0, 'a')])
    expect(pool.last('job-state')).toMatchObject({ state: 'RUNNING' })
    expect(first(pool, c).order.shards).toEqual([1])
    pool.work(c)
    expect(pool.last('complete')?.verdicts).toHaveLength(2)
  })

  it('a job is planned once', () => {
    const pool = new Pool()
    pool.plan('job', 2, {}, [row(0, 'a')])
    pool.plan('job', 2, {}, [])
    expect(pool.job(id).answered).toBe(1)
  })
})

describe('an ended job', () => {
  it('is forgotten with every lease, and its late answers are dropped', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 50, { timeout_ms: 5_000 })
    const late = first(pool, b)
    pool.at(5_000)
    expect(pool.last('fail')).toMatchObject({ code: 'TIMED_OUT' })
    expect(pool.answer(late)).toMatchObject([{ type: 'reply', reply: { code: 'STALE_EPOCH' } }])
    pool.raise({ type: 'job-ended', jobId: id })
    expect(pool.hub.jobs.size).toBe(0)
    expect([...pool.held(a), ...pool.held(b)]).toEqual([])
    expect(pool.raise({ type: 'stored', submissions: [row(0, 'a')] })).toEqual([])
    expect(pool.hub.agents.get(a)).toMatchObject({ pending: 0 })
  })
})

describe('time', () => {
  it('never runs backwards', () => {
    const pool = new Pool()
    pool.at(5_000)
    pool.at(10)
    expect(pool.hub.nowMs).toBe(5_000)
  })
})
