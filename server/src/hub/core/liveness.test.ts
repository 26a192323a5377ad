// Who does not answer holds nobody up: hung checkers, answers that trickle in, and servers that die between a job's
// verdicts and its end.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { VerdictRow } from '../../store/store.ts'
import { trueDigest } from '../sim/reference.ts'
import { Pool, lie, row } from '../sim/pool.ts'
import { LEASE_LIFE_MS_MIN, LEASE_MS_MIN } from './limits.ts'

const id = 'job' as JobId

describe('an agent whose socket lives and whose engine hangs', () => {
  it.each(['spotcheck', 'full'] as const)(
    'does not keep a job of one honest tab and the referee from its end: %s',
    (verify) => {
      const pool = new Pool({ referee: true })
      const honest = pool.join('honest')
      pool.join('hung')
      const referee = pool.join('referee', { referee: true })
      pool.plan('job', 77, { verify, timeout_ms: 120_000 })
      for (let nowMs = 0; nowMs < 100_000 && pool.last('complete') === undefined; nowMs += 1_000) {
        pool.at(nowMs)
        pool.work(honest)
        pool.work(referee)
      }
      expect(pool.last('fail')).toBeUndefined()
      expect(pool.last('complete')?.verdicts).toHaveLength(77)
    },
  )
})

describe('answers that trickle in', () => {
  it('renew a lease only so often, then the rest goes to others', () => {
    const pool = new Pool()
    const drip = pool.join('drip', { shardsPerSecond: 1_000 })
    pool.plan('job', 1_000, { timeout_ms: 600_000 })
    const [held] = pool.held(drip)
    if (held === undefined) throw new Error('nothing was handed out')
    let [answered, nowMs] = [0, 0]
    while (pool.held(drip).some(({ order }) => order.assignmentId === held.order.assignmentId)) {
      nowMs += LEASE_MS_MIN - 1_000
      pool.at(nowMs)
      const still = pool.held(drip).find(({ order }) => order.assignmentId === held.order.assignmentId)
      const [shard] = still?.order.shards ?? []
      if (still === undefined || shard === undefined) break
      pool.answer({ ...still, order: { ...still.order, shards: [shard] } })
      answered++
      if (answered > held.order.shards.length) throw new Error('the lease never ended')
    }
    expect(answered).toBeLessThanOrEqual(LEASE_LIFE_MS_MIN / (LEASE_MS_MIN - 1_000))
    expect(pool.job(id).open.size + pool.job(id).answered).toBeGreaterThan(0)
  })
})

describe('after a restart between the verdicts and the end', () => {
  const verdict = (shard: number, confirmations: number): VerdictRow => ({
    jobId: id,
    shard,
    digest: trueDigest(id, shard),
    confirmations,
    trusted: false,
  })

  it('the verdicts stand, although an author was exposed meanwhile', () => {
    const pool = new Pool()
    pool.hub.quarantined.add('a' as Identity)
    const rows = [row(0, 'a'), row(1, 'a'), row(1, 'b')]
    pool.plan('job', 2, { verify: 'none' }, rows, { state: 'VERIFYING', verdicts: [verdict(0, 1), verdict(1, 2)] })
    expect(pool.last('complete')?.verdicts).toEqual([verdict(0, 1), verdict(1, 2)])
    expect(pool.last('write')).toBeUndefined()
  })

  it('a mismatch that was settled is still on the record', () => {
    const pool = new Pool()
    const rows = [row(0, 'a'), row(0, 'b', { digest: lie(id, 0) }), row(0, 'r', { role: 'referee' })]
    pool.plan('job', 1, { verify: 'full' }, rows, {
      state: 'VERIFYING',
      verdicts: [{ ...verdict(0, 2), trusted: true }],
    })
    expect(pool.last('complete')?.record).toMatchObject({ mismatches: 1, checked: 1, checked_by_trusted: 1 })
  })

  it('its row does not go back from VERIFYING to RUNNING', () => {
    const pool = new Pool()
    pool.join('c')
    pool.plan('job', 3, {}, [row(0, 'a')], { state: 'VERIFYING' })
    expect(pool.commands.filter(({ type }) => type === 'job-state')).toEqual([])
  })
})
