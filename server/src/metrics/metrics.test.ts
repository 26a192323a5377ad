// What is counted is what happened: of the Hub in a pool without sockets, of jobs and money on a real store, of HTTP by
// templates. And no name that anybody chooses ever makes a series.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import type { HubState } from '../hub/core/state.ts'
import { figuresOf } from '../hub/edge/figures.ts'
import { Pool } from '../hub/sim/pool.ts'
import { booking, fail, register } from '../store/ledger.fixtures.ts'
import { openStore } from '../store/open-store.ts'
import { StoreBusy, StoreContradiction } from '../store/sql-error.ts'
import type { Store } from '../store/store.ts'
import { accepted, aJob } from '../store/store.fixtures.ts'
import { createMetrics, type Metrics } from './metrics.ts'

/** Samples by name with labels, as they are written. */
async function samples(metrics: Metrics): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name = line, value = ''] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      return [name, value === 'Nan' ? Number.NaN : Number(value)] as const
    }),
  )
}
const startingWith = (found: ReadonlyMap<string, number>, name: string): object =>
  Object.fromEntries([...found].filter(([key]) => key.startsWith(name)))

const NO_TOTALS = { kvBytes: 0, blobBytes: 0, vmemBytes: 0, unsealed: 0, oldestUnsealedAtMs: null }

function watching(state: HubState): Metrics {
  const metrics = createMetrics()
  metrics.watch({ figures: () => figuresOf(state), totals: async () => NO_TOTALS })
  return metrics
}

describe('the Hub', () => {
  test('shards, leases, queues and agents are as its core has them', async () => {
    const pool = new Pool({ referee: true })
    const metrics = watching(pool.hub)
    const a = pool.join('a', { shardsPerSecond: 2 })
    pool.join('b', { engine: 'webgpu', fresh: true, shardsPerSecond: 1 })
    pool.plan('job', 40)
    pool.plan('later', 3, { min_agents: 9 })
    const before = await samples(metrics)
    expect(startingWith(before, 'forge_jobs{')).toEqual({
      'forge_jobs{state="QUEUED"}': 1,
      'forge_jobs{state="RUNNING"}': 1,
      'forge_jobs{state="VERIFYING"}': 0,
    })
    expect(startingWith(before, 'forge_agents')).toEqual({
      'forge_agents{engine="wasm",tier="veteran"}': 1,
      'forge_agents{engine="webgpu",tier="probation"}': 1,
    })
    const held = [...pool.hub.agents.values()].flatMap(({ leases }) => [...leases.values()])
    const shardsHeld = held.reduce((sum, { shards }) => sum + shards.size, 0)
    expect(shardsHeld).toBeGreaterThan(0)
    expect(before.get('forge_leases')).toBe(held.length)
    expect(before.get('forge_shards_assigned_total{role="first"}')).toBe(shardsHeld)
    expect(before.get('forge_shards_waiting{queue="open"}')).toBe(40 - shardsHeld)
    const [first] = pool.held(a)
    if (first === undefined) throw new Error('nothing is held')
    const answered = first.order.shards.length
    pool.answer(first)
    const after = await samples(metrics)
    expect(after.get('forge_shards_answered_total')).toBe(answered)
    expect(after.get('forge_shards_expired_total')).toBe(0)
    pool.nowMs += 10 * 60_000
    pool.raise({ type: 'tick' })
    expect((await samples(metrics)).get('forge_shards_expired_total')).toBeGreaterThan(0)
  })

  test('who left is gone from the agents, and a counter stays', async () => {
    const pool = new Pool()
    const metrics = watching(pool.hub)
    pool.join('a')
    pool.plan('job', 4)
    const assigned = (await samples(metrics)).get('forge_shards_assigned_total{role="first"}')
    pool.raise({ type: 'agent-left', session: 'a' as SessionId })
    const after = await samples(metrics)
    expect(startingWith(after, 'forge_agents')).toEqual({})
    expect(after.get('forge_shards_assigned_total{role="first"}')).toBe(assigned)
  })
})

describe('jobs, money and the store', () => {
  let folder: string
  let store: Store
  const metrics = createMetrics(() => 1_790_000_060_009)
  beforeAll(async () => {
    folder = await freshDataDir()
    store = await openStore({ dataDir: folder, observer: metrics.store })
    metrics.watch({ figures: () => figuresOf(new Pool().hub), totals: () => store.totals() })
  }, 60_000)
  afterAll(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('what the Hub holds no more is not kept in mind, and is another server’s to count', async () => {
    const own = createMetrics()
    const job = aJob(await store.defaultProject())
    own.store.registered(job, booking())
    own.forgotten(job.id)
    own.store.ended(job.id, 'COMPLETED', job.createdAtMs, null)
    expect(startingWith(await samples(own), 'forge_job_duration_seconds_count')).toEqual({})
  })

  test('a job is counted when it is registered and when it ends, once each, with what it cost', async () => {
    const project = await store.defaultProject()
    const policy = { target: 'any', min_agents: 1, max_agents: 1, verify: 'full' }
    const request = JSON.stringify({ op: { name: 'mc', version: 1, profile: 'insurance.v1' }, policy })
    const job = aJob(project, { request, clientJobId: 'twice' })
    await store.registerJob(job, booking())
    await store.registerJob(aJob(project, { request, clientJobId: 'twice' }), booking())
    await store.writeShards(accepted(job.id, [0, 1, 2, 3]))
    const end = { state: 'COMPLETED', answer: '{}', microCredits: 900n, finishedAtMs: 1_790_000_000_009 } as const
    expect([await store.finishJob(job.id, end), await store.finishJob(job.id, end)]).toEqual([true, false])
    await fail(store, await register(store, project, { mode: 'test' }), 'FAILED')
    await store.creditNote(job.id, { microCredits: 400n, reason: 'x', atMs: 1_790_000_000_010 })
    const found = await samples(metrics)
    const op = 'op="mc/1/insurance.v1",verify="full"'
    expect(found.get(`forge_jobs_registered_total{${op},mode="billable"}`)).toBe(1)
    expect(found.get('forge_jobs_registered_total{op="unknown",verify="unknown",mode="test"}')).toBe(1)
    expect(found.get(`forge_jobs_ended_total{${op},state="COMPLETED"}`)).toBe(1)
    expect(found.get('forge_job_duration_seconds_count{op="mc/1/insurance.v1",state="COMPLETED"}')).toBe(1)
    expect(found.get('forge_job_duration_seconds_sum{op="mc/1/insurance.v1",state="COMPLETED"}')).toBe(0.009)
    expect(startingWith(found, 'forge_credits')).toEqual({
      'forge_credits_reserved_total{mode="billable"}': 0.001,
      'forge_credits_reserved_total{mode="test"}': 0.001,
      'forge_credits_settled_total{mode="billable"}': 0.0009,
      'forge_credits_settled_total{mode="test"}': 0,
      'forge_credits_released_total{mode="billable"}': 0.0001,
      'forge_credits_released_total{mode="test"}': 0.001,
      'forge_credits_unbilled_total{mode="billable"}': 0,
      'forge_credits_unbilled_total{mode="test"}': 0,
      'forge_credits_noted_total{mode="billable"}': 0.0004,
    })
    expect(found.get('forge_store_group_writes_count')).toBe(1)
    expect(found.get('forge_store_duration_seconds_count{kind="transaction"}')).toBeGreaterThan(5)
  })

  test('what waits for its signature, and since when', async () => {
    const found = await samples(metrics)
    // Two receipts and a notice of the test before, which nobody signs here.
    expect(found.get('forge_sealer_unsealed')).toBe(3)
    expect(found.get('forge_sealer_lag_seconds')).toBe(60)
    expect(found.get('forge_store_up')).toBe(1)
    expect(found.get('forge_memory_bytes{surface="kv"}')).toBe(0)
  })

  test('what the database refuses is an error of its reason', async () => {
    await expect(store.finishJob(aJob(await store.defaultProject()).id, FAILURE)).resolves.toBe(false)
    metrics.store.failed(new StoreContradiction('x'))
    metrics.store.failed(new StoreBusy('x'))
    metrics.store.failed(Object.assign(new Error('x'), { code: '53100' }))
    metrics.store.failed(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
    metrics.store.failed(Object.assign(new Error('x'), { code: '57014' }))
    metrics.store.failed(new Error('x'))
    expect(startingWith(await samples(metrics), 'forge_store_errors_total')).toEqual({
      'forge_store_errors_total{reason="away"}': 1,
      'forge_store_errors_total{reason="busy"}': 1,
      'forge_store_errors_total{reason="full"}': 1,
      'forge_store_errors_total{reason="slow"}': 1,
      'forge_store_errors_total{reason="refused"}': 1,
      'forge_store_errors_total{reason="other"}': 1,
    })
  })
})

const FAILURE = { state: 'COMPLETED', answer: '{}', finishedAtMs: 1 } as const

test('a store that does not answer leaves gaps, and the rest is told', async () => {
  const metrics = createMetrics()
  metrics.watch({ figures: () => figuresOf(new Pool().hub), totals: () => Promise.reject(new Error('away')) })
  const found = await samples(metrics)
  expect(found.get('forge_store_up')).toBe(0)
  expect(found.get('forge_sealer_lag_seconds')).toBeNaN()
  expect(startingWith(found, 'forge_memory_bytes')).toEqual({})
  expect(found.get('forge_leases')).toBe(0)
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(0)
  expect(found.get('nodejs_eventloop_lag_p99_seconds')).toBeDefined()
})
