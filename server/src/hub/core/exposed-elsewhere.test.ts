// What another server of the database found of an identity holds here as if it had been found here, and is counted once.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId, SessionId } from '@forge/shared/contract/ids.ts'
import { Pool, row } from '../sim/pool.ts'
import { EXPOSED_ELSEWHERE } from './exposure.ts'
import { BAN_WITHIN_MS, QUARANTINE_MS } from './limits.ts'
import { exposeAndSettle } from './settle.ts'

const one = 'one' as Identity
const session = one as string as SessionId

const hear = (
  pool: Pool,
  exposures: number,
  atMs: number,
  { isOver = false, previousAtMs = null as number | null } = {},
) => pool.raise({ type: 'exposures-known', identity: one, exposures, atMs, previousAtMs, isOver })
const order = (pool: Pool, kind: 'ban' | 'quarantine' | 'release' | 'requalified', atMs = pool.nowMs) =>
  pool.raise({ type: 'agent-ordered', number: pool.hub.lastOrder + 1, identity: one, kind, reason: 'r', atMs })
const untilMs = ({ hub }: Pool) => (hub.quarantined.has(one) ? hub.quarantines.get(one)?.untilMs : 'works')

describe('an exposure that another server wrote', () => {
  it('sends it away, takes back what it did, and is neither counted nor written again', () => {
    const pool = new Pool()
    pool.plan('job', 4, { verify: 'none' }, [row(0, 'one')])
    pool.join('one')
    const commands = hear(pool, 1, 0)
    expect(commands.find(({ type }) => type === 'expel')).toMatchObject({
      session,
      refusal: {
        code: 'QUARANTINED',
        message: 'This agent returned a wrong answer. It may try again in 24 h, with shards whose answers are known.',
      },
    })
    const voids = [{ jobId: 'job' as JobId, shard: 0, executor: one, reason: EXPOSED_ELSEWHERE }]
    expect(commands).toContainEqual({ type: 'write', writes: { voids } })
    expect(pool.hub.counts.quarantines).toBe(0)
    expect(commands.some((command) => command.type === 'write' && command.writes.quarantines)).toBe(false)
    expect(hear(pool, 1, 0)).toEqual([])
  })

  it('that this one wrote itself is no news, nor is one older than its own', () => {
    const pool = new Pool()
    pool.at(10)
    exposeAndSettle(pool.hub, one, { job: 'job' as JobId, reason: 'r' })
    expect(hear(pool, 1, 10)).toEqual([])
    pool.hub.quarantines.set(one, { exposures: 2, atMs: 20, untilMs: Infinity })
    expect(hear(pool, 1, 10, { isOver: true })).toEqual([])
    expect(untilMs(pool)).toBe(Infinity)
  })

  it('is for good when it is the second within thirty days', () => {
    const pool = new Pool()
    hear(pool, 2, BAN_WITHIN_MS - 1, { previousAtMs: 0 })
    expect(untilMs(pool)).toBe(Infinity)
  })

  it('ends where the other server saw it come back', () => {
    const pool = new Pool()
    hear(pool, 1, 0)
    expect(untilMs(pool)).toBe(QUARANTINE_MS)
    hear(pool, 1, 0, { isOver: true })
    expect(untilMs(pool)).toBe('works')
    pool.join('one')
    expect(pool.hub.agents.get(session)?.trialsLeft).toBe(0)
  })
})

describe('beside the operator’s orders', () => {
  it('a ban stays one, and does not end with the exposure', () => {
    const pool = new Pool()
    order(pool, 'ban')
    hear(pool, 1, 0)
    expect(untilMs(pool)).toBe(Infinity)
    hear(pool, 1, 0, { isOver: true })
    expect(untilMs(pool)).toBe(Infinity)
    expect(pool.hub.quarantines.get(one)).toMatchObject({ exposures: 1, ordered: true })
  })

  it('the longer of a quarantine and an exposure holds', () => {
    const pool = new Pool()
    order(pool, 'quarantine', 5)
    hear(pool, 1, 3)
    expect(untilMs(pool)).toBe(5 + QUARANTINE_MS)
    hear(pool, 2, 7, { previousAtMs: -BAN_WITHIN_MS })
    expect(untilMs(pool)).toBe(7 + QUARANTINE_MS)
    order(pool, 'release', 8)
    expect(untilMs(pool)).toBe(8)
    hear(pool, 2, 7, { previousAtMs: -BAN_WITHIN_MS, isOver: true })
    expect(untilMs(pool)).toBe(8)
    order(pool, 'requalified', 9)
    expect(untilMs(pool)).toBe('works')
  })

  it('what ends an order ends no exposure that came after it and was heard with it', () => {
    const pool = new Pool()
    hear(pool, 1, 0)
    order(pool, 'ban', 1)
    // All in one reading: let go and back on another server, which then found the second lie.
    hear(pool, 2, 4, { previousAtMs: 0 })
    order(pool, 'release', 2)
    order(pool, 'requalified', 3)
    expect(untilMs(pool)).toBe(Infinity)
    hear(pool, 2, 4, { previousAtMs: 0, isOver: true })
    expect(untilMs(pool)).toBe('works')
  })

  it('one that was let go serves the exposure since', () => {
    const pool = new Pool()
    order(pool, 'ban', 1)
    order(pool, 'release', 2)
    pool.at(5)
    hear(pool, 1, 4)
    expect(untilMs(pool)).toBe(4 + QUARANTINE_MS)
    expect(pool.hub.quarantines.get(one)?.ordered).toBeUndefined()
  })
})
