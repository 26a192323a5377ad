// Money over HTTP, on a real store: limits are held with a sentence that helps, and usage, ledger and invoice say the same.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { projectLimitsSchema } from '@forge/shared/contract/tenants.ts'
import { ADMIN_TOKEN, openExampleWorld, WORLD_START_MS, type ExampleWorld } from './examples.fixtures.ts'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { EXAMPLE } from './examples.ts'
import { WEB_LIMITS } from './limits.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

async function ask(path: string, init: RequestInit & { readonly key?: string } = {}): Promise<Response> {
  const { key = world.own.key, ...rest } = init
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...rest.headers }
  return world.app.request(`/api/v0${path}`, { ...rest, headers })
}
const execute = (jobId: string, mode: 'billable' | 'test' = 'billable') =>
  ask('/ops/execute', {
    method: 'POST',
    headers: { prefer: 'respond-async' },
    body: JSON.stringify({ ...FOUNDING_REQUEST, ctx: { job_id: jobId, billing: { mode } } }),
  })
const setLimits = (limits: object) =>
  ask(`/projects/${EXAMPLE.project}`, { key: ADMIN_TOKEN, method: 'PATCH', body: JSON.stringify({ limits }) })

const usageSchema = z.object({
  balance: z.object({ spent_credits: z.number(), reserved_credits: z.number() }),
  spending: z.object({
    today_credits: z.number(),
    limits: z.array(z.object({ limit: z.string(), used_credits: z.number(), limit_credits: z.number().nullable() })),
    warnings: z.array(z.object({ limit: z.string() })),
  }),
  lines: z.array(z.looseObject({ date: z.string(), jobs: z.int(), credits: z.number() })),
})
const limitsSchema = z.object({ limits: projectLimitsSchema, used: z.record(z.string(), z.number()) })
/** What the estimate says of a limit. */
async function estimated(limit = 'credits_per_day'): Promise<unknown> {
  const body = JSON.stringify({ ...FOUNDING_REQUEST, ctx: { billing: { mode: 'billable' } } })
  const reply = await ask('/ops/estimate', { method: 'POST', body })
  const { limits } = z.object({ limits: z.array(z.looseObject({ name: z.string() })) }).parse(await reply.json())
  const { name: _, ...said } = limits.find(({ name }) => name === limit) ?? { name: '' }
  return said
}

test('the estimate counts jobs at a time as the registration does', async () => {
  // One founding job runs.
  await setLimits({ concurrent_jobs: 1, queued_jobs: 5 })
  expect(await estimated('concurrent_jobs')).toEqual({ limit: 1, used: 1, asked: 1, exceeded: true })
  expect(await estimated('queued_jobs')).toMatchObject({ limit: 5, asked: 1, exceeded: false })
  const refused = await execute('one-too-many')
  expect(problemSchema.parse(await refused.json())).toMatchObject({ code: 'TOO_MANY_JOBS', retryable: true })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  await setLimits({ concurrent_jobs: 2, queued_jobs: null })
  expect(await estimated('concurrent_jobs')).toMatchObject({ used: 1, exceeded: false })
  expect(await estimated('queued_jobs')).toEqual({})
  await setLimits({ concurrent_jobs: null })
})

const usage = async () => usageSchema.parse(await (await ask('/usage?days=1')).json())

test('a job that would go beyond a limit is refused with what it is, what is used and what helps', async () => {
  // Two founding jobs are there: one is settled, one runs.
  await setLimits({ credits_per_day: 3 })
  const today = await execute('beyond-the-day')
  expect(Number(today.headers.get('retry-after'))).toBeLessThanOrEqual(86_400)
  const { code, status, detail } = problemSchema.parse(await today.json())
  expect([code, status]).toEqual(['CREDIT_LIMIT_REACHED', 402])
  expect(detail).toMatch(
    /^The job would take 1\.42 credits, and 2\.84 of the project’s 3 credits a day are used or reserved\. The day’s limit begins anew at \d{4}-\d\d-\d\dT00:00:00\.000Z\. The operator can raise credits_per_day of the project\.$/,
  )
  // The estimate says the same before, to the micro-credit: what is left is enough for one that takes just as much.
  expect(await estimated()).toEqual({ limit: 3, used: 2.84, asked: 1.42, exceeded: true })
  await setLimits({ credits_per_day: 4.26 })
  expect(await estimated()).toEqual({ limit: 4.26, used: 2.84, asked: 1.42, exceeded: false })
  await setLimits({ credits_per_day: 3 })
  const { limits, warnings } = (await usage()).spending
  expect(warnings).toMatchObject([{ limit: 'credits_per_day' }])
  expect(limits).toEqual([
    { limit: 'credits_per_day', used_credits: 2.84, limit_credits: 3 },
    { limit: 'credits_total', used_credits: 2.84, limit_credits: null },
    { limit: 'test_credits_per_day', used_credits: 0, limit_credits: 150 },
  ])
  await setLimits({ credits_per_day: null, credits_total: 4.25 })
  const ever = await execute('beyond-all')
  expect(ever.headers.get('retry-after')).toBeNull()
  expect(problemSchema.parse(await ever.json()).detail).toContain('raise credits_total')
  // Nothing was registered: raised, the same id is a new job.
  await setLimits({ credits_total: 4.26 })
  expect((await execute('beyond-all')).headers.get('forge-attached')).toBeNull()
  // What is there already takes nothing more.
  expect((await execute('beyond-all')).headers.get('forge-attached')).toBe('true')

  await setLimits({ test_credits_per_day: 1 })
  const free = problemSchema.parse(await (await execute('free', 'test')).json())
  expect(free.detail).toContain('test_credits_per_day')
  await setLimits({ credits_total: null, test_credits_per_day: 2 })
  expect((await execute('free', 'test')).status).toBe(202)
})

test('two changes of different limits at once both hold, and one that does not fit the others changes nothing', async () => {
  const answers = await Promise.all([
    setLimits({ concurrent_jobs: 7 }),
    setLimits({ queued_jobs: 6, verify: ['none'] }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  const mistaken = await setLimits({ verify_min: 'full', concurrent_jobs: 1 })
  expect(problemSchema.parse(await mistaken.json()).errors).toMatchObject([{ path: 'limits.verify_min' }])
  const project = await (await ask(`/projects/${EXAMPLE.project}`, { key: ADMIN_TOKEN })).json()
  expect(project).toMatchObject({ project: { limits: { concurrent_jobs: 7, queued_jobs: 6, verify: ['none'] } } })
  await setLimits({ concurrent_jobs: 100, queued_jobs: 100, verify: ['none', 'spotcheck', 'full'] })
})

test('usage, ledger and invoice say the same of the same days', async () => {
  const { balance, lines } = await usage()
  const [line] = lines
  expect(line).toMatchObject({ jobs: 1, credits: 1.42 })
  expect(balance.spent_credits).toBe(1.42)

  const pageSchema = z.object({
    transactions: z.array(
      z.object({ id: z.int(), entries: z.array(z.object({ account: z.string(), credits: z.number() })) }),
    ),
    next_cursor: z.string().nullable(),
  })
  const bookings = async (order: string) => {
    const all: z.infer<typeof pageSchema>['transactions'] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await ask(`/ledger?limit=1${order}${cursor === '' ? '' : `&cursor=${cursor}`}`)
      const { transactions, next_cursor } = pageSchema.parse(await page.json())
      expect(transactions).toHaveLength(1)
      all.push(...transactions)
      cursor = next_cursor
    }
    return all
  }
  const booked = await bookings('')
  expect(await bookings('&order=newest')).toEqual(booked.toReversed())
  for (const order of ['oldest', 'newest']) {
    const { next_cursor } = pageSchema.parse(await (await ask(`/ledger?limit=1&order=${order}`)).json())
    const other = await ask(`/ledger?order=${order === 'oldest' ? 'newest' : 'oldest'}&cursor=${next_cursor}`)
    const message = expect.stringContaining(`was answered to order=${order};`)
    expect(problemSchema.parse(await other.json())).toMatchObject({
      status: 422,
      errors: [{ path: 'query.cursor', message }],
    })
  }
  const entries = booked.flatMap((one) => one.entries)
  const sum = (account: string) =>
    entries.reduce((all, entry) => (entry.account === account ? all + entry.credits : all), 0)
  expect(-sum('project') - sum('held')).toBeCloseTo(balance.spent_credits, 9)
  expect(sum('held')).toBeCloseTo(balance.reserved_credits, 9)

  const day = line?.date ?? ''
  const csv = await ask(`/invoice?from=${day}&to=${day}`, { headers: { accept: 'text/csv' } })
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(await csv.text()).toContain(`${day},settle,mc/1/insurance.v1,billable,1,1.42,0.17\r\n`)
  for (const [accept, type] of [
    ['text/csv;q=0', 'application/json'],
    ['text/csv; q=0.5, */*', 'text/csv; charset=utf-8'],
    ['text/csv, application/json', 'application/json'],
    ['text/csv;q=0.4, application/json;q=0.5', 'application/json'],
    ['application/json;q=0.4, Text/CSV;q=0.5', 'text/csv; charset=utf-8'],
  ] as const) {
    const answer = await ask(`/invoice?from=${day}&to=${day}`, { headers: { accept } })
    expect(answer.headers.get('content-type'), accept).toBe(type)
  }
  expect(await (await ask(`/invoice?from=${day}&to=${day}&format=csv`)).text()).toMatch(/^date,/)
  const json = await ask(`/invoice?from=${day}&to=${day}&format=json`, { headers: { accept: 'text/csv' } })
  expect(await json.json()).toMatchObject({
    final: false,
    total: { credits: 1.42, eur: 0.17, micro_credits: '1420000' },
  })
  expect(await (await ask('/invoice?from=2026-01-01&to=2026-01-31')).json()).toMatchObject({ final: true, lines: [] })
  const long = problemSchema.parse(await (await ask('/invoice?from=2020-01-01&to=2026-01-01')).json())
  expect(long).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'query.to' }] })
})

test('a project fetches a few bundles at once, and gets a place back when one is there or left', async () => {
  const bundle = (method = 'GET') => ask(`/jobs/${EXAMPLE.finishedJob}/bundle`, { method })
  const open = await Promise.all(Array.from({ length: WEB_LIMITS.bundlesPerProjectMax }, () => bundle()))
  expect(open.map(({ status }) => status)).toEqual(open.map(() => 200))
  const refused = await bundle()
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(problemSchema.parse(await refused.json())).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
  expect((await ask(`/jobs/${EXAMPLE.job}/bundle`)).status).toBe(409)
  await open[0]?.body?.cancel()
  expect(await open[1]?.json()).toMatchObject({ format: 'forge-pool/bundle.v1', partials_missing: null })
  // Of a HEAD nothing is read, and no place is kept.
  for (let i = 0; i < 3; i++) expect((await bundle('HEAD')).status).toBe(200)
  const again = [await bundle(), await bundle()]
  expect(again.map(({ status }) => status)).toEqual([200, 200])
  for (const one of [...open.slice(2), ...again]) await one.body?.cancel()
})

test('a credit note is booked once, is told by a signed notice, and shows in usage', async () => {
  const path = `/jobs/${EXAMPLE.finishedJob}`
  const note = (credits: number) =>
    ask(`${path}/credit-note`, {
      key: ADMIN_TOKEN,
      method: 'POST',
      body: JSON.stringify({ credits, reason: 'It came late.' }),
    })
  const before = await usage()
  const [one, two] = await Promise.all([note(0.42), note(0.42)])
  expect([one.status, two.status].toSorted()).toEqual([201, 409])
  const notices = await (await ask(`${path}/notices`)).json()
  const detail = { micro_credits: '420000', reason: 'It came late.' }
  expect(notices).toMatchObject({
    notices: [{ number: 0, kind: 'credit-note', detail, signed: { body: { kind: 'credit-note', detail } } }],
  })
  expect(await (await ask(path)).json()).toMatchObject({ notices: { count: 1 }, billing: { credits: 1.42 } })
  expect(await (await ask(`${path}/bundle`)).json()).toMatchObject({ notices: [{ body: { kind: 'credit-note' } }] })
  const after = await usage()
  expect(after.balance.spent_credits).toBeCloseTo(before.balance.spent_credits - 0.42, 9)
  expect(after.lines).toContainEqual(expect.objectContaining({ kind: 'credit-note', credits: -0.42 }))
})

test('the limits of a project stand beside what is used of them, for its own keys and for the operator', async () => {
  const own = limitsSchema.parse(await (await ask('/limits')).json())
  const { limits, used } = own
  const spent = await usage()
  expect(used.credits_total).toBe(spent.balance.spent_credits + spent.balance.reserved_credits)
  expect(used.credits_per_day).toBe(spent.spending.today_credits)
  const reply = await ask(`/projects/${EXAMPLE.project}/limits`, { key: ADMIN_TOKEN })
  expect(limitsSchema.parse(await reply.json())).toEqual(own)
  await setLimits({ concurrent_jobs: 7 })
  expect(limitsSchema.parse(await (await ask('/limits')).json())).toEqual({
    limits: { ...limits, concurrent_jobs: 7 },
    used,
  })
  // A new project uses nothing of this one's.
  const made = await ask('/projects', { key: ADMIN_TOKEN, method: 'POST', body: JSON.stringify({ name: 'new' }) })
  const { project } = z.object({ project: z.object({ id: z.string() }) }).parse(await made.json())
  const fresh = await ask(`/projects/${project.id}/limits`, { key: ADMIN_TOKEN })
  expect(new Set(Object.values(limitsSchema.parse(await fresh.json()).used))).toEqual(new Set([0]))
})
