// The routes around a job over the real Hub, store and sockets, with a tiny kernel in the real one's place: following it,
// looking at its shards, cancelling it.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { ulid } from 'ulid'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { REFEREE_TOKEN, TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { createLogger } from '../logger.ts'
import { openStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'
import { NO_OBJECTS, NO_WEBHOOKS } from './fakes.ts'
import { traceIdOfJob } from '../trace.ts'
import { createBytesInFlight } from '../memory/bytes-in-flight.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { createWebCore, type WebCore } from './app.ts'
import { openTestSealer } from './examples.fixtures.ts'
import { WEB_LIMITS } from './limits.ts'

const KEY = 'the-key-of-the-tests'
let folder: string
let store: Store
let pool: TinyPool
let app: WebCore
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 120_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  pool = new TinyPool(store)
  await pool.start()
  app = createWebCore({
    store,
    hub: pool.hub,
    sealer: await openTestSealer(store),
    config: {
      apiKey: KEY,
      adminToken: null,
      corsOrigins: [],
      metricsToken: null,
      bodyIdleSeconds: 60,
      networksDays: null,
      trustedProxies: [],
      publicUrl: null,
      distinctNetwork: false,
    },
    webhooks: NO_WEBHOOKS,
    metrics: createMetrics(),
    logger: createLogger('silent'),
    clock: Date.now,
    newUlid: ulid,
    randomBytes,
    objects: NO_OBJECTS,
    inFlight: createBytesInFlight(),
    agentWebDir: null,
    hqWebDir: null,
  })
})
afterEach(() => pool.stop())

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  Promise.resolve(
    app.request(`/api/v0${path}`, { ...init, headers: { authorization: `Bearer ${KEY}`, ...init.headers } }),
  )
const cancel = (id: JobId): Promise<Response> => ask(`/jobs/${id}/cancel`, { method: 'POST' })

interface Frame {
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly data?: unknown
}

function framesOf(text: string): Frame[] {
  return text
    .split('\n\n')
    .filter((part) => part.includes('event: '))
    .map((part) => {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
      return { id: field('id'), event: field('event'), data: JSON.parse(field('data') ?? 'null') }
    })
}

/** Reads a stream until what came so far satisfies the test; then gives it up. */
async function readUntil(response: Response, enough: (text: string) => boolean): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('the answer has no body')
  let text = ''
  while (!enough(text)) {
    const { done, value } = await reader.read()
    if (done) break
    text += new TextDecoder().decode(value)
  }
  await reader.cancel()
  return text
}

const shardsSchema = z.object({
  total: z.int(),
  shards: z.array(
    z.object({
      shard: z.int(),
      verdict: z.string(),
      units: z.object({ first: z.string(), count: z.int() }),
      attempts: z.array(z.object({ agent: z.string(), digest: z.string(), engine: z.string() })),
      digest: z.string().nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
})

describe('cancelling', () => {
  test('a job that runs stops at once, is told to all who wait, and never changes again', async () => {
    const agent = pool.agent({ holds: () => true })
    const id = await pool.submit()
    const stream = await ask(`/jobs/${id}/events`)
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const told = stream.text()
    await expect.poll(() => agent.assigned.length).toBeGreaterThan(0)
    const waiting = pool.ended(id)
    const response = await cancel(id)
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { job_id: id, status: 'CANCELLED', problem: { code: 'CANCELLED', job_id: id } },
    ])
    expect((await waiting).code).toBe('CANCELLED')
    expect(pool.hub.progress(id)).toBeNull()
    expect(framesOf(await told).at(-1)).toMatchObject({ event: 'cancelled', data: { code: 'CANCELLED' } })

    const again = await cancel(id)
    expect(problemSchema.parse(await again.json())).toMatchObject({ status: 409, code: 'JOB_ENDED', job_id: id })
    await pool.stop()
    await pool.start()
    expect(await store.job(id)).toMatchObject({ state: 'CANCELLED' })
  })

  test('one that nobody works on yet, in the moment of its registration too', async () => {
    const ids = [await pool.submit(), await pool.submit()]
    await expect.poll(() => pool.hub.progress(ids[0] ?? ('' as JobId))).not.toBeNull()
    const late = await pool.submit()
    for (const id of [...ids, late]) expect((await cancel(id)).status).toBe(200)
    for (const id of [...ids, late]) expect((await store.job(id))?.state).toBe('CANCELLED')
    // Its agents come too late, and find nothing to do.
    const agent = pool.agent()
    const other = await pool.submit()
    await pool.ended(other)
    expect(agent.assigned.length).toBeGreaterThan(0)
    for (const id of ids) expect(await store.submissions(id)).toEqual([])
  })

  test('of those that had begun so many a day, and no more', async () => {
    pool.agent({ holds: () => true })
    const ids = [await pool.submit(), await pool.submit()] as const
    for (const id of ids) await expect.poll(async () => (await store.job(id))?.startedAtMs).toBeTypeOf('number')
    const project = (await store.job(ids[0]))?.projectId
    if (project === undefined) throw new Error('a job has no project')
    const most = 1 + (await store.givenUpOnDay(project, Date.now(), 99))
    await store.updateProject(project, () => ({ limits: canonicalJson({ cancelled_jobs_per_day: most }) }))
    try {
      expect((await cancel(ids[0])).status).toBe(200)
      const refused = problemSchema.parse(await (await cancel(ids[1])).json())
      expect(refused).toMatchObject({ code: 'LIMIT_REACHED', status: 409, job_id: ids[1] })
      expect(refused.detail).toMatch(/cancelled_jobs_per_day is \d+, .* operator can change it/)
      expect((await store.job(ids[1]))?.state).toBe('RUNNING')
    } finally {
      await store.updateProject(project, () => ({ limits: '{}' }))
    }
    expect((await cancel(ids[1])).status).toBe(200)
  })

  test('one that times out while its shards are executed counts like one that was cancelled', async () => {
    const project = await store.defaultProject()
    const before = await store.givenUpOnDay(project, Date.now(), 99)
    pool.agent({ holds: ({ shards }) => shards.includes(0) })
    const id = await pool.submit(undefined, { timeout_ms: 1_500 })
    expect((await pool.ended(id)).code).toBe('TIMED_OUT')
    expect(await store.givenUpOnDay(project, Date.now(), 99)).toBe(before + 1)
    // Nobody was there for this one.
    await pool.stop()
    await pool.start()
    expect((await pool.ended(await pool.submit(undefined, { timeout_ms: 100 }))).code).toBe('NO_ELIGIBLE_AGENTS')
    expect(await store.givenUpOnDay(project, Date.now(), 99)).toBe(before + 1)
  })

  test('two at once cancel it once', async () => {
    pool.agent({ holds: () => true })
    const id = await pool.submit()
    const answers = await Promise.all([cancel(id), cancel(id), cancel(id)])
    for (const { status } of answers) expect([200, 409]).toContain(status)
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    const ends = (await store.eventsOf(id, -1)).filter(({ type }) => type === 'cancelled')
    expect(ends).toHaveLength(1)
  })
})

describe('events', () => {
  test('tell the chain in its order with progress between, and end with the job; later ones alone when taken up', async () => {
    pool.agent()
    pool.agent({ token: REFEREE_TOKEN })
    const id = await pool.submit({ shards: 7 }, { verify: 'full' })
    const response = await ask(`/jobs/${id}/events`)
    const text = await response.text()
    const frames = framesOf(text).filter(({ event }) => event !== 'progress')
    const row = await store.job(id)
    for (const { data } of frames) expect(data).toMatchObject({ trace_id: row && traceIdOfJob(row) })
    const chain = await store.eventsOf(id, -1)
    expect(frames.map((frame) => [Number(frame.id), frame.event])).toEqual(
      chain.map(({ number, type }) => [number, type]),
    )
    expect(frames.map(({ data }) => data)).toMatchObject(chain.map(({ hash, number }) => ({ hash, number })))
    expect(frames.at(-1)?.event).toBe('completed')
    expect(text).toMatch(/^retry: \d+\n\n/)
    for (const { executor } of await store.submissions(id)) expect(text).not.toContain(executor)

    const headers = { 'last-event-id': '1' }
    const rest = framesOf(await (await ask(`/jobs/${id}/events`, { headers })).text())
    expect(rest.map((frame) => Number(frame.id))).toEqual(chain.slice(2).map(({ number }) => number))
    const last = { 'last-event-id': String(chain.length - 1) }
    expect((await ask(`/jobs/${id}/events`, { headers: last })).status).toBe(204)
    const bad = await ask(`/jobs/${id}/events`, { headers: { 'last-event-id': 'x' } })
    expect(problemSchema.parse(await bad.json()).code).toBe('VALIDATION_FAILED')
    const beyond = { 'last-event-id': String(chain.length) }
    expect((await ask(`/jobs/${id}/events`, { headers: beyond })).status).toBe(422)
  })

  test('an id that a running job has not reached is refused, with what would be right', async () => {
    pool.agent({ holds: () => true })
    const id = await pool.submit()
    const refused = await ask(`/jobs/${id}/events`, { headers: { 'last-event-id': '999' } })
    const message = expect.stringMatching(/no event 999 yet; .*leave the header out/)
    expect(problemSchema.parse(await refused.json()).errors).toEqual([{ path: 'header.Last-Event-ID', message }])
  })

  test('progress is told while the job runs', async () => {
    pool.agent({ holds: () => true })
    const id = await pool.submit()
    const text = await readUntil(await ask(`/jobs/${id}/events`), (soFar) => soFar.includes('event: progress'))
    const [progress] = framesOf(text).filter(({ event }) => event === 'progress')
    expect(progress).toMatchObject({ data: { shards: 14, accepted: 0 } })
    expect(progress?.id).toBeUndefined()
  })

  test('a project has a bounded number of them, and gets a place back when one closes', async () => {
    const id = await pool.submit()
    const open = await Promise.all(
      Array.from({ length: WEB_LIMITS.streamsPerProjectMax }, () => ask(`/jobs/${id}/events`)),
    )
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200))
    const refused = await ask(`/jobs/${id}/events`)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(problemSchema.parse(await refused.json())).toMatchObject({ status: 429, code: 'TOO_MANY_STREAMS' })
    expect((await ask(`/jobs/${id}/events`, { method: 'HEAD' })).status).toBe(200)
    await open[0]?.body?.cancel()
    expect((await ask(`/jobs/${id}/events`)).status).toBe(200)
  })
})

describe('shards', () => {
  test('of a completed job: units, digests, and agents by names that tell nothing', async () => {
    pool.agent()
    pool.agent({ token: REFEREE_TOKEN })
    const id = await pool.submit({ shards: 7, twice: false }, { verify: 'full' })
    await pool.ended(id)
    const page = shardsSchema.parse(await (await ask(`/jobs/${id}/shards?limit=5`)).json())
    expect(page.total).toBe(7)
    expect(page.shards.map(({ shard }) => shard)).toEqual([0, 1, 2, 3, 4])
    const rest = shardsSchema.parse(await (await ask(`/jobs/${id}/shards?cursor=${page.next_cursor}`)).json())
    expect(rest.next_cursor).toBeNull()
    const all = [...page.shards, ...rest.shards]
    expect(all.map(({ units }) => units)).toEqual(
      Array.from({ length: 7 }, (_, n) => ({ first: String(10 * n), count: n === 6 ? 7 : 10 })),
    )
    const verdicts = await store.verdicts(id)
    expect(all.map(({ verdict, digest }) => [verdict, digest])).toEqual(
      verdicts.map(({ digest }) => ['accepted', digest]),
    )
    const rows = await store.submissions(id)
    expect(all.flatMap(({ attempts }) => attempts)).toHaveLength(rows.length)
    const names = new Set(all.flatMap(({ attempts }) => attempts.map(({ agent }) => agent)))
    expect(names.size).toBe(new Set(rows.map(({ executor }) => executor)).size)
    for (const name of names) expect(rows.some(({ executor }) => executor.includes(name))).toBe(false)
  })

  test('of one that runs: where each stands now', async () => {
    const agent = pool.agent({ holds: () => true })
    const id = await pool.submit()
    await expect.poll(() => agent.assigned.length).toBeGreaterThan(0)
    const { shards, total } = shardsSchema.parse(await (await ask(`/jobs/${id}/shards`)).json())
    expect(total).toBe(14)
    expect(shards.map(({ verdict }) => verdict)).toContain('leased')
    for (const { attempts, digest } of shards) expect([attempts, digest]).toEqual([[], null])
  })
})

test('an estimate stores nothing and compiles nothing, and says how many agents could do it', async () => {
  const body = {
    ctx: {},
    op: { name: 'mc', version: 1, profile: 'insurance.v1' },
    seed: { mode: 'derived' },
    policy: { target: 'any', min_agents: 2, max_agents: 9, verify: 'full' },
    args: { shards: 7 },
  }
  pool.agent()
  const projectId = await store.defaultProject()
  const target = { target: 'any' } as const
  await expect.poll(() => pool.hub.eligible('mc/1/insurance.v1', { projectId, policy: target })).toBe(1)
  // Jobs of the tests before may end meanwhile.
  const jobIds = async () => (await store.jobsOf(projectId, {}, { after: null, limit: 1_000 })).map(({ id }) => id)
  const before = await jobIds()
  const headers = { 'content-type': 'application/json' }
  const response = await ask('/ops/estimate', { method: 'POST', headers, body: JSON.stringify(body) })
  expect(await response.json()).toMatchObject({
    plan: { shards: 14, passes: 2, units: 67, contract_digest: null },
    agents: { eligible: 1, needed: 2, enough: false },
  })
  expect(await jobIds()).toEqual(before)
})
