// A contract beyond a limit of its project is refused by that limit's name; one that attaches never is.
import { expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { requestDigest } from './contract.ts'
import { foundingText, KEY, startTestApp } from './test-app.ts'

const founding = JSON.parse(foundingText) as { policy: object; ctx: object; args: object }
const withPolicy = (policy: object): string =>
  JSON.stringify({ ...founding, ctx: {}, policy: { ...founding.policy, ...policy } })
const NO_RATE = { requests_per_minute: null }

test.each<[Partial<ProjectLimits>, object, string, RegExp]>([
  [{ iterations_per_job: 9_999_999 }, {}, 'args.iterations', /iterations_per_job is 9999999, .*10000000/],
  [{ verify: ['none', 'full'] }, {}, 'policy.verify', /limit verify is none, full, .*spotcheck/],
  [{ verify_min: 'full' }, {}, 'policy.verify', /verify_min is full, .*spotcheck/],
  [{ spotcheck_rate_min: 0.2 }, {}, 'policy.spotcheck_rate', /spotcheck_rate_min is 0\.2, .*0\.1/],
  [{ spotcheck_rate_max: 0.2 }, { spotcheck_rate: 0.3 }, 'policy.spotcheck_rate', /spotcheck_rate_max is 0\.2, .*0\.3/],
])('%j', async (limits, policy, path, detail) => {
  const t = startTestApp()
  t.store.limits = { ...NO_RATE, ...limits }
  const refused = problemSchema.parse(await (await t.post(withPolicy(policy))).json())
  expect(refused).toMatchObject({ code: 'LIMIT_REACHED', status: 409, errors: [{ path }] })
  expect(refused.detail).toMatch(detail)
  expect(refused.detail).toMatch(/operator can change it/)
  expect(t.store.jobs.size).toBe(0)
})

test('limits of a spotcheck say nothing of other modes, and a limit that is met is none that is exceeded', async () => {
  const t = startTestApp()
  t.store.limits = { ...NO_RATE, spotcheck_rate_min: 0.5, iterations_per_job: 10_000_000, verify_min: 'full' }
  expect((await t.post(withPolicy({ verify: 'full' }))).status).toBe(200)
})

test('a job that is there is attached to, whatever its project may by now', async () => {
  const t = startTestApp()
  expect((await t.post(foundingText)).status).toBe(200)
  t.store.limits = { ...NO_RATE, iterations_per_job: 1 }
  const again = await t.post(foundingText)
  expect([again.status, again.headers.get('Forge-Attached')]).toEqual([200, 'true'])
})

test.each<[string, object]>([
  [
    'KERNEL_DIGEST_MISMATCH',
    { op: { name: 'mc', version: 1, profile: 'insurance.v1', kernel_digest: '0'.repeat(64) } },
  ],
  ['UNKNOWN_OP', { op: { name: 'mc', version: 1, profile: 'insurance.v0' } }],
  [
    'RANGE_NOT_SUPPORTED',
    { args: { ...founding.args, policy_limit: null, aggregate_limit: null, claim_severity_mu: 40 } },
  ],
  ['VALIDATION_FAILED', { args: { ...founding.args, of_before: 1 } }],
])('and though a new one would be %s, as after another version took the server’s place', async (code, change) => {
  const t = startTestApp()
  const sent = JSON.stringify({ ...founding, ctx: { job_id: 'of-before' }, ...change })
  expect(problemSchema.parse(await (await t.post(sent)).json()).code).toBe(code)
  // What the version before would have written of it.
  expect((await t.post(JSON.stringify({ ...founding, ctx: { job_id: 'of-before' } }))).status).toBe(200)
  const digest = requestDigest(JSON.parse(sent), null)
  for (const [id, row] of t.store.jobs) t.store.jobs.set(id, { ...row, requestDigest: digest })
  const again = await t.post(sent)
  expect([again.status, again.headers.get('Forge-Attached')]).toEqual([200, 'true'])
  expect(t.store.jobs.size).toBe(1)
})

test.each([
  ['keys', { name: 'one more', scopes: ['jobs:read'] }, /keys_per_project is 100, .* no operator can raise it: revoke/],
  ['node-tokens', { name: 'one more' }, /node_tokens_per_project is 1000, .* no operator can raise it: revoke/],
  ['pools', { name: 'one-more' }, /pools_per_project is 50, .* no operator can raise it: delete/],
])('too many %s are told the limit, its value and what helps', async (path, body, detail) => {
  const t = startTestApp()
  t.store.insertApiKey = t.store.insertNodeToken = async () => false
  t.store.insertPool = async () => 'too-many'
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
  const sent = await t.app.request(`/api/v0/${path}`, { method: 'POST', body: JSON.stringify(body), headers })
  const refused = problemSchema.parse(await sent.json())
  expect([refused.code, refused.detail]).toEqual(['LIMIT_REACHED', expect.stringMatching(detail)])
})

test('who has given up as many jobs as a day allows may not ask for a short deadline', async () => {
  const t = startTestApp()
  t.store.limits = { ...NO_RATE, cancelled_jobs_per_day: 3 }
  const short = withPolicy({ timeout_ms: 599_999 })
  const named = JSON.stringify({ ...JSON.parse(short), ctx: { job_id: 'short' } })
  t.store.givenUp = 2
  expect((await t.post(named)).status).toBe(200)
  t.store.givenUp = 3
  const refused = problemSchema.parse(await (await t.post(short)).json())
  expect(refused).toMatchObject({ code: 'LIMIT_REACHED', status: 409, errors: [{ path: 'policy.timeout_ms' }] })
  expect(refused.detail).toMatch(
    /cancelled_jobs_per_day is 3, .*T00:00:00\.000Z .*below 600000\. .*operator can change it/,
  )
  expect((await t.post(withPolicy({ timeout_ms: 600_000 }))).status).toBe(200)
  expect((await t.post(withPolicy({}))).status).toBe(200)
  expect((await t.post(named)).headers.get('Forge-Attached')).toBe('true')
  t.store.limits = { ...NO_RATE, cancelled_jobs_per_day: null }
  expect((await t.post(short)).status).toBe(200)
})

test('who has given up as many may not ask for what the agents online cannot end in time either', async () => {
  const t = startTestApp()
  t.store.limits = { ...NO_RATE, cancelled_jobs_per_day: 3 }
  // 1.1 x 10^7 executions.
  t.hub.hub.speeds = () => [5_000, 5_000]
  t.store.givenUp = 2
  expect((await t.post(withPolicy({}))).status).toBe(200)
  t.store.givenUp = 3
  const refused = problemSchema.parse(await (await t.post(withPolicy({}))).json())
  expect(refused).toMatchObject({ code: 'LIMIT_REACHED', status: 409, errors: [{ path: 'policy.timeout_ms' }] })
  expect(refused.detail).toMatch(
    /limit cancelled_jobs_per_day is 3, .*timeout_ms below 1100000, which is what the agents now online would take/,
  )
  expect((await t.post(withPolicy({ timeout_ms: 1_100_000 }))).status).toBe(200)
  t.hub.hub.speeds = () => [1]
  const never = problemSchema.parse(await (await t.post(withPolicy({ timeout_ms: 1_100_000 }))).json())
  expect(never.detail).toMatch(/cancelled_jobs_per_day is 3, .*not end within the longest policy\.timeout_ms/)
  t.hub.hub.speeds = () => []
  expect((await t.post(withPolicy({}))).status).toBe(200)
})

test.each([
  ['concurrent', /concurrent_jobs is 3, .*has ended/],
  ['queued', /queued_jobs is 3, .*has begun/],
] as const)('too many jobs: %s', async (limit, detail) => {
  const t = startTestApp()
  t.hub.hub.submitWithin = async () => ({ inserted: false, tooMany: { limit, most: 3 } })
  const response = await t.post(foundingText)
  const refused = problemSchema.parse(await response.json())
  expect(refused).toMatchObject({ code: 'TOO_MANY_JOBS', status: 429, retryable: true })
  expect(response.headers.get('Retry-After')).toMatch(/^\d+$/)
  expect(refused.detail).toMatch(detail)
})

test.each(['in-house', '../x', 'a\0b', 'a'.repeat(200)])('a pool that the project has not: %j', async (pool) => {
  const t = startTestApp()
  for (const path of ['execute', 'estimate']) {
    const response = await t.app.request(`/api/v0/ops/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: withPolicy({ pool }),
    })
    const refused = problemSchema.parse(await response.json())
    expect(refused).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'policy.pool' }] })
  }
  expect(t.store.jobs.size).toBe(0)
})
