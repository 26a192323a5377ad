// Replays over the real Hub, store and sockets, with a tiny kernel in the real one's place: who runs them, what they say at
// their end, and what cannot be replayed.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { ulid } from 'ulid'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { jobIdSchema, type JobId } from '@forge/shared/contract/ids.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { createLogger } from '../logger.ts'
import { openStore } from '../store/open-store.ts'
import { aJob, digestOf } from '../store/store.fixtures.ts'
import type { Store } from '../store/store.ts'
import { createBytesInFlight } from '../memory/bytes-in-flight.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { createWebCore, type WebCore } from './app.ts'
import { requestDigest } from './contract.ts'
import { openTestSealer } from './examples.fixtures.ts'
import { ANSWER, DEFAULT_PROJECT, NO_OBJECTS, NO_WEBHOOKS } from './fakes.ts'

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
    objects: NO_OBJECTS,
    inFlight: createBytesInFlight(),
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
    agentWebDir: null,
    hqWebDir: null,
  })
})
afterEach(() => pool.stop())

const answerSchema = z.looseObject({
  job_id: jobIdSchema,
  status: z.string(),
  replay_of: z.string().optional(),
  replay: z.looseObject({ identical: z.boolean() }).optional(),
  hub: z.looseObject({ replay: z.looseObject({ root_seed: z.string(), contract_digest: z.string() }) }).optional(),
})

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  Promise.resolve(
    app.request(`/api/v0${path}`, { ...init, headers: { authorization: `Bearer ${KEY}`, ...init.headers } }),
  )
const send = (path: string, body?: object): Promise<Response> =>
  ask(path, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
async function replay(id: JobId, body?: object): Promise<z.output<typeof answerSchema>> {
  const response = await send(`/jobs/${id}/replay`, body)
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return answerSchema.parse(JSON.parse(text))
}
const codeOf = async (response: Response): Promise<string> => problemSchema.parse(await response.json()).code
async function online(agents: number): Promise<void> {
  await expect
    .poll(() => pool.hub.eligible('mc/1/insurance.v1', { projectId: DEFAULT_PROJECT, policy: { target: 'any' } }))
    .toBe(agents)
}

test('others run it, it is billed, and its answer, view and events say that it is identical', async () => {
  pool.agent()
  const id = await pool.submit({ shards: 7 })
  await pool.ended(id)
  pool.agent()
  await online(2)
  const again = await replay(id)
  expect(again).toMatchObject({ status: 'COMPLETED', replay_of: id, replay: { identical: true } })
  expect(again.job_id).not.toBe(id)
  const before = new Set(await store.executorsOf(id))
  for (const executor of await store.executorsOf(again.job_id)) expect(before.has(executor)).toBe(false)
  expect((await store.transactionsOf(again.job_id)).map(({ kind }) => kind)).toEqual(['reserve', 'settle'])
  const view = answerSchema.parse(await (await ask(`/jobs/${again.job_id}`)).json())
  expect(view).toMatchObject({ replay_of: id, replay: { identical: true } })
  const events = await (await ask(`/jobs/${again.job_id}/events`)).text()
  expect(events).toContain(`"replay_of":"${id}"`)
  expect(events).toContain('"replay":{"identical":true}')
  // What was repeated knows nothing of it.
  expect(answerSchema.parse(await (await ask(`/jobs/${id}`)).json()).replay).toBeUndefined()
})

test('a derived seed is said again, another policy gives the same, and the client’s own id attaches', async () => {
  pool.agent()
  const contract = {
    ctx: {},
    op: { name: 'mc', version: 1, profile: 'insurance.v1' },
    seed: { mode: 'derived' },
    policy: { target: 'any', min_agents: 1, max_agents: 9, verify: 'none' },
    args: { shards: 3 },
  }
  const first = answerSchema.parse(await (await send('/ops/execute', contract)).json())
  expect(first.hub?.replay.root_seed).toBe(first.job_id)
  const { root_seed, contract_digest } = first.hub?.replay ?? {}
  const bits = { root_seed, contract_digest }
  const body = { ctx: { job_id: `again-${first.job_id}` }, policy: { max_agents: 1, timeout_ms: 5_000 } }
  const again = await replay(first.job_id, body)
  expect(again).toMatchObject({ replay: { identical: true }, hub: { replay: bits } })
  expect((await replay(first.job_id, body)).job_id).toBe(again.job_id)
  // The same id for another job's replay is another request.
  expect(await codeOf(await send(`/jobs/${again.job_id}/replay`, body))).toBe('JOB_ID_REUSED')
  expect(await codeOf(await send(`/jobs/${first.job_id}/replay`, { policy: { min_agents: 99 } }))).toBe(
    'VALIDATION_FAILED',
  )
  const estimate = await send(`/jobs/${first.job_id}/replay/estimate`, { policy: { verify: 'full' } })
  expect(await estimate.json()).toMatchObject({
    ok: true,
    plan: { contract_digest: first.hub?.replay.contract_digest },
  })
})

test('what differs is named', async () => {
  pool.agent()
  const id = await pool.submit({ shards: 2, twice: false })
  await pool.ended(id)
  pool.agent({ lie: () => new TextEncoder().encode('1 0') })
  await online(2)
  const again = await replay(id)
  expect(again.replay).toMatchObject({ identical: false, more: 0 })
  expect(JSON.stringify(again.replay)).toContain('"path":"hub.output.sum"')
})

test('a job that runs, one that failed, and one of another kernel are refused', async () => {
  const running = await pool.submit()
  expect(await codeOf(await send(`/jobs/${running}/replay`))).toBe('JOB_NOT_ENDED')
  await pool.hub.cancel(running)
  expect(await codeOf(await send(`/jobs/${running}/replay`))).toBe('JOB_NOT_COMPLETED')

  const { request } = (await store.job(running)) ?? {}
  const old = aJob(await store.defaultProject(), { request: request ?? '', kernelDigest: digestOf('of before') })
  await store.insertJob(old)
  await store.finishJob(old.id, { state: 'COMPLETED', answer: canonicalJson(ANSWER), finishedAtMs: 3 })
  expect(await codeOf(await send(`/jobs/${old.id}/replay`, {}))).toBe('KERNEL_MISSING')
  expect(await codeOf(await ask(`/jobs/${old.id}/bundle`))).toBe('KERNEL_MISSING')

  // Asked for while the kernel was here.
  const body = { ctx: { job_id: 'second-look' } }
  const replayed = { clientJobId: 'second-look', requestDigest: requestDigest(body, old.id), replayOf: old.id }
  const before = aJob(await store.defaultProject(), replayed)
  await store.insertJob(before)
  await store.finishJob(before.id, { state: 'COMPLETED', answer: canonicalJson(ANSWER), finishedAtMs: 4 })
  const again = await send(`/jobs/${old.id}/replay`, body)
  expect([again.headers.get('Forge-Attached'), await again.json()]).toMatchObject(['true', { job_id: before.id }])
  expect(await codeOf(await send(`/jobs/${old.id}/replay`, { ...body, policy: { verify: 'full' } }))).toBe(
    'JOB_ID_REUSED',
  )
})

test('a job whose pool was deleted says so, until there is a pool of that name or another one is named', async () => {
  const project = await store.defaultProject()
  const made = async (name: string) => store.insertPool({ projectId: project, name, createdAtMs: 1 }, 9, 'operator')
  const policy = { target: 'any', min_agents: 1, max_agents: 9, verify: 'none', pool: 'p7' }
  const op = { name: 'mc', version: 1, profile: 'insurance.v1' }
  const contract = { ctx: {}, op, seed: { mode: 'derived' }, policy, args: { shards: 1 } }
  await made('p7')
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' }
  const begun = await ask('/ops/execute', { method: 'POST', body: JSON.stringify(contract), headers })
  const { job_id: id } = answerSchema.parse(await begun.json())
  await store.finishJob(id, { state: 'COMPLETED', answer: canonicalJson(ANSWER), finishedAtMs: 3 })
  await store.retirePool(project, 'p7', 4, 'operator')
  const ways = [`/jobs/${id}/replay`, `/jobs/${id}/replay/estimate`]
  for (const way of ways) {
    expect(problemSchema.parse(await (await send(way, {})).json())).toMatchObject({
      code: 'VALIDATION_FAILED',
      detail: expect.stringContaining('the job ran in pool p7, which was deleted; make a pool of that name'),
    })
    // Who names one that is not there is told of that one.
    expect(problemSchema.parse(await (await send(way, { policy: { pool: 'p8' } })).json())).toMatchObject({
      detail: expect.stringContaining('this project has no pool of that name'),
    })
  }
  await made('p8')
  const [, estimate = ''] = ways
  expect((await send(estimate, { policy: { pool: 'p8' } })).status).toBe(200)
  await made('p7')
  expect((await send(estimate, {})).status).toBe(200)
})
