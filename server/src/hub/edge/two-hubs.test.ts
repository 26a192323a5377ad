// Two servers on one Postgres: each job is run by one of them, whichever is asked about it, and goes on at the other when its
// own is gone.
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { startPostgres, type Postgres } from '../../../../scripts/machine/postgres.ts'
import { account } from '../../store/ledger-store.ts'
import { openStore } from '../../store/open-store.ts'
import { SERVER_LOCK_CLASS } from '../../store/queries/owners.ts'
import type { JobRow } from '../../store/store.ts'
import { follow } from '../../web-core/event-stream.ts'
import type { TinyAgent } from './tiny-kernel.fixtures.ts'
import { SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

/** Beyond all looks at the store together, far below the job's own time. */
const SOON_MS = 12_000

let database: Postgres
let tool: postgres.Sql
beforeAll(async () => {
  database = await startPostgres()
  tool = postgres(database.url, { max: 1 })
}, 60_000)
afterAll(async () => {
  await tool?.end()
  await database?.stop()
})

const starting = async (): Promise<TinyPool> => {
  const pool = new TinyPool(await openStore({ databaseUrl: database.url, dataDir: '' }))
  await pool.start()
  return pool
}

let here: TinyPool
let there: TinyPool
beforeEach(async () => {
  here = await starting()
  there = await starting()
})
afterEach(async () => {
  for (const pool of [here, there]) {
    await pool.stop()
    await pool.store.close()
  }
})

/** An agent that keeps what it is given until it is let go on. */
function waiting(pool: TinyPool) {
  let waits = true
  const agent = pool.agent({ holds: () => waits })
  const goOn = async (): Promise<void> => {
    waits = false
    for (const assignment of agent.assigned) await agent.answer(assignment)
  }
  return { agent, goOn }
}

const shardsOf = ({ assigned }: TinyAgent): number[] => assigned.flatMap(({ shards }) => [...shards])

async function rowOf(id: JobId): Promise<JobRow> {
  const row = await there.store.job(id)
  if (row === null) throw new Error('the job is not there')
  return row
}

/** A job that runs here, at one agent that has not answered anything yet. */
async function running() {
  const held = waiting(here)
  const id = await here.submit({ shards: SHARDS, twice: false })
  await vi.waitFor(() => expect(held.agent.assigned.length).toBeGreaterThan(0), SOON_MS)
  await vi.waitFor(async () => expect((await rowOf(id)).state).toBe('RUNNING'), SOON_MS)
  return { id, ...held }
}

/** What is told of an answer to what was assigned first. */
async function replyOf(agent: TinyAgent) {
  const [first] = agent.assigned
  if (first === undefined) throw new Error('nothing was assigned')
  await agent.answer(first)
  return vi.waitFor(() => {
    const reply = agent.replies.at(-1)
    if (reply === undefined) throw new Error('no reply yet')
    return reply
  }, SOON_MS)
}

/** The events that somebody is told who follows it there, until the stream ends. */
async function streamOf({ store, hub }: TinyPool, id: JobId): Promise<string[]> {
  const job = { id, traceId: '', ended: false, after: -1, alias: () => 'somebody', comparison: async () => null }
  const told: string[] = []
  for await (const frame of follow(job, { store, hub, clock: Date.now }, new AbortController().signal)) {
    const [, event] = /^event: (.*)$/m.exec(frame) ?? []
    if (event !== undefined) told.push(event)
  }
  return told
}

const locksOf = async (owner: number | null | undefined): Promise<number[]> => {
  const rows = await tool`select pid from pg_locks
    where locktype = 'advisory' and classid = ${SERVER_LOCK_CLASS} and objid = ${owner ?? 0} and granted`
  return rows.map(({ pid }) => Number(pid))
}

test('a job that is cancelled at the other server ends, and nothing is computed or billed', async () => {
  const project = await there.store.defaultProject()
  const paid = () => there.store.balanceOf(project, account.project('billable', project))
  const before = await paid()
  const { id, agent } = await running()
  expect(await paid()).not.toBe(before)
  await there.hub.cancel(id)
  expect(await rowOf(id)).toMatchObject({ state: 'CANCELLED', answer: null })
  await vi.waitFor(() => expect(here.hub.progress(id)).toBeNull(), SOON_MS)
  expect(await replyOf(agent)).toMatchObject({ ok: false, code: 'STALE_EPOCH' })
  expect(await paid()).toBe(before)
})

test('attached to at the other server, and while that one starts anew, each shard is computed once, and its end is seen', async () => {
  const { id, agent, goOn } = await running()
  const idle = there.agent()
  const attached = await there.hub.submit(await rowOf(id))
  expect(attached).toMatchObject({ inserted: false, existing: { id } })
  // By the time that a job of its own is through, the other one would have begun.
  await there.ended(await there.submit({ shards: SHARDS, twice: false }))
  expect(shardsOf(idle)).toHaveLength(SHARDS)
  await there.stop()
  await there.start()
  const another = there.agent()
  await there.ended(await there.submit({ shards: SHARDS, twice: false }))
  expect(shardsOf(another)).toHaveLength(SHARDS)
  const view = { progress: there.hub.progress(id), row: await rowOf(id) }
  expect([here, there].map(({ hub }) => hub.isElsewhere(view.row))).toEqual([false, true])
  expect(view).toMatchObject({ progress: null, row: { state: 'RUNNING' } })
  expect([here, there].map(({ hub }) => hub.isElsewhere(view.row))).toEqual([false, true])

  const beganMs = performance.now()
  const seen = there.hub.ended(id, 60_000)
  const told = streamOf(there, id)
  await goOn()
  await seen
  expect(await told).toEqual(['registered', 'state', 'completed'])
  expect(performance.now() - beganMs).toBeLessThan(SOON_MS)
  expect(await rowOf(id)).toMatchObject({ state: 'COMPLETED' })
  expect(shardsOf(agent).toSorted((a, b) => a - b)).toEqual(Array.from({ length: SHARDS }, (_, shard) => shard))
})

test('what a killed server had begun goes on at the other, with the same bits and without what was durable', async () => {
  const args = { shards: 40, twice: false }
  const agent: TinyAgent = here.agent({ holds: () => agent.assigned.length > 1 })
  const id = await here.submit(args)
  await vi.waitFor(() => expect(agent.replies).toMatchObject([{ ok: true }]), SOON_MS)
  const [first] = agent.assigned
  const durable = new Set(first?.shards)
  expect(durable.size).toBeGreaterThan(0)
  // Its connections end, and it has no time to say anything.
  await here.store.close()
  const successor = there.agent()
  const { answer } = await there.ended(id)
  const all = Array.from({ length: args.shards }, (_, shard) => shard)
  expect(shardsOf(successor).toSorted((a, b) => a - b)).toEqual(all.filter((shard) => !durable.has(shard)))
  const alone = await there.ended(await there.submit(args))
  expect(answer?.hub.replay.output_digest).toBe(alone.answer?.hub.replay.output_digest)
}, 40_000)

test('a server that stops leaves its jobs to the other', async () => {
  const { id } = await running()
  await here.stop()
  there.agent()
  const { answer } = await there.ended(id)
  expect(answer?.hub.metrics.shards).toBe(SHARDS)
  await here.start()
})

test('a job that is cancelled where it was taken away, before that server has looked, ends at the one that has it', async () => {
  const { id } = await running()
  const another = await there.submit({ shards: SHARDS, twice: false })
  const { owner } = await rowOf(another)
  const looks = vi.spyOn(here.store, 'jobsByOwner').mockReturnValue(new Promise(() => undefined))
  await tool`update jobs set owner = ${owner ?? 0} where id = ${id}`
  await here.hub.cancel(id)
  expect(await rowOf(id)).toMatchObject({ state: 'CANCELLED', owner })
  looks.mockRestore()
  await there.hub.cancel(another)
})

const endedByHand = async (id: JobId): Promise<void> => {
  const end = {
    state: 'CANCELLED',
    problem: problem('CANCELLED', 'By hand.', { job_id: id }),
    finishedAtMs: Date.now(),
  }
  expect(await there.store.finishJob(id, { ...end, state: 'CANCELLED' })).toBe(true)
}

test('an answer to a job that has ended elsewhere is no fault, and its shards do not run again', async () => {
  const { id, agent } = await running()
  await endedByHand(id)
  expect(await replyOf(agent)).toMatchObject({ ok: false, code: 'STALE_EPOCH' })
  expect(here.hub.progress(id)).toBeNull()
  await here.hub.ended(id, 60_000)
  const { length } = agent.assigned
  // It is as good an agent as before.
  const next = await here.submit({ shards: SHARDS, twice: false })
  await vi.waitFor(() => expect(agent.assigned.length).toBeGreaterThan(length), SOON_MS)
  await here.hub.cancel(next)
})

test('a job that has ended elsewhere is let go of, though nobody answers, and nothing is written of it', async () => {
  const { id } = await running()
  const ends = vi.spyOn(here.store, 'finishJob')
  const seen = here.hub.ended(id, 60_000)
  await endedByHand(id)
  await seen
  await vi.waitFor(() => expect(here.hub.progress(id)).toBeNull(), SOON_MS)
  expect(ends).not.toHaveBeenCalled()
  ends.mockRestore()
})

test('a server whose lock is lost takes it again and keeps its jobs', async () => {
  const { id, goOn } = await running()
  const { owner } = await rowOf(id)
  const [pid] = await locksOf(owner)
  expect(pid).toBeDefined()
  await tool`select pg_terminate_backend(${pid ?? 0})`
  await vi.waitFor(async () => {
    const [now] = await locksOf(owner)
    expect(now).toBeDefined()
    expect(now).not.toBe(pid)
  }, SOON_MS)
  await goOn()
  await here.hub.ended(id, SOON_MS)
  expect(await rowOf(id)).toMatchObject({ state: 'COMPLETED', owner })
})

test('a server whose job was taken meanwhile lets go of it, and writes no end of it', async () => {
  const { id, agent } = await running()
  const before = await rowOf(id)
  // As another one does that saw its lock missing.
  const gone = await there.store.enter(() => undefined)
  await tool`update jobs set owner = ${gone.number} where id = ${id}`
  const [pid] = await locksOf(before.owner)
  await tool`select pg_terminate_backend(${pid ?? 0})`
  await vi.waitFor(() => expect(here.hub.progress(id)).toBeNull(), SOON_MS)
  expect(await replyOf(agent)).toMatchObject({ ok: false, code: 'STALE_EPOCH' })
  await here.store.wantCancelled(id, Date.now())
  expect(await rowOf(id)).toMatchObject({ finishedAtMs: null, owner: gone.number })
  // Whoever takes it next knows that it is wanted no more.
  await gone.leave()
  await here.hub.ended(id, SOON_MS)
  expect(await rowOf(id)).toMatchObject({ state: 'CANCELLED' })
}, 40_000)
