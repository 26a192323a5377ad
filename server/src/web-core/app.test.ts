// The contract over HTTP, in process: the founding request, every refusal with its code, waiting, attaching, the end of a
// failed job, and the routes around it. Random requests are in app-fuzz.test.ts.
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { problem, problemSchema, type Problem } from '@forge/shared/contract/problem.ts'
import { kernel } from '@forge/shared/kernels/mc.insurance.v1/kernel.ts'
import { ANSWER } from './fakes.ts'
import { foundingText, KEY, startTestApp, type TestApp } from './test-app.ts'

let t: TestApp
beforeEach(() => {
  t = startTestApp()
})

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const document = problemSchema.parse(await response.json())
  expect(document.status).toBe(response.status)
  return document
}

type Fields = Record<string, unknown>
const fieldsSchema = z.record(z.string(), z.unknown())
const parts = z.object({ policy: fieldsSchema, args: fieldsSchema }).loose().parse(JSON.parse(foundingText))

/** The founding body with some parts replaced; a part that is undefined is left out. */
const founding = (change: Fields = {}): Fields => ({ ...parts, ...change })
const policy = (change: Fields): Fields => ({ policy: { ...parts.policy, ...change } })
const args = (change: Fields): Fields => ({ args: { ...parts.args, ...change } })

async function viewOf(response: Response): Promise<Fields & { job_id: string }> {
  return z
    .object({ job_id: z.string() })
    .loose()
    .parse(await response.json())
}

describe('the founding request', () => {
  test('as printed is answered with the founding fields', async () => {
    const response = await t.post(foundingText)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('forge-attached')).toBeNull()
    expect(await response.json()).toMatchObject({
      ok: true,
      job_id: expect.stringMatching(/^[0-7][\dA-HJKMNP-TV-Z]{25}$/),
      status: 'COMPLETED',
      hub: ANSWER.hub,
      billing: { credits: 1.42, eur: 0.17 },
      warnings: [],
      ctx: { job_id: 'app-req-001', trace_id: 'trace-001' },
    })
  })

  test('is registered with defaults, digests and its deadline', async () => {
    await t.post(foundingText)
    const [job] = t.store.jobs.values()
    expect(job).toMatchObject({ clientJobId: 'app-req-001', rootSeed: 'ROOT_SEED_001', kernelDigest: kernel.digest })
    expect(job?.deadlineAtMs).toBe((job?.createdAtMs ?? 0) + 600_000)
    expect(job?.samplingKey).toMatch(/^[\da-f]{64}$/)
    expect(JSON.parse(job?.request ?? '')).toMatchObject({
      policy: { timeout_ms: 600_000, spotcheck_rate: 0.1, on_unverified: 'degrade' },
      args: { cat_prob: 0.02, policy_limit: 50_000, cat_limit: 50_000 },
    })
    expect(t.hub.waits).toEqual([120_000])
  })

  test('with the profile’s alias, a defaulted or a negative zero argument is the same contract', async () => {
    const bodies = [
      founding({ ctx: {} }),
      founding({ ctx: {}, op: { name: 'mc', version: 1, profile: 'insurance.loss.v1', kernel_digest: kernel.digest } }),
      founding({ ctx: { trace_id: 'x', metadata: { a: 'b' } }, ...policy({ verify: 'full' }) }),
    ].map((body) => JSON.stringify(body))
    bodies.push(
      JSON.stringify(founding({ ctx: {}, ...args({ deductible: 0 }) })).replace('"deductible":0', '"deductible":-0.0'),
    )
    for (const body of bodies) expect((await t.post(body)).status).toBe(200)
    const jobs = [...t.store.jobs.values()]
    expect(jobs).toHaveLength(4)
    expect(new Set(jobs.map(({ contractDigest }) => contractDigest)).size).toBe(1)
  })

  test('with a derived seed records a seed of its own each time', async () => {
    const body = JSON.stringify(founding({ ctx: {}, seed: { mode: 'derived' } }))
    await t.post(body)
    await t.post(body)
    const jobs = [...t.store.jobs.values()]
    expect(jobs.map(({ rootSeed }) => rootSeed)).toEqual(jobs.map(({ id }) => id))
    expect(new Set(jobs.map(({ contractDigest }) => contractDigest)).size).toBe(2)
  })
})

describe('attaching by ctx.job_id', () => {
  test('the same body, labels aside, attaches whatever the state, and says so', async () => {
    const first = await viewOf(await t.post(foundingText))
    const ctx = {
      job_id: 'app-req-001',
      trace_id: 'another',
      run_id: 'r',
      stage_id: 's',
      billing: { mode: 'billable' },
    }
    const response = await t.post(JSON.stringify(founding({ ctx: { ...ctx, metadata: { try: '2' } } })))
    expect(response.headers.get('forge-attached')).toBe('true')
    expect(await response.json()).toMatchObject({ job_id: first.job_id, ctx: { trace_id: 'another', run_id: 'r' } })
    expect(t.store.jobs.size).toBe(1)
  })

  test('another body is a conflict that names the job', async () => {
    const first = await viewOf(await t.post(foundingText))
    const document = await problemOf(await t.post(JSON.stringify(founding(args({ iterations: 5 })))))
    expect(document).toMatchObject({ code: 'JOB_ID_REUSED', status: 409, job_id: first.job_id })
  })
})

describe('waiting', () => {
  test('respond-async answers 202 at once', async () => {
    const response = await t.post(foundingText, { prefer: 'respond-async' })
    expect(response.status).toBe(202)
    expect(response.headers.get('preference-applied')).toBe('respond-async')
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    const view = await viewOf(response)
    expect(view).toMatchObject({ ok: true, status: 'QUEUED', progress: null, ctx: { job_id: 'app-req-001' } })
    expect(response.headers.get('location')).toBe(`/api/v0/jobs/${view.job_id}`)
    expect(t.hub.waits).toEqual([])
  })

  test.each([
    ['wait=7', 7_000, 'wait=7'],
    ['wait=9000', 120_000, 'wait=120'],
    ['handling=strict, wait=3', 3_000, 'wait=3'],
  ])('Prefer: %s', async (prefer, waitMs, applied) => {
    const response = await t.post(foundingText, { prefer })
    expect(t.hub.waits).toEqual([waitMs])
    expect(response.headers.get('preference-applied')).toBe(applied)
  })

  test('the job that has not ended by then is shown, with where to look', async () => {
    t.hub.end = { state: 'RUNNING', reason: 'waiting for agents' }
    const response = await t.post(foundingText)
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ ok: true, status: 'RUNNING', reason: 'waiting for agents' })
  })

  test('a client that leaves ends the wait, not the job', async () => {
    t.hub.end = null
    const client = new AbortController()
    const waiting = t.post(foundingText, {}, client.signal)
    await expect.poll(() => t.hub.waits.length).toBe(1)
    client.abort()
    expect((await waiting).status).toBe(202)
    expect([...t.store.jobs.values()][0]?.state).toBe('QUEUED')
  })

  test('a server that stops answers who waits with 202 and takes no new job', async () => {
    t.hub.end = null
    const waiting = t.post(foundingText)
    await expect.poll(() => t.hub.waits.length).toBe(1)
    t.stop()
    expect((await waiting).status).toBe(202)
    const refused = await t.post(foundingText)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await problemOf(refused)).toMatchObject({ code: 'SERVER_STOPPING', status: 503 })
    expect((await t.get('/readyz')).status).toBe(503)
  })
})

test.each([
  ['53100', 'STORE_FULL'],
  ['ENOSPC', 'STORE_FULL'],
  ['25006', 'STORE_FULL'],
  ['57014', 'STORE_SLOW'],
  ['ECONNREFUSED', 'STORE_UNAVAILABLE'],
  ['57P03', 'STORE_UNAVAILABLE'],
] as const)('a store that fails with %s refuses a job with %s, and when to come again', async (sqlState, code) => {
  const error = Object.assign(new Error('could not extend file "base/5/16435"'), { code: sqlState })
  t.hub.hub.submit = () => Promise.reject(error)
  const response = await t.post(foundingText)
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
  const document = await problemOf(response)
  expect(document).toMatchObject({ code, status: 503, retryable: true })
  expect(JSON.stringify(document)).not.toContain('base/5')
  expect(t.log.join('')).toContain('base/5')
})

test.each(['NO_ELIGIBLE_AGENTS', 'NO_ELIGIBLE_CHECKER', 'VERIFICATION_FAILED', 'KERNEL_FAULT', 'TIMED_OUT'] as const)(
  'a job that failed with %s answers it, and GET shows it',
  async (code) => {
    t.hub.end = { state: 'FAILED', problem: problem(code, 'It is so.') }
    const document = await problemOf(await t.post(foundingText))
    expect(document).toMatchObject({ code, detail: 'It is so.' })
    const seen = await t.get(`/api/v0/jobs/${document.job_id}`)
    expect(seen.status).toBe(200)
    expect(await seen.json()).toMatchObject({ ok: true, status: 'FAILED', problem: document })
  },
)

test('a cancelled job is 409', async () => {
  t.hub.end = { state: 'CANCELLED', problem: problem('CANCELLED', 'The client cancelled it.') }
  expect(await problemOf(await t.post(foundingText))).toMatchObject({ code: 'CANCELLED', status: 409 })
})

describe('refusals of the body', () => {
  const big = `{"a":"${'x'.repeat(1024 * 1024)}"}`
  test.each<[string, string | Uint8Array, number, string]>([
    ['no JSON', '{', 400, 'MALFORMED_JSON'],
    ['an empty body', '', 400, 'MALFORMED_JSON'],
    ['a byte order mark', `\uFEFF${foundingText}`, 400, 'MALFORMED_JSON'],
    ['a field twice', '{"ctx":{},"ctx":{}}', 400, 'DUPLICATE_KEY'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'NOT_UTF8'],
    ['too many bytes', big, 413, 'BODY_TOO_LARGE'],
    ['1e999', '{"ctx":1e999}', 422, 'VALIDATION_FAILED'],
    ['an array', '[]', 422, 'VALIDATION_FAILED'],
    ['nothing in it', '{}', 422, 'VALIDATION_FAILED'],
  ])('%s', async (_, body, status, code) => {
    expect(await problemOf(await t.post(body))).toMatchObject({ status, code, retryable: false })
    expect(t.store.jobs.size).toBe(0)
  })

  test.each([
    ['text/plain'],
    ['application/json; charset=latin1'],
    ['application/jsonp'],
    ['application/x-www-form-urlencoded'],
  ])('as %s it is 415', async (type) => {
    expect((await problemOf(await t.post(foundingText, { 'content-type': type }))).code).toBe('UNSUPPORTED_MEDIA_TYPE')
  })

  test('compressed it is 415; with a charset of UTF-8 it is fine', async () => {
    expect((await t.post(foundingText, { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await t.post(foundingText, { 'content-type': 'Application/JSON; charset="UTF-8"' })).status).toBe(200)
  })
})

test.each<[string, Fields, string, string[]]>([
  ['an unknown field', { extra: 1 }, 'VALIDATION_FAILED', ['extra']],
  ['unknown fields below', { ctx: { a: 1, b: 2 } }, 'VALIDATION_FAILED', ['ctx.a', 'ctx.b']],
  ['a block left out', { seed: undefined }, 'VALIDATION_FAILED', ['seed']],
  ['an unknown mode', { seed: { mode: 'random' } }, 'VALIDATION_FAILED', ['seed.mode']],
  ['a seed of nothing', { seed: { mode: 'explicit', value: '' } }, 'VALIDATION_FAILED', ['seed.value']],
  ['min over max', policy({ min_agents: 9, max_agents: 3 }), 'VALIDATION_FAILED', ['policy.min_agents']],
  ['an arg out of range', args({ claim_freq: -1 }), 'VALIDATION_FAILED', ['args.claim_freq']],
  ['an unknown arg', args({ claims: 2 }), 'VALIDATION_FAILED', ['args.claims']],
  ['half a year', args({ iterations: 0.5 }), 'VALIDATION_FAILED', ['args.iterations']],
  ['an unknown op', { op: { name: 'mc', version: 2, profile: 'insurance.v1' } }, 'UNKNOWN_OP', ['op']],
  [
    'another kernel',
    { op: { name: 'mc', version: 1, profile: 'insurance.v1', kernel_digest: '0'.repeat(64) } },
    'KERNEL_DIGEST_MISMATCH',
    ['op.kernel_digest'],
  ],
  ['a pool that is not there', policy({ pool: 'mine' }), 'VALIDATION_FAILED', ['policy.pool']],
  [
    'what is no place',
    policy({ pool: 'Mine', region: 'EU West' }),
    'VALIDATION_FAILED',
    ['policy.pool', 'policy.region'],
  ],
  [
    'artifacts that persist nothing',
    { artifacts: { persist: true, include: [] } },
    'VALIDATION_FAILED',
    ['artifacts.include'],
  ],
  [
    'artifacts that are not to persist',
    { artifacts: { include: ['result_json'], kv_namespace: 'n' } },
    'VALIDATION_FAILED',
    ['artifacts.persist'],
  ],
])('%s is refused where it stands', async (_, change, code, paths) => {
  const document = await problemOf(await t.post(JSON.stringify(founding(change))))
  expect(document).toMatchObject({ code, status: 422 })
  expect(document.errors?.map(({ path }) => path)).toEqual(paths)
  expect(t.store.jobs.size).toBe(0)
})

test('losses beyond the kernel’s integers are refused with what would fit', async () => {
  const change = args({ policy_limit: null, aggregate_limit: null, claim_severity_mu: 40, claim_severity_sig: 5 })
  const document = await problemOf(await t.post(JSON.stringify(founding(change))))
  expect(document).toMatchObject({ code: 'RANGE_NOT_SUPPORTED', status: 422 })
  expect(document.errors?.every(({ path }) => path.startsWith('args'))).toBe(true)
})

test('an op that is not there is answered with what there is', async () => {
  const document = await problemOf(
    await t.post(JSON.stringify(founding({ op: { name: 'x', version: 1, profile: 'y' } }))),
  )
  expect(document.detail).toContain('mc 1 insurance.v1 (or insurance.loss.v1)')
})

test('artifacts that ask for nothing are fine, and so is an entry of KV alone', async () => {
  for (const artifacts of [
    { persist: false, include: [] },
    { persist: true, include: [], kv_namespace: 'n' },
  ]) {
    expect((await t.post(JSON.stringify(founding({ ctx: {}, artifacts })))).status).toBe(200)
  }
})

test('keys: both headers, none, and two', async () => {
  expect((await t.post(foundingText, { authorization: '', 'x-forge-api-key': KEY })).status).toBe(200)
  const none = await t.post(foundingText, { authorization: '' })
  expect(none.headers.get('www-authenticate')).toBe('Bearer')
  expect((await problemOf(none)).code).toBe('UNAUTHENTICATED')
  const two = await t.post(foundingText, { 'x-forge-api-key': 'another' })
  expect(await problemOf(two)).toMatchObject({ code: 'CONFLICTING_CREDENTIALS', status: 400 })
})

test('a Prefer header that cannot be read is refused before any work', async () => {
  expect((await problemOf(await t.post(foundingText, { prefer: 'wait=soon' }))).code).toBe('BAD_PREFERENCE')
  expect(t.store.jobs.size).toBe(0)
})

describe('GET /api/v0/jobs/{id}', () => {
  test('shows the same as the call that waited', async () => {
    const answered = await viewOf(await t.post(foundingText))
    expect(await (await t.get(`/api/v0/jobs/${answered.job_id}`)).json()).toEqual(answered)
  })

  test('another project’s job, an unknown one and no id at all answer alike', async () => {
    const { job_id: id } = await viewOf(await t.post(foundingText))
    const row = t.store.jobs.get(id)
    if (row === undefined) throw new Error('the job is there')
    t.store.jobs.set(id, { ...row, projectId: 'other' as typeof row.projectId })
    const answers = [id, '01J00000000000000000000000', 'x', '%00', '%25zz', `${id}%2F..`].map((name) =>
      t.get(`/api/v0/jobs/${name}`).then(problemOf),
    )
    for (const document of await Promise.all(answers)) {
      expect(document).toEqual(problem('NOT_FOUND', 'This project has no job of that id.'))
    }
  })
})
