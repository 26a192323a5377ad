// Nothing that a client sends yields a 5xx: requests drawn from the contract's ranges and past them, contracts with a
// part replaced by anything, and plain garbage, each answered with a documented status and a body of its schema.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { PROBLEMS, problemSchema } from '@forge/shared/contract/problem.ts'
import { foundingText, KEY, startTestApp } from './test-app.ts'

const viewSchema = z.strictObject({
  ok: z.literal(true),
  job_id: z.string(),
  status: z.enum(['QUEUED', 'COMPLETED']),
  hub: z.record(z.string(), z.unknown()).optional(),
  billing: z.strictObject({ credits: z.number(), eur: z.number() }).optional(),
  warnings: z.array(z.string()).optional(),
  reason: z.null().optional(),
  progress: z.null().optional(),
  ctx: z.record(z.string(), z.string()),
  times: z.record(z.string(), z.string().nullable()),
})

/** What was answered is either the view of a job or a problem whose status and code belong together. */
async function check(response: Response): Promise<number> {
  const body: unknown = await response.json()
  if (response.status < 400) {
    expect(response.headers.get('content-type')).toBe('application/json')
    viewSchema.parse(body)
  } else {
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const document = problemSchema.parse(body)
    expect(document.status).toBe(response.status)
    expect(document.status).toBe(PROBLEMS[document.code].status)
    expect(JSON.stringify(document).length).toBeLessThan(50_000)
  }
  expect(response.status, JSON.stringify(body)).toBeLessThan(500)
  return response.status
}

const id = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), { nil: undefined })
const amount = fc.oneof(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.nat(), fc.constantFrom(0, -0, 1e15, 5e-324))
const limit = fc.option(amount)
const args = fc.record(
  {
    iterations: fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constantFrom(1, 1e12)),
    claim_freq: fc.oneof(fc.double({ min: 0, max: 10_000, noNaN: true }), fc.constantFrom(0, 1e-300, 10_000)),
    claim_severity_mu: fc.double({ min: -50, max: 50, noNaN: true }),
    claim_severity_sig: fc.oneof(fc.double({ min: 0, max: 5, noNaN: true }), fc.constant(0)),
    cat_prob: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 5e-324)),
    cat_mu: fc.double({ min: -50, max: 50, noNaN: true }),
    cat_sig: fc.double({ min: 0, max: 5, noNaN: true }),
    policy_limit: limit,
    aggregate_limit: limit,
    deductible: amount,
    aggregate_deductible: amount,
    cat_limit: limit,
  },
  { requiredKeys: ['iterations', 'claim_freq', 'claim_severity_mu', 'claim_severity_sig'] },
)
const agents = fc.integer({ min: 1, max: 10_000 })
const contract = fc.record({
  ctx: fc.record({ job_id: id, trace_id: id, metadata: fc.dictionary(fc.string({ minLength: 1 }), fc.string()) }),
  op: fc.constant({ name: 'mc', version: 1, profile: 'insurance.v1' }),
  seed: fc.oneof(
    fc.constant({ mode: 'derived' }),
    fc.record({ mode: fc.constant('explicit'), value: fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }) }),
  ),
  policy: fc.record({
    target: fc.constantFrom('cpu', 'gpu', 'any'),
    min_agents: fc.constant(1),
    max_agents: agents,
    verify: fc.constantFrom('none', 'spotcheck', 'full'),
    timeout_ms: fc.option(fc.integer({ min: 1_000, max: 86_400_000 }), { nil: undefined }),
    spotcheck_rate: fc.option(fc.double({ min: 0.05, max: 1, noNaN: true }), { nil: undefined }),
  }),
  args,
})

test('contracts within the ranges run, or are refused with what would be right', async () => {
  const t = startTestApp()
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(contract, async (body) => {
      seen.add(await check(await t.post(JSON.stringify(body))))
    }),
    { numRuns: 300 },
  )
  expect([...seen]).toContain(200)
  expect([...seen]).toContain(422)
})

test('a contract with any part replaced by anything', async () => {
  const t = startTestApp()
  const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(1e308, -1, 2 ** 53, 'x'.repeat(1000), null, [], {}, true))
  const garble = (value: unknown, at: readonly number[], other: unknown): unknown => {
    if (at.length === 0 || typeof value !== 'object' || value === null) return other
    const [first = 0, ...rest] = at
    const keys = Object.keys(value)
    const key = keys[first % (keys.length + 1)] ?? 'other'
    return { ...value, [key]: garble(Object.entries(value).find(([name]) => name === key)?.[1], rest, other) }
  }
  await fc.assert(
    fc.asyncProperty(contract, fc.array(fc.nat(20), { maxLength: 3 }), anything, async (body, at, other) => {
      await check(await t.post(JSON.stringify(garble(body, at, other))))
    }),
    { numRuns: 500 },
  )
})

test('the founding text with bytes changed, garbage bodies and garbage headers', async () => {
  const t = startTestApp()
  const bytes = new TextEncoder().encode(foundingText)
  const changed = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => bytes.with(at, byte))
  const body = fc.oneof(changed, fc.uint8Array(), fc.json(), fc.string({ unit: 'binary' }))
  const word = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,40}$/)
  const headers = fc.record(
    {
      'content-type': fc.oneof(word, fc.constant('application/json')),
      'content-encoding': word,
      authorization: fc.oneof(
        word,
        word.map((key) => `Bearer ${key}`),
      ),
      'x-forge-api-key': fc.oneof(word, fc.constant(KEY)),
      prefer: fc.oneof(word, fc.constant('respond-async')),
      accept: word,
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(body, fc.option(headers, { nil: {} }), async (sent, extra) => {
      await check(await t.post(sent, extra))
    }),
    { numRuns: 1000 },
  )
})

test('any method at any address', async () => {
  const t = startTestApp()
  const part = fc.oneof(
    fc.webSegment(),
    fc.constantFrom('api', 'v0', 'ops', 'execute', 'jobs', '..', '%2e%2e', 'agent'),
  )
  const path = fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND')
  await fc.assert(
    fc.asyncProperty(path, method, async (address, asked) => {
      const response = await t.app.request(address, { method: asked })
      expect(response.status).toBeLessThan(500)
      if (asked !== 'HEAD' && response.status >= 400) await check(response)
    }),
    { numRuns: 500 },
  )
})
