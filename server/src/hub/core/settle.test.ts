// Verdicts: what answers together mean for a shard, what an exposure takes back, which checks the strata add, and that
// all of it comes out the same from rows after a restart.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { lie, Pool, row } from '../sim/pool.ts'
import { trueDigest } from '../sim/reference.ts'

const id = 'job' as JobId
const wrong = (shard: number, executor: string): ReturnType<typeof row> =>
  row(shard, executor, { digest: lie(id, shard) })

const exposed = (pool: Pool): Identity[] =>
  pool.commands.flatMap((command) =>
    command.type === 'write' ? (command.writes.quarantines ?? []).map(({ identity }) => identity) : [],
  )

describe('a shard', () => {
  it('of none is accepted with its first answer', () => {
    const pool = new Pool()
    const a = pool.join('a')
    pool.plan('job', 2)
    pool.work(a, lie)
    expect(pool.last('complete')?.verdicts.map(({ digest }) => digest)).toEqual([lie(id, 0), lie(id, 1)])
  })

  it('is settled by the referee, and who was wrong is exposed', () => {
    const pool = new Pool({ referee: true })
    const [a, b] = [pool.join('a'), pool.join('b')]
    const referee = pool.join('referee', { referee: true })
    pool.plan('job', 1, { verify: 'full' })
    const [liar, honest] = pool.held(a).length > 0 ? [a, b] : [b, a]
    pool.work(liar, lie)
    pool.work(honest)
    expect(pool.job(id).disputed.size + pool.held(referee).length).toBe(1)
    const commands = pool.work(referee)
    expect(commands).toContainEqual(expect.objectContaining({ type: 'expel', session: liar }))
    expect(exposed(pool)).toEqual([liar])
    expect(pool.last('complete')).toMatchObject({
      verdicts: [{ digest: trueDigest(id, 0), trusted: true }],
      record: { mismatches: 1, checked: 1, checked_by_trusted: 1, status: 'clean' },
    })
  })

  it('never settles a mismatch by itself', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 1, { verify: 'full' })
    pool.work(a, lie)
    pool.work(b)
    expect(pool.job(id).disputed).toEqual(new Set([0]))
    expect(pool.last('complete')).toBeUndefined()
  })

  it('stays with the others when three agents failed on it and there is no referee', () => {
    const pool = new Pool()
    pool.plan('job', 1)
    for (const session of ['a', 'b', 'c', 'd']) {
      const joined = pool.join(session, { fresh: true })
      for (const held of pool.held(joined)) pool.fail(held)
    }
    expect(pool.job(id).open).toEqual(new Set([0]))
    pool.work(pool.join('e'))
    expect(pool.last('complete')).toBeDefined()
  })

  it('is at fault when veterans of three groups failed on it and there is no referee', () => {
    const pool = new Pool({ distinctNetwork: true })
    pool.plan('job', 1)
    for (const [session, network] of Object.entries({ a: 'one', b: 'one', c: 'two' })) {
      for (const held of pool.held(pool.join(session, { network }))) pool.fail(held)
    }
    expect(pool.job(id).open).toEqual(new Set([0]))
    for (const held of pool.held(pool.join('d', { network: 'three' }))) pool.fail(held)
    expect(pool.last('fail')).toMatchObject({ code: 'KERNEL_FAULT' })
  })

  it('is at fault when the referee fails on it too', () => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    pool.plan('job', 1)
    for (const session of ['a', 'b', 'c']) {
      const joined = pool.join(session)
      for (const held of pool.held(joined)) pool.fail(held)
      pool.leave(joined)
    }
    for (const held of pool.held(referee)) pool.fail(held)
    expect(pool.last('fail')).toMatchObject({ code: 'KERNEL_FAULT' })
  })
})

describe('an exposure', () => {
  /** A liar's shards 0 to 3 were taken in; on shard 0 the referee disagrees. */
  const rows = [wrong(0, 'a-liar'), wrong(1, 'a-liar'), wrong(2, 'a-liar'), wrong(3, 'a-liar')]
  const judged = row(0, 'referee', { role: 'referee' })

  it('takes back every other answer of the liar, before they can count', () => {
    const pool = new Pool({ referee: true })
    // The rows of a restart come by shard: the exposing one first, before the liar's others.
    pool.plan('job', 4, { verify: 'none' }, [...rows.slice(0, 1), judged, ...rows.slice(1)])
    expect(pool.job(id)).toMatchObject({ answered: 1, acceptedCount: 1, voided: 3 })
    expect(pool.job(id).open).toEqual(new Set([1, 2, 3]))
    expect(
      pool.commands.flatMap((command) => (command.type === 'write' ? (command.writes.voids ?? []) : [])),
    ).toMatchObject([{ shard: 1 }, { shard: 2 }, { shard: 3 }])
  })

  it('that was durable when the Hub was killed holds after the restart', () => {
    const pool = new Pool({ referee: true })
    pool.hub.quarantined.add('a-liar' as Identity)
    // Answers that were on their way to the store when their author was exposed: nobody has voided them.
    pool.plan('job', 4, { verify: 'none' }, [...rows.slice(0, 1), judged, ...rows.slice(1)])
    expect(pool.job(id)).toMatchObject({ answered: 1, acceptedCount: 1 })
    expect(pool.job(id).open).toEqual(new Set([1, 2, 3]))
  })

  it('voids an answer that was being stored', () => {
    const pool = new Pool()
    pool.join('a')
    pool.plan('job', 1)
    pool.hub.quarantined.add('a' as Identity)
    pool.raise({ type: 'stored', submissions: [row(0, 'a')] })
    expect(pool.job(id).acceptedCount).toBe(0)
    expect(pool.last('write')?.writes.voids).toMatchObject([{ shard: 0, executor: 'a' }])
  })

  it('bars the identity in every later session', () => {
    const pool = new Pool()
    pool.hub.quarantined.add('a' as Identity)
    pool.join('a#2', { identity: 'a' })
    expect(pool.hub.agents.size).toBe(0)
    expect(pool.last('expel')).toMatchObject({ refusal: { code: 'QUARANTINED' } })
  })
})

describe('a mismatch', () => {
  it('is counted once however its rows are ordered', () => {
    for (const rows of [
      [wrong(0, 'a'), row(0, 'b', { role: 'check' }), row(0, 'r', { role: 'referee' })],
      [row(0, 'r', { role: 'referee' }), wrong(0, 'x'), row(0, 'y', { role: 'check' })],
      [wrong(0, 'a'), wrong(0, 'b'), row(0, 'r', { role: 'referee' })],
    ]) {
      const pool = new Pool({ referee: true })
      pool.plan('job', 1, { verify: 'full' }, rows)
      expect(pool.last('complete')?.record.mismatches).toBe(1)
    }
  })
})

describe('the strata', () => {
  it('check every author, and at least the least number of shards', () => {
    const pool = new Pool()
    const [a, b] = [pool.join('a'), pool.join('b')]
    pool.plan('job', 40, { verify: 'spotcheck', spotcheck_rate: 0.05 })
    for (let n = 0; n < 200 && pool.last('complete') === undefined; n++) {
      for (const session of [a, b]) {
        const [held] = pool.held(session)
        if (held !== undefined) pool.answer(held)
      }
    }
    const record = pool.last('complete')?.record
    expect(record).toMatchObject({ authors: 2, status: 'clean', shards: 40 })
    expect(record?.checked).toBeGreaterThanOrEqual(3)
  })

  it('ask for no second check of what was checked before a restart', () => {
    // Three checks are needed and there: whoever asked for them, drawn or added, they count.
    const rows = Array.from({ length: 6 }, (_, shard) => row(shard, 'b'))
    const checks = [0, 1, 2, 3, 4, 5].map((shard) => row(shard, 'a', { role: 'check' }))
    const pool = new Pool()
    pool.plan(
      'job',
      6,
      { verify: 'spotcheck', spotcheck_rate: 0.05 },
      [...checks, ...rows].toSorted((x, y) => x.shard - y.shard),
    )
    expect(pool.last('complete')?.record).toMatchObject({ checked: 6, authors: 1 })
  })

  it('know whose shard it is by the role, not by the order of the rows', () => {
    // Author b has checks, of its lowest-HMAC shard too; author c has none; a only checked.
    const rows = [row(0, 'b'), row(1, 'a', { role: 'check' }), row(1, 'b'), row(2, 'a', { role: 'check' }), row(2, 'b')]
    rows.push(row(3, 'a', { role: 'check' }), row(3, 'b'), row(4, 'c'))
    const pool = new Pool()
    pool.plan('job', 5, { verify: 'spotcheck', spotcheck_rate: 0.05 }, rows)
    expect(pool.job(id).toCheck).toEqual(new Set([4]))
  })
})
