// The ends of a job that are not its answer: which code at which deadline, when checks are given up, and that the Hub
// does not lie awake while it waits.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { CHECKER_BACK_MS, CHECKER_WAIT_MS } from './limits.ts'
import { nextWakeMs } from './step.ts'

const id = 'job' as JobId
const END = 60_000

describe('at the deadline', () => {
  it('too few agents came', () => {
    const pool = new Pool()
    pool.join('a')
    pool.plan('job', 3, { min_agents: 2 })
    pool.at(END - 1)
    expect(pool.last('fail')).toBeUndefined()
    pool.at(END)
    expect(pool.last('fail')).toMatchObject({
      code: 'NO_ELIGIBLE_AGENTS',
      detail: expect.stringContaining('min_agents 2'),
    })
  })

  it('all agents had left', () => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 3)
    pool.leave(a)
    pool.at(END)
    expect(pool.last('fail')).toMatchObject({ code: 'NO_ELIGIBLE_AGENTS', detail: expect.stringContaining('3 of 3') })
  })

  it('the agents were too slow', () => {
    const pool = new Pool()
    pool.join('a')
    pool.plan('job', 3)
    pool.at(END)
    expect(pool.last('fail')).toMatchObject({ code: 'TIMED_OUT' })
  })

  it.each([false, true])('a full job had no checker; referee expected: %s', (referee) => {
    const pool = new Pool({ referee })
    const a = pool.join('a')
    pool.plan('job', 3, { verify: 'full' })
    pool.work(a)
    pool.at(END)
    expect(pool.last('fail')).toMatchObject({ code: 'NO_ELIGIBLE_CHECKER' })
  })

  it('a full job had a checker that was too slow', () => {
    const pool = new Pool()
    const rows = Array.from({ length: 20 }, (_, shard) => row(shard, 'a'))
    pool.join('b', { shardsPerSecond: 0.01 })
    pool.plan('job', 20, { verify: 'full' }, rows)
    pool.at(END)
    expect(pool.last('fail')).toMatchObject({ code: 'TIMED_OUT' })
  })

  it.each([
    ['degrade', 'complete'],
    ['fail', 'fail'],
  ] as const)('a spotcheck waited for a referee that never came: %s', (on_unverified, end) => {
    const pool = new Pool({ referee: true })
    const a = pool.join('a')
    pool.plan('job', 3, { verify: 'spotcheck', on_unverified })
    pool.work(a)
    pool.at(END - 1)
    expect([pool.last('complete'), pool.last('fail')]).toEqual([undefined, undefined])
    pool.at(END)
    expect(pool.last(end)).toMatchObject(
      end === 'fail' ? { code: 'NO_ELIGIBLE_CHECKER' } : { record: { status: 'degraded' } },
    )
    expect(pool.commands.filter(({ type }) => type === 'complete' || type === 'fail')).toHaveLength(1)
  })

  it('nobody could settle a mismatch', () => {
    const pool = new Pool({ referee: true })
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 1, { verify: 'full' })
    pool.work(a, lie)
    pool.work(b)
    pool.at(END)
    expect(pool.last('fail')).toMatchObject({ code: 'TIMED_OUT' })
  })
})

describe('without an eligible checker', () => {
  const lone = (policy: Parameters<Pool['plan']>[2]): Pool => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 3, { verify: 'spotcheck', ...policy })
    pool.work(a)
    return pool
  }

  it('a spotcheck degrades after a while, with a warning', () => {
    const pool = lone({})
    pool.at(CHECKER_WAIT_MS - 1)
    expect(pool.last('complete')).toBeUndefined()
    pool.at(CHECKER_WAIT_MS)
    expect(pool.last('complete')).toMatchObject({
      record: { status: 'degraded', checked: 0 },
      warnings: [expect.stringContaining('Only 0 of 3')],
    })
  })

  it('or fails, where the policy says so', () => {
    const pool = lone({ on_unverified: 'fail' })
    pool.at(CHECKER_WAIT_MS)
    expect(pool.last('fail')).toMatchObject({ code: 'NO_ELIGIBLE_CHECKER' })
  })

  it('a full job waits, and the Hub sleeps until its deadline', () => {
    const pool = lone({ verify: 'full' })
    pool.at(CHECKER_WAIT_MS)
    expect(pool.last('fail')).toBeUndefined()
    expect(nextWakeMs(pool.hub)).toBe(END)
  })

  it('a checker that comes ends the wait, and is waited for when it goes: it may have lost its network', () => {
    const pool = lone({ timeout_ms: 600_000 })
    pool.at(CHECKER_WAIT_MS - 1)
    const b = pool.join('b')
    pool.at(CHECKER_WAIT_MS)
    pool.leave(b)
    expect(nextWakeMs(pool.hub)).toBeLessThanOrEqual(CHECKER_WAIT_MS + CHECKER_BACK_MS)
    pool.at(CHECKER_WAIT_MS + CHECKER_BACK_MS - 1)
    expect(pool.last('complete')).toBeUndefined()
    pool.at(CHECKER_WAIT_MS + CHECKER_BACK_MS)
    expect(pool.last('complete')?.record.status).toBe('degraded')
  })

  it('no check is given up while another can still be placed', () => {
    const pool = new Pool()
    // Every shard is checked at this rate, and b fails on the first of them: that check is for nobody here.
    const b = pool.join('b', { shardsPerSecond: 1 })
    const rows = Array.from({ length: 40 }, (_, shard) => row(shard, 'a'))
    pool.plan('job', 40, { verify: 'spotcheck', spotcheck_rate: 1, timeout_ms: 600_000 }, rows)
    for (let n = 0; n < 5; n++) {
      const [held] = pool.held(b)
      if (held === undefined) throw new Error('nothing is held')
      pool.nowMs += 4_000
      if (n === 0) pool.fail(held)
      else pool.answer(held)
    }
    expect(pool.last('complete')).toBeUndefined()
    expect(pool.job(id).degraded).toBe(false)
  })

  it('a mismatch without a referee fails the job', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 1, { verify: 'full' })
    pool.work(a, lie)
    pool.work(b)
    pool.at(CHECKER_WAIT_MS)
    expect(pool.last('fail')).toMatchObject({ code: 'VERIFICATION_FAILED' })
    expect(pool.commands.filter(({ type }) => type === 'fail')).toHaveLength(1)
  })
})
