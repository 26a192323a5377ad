// What a wrong answer brings down: its author, those who agreed with it, what they did elsewhere; the escalation; the vote
// of veterans where there is no referee; and the way back.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { trueDigest } from '../sim/reference.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { restoreQuarantine } from './exposure.ts'
import { QUARANTINE_MS, TRIAL_SHARDS } from './limits.ts'
import { exposeAndSettle } from './settle.ts'

const id = 'job' as JobId
const wrong = (shard: number): Digest => lie(id, shard)

describe('an exposure', () => {
  it('takes all who agreed with the lie, and escalates the spotcheck', () => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    // Two agree on a lie of shard 0; the third, and then the referee, differ. One of them answered shards 1 and 2 alone.
    const rows = [
      row(0, 'liar', { digest: wrong(0) }),
      row(0, 'friend', { role: 'check', digest: wrong(0) }),
      row(0, 'third', { role: 'check' }),
      row(1, 'friend'),
      row(2, 'friend'),
      row(3, 'honest'),
      row(4, 'honest'),
    ]
    pool.plan('job', 5, { verify: 'spotcheck', spotcheck_rate: 0.05 }, rows)
    const [judging] = pool.held(referee)
    if (judging) pool.answer(judging)
    expect(pool.hub.quarantined).toEqual(new Set(['liar', 'friend']))
    expect(pool.job(id).escalated).toBe(true)
    expect(pool.job(id).open).toEqual(new Set([1, 2]))
    // What was accepted without a check is checked now; the referee is the only one who may.
    expect(pool.held(referee).flatMap(({ order }) => order.shards)).toEqual([3, 4])
    pool.work(pool.join('other'))
    pool.work(referee)
    pool.work(pool.join('another'))
    pool.work(referee)
    expect(pool.last('complete')?.record).toMatchObject({ status: 'escalated', checked: 5, mismatches: 1, voided: 2 })
  })

  it('holds after a restart', () => {
    const pool = new Pool({ referee: true })
    const voided = [0, 1].map((shard) => ({ shard, executor: 'gone' as Identity, network: 'gone', owner: null }))
    pool.plan('job', 3, { verify: 'spotcheck', spotcheck_rate: 0.05 }, [row(0, 'honest')], { voided })
    expect(pool.job(id)).toMatchObject({ escalated: true, voided: 2, executions: 3 })
    expect(pool.job(id).toCheck).toEqual(new Set([0]))
  })
})

describe('a job that fails after it met a liar', () => {
  it('says so, with counts, and not only that agents have left', () => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    const rows = [row(0, 'liar', { digest: wrong(0) }), row(0, 'third', { role: 'check' }), row(1, 'liar')]
    pool.plan('job', 3, { verify: 'spotcheck' }, rows)
    pool.work(referee)
    pool.leave(referee)
    pool.at(60_000)
    const failed = pool.last('fail')
    expect(failed?.code).toBe('NO_ELIGIBLE_AGENTS')
    expect(failed?.detail).toMatch(
      // The referee, alone here, has run the shard whose answer was taken back as well.
      /^All eligible agents have left with 1 of 3 shards to run\. Before, 1 answer of agents/,
    )
    expect(failed?.detail).toMatch(/did not count, and answers to 1 shard differed\.$/)
    expect(failed?.found).toEqual({
      mode: 'spotcheck',
      shards: 3,
      accepted: 2,
      executions: 5,
      mismatches: 1,
      voided: 1,
    })
  })
})

describe('a dispute without a referee', () => {
  const disputed = (): Pool => {
    const pool = new Pool({ distinctNetwork: true })
    pool.plan('job', 1, { verify: 'full' }, [row(0, 'x', { digest: wrong(0) }), row(0, 'y', { role: 'check' })])
    return pool
  }

  it('is settled by three veterans of distinct groups that lead by two', () => {
    const pool = disputed()
    pool.work(pool.join('a'))
    // Of the same group, and of no standing: neither has a vote.
    expect(pool.held(pool.join('a2', { network: 'a' }))).toEqual([])
    expect(pool.held(pool.join('fresh', { fresh: true }))).toEqual([])
    expect(pool.last('complete')).toBeUndefined()
    pool.work(pool.join('b'))
    expect(pool.last('complete')?.verdicts).toMatchObject([{ digest: trueDigest(id, 0), confirmations: 3 }])
    expect(pool.hub.quarantined).toEqual(new Set(['x']))
  })

  it('fails the job when five veterans do not agree', () => {
    const pool = disputed()
    pool.work(pool.join('a'), lie)
    pool.work(pool.join('b'))
    expect(pool.last('fail')).toBeUndefined()
    pool.work(pool.join('c'), (_, shard) => `third|${shard}` as Digest)
    expect(pool.last('fail')).toMatchObject({ code: 'VERIFICATION_FAILED' })
  })

  it('fails it when no veteran comes', () => {
    const pool = disputed()
    pool.at(11_000)
    expect(pool.last('fail')).toMatchObject({ code: 'VERIFICATION_FAILED' })
  })
})

describe('an exposed identity', () => {
  const liar = 'liar' as Identity
  const pool = (): { pool: Pool; session: SessionId } => {
    const made = new Pool({ referee: true })
    const rows = [row(0, 'liar', { digest: wrong(0) }), row(0, 'referee', { role: 'referee' })]
    const known = Array.from({ length: 12 }, (_, n) => row(n + 1, 'referee', { role: 'referee' }))
    made.plan('job', 40, { verify: 'none' }, [...rows, ...known])
    return { pool: made, session: 'liar#1' as SessionId }
  }
  const comesBack = (made: Pool, session: SessionId): void => {
    made.nowMs = QUARANTINE_MS + 1
    made.plan(
      'later',
      40,
      { verify: 'none' },
      Array.from({ length: 12 }, (_, n) => ({
        ...row(n, 'referee', { role: 'referee' }),
        jobId: 'later' as JobId,
        digest: trueDigest('later' as JobId, n),
      })),
    )
    made.join(session, { identity: liar })
  }

  it('stays away for a day', () => {
    const { pool: made, session } = pool()
    made.join(session, { identity: liar })
    expect(made.last('expel')?.refusal.message).toMatch(/try again in 24 h/)
    expect(made.hub.agents.has(session)).toBe(false)
  })

  it('comes back by known shards, and then is in probation', () => {
    const { pool: made, session } = pool()
    comesBack(made, session)
    const [trial] = made.held(session)
    expect(trial?.order.shards).toHaveLength(TRIAL_SHARDS)
    if (trial) made.answer(trial)
    expect(made.hub.quarantined.has(liar)).toBe(false)
    expect(made.last('write')?.writes.releases).toMatchObject([{ identity: liar, number: 1 }])
    // Nothing of it was taken for an answer of the job.
    expect(made.commands.filter(({ type }) => type === 'store')).toEqual([])
    expect(made.held(session).length).toBeGreaterThan(0)
  })

  it('is banned when it lies again', () => {
    const { pool: made, session } = pool()
    comesBack(made, session)
    const [trial] = made.held(session)
    if (trial) made.answer(trial, lie)
    expect(made.hub.quarantines.get(liar)).toMatchObject({ exposures: 2, untilMs: Infinity })
    expect(made.last('expel')?.refusal.message).toMatch(/not work any more/)
    made.nowMs += 40 * 86_400_000
    made.join('liar#2', { identity: liar })
    expect(made.hub.agents.has('liar#2' as SessionId)).toBe(false)
  })
})

describe('a sentence', () => {
  const DAY_MS = 86_400_000
  it.each([
    ['within thirty days is for good', 29 * DAY_MS, Infinity],
    ['later is for a day', 31 * DAY_MS, 31 * DAY_MS + QUARANTINE_MS],
  ])('a second time %s, in memory as after a restart', (_, atMs, untilMs) => {
    const liar = 'liar' as Identity
    const proof = { job: id, reason: 'r' }
    const pool = new Pool()
    exposeAndSettle(pool.hub, liar, proof)
    pool.hub.quarantined.delete(liar)
    pool.at(atMs)
    exposeAndSettle(pool.hub, liar, proof)
    const restarted = new Pool()
    restoreQuarantine(restarted.hub, { identity: liar, exposures: 2, atMs, previousAtMs: 0, isOver: false })
    for (const { hub } of [pool, restarted]) {
      expect(hub.quarantines.get(liar)).toEqual({ exposures: 2, atMs, untilMs, exposedUntilMs: untilMs })
    }
  })
})
