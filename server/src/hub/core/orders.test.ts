// What the operator orders: at once, taken back from unfinished jobs, counted toward no ban; and the way back from it.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { ORDERED_AWAY, restoreQuarantine } from './exposure.ts'
import { QUARANTINE_MS, TRIAL_SHARDS } from './limits.ts'
import { restoreOrders, type Order } from './orders.ts'
import { exposeAndSettle } from './settle.ts'
import { isDistinct } from './eligibility.ts'
import { shardOf } from './state.ts'

const id = 'job' as JobId
const one = 'one' as Identity
const session = one as string as SessionId

const order = (pool: Pool, kind: Order['kind'], atMs = pool.nowMs) =>
  pool.raise({
    type: 'agent-ordered',
    number: pool.hub.lastOrder + 1,
    identity: one,
    kind,
    reason: 'Its owner asked.',
    atMs,
  })

/** `one` has answered shards 0 and 1, the first of them confirmed by another; it is here, and so is somebody else. */
function atWork(): Pool {
  const pool = new Pool()
  pool.plan('job', 4, { verify: 'none' }, [row(0, 'one'), row(0, 'other', { role: 'check' }), row(1, 'one')])
  pool.join('one')
  return pool
}

describe('a quarantine by the operator', () => {
  it('ends leases, takes back what it did in unfinished jobs, and says why to it alone', () => {
    const pool = atWork()
    expect(pool.held(session)).not.toEqual([])
    const commands = order(pool, 'quarantine')
    expect(commands.find(({ type }) => type === 'expel')).toMatchObject({
      session,
      refusal: { code: 'QUARANTINED', message: expect.stringMatching(/Its owner asked\. It may try again in 24 h/) },
    })
    const voids = [0, 1].map((shard) => ({ jobId: id, shard, executor: one, reason: ORDERED_AWAY }))
    expect(commands).toContainEqual({ type: 'write', writes: { voids } })
    expect(pool.job(id).shards[0]?.accepted).not.toBeNull()
    expect(pool.job(id).shards[1]?.submissions).toEqual([])
    pool.leave(session)
    pool.work(pool.join('other'))
    expect(pool.last('complete')?.record).toMatchObject({ voided: 2, mismatches: 0 })
  })

  it('is none of an exposure: the next lie is the first', () => {
    const pool = atWork()
    order(pool, 'quarantine')
    expect(pool.hub.quarantines.get(one)).toMatchObject({ exposures: 0, untilMs: QUARANTINE_MS, ordered: true })
    expect(pool.hub.counts.quarantines).toBe(0)
    expect(pool.commands.some((command) => command.type === 'write' && command.writes.quarantines)).toBe(false)
  })

  it('refuses who comes again, until its time is over', () => {
    const pool = atWork()
    order(pool, 'quarantine')
    pool.leave(session)
    pool.join('one')
    expect(pool.hub.agents.has(session)).toBe(false)
    expect(pool.last('expel')?.refusal.message).toMatch(/^The operator keeps this identity away\. It may try/)
    pool.at(QUARANTINE_MS)
    pool.join('one')
    expect(pool.hub.agents.get(session)?.trialsLeft).toBe(TRIAL_SHARDS)
  })
})

describe('a ban', () => {
  it('is for good, and ends a trial under way', () => {
    const pool = atWork()
    order(pool, 'quarantine')
    pool.leave(session)
    order(pool, 'release')
    pool.join('one')
    expect(pool.hub.agents.get(session)?.trialsLeft).toBe(TRIAL_SHARDS)
    order(pool, 'ban')
    expect(pool.last('expel')?.refusal.message).toMatch(/It may not work any more\.$/)
    pool.leave(session)
    pool.at(400 * QUARANTINE_MS)
    pool.join('one')
    expect(pool.hub.agents.has(session)).toBe(false)
  })
})

describe('a release', () => {
  /** It is here again, in its trial. */
  const inTrial = (): Pool => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    const shards = TRIAL_SHARDS + 2
    const rows = Array.from({ length: TRIAL_SHARDS }, (_, shard) => row(shard, 'veteran', { tier: 'trusted' }))
    pool.plan('job', shards, { verify: 'none' }, rows)
    order(pool, 'ban')
    order(pool, 'release')
    pool.join('one')
    pool.leave(referee)
    return pool
  }
  const released = (digest?: typeof lie): Pool => {
    const pool = inTrial()
    const [trial] = pool.held(session)
    if (trial) pool.answer(trial, digest)
    return pool
  }

  it('lets it prove itself at once, and the shards whose answers are known end the order', () => {
    const pool = released()
    expect(pool.hub.quarantined.has(one)).toBe(false)
    expect(pool.hub.quarantines.get(one)?.ordered).toBeUndefined()
    expect(pool.last('write')?.writes.releases).toEqual([{ identity: one, number: 0, atMs: 0, lastOrder: 2 }])
  })

  it('is over with the next ban: answers that are still on their way end nothing', () => {
    const pool = inTrial()
    const [trial] = pool.held(session)
    order(pool, 'ban')
    if (trial) pool.answer(trial)
    expect(trial).toBeDefined()
    expect(pool.last('reply')?.reply).toMatchObject({ code: 'QUARANTINED' })
    expect(pool.hub.quarantines.get(one)).toMatchObject({ untilMs: Infinity, ordered: true })
    expect(pool.hub.quarantined.has(one)).toBe(true)
  })

  it('is no pardon for what it does then', () => {
    const pool = released(lie)
    expect(pool.hub.quarantines.get(one)).toMatchObject({ exposures: 1, untilMs: QUARANTINE_MS })
  })

  it('that was given before it was exposed changes nothing, however late one hears of it', () => {
    const pool = new Pool()
    pool.at(10)
    exposeAndSettle(pool.hub, one, { job: id, reason: 'r' })
    order(pool, 'release', 5)
    expect(pool.hub.quarantines.get(one)?.untilMs).toBe(10 + QUARANTINE_MS)
  })

  it('that is older than an exposure ends what was ordered before it, and not the exposure', () => {
    const pool = atWork()
    pool.at(100)
    exposeAndSettle(pool.hub, one, { job: id, reason: 'r' })
    // From another server, which had heard of no exposure.
    order(pool, 'ban', 10)
    expect(pool.hub.quarantines.get(one)?.untilMs).toBe(Infinity)
    order(pool, 'release', 20)
    expect(pool.hub.quarantined.has(one)).toBe(true)
    expect(pool.hub.quarantines.get(one)?.untilMs).toBe(100 + QUARANTINE_MS)
  })

  it('of one that is not away changes nothing', () => {
    const pool = atWork()
    expect(order(pool, 'release')).toEqual([])
    expect(pool.hub.quarantines.has(one)).toBe(false)
  })
})

describe('after a restart', () => {
  it('answers that were not taken back in time are', () => {
    const pool = new Pool()
    restoreOrders(pool.hub, [{ identity: one, kind: 'ban', atMs: 0 }])
    pool.plan('job', 2, { verify: 'none' }, [row(0, 'one'), row(1, 'other')])
    const voids = [{ jobId: id, shard: 0, executor: one, reason: ORDERED_AWAY }]
    expect(pool.commands).toContainEqual({ type: 'write', writes: { voids, quarantines: [] } })
  })

  it('nobody answers again what was taken back: its row of the shard stays void', () => {
    const pool = new Pool()
    // It was let go and has proven itself meanwhile.
    pool.plan('job', 2, { verify: 'none' }, [], {
      state: 'RUNNING',
      voided: [{ shard: 0, executor: one, network: 'its', owner: null }],
    })
    pool.join('one')
    const shardsOf = (held: SessionId) => pool.held(held).flatMap((assigned) => assigned.order.shards)
    expect(shardsOf(session)).toEqual([1])
    pool.join('other')
    expect(shardsOf('other' as SessionId)).toEqual([0])
  })

  it('nor may another of its network check it', () => {
    const pool = new Pool({ distinctNetwork: true })
    const voided = [{ shard: 0, executor: one, network: 'its', owner: null }]
    pool.plan('job', 2, { verify: 'full' }, [], { state: 'RUNNING', voided })
    pool.join('mate', { network: 'its' })
    const mate = pool.hub.agents.get('mate' as SessionId)
    if (mate === undefined) throw new Error('nobody came')
    expect([0, 1].map((shard) => isDistinct(pool.hub, mate, shardOf(pool.job(id), shard)))).toEqual([false, true])
  })

  it('and where nobody else is there the referee runs it', () => {
    const pool = new Pool({ referee: true })
    const voided = [{ shard: 0, executor: one, network: 'its', owner: null }]
    pool.plan('job', 2, { verify: 'spotcheck' }, [], { state: 'RUNNING', voided })
    const [own, referee] = [pool.join('one'), pool.join('referee', { referee: true })]
    for (let round = 0; round < 3; round++) for (const agent of [own, referee]) pool.work(agent)
    expect(pool.last('complete')?.record).toMatchObject({ voided: 1 })
  })

  const restarted = (exposure: { atMs: number; isOver: boolean } | null, ...orders: [Order['kind'], number][]) => {
    const { hub } = new Pool()
    if (exposure !== null) restoreQuarantine(hub, { identity: one, exposures: 1, previousAtMs: null, ...exposure })
    restoreOrders(
      hub,
      orders.map(([kind, atMs]) => ({ identity: one, kind, atMs })),
    )
    return hub.quarantined.has(one) ? hub.quarantines.get(one)?.untilMs : 'works'
  }

  it.each<[string, ReturnType<typeof restarted>, number | string]>([
    ['a quarantine', restarted(null, ['quarantine', 5]), 5 + QUARANTINE_MS],
    ['a ban', restarted(null, ['quarantine', 5], ['ban', 6]), Infinity],
    ['a release', restarted(null, ['ban', 5], ['release', 6]), 6],
    ['a release from an exposure', restarted({ atMs: 5, isOver: false }, ['release', 6]), 6],
    ['an exposure since', restarted({ atMs: 7, isOver: false }, ['ban', 5], ['release', 6]), 7 + QUARANTINE_MS],
    ['a ban, whatever was found since', restarted({ atMs: 7, isOver: false }, ['ban', 5]), Infinity],
    ['an exposure that is over', restarted({ atMs: 7, isOver: true }), 'works'],
    [
      'a quarantine behind one that is over',
      restarted({ atMs: 1, isOver: true }, ['quarantine', 5]),
      5 + QUARANTINE_MS,
    ],
  ])('%s is in force', (_, found, expected) => expect(found).toBe(expected))
})
