// A job whose last pass is planned from the others: nothing of it is worked on before, it rests on what is accepted, and
// when that changes the job fails instead of answering.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { SubmissionRow } from '../../store/store.ts'
import { trueDigest } from '../sim/reference.ts'
import { lie, Pool, row, type Handed, type Planning } from '../sim/pool.ts'
import { CHECKER_WAIT_MS } from './limits.ts'
import { basisOf } from './parts.ts'

const id = 'job' as JobId
const REFINES: Planning = { passes: 2, refines: true }
const truth = (shards: number) => Array.from({ length: shards }, (_, shard) => trueDigest(id, shard))
const key = { id, samplingKey: new Uint8Array(32).fill(7) }

/** The first pass done by `rows`, the last one open to work. */
function released(
  rows: readonly SubmissionRow[],
  policy: Parameters<Pool['plan']>[2] = {},
  shards = rows.length,
): Pool {
  const pool = new Pool({ referee: true })
  pool.plan('job', shards, { verify: 'none', ...policy }, rows, REFINES)
  pool.refined()
  return pool
}
const first = (shards: number, executor: string): SubmissionRow[] =>
  Array.from({ length: shards }, (_, shard) => row(shard, executor))
/** The referee finds on another job that this identity lies. */
function exposed(pool: Pool, identity: string): void {
  const wrong = row(0, identity, { digest: lie(id, 0) })
  const rows = [wrong, row(0, 'referee', { role: 'referee' })].map((one) => ({ ...one, jobId: 'other' as JobId }))
  pool.plan('other', 1, {}, rows)
}

describe('the last pass', () => {
  it('opens when it is planned from the accepted digests of the others', () => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 4, {}, [], { passes: 3, refines: true })
    pool.work(a)
    const digests = truth(8)
    expect(pool.last('refine')).toEqual({ type: 'refine', jobId: id, basis: basisOf(key, digests), digests })
    expect(pool.job(id)).toMatchObject({ answered: 8, released: 1 })
    expect(pool.held(a)).toEqual([])
    pool.refined()
    expect(pool.held(a).flatMap(({ order }) => order.shards)).toEqual([8, 9, 10, 11].slice(0, 3))
    pool.work(a)
    expect(pool.last('complete')).toMatchObject({ record: { shards: 12 } })
    expect(pool.last('complete')?.verdicts.map(({ shard }) => shard)).toEqual(Array.from({ length: 12 }, (_, i) => i))
    expect(pool.commands.filter(({ type }) => type === 'refine')).toHaveLength(1)
  })

  it('no assignment mixes passes that run side by side', () => {
    const pool = new Pool()
    pool.plan('job', 5, {}, [row(1, 'x'), row(3, 'x')], { passes: 3 })
    const a = pool.join('a', { shardsPerSecond: 100_000 })
    for (let [held] = pool.held(a); held !== undefined; [held] = pool.held(a)) {
      expect(new Set(held.order.shards.map((shard) => Math.floor(shard / 5))).size).toBe(1)
      pool.answer(held)
    }
    expect(pool.last('complete')).toBeDefined()
    expect(pool.last('refine')).toBeUndefined()
  })

  it('waits for the checks of the others, and has as many of its own', () => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 20, { verify: 'spotcheck' }, [], REFINES)
    pool.work(a)
    expect(pool.last('refine')).toBeUndefined()
    const b = pool.join('b')
    pool.work(b)
    pool.refined()
    for (const session of [a, b, a, b]) pool.work(session)
    expect(pool.last('complete')?.record.checked).toBeGreaterThanOrEqual(6)
    expect(pool.commands.filter(({ type }) => type === 'job-state')).toHaveLength(2)
  })

  it('of another basis than the latest, or of a job that goes on without, is not opened', () => {
    const pool = new Pool()
    pool.plan('job', 2, {}, first(2, 'a'), REFINES)
    const late = basisOf(
      key,
      ['wrong', 'digests'].map((text) => text as ReturnType<typeof lie>),
    )
    pool.raise({ type: 'pass-planned', jobId: id, basis: late })
    expect(pool.job(id).released).toBe(1)
    expect(pool.raise({ type: 'pass-planned', jobId: 'gone' as JobId, basis: late })).toEqual([])
    pool.raise({ type: 'pass-failed', jobId: id, basis: late, code: 'INTERNAL', detail: 'late' })
    expect(pool.last('fail')).toBeUndefined()
    pool.refined()
    pool.refined()
    expect(pool.job(id)).toMatchObject({ released: 2, basis: basisOf(key, truth(2)) })
  })

  it('that cannot be planned fails the job', () => {
    const pool = new Pool()
    pool.plan('job', 2, {}, first(2, 'a'), REFINES)
    const basis = basisOf(key, truth(2))
    pool.raise({ type: 'pass-failed', jobId: id, basis, code: 'INTERNAL', detail: 'no memory' })
    expect(pool.last('fail')).toMatchObject({ code: 'INTERNAL', detail: 'no memory' })
  })
})

describe('an exposure', () => {
  it('before the last pass is open: it is planned again, from what is accepted then', () => {
    const pool = new Pool({ referee: true })
    const rows = [row(0, 'liar', { digest: lie(id, 0) }), row(1, 'b')]
    pool.plan('job', 2, {}, rows, REFINES)
    exposed(pool, 'liar')
    pool.refined()
    expect(pool.job(id).released, 'planned from what was taken back').toBe(1)
    const a = pool.join('a')
    pool.work(a)
    expect(pool.last('refine')?.digests).toEqual(truth(2))
    pool.refined()
    pool.work(a)
    expect(pool.last('complete')).toBeDefined()
  })

  it('of a checker: what it confirmed is checked again, also where a restart has forgotten why it was', () => {
    const checks = [0, 1, 2].map((shard) => row(shard, 'liar', { role: 'check' }))
    const pool = released([...first(3, 'a'), ...checks], { verify: 'spotcheck', spotcheck_rate: 0.05 }, 3)
    expect(pool.job(id).toCheck.size).toBe(0)
    exposed(pool, 'liar')
    expect(pool.job(id).toCheck.size).toBe(3)
  })

  it('after it: what is missing runs first, the last pass goes on, and an equal answer changes nothing', () => {
    const pool = released([...first(3, 'liar'), row(3, 'b')])
    exposed(pool, 'liar')
    const a = pool.join('a', { shardsPerSecond: 1 })
    expect(pool.held(a).map(({ order }) => order.shards)).toEqual([[0], [1]])
    pool.work(a)
    expect(pool.last('complete')?.verdicts).toHaveLength(8)
    expect(pool.last('fail')).toBeUndefined()
    expect(pool.commands.filter(({ type }) => type === 'refine')).toHaveLength(1)
  })

  it('after it, and another answer is accepted: the job fails, once, and is not billed', () => {
    const pool = released([row(0, 'liar', { digest: lie(id, 0) }), row(1, 'b')])
    exposed(pool, 'liar')
    for (const held of pool.held(pool.join('a'))) pool.answer(held)
    expect(pool.commands.filter(({ type }) => type === 'fail')).toEqual([
      {
        type: 'fail',
        jobId: id,
        code: 'VERIFICATION_FAILED',
        detail: expect.stringContaining('An answer on which the last pass was planned was found wrong'),
        found: expect.objectContaining({ voided: 1 }),
      },
    ])
    expect(pool.last('complete')?.jobId).not.toBe(id)
  })

  it('after it, and the check of another answer is given up at the deadline: no answer either', () => {
    const lies = ['liar', 'second'].map((who) => row(0, who, { digest: lie(id, 0) }))
    const pool = released([...lies, row(1, 'b'), row(1, 'c', { role: 'check' })], { verify: 'spotcheck' }, 2)
    exposed(pool, 'liar')
    pool.hub.jobs.delete('other' as JobId)
    exposed(pool, 'second')
    pool.work(pool.join('a'))
    expect(pool.job(id)).toMatchObject({ answered: 4, toCheck: new Set([0, 2, 3]) })
    pool.at(60_000)
    expect(pool.last('fail')).toMatchObject({ jobId: id, code: 'VERIFICATION_FAILED' })
    expect(pool.last('complete')?.jobId).not.toBe(id)
  })

  it('after it: a re-run that differs is checked first, so that a second liar cannot end the job', () => {
    const pool = new Pool({ referee: true })
    const [liar, b] = [pool.join('liar'), pool.join('b')]
    pool.plan('job', 60, { verify: 'spotcheck', spotcheck_rate: 0.05, max_agents: 1 }, [], REFINES)
    for (const session of [liar, b, liar, b]) pool.work(session)
    pool.leave(b)
    pool.refined()
    exposed(pool, 'liar')
    pool.leave(liar)
    const c = pool.join('c')
    // What the other one confirmed before needs a check again; the rest runs again from the start.
    const isFirst = ({ order }: Handed): boolean =>
      order.shards.every((shard) => pool.job(id).shards[shard]?.submissions.length === 0)
    for (let n = 0; n < 3 && !pool.held(c).some(isFirst); n++) for (const check of pool.held(c)) pool.answer(check)
    const held = pool.held(c).find(isFirst)
    if (held === undefined) throw new Error('nothing runs again')
    pool.answer(held, lie)
    const statuses = held.order.shards.map((shard) => pool.job(id).shards[shard]?.status)
    expect(new Set(statuses)).toEqual(new Set(['to-check']))
    expect(pool.last('fail')).toBeUndefined()
  })
})

describe('after a restart', () => {
  const basis = basisOf(key, truth(2))
  const restarted = (rows: readonly SubmissionRow[], was: Planning = { basis }): Pool => {
    const pool = new Pool({ referee: true })
    pool.plan('job', 2, { verify: 'full' }, rows, { ...REFINES, state: 'RUNNING', ...was })
    return pool
  }
  const checked = (shard: number, digest = trueDigest(id, shard)): SubmissionRow[] => [
    row(shard, 'a', { digest }),
    row(shard, 'b', { role: 'check', digest }),
  ]

  it('the checks of the last pass wait until it is planned again', () => {
    const pool = restarted([...checked(0), ...checked(1), row(2, 'a')])
    const c = pool.join('c')
    expect(pool.held(c)).toEqual([])
    expect(pool.last('refine')).toMatchObject({ basis })
    pool.refined()
    expect(pool.held(c).flatMap(({ order }) => order.shards)).toContain(2)
  })

  it('answers of the last pass that rest on another basis end the job', () => {
    const pool = restarted([...checked(0), ...checked(1, lie(id, 1)), row(2, 'a')])
    expect(pool.last('fail')).toMatchObject({ code: 'VERIFICATION_FAILED' })
    expect(pool.last('refine')).toBeUndefined()
  })

  it('without any answer of the last pass it is planned anew, whatever the row says', () => {
    const pool = restarted([...checked(0), ...checked(1, lie(id, 1))])
    expect(pool.last('refine')?.digests).toEqual([trueDigest(id, 0), lie(id, 1)])
    expect(pool.last('fail')).toBeUndefined()
  })
})

describe('with checks that nobody may do', () => {
  const lone = (referee: boolean): Pool => {
    const pool = new Pool({ referee })
    const a = pool.join('a')
    pool.plan('job', 3, { verify: 'spotcheck' }, [], REFINES)
    pool.work(a)
    return pool
  }

  it('the first part degrades, and the last pass goes on', () => {
    const pool = lone(false)
    pool.at(CHECKER_WAIT_MS)
    pool.refined()
    for (const session of pool.hub.agents.keys()) pool.work(session)
    expect(pool.last('complete')).toMatchObject({ record: { status: 'degraded', shards: 6 } })
  })

  it('at the deadline a job whose last pass has not run is no answer', () => {
    const pool = lone(true)
    pool.at(60_000)
    expect(pool.last('fail')).toMatchObject({ code: 'NO_ELIGIBLE_CHECKER' })
    expect(pool.last('complete')).toBeUndefined()
  })
})
