// The list of jobs as a stream: all of it first, then what is new or different alone, and the order whenever it changes.
import { beforeEach, expect, test, vi } from 'vitest'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { findKernel } from '../kernels.ts'
import type { JobSummary } from '../store/job-reads.ts'
import { createFakeHub, createFakeStore, DEFAULT_PROJECT } from './fakes.ts'
import { followList } from './job-list-stream.ts'
import { summaryViews } from './job-summary.ts'
import { WEB_LIMITS } from './limits.ts'

const KERNEL = findKernel('mc', 1, 'insurance.v1')?.digest ?? ('' as JobSummary['kernelDigest'])

const job = (id: string, change: Partial<JobSummary> = {}): JobSummary => ({
  id: id as JobSummary['id'],
  clientJobId: null,
  op: 'mc/1/insurance.v1',
  state: 'QUEUED',
  replayOf: null,
  reason: null,
  createdAtMs: 1,
  startedAtMs: null,
  finishedAtMs: null,
  deadlineAtMs: 9,
  problem: null,
  billing: null,
  metrics: null,
  kernelDigest: KERNEL,
  terms: { mode: 'billable', microCredits: 1_420_000n },
  ...change,
})

const FOUNDING = JSON.stringify(FOUNDING_REQUEST)

/** Not of the literal type that each of them has. */
const limits: { readonly streamPollMs: number } = WEB_LIMITS
beforeEach(() => void vi.spyOn(limits, 'streamPollMs', 'get').mockReturnValue(1))

interface Told {
  readonly ids: string[]
  readonly changed: { readonly job_id: string; readonly status: string }[]
}

function open() {
  const over = new AbortController()
  const store = createFakeStore()
  const state = { rows: [job('a')], nowMs: 0, asked: [] as unknown[] }
  store.jobsOf = async (...asked) => {
    state.asked.push(asked)
    return state.rows
  }
  store.requestsOf = async (_, ids) => new Map(ids.map((id) => [id, FOUNDING]))
  const list = { projectId: DEFAULT_PROJECT, filter: { state: 'QUEUED' as const }, limit: 20 }
  const deps = { store, hub: createFakeHub(store).hub, clock: () => state.nowMs }
  const frames = followList(list, deps, over.signal)
  const next = async (): Promise<Told> => {
    const { value } = await frames.next()
    const [, data = ''] = /^event: jobs\ndata: (.*)\n\n$/.exec(String(value)) ?? []
    return JSON.parse(data)
  }
  return { over, state, frames, next }
}

test('the first event has the page, a later one what changed, and the order', async () => {
  const { state, frames, next, over } = open()
  expect((await frames.next()).value).toMatch(/^retry: \d+\n\n$/)
  expect(await next()).toMatchObject({
    ids: ['a'],
    changed: [{ job_id: 'a', status: 'QUEUED', reserved: { credits: 1.42, eur: 0.17 }, billing: null }],
  })
  state.rows = [job('b'), job('a')]
  expect(await next()).toMatchObject({ ids: ['b', 'a'], changed: [{ job_id: 'b' }] })
  const billing = '{"credits":1.42,"eur":0.17}'
  const metrics = '{"wall_ms":2,"shards":77,"units":10,"verified_shards":8,"engines":[]}'
  state.rows = [job('b'), job('a', { state: 'COMPLETED', finishedAtMs: 5, billing, metrics })]
  const ended = await next()
  expect(ended).toMatchObject({
    ids: ['b', 'a'],
    changed: [
      { job_id: 'a', status: 'COMPLETED', reserved: null, billing: { credits: 1.42 }, metrics: { shards: 77 } },
    ],
  })
  expect(ended.changed).toHaveLength(1)
  // One that left the filter changes the order alone.
  state.rows = [job('b')]
  expect(await next()).toEqual({ ids: ['b'], changed: [] })
  expect(state.asked[0]).toEqual([DEFAULT_PROJECT, { state: 'QUEUED' }, { after: null, limit: 20 }])
  over.abort()
  expect((await frames.next()).done).toBe(true)
})

test('a test job reserves nothing; the stream says that it lives, and ends after its time', async () => {
  const { state, frames, next } = open()
  state.rows = [job('a', { terms: { mode: 'test', microCredits: 5n } })]
  await frames.next()
  expect(await next()).toMatchObject({ changed: [{ mode: 'test', reserved: { credits: 0, eur: 0 } }] })
  state.nowMs = WEB_LIMITS.streamHeartbeatMs
  expect((await frames.next()).value).toBe(': nothing new\n\n')
  state.nowMs = WEB_LIMITS.streamMsMax
  expect((await frames.next()).done).toBe(true)
})

/** As a list says it of a job whose stored contract is `request`, and whether that was read. */
async function askedOf(id: string, { request = FOUNDING, ...change }: Partial<JobSummary> & { request?: string } = {}) {
  const reads: string[] = []
  const store = {
    async requestsOf(_: unknown, ids: readonly JobSummary['id'][]) {
      reads.push(...ids)
      return new Map(ids.map((one) => [one, request]))
    },
  }
  const { hub } = createFakeHub(createFakeStore())
  const [view] = await summaryViews([job(id, change)], DEFAULT_PROJECT, { store, hub })
  return { asked: view?.asked, isRead: reads.includes(id) }
}

test('what was asked for is said however a job ended, and not by a server that lacks its kernel', async () => {
  const ofFailed = async (id: string, change: Parameters<typeof askedOf>[1] = {}) =>
    (await askedOf(id, { state: 'FAILED', finishedAtMs: 5, ...change })).asked
  expect(await ofFailed('failed')).toEqual({ units: 10_000_000, shards: 77 })
  const metrics = '{"wall_ms":2,"shards":9,"units":10,"verified_shards":8}'
  expect(await askedOf('done', { state: 'COMPLETED', metrics })).toEqual({
    asked: { units: 10, shards: 9 },
    isRead: false,
  })
  expect(await ofFailed('other kernel', { kernelDigest: 'f'.repeat(64) as JobSummary['kernelDigest'] })).toBeNull()
  const args = { ...FOUNDING_REQUEST.args, iterations: 0 }
  expect(await ofFailed('of other args', { request: JSON.stringify({ ...FOUNDING_REQUEST, args }) })).toBeNull()
  expect(await ofFailed('of another age', { request: '{"op":"of another age"}' })).toBeNull()
})

test('a job is read and planned for the list once, and what is remembered is bounded', async () => {
  const asked = { units: 10_000_000, shards: 77 }
  expect(await askedOf('first')).toEqual({ asked, isRead: true })
  // What was registered stays as it is.
  expect(await askedOf('first', { request: 'no JSON' })).toEqual({ asked, isRead: false })
  const later = Array.from({ length: WEB_LIMITS.jobSizesKept }, (_, n) => job(`later ${n}`))
  const store = { requestsOf: async () => new Map(later.map(({ id }) => [id, '{}'])) }
  await summaryViews(later, DEFAULT_PROJECT, { store, hub: createFakeHub(createFakeStore()).hub })
  await expect(askedOf('first', { request: 'no JSON' })).rejects.toThrow(SyntaxError)
})
