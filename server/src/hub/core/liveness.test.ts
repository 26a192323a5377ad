// Who does not answer holds nobody up: hung checkers, answers that trickle in, and servers that die between a job's
// verdicts and its end.
import { describe, expect, it } from 'vitest'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Ending } from './events.ts'
import { trueDigest } from '../sim/reference.ts'
import { Pool, row } from '../sim/pool.ts'
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
  const ending: Ending = {
    verdicts: [0, 1].map((shard) => ({
      jobId: id,
      shard,
      digest: trueDigest(id, shard),
      confirmations: 1,
      trusted: false,
    })),
    record: {
      mode: 'spotcheck',
      status: 'degraded',
      shards: 2,
      checked: 0,
      checked_by_trusted: 0,
      mismatches: 1,
      voided: 3,
      authors: 1,
      networks: 1,
      distinct_network: true,
      executions: 5,
      strata: [],
      bound: null,
    },
    kernelMs: 12,
    agents: 1,
    engines: ['wasm'],
    warnings: ['it was degraded'],
  }

  it('what was decided stands, record and warnings too, although its author was exposed meanwhile', () => {
    const pool = new Pool()
    pool.hub.quarantined.add('a' as Identity)
    const voided = ['b', 'c', 'd'].map((executor) => ({
      shard: 0,
      executor: executor as Identity,
      network: executor,
      owner: null,
    }))
    pool.plan('job', 2, { verify: 'spotcheck' }, [row(0, 'a'), row(1, 'a')], { state: 'VERIFYING', ending, voided })
    expect(pool.last('complete')).toEqual({ type: 'complete', jobId: id, ...ending })
    expect(pool.last('write')).toBeUndefined()
    // Nothing more is done for it.
    pool.join('other')
    expect(pool.last('assign')).toBeUndefined()
    expect(pool.commands.filter(({ type }) => type === 'complete')).toHaveLength(1)
  })

  it('its row does not go back from VERIFYING to RUNNING', () => {
    const pool = new Pool()
    pool.join('c')
    pool.plan('job', 3, {}, [row(0, 'a')], { state: 'VERIFYING' })
    expect(pool.commands.filter(({ type }) => type === 'job-state')).toEqual([])
  })
})
