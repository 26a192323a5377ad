// Frames about nothing: whoever says them again and again must not make the Hub look at all that it has.
import { expect, it } from 'vitest'
import type { AssignmentId, SessionId } from '@forge/shared/contract/ids.ts'
import { Pool } from '../sim/pool.ts'
import type { Job } from './state.ts'
import { nextWakeMs } from './wake.ts'

/** How often the queues of a job are looked at while something happens. */
const looksAt = (job: Job, happen: () => void): number => {
  let looks = 0
  const counted = <K extends 'open' | 'policy'>(name: K): void => {
    const value = job[name]
    Object.defineProperty(job, name, {
      configurable: true,
      get: () => {
        looks++
        return value
      },
    })
  }
  counted('open')
  counted('policy')
  happen()
  return looks
}

it('what is of nothing that is held is not worth a look at any job', () => {
  const pool = new Pool({ referee: true })
  const a = pool.join('a', { shardsPerSecond: 1 })
  pool.join('idle')
  const job = pool.job(pool.plan('job', 40, { max_agents: 1 }))
  const [held] = pool.held(a)
  const fence = { session: a, assignmentId: 'x' as AssignmentId, epoch: 0 }
  const own = {
    session: a,
    assignmentId: held?.order.assignmentId ?? fence.assignmentId,
    epoch: held?.order.epoch ?? 0,
  }
  expect(held).toBeDefined()
  const looks = looksAt(job, () => {
    pool.raise({ type: 'handback', ...fence })
    pool.raise({ type: 'progress', ...fence, units: 9 })
    pool.raise({ type: 'shard-failed', ...fence, shard: 0, reason: 'r' })
    pool.raise({ type: 'shard-failed', ...own, shard: 39, reason: 'r' })
    pool.raise({ type: 'handback', ...own, epoch: own.epoch + 1 })
    pool.raise({ type: 'agent-paused', session: 'nobody' as SessionId })
  })
  expect(looks).toBe(0)
  expect(looksAt(job, () => pool.raise({ type: 'handback', ...own }))).toBeGreaterThan(0)
})

it('progress prolongs its lease, and looks at no job', () => {
  const pool = new Pool()
  const a = pool.join('a', { shardsPerSecond: 1 })
  pool.join('idle')
  const job = pool.job(pool.plan('job', 40, { max_agents: 1 }))
  const [held] = pool.held(a)
  const lease = pool.hub.agents.get(a)?.leases.get(held?.order.assignmentId ?? ('' as AssignmentId))
  expect(lease).toBeDefined()
  if (lease === undefined) return
  const { assignmentId, epoch, expiresAtMs } = lease
  const wakeMs = nextWakeMs(pool.hub)
  pool.nowMs = 5_000
  const looks = looksAt(job, () => {
    expect(pool.raise({ type: 'progress', session: a, assignmentId, epoch, units: lease.unitsMost })).toEqual([])
    expect(nextWakeMs(pool.hub)).toBe(wakeMs)
  })
  expect(looks).toBe(0)
  expect(lease.expiresAtMs).toBeGreaterThan(expiresAtMs)
})

it('a second ready with the same engine changes nothing of who may do what', () => {
  const pool = new Pool()
  const a = pool.join('a')
  const { fleet } = pool.hub
  pool.ready(a, 'wasm', 5)
  expect(pool.hub.fleet).toBe(fleet)
  pool.ready(a, 'webgpu', 5)
  expect(pool.hub.fleet).toBeGreaterThan(fleet)
})

it('an idle referee does not look through the open shards', () => {
  const pool = new Pool({ referee: true })
  pool.join('referee', { referee: true })
  const job = pool.job(pool.plan('job', 1_000, { min_agents: 1 }))
  let steps = 0
  const { open } = job
  const iterate = open[Symbol.iterator].bind(open)
  open[Symbol.iterator] = () => {
    steps++
    return iterate()
  }
  const a = pool.join('a', { shardsPerSecond: 1 })
  pool.leave(a)
  steps = 0
  pool.at(1)
  expect(steps).toBe(0)
})
