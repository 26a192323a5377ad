// The founding request, exactly as printed, against a pool of two volunteers' tabs: the founding answer comes back, with
// the founding price, and its figures are those of the model that SPEC section 5 describes.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectSameBits, type Answer, type JobView } from './support/client.ts'
import { FOUNDING } from './support/contract.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser, type Tab } from './support/tabs.ts'

let browser: OpenBrowser
let pool: Pool
let tabs: Tab[]
let founding: Answer

beforeAll(async () => {
  browser = await openBrowser()
  pool = await startPool({ FORGE_REFEREE: 'on' })
  tabs = await pool.tabs(browser, { engine: 'wasm' }, { engine: 'wasm' })
  founding = await pool.client.run(FOUNDING)
})

afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

test('the answer has the founding fields, the client’s ids and the founding price', () => {
  expect(founding).toMatchObject({
    ok: true,
    status: 'COMPLETED',
    ctx: { job_id: 'app-req-001', trace_id: 'trace-001' },
    hub: {
      metrics: { agents_used: expect.any(Number), wall_ms: expect.any(Number), units: 10_000_000 },
      replay: { root_seed: 'ROOT_SEED_001' },
    },
    billing: { credits: 1.42, eur: 0.17 },
  })
  expect(founding.job_id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
  expect(founding.hub.metrics.agents_used).toBeGreaterThanOrEqual(2)
  expect(founding.hub.metrics.engines).toEqual(['wasm'])
})

test('a tenth of the shards, and at least three, were run again by another identity', () => {
  const { verification, metrics } = founding.hub
  expect(verification).toMatchObject({ mode: 'spotcheck', status: 'clean', mismatches: 0, voided: 0, authors: 2 })
  expect(verification.checked).toBeGreaterThanOrEqual(Math.max(3, Math.ceil(metrics.shards / 10)))
  expect(founding.warnings).toEqual([])
})

test('the bits are those of one thread alone', async () => {
  expectSameBits(founding, await expectedOf(FOUNDING, 'wasm'))
})

interface Interval {
  readonly lower: number
  readonly upper: number
}
interface Loss {
  readonly mean: number
  readonly variance: number
  readonly p_zero: number
  readonly years: number
  readonly quantiles: readonly { p: number; var: Interval; var_interval_95: Interval; tvar: Interval }[]
}

/** The typed view of an output that the pool treats as opaque. */
function lossOf({ hub }: Answer): Loss {
  const output: { loss: Loss } = JSON.parse(JSON.stringify(hub.output))
  return output.loss
}

// SPEC section 5, worked out for the model and not sampled: figure and standard error at 10,000,000 years.
test.each([
  ['mean', 1853.533, 1.514],
  ['variance', 22_925_870, 64_942],
  ['p_zero', 0.132629, Math.sqrt((0.132629 * (1 - 0.132629)) / 1e7)],
] as const)('%s is within four standard errors of the model’s', (name, figure, standardError) => {
  const loss = lossOf(founding)
  expect(loss.years).toBe(10_000_000)
  expect(Math.abs(loss[name] - figure)).toBeLessThan(4 * standardError)
  // As is what the founding document prints, for the figures that it prints.
  const printed = { mean: 1853.46, variance: 22_930_414.49, p_zero: figure }[name]
  expect(Math.abs(printed - figure)).toBeLessThan(4 * standardError)
})

// SPEC's VaR is the model's. The sample's k-th smallest loss has an error of its own, so the model's figure need not lie in
// `var`, the bin that holds the sample's; `var_interval_95`, from the ranks at 1.96 standard errors, is what is meant to
// hold it. TVaR has no such interval yet: it is a mean over thousands of years, and its bins are wider than its error.
test.each([
  [0.5, 907, 3371.5],
  [0.9, 3423, 9666.8],
  [0.95, 4889, 15_299],
  [0.99, 23_679, 44_661.7],
  [0.995, 50_118, 51_593.7],
  [0.999, 52_407, 54_012.1],
])('VaR and TVaR at %d hold the model’s figures', (p, valueAtRisk, tailMean) => {
  const found = lossOf(founding).quantiles.find((each) => each.p === p)
  expect(found?.var_interval_95.lower).toBeLessThanOrEqual(valueAtRisk)
  expect(found?.var_interval_95.upper).toBeGreaterThan(valueAtRisk)
  const { lower = 0, upper = 0 } = found?.tvar ?? {}
  expect(lower).toBeLessThanOrEqual(tailMean)
  expect(upper).toBeGreaterThan(tailMean)
})

test('each tab says what of its work was accepted', async () => {
  const accepted = await Promise.all(tabs.map((tab) => tab.accepted()))
  expect(accepted.every((shards) => shards > 0)).toBe(true)
})

test('the same body attaches to the finished job, labels aside; another body is refused', async () => {
  const again = await pool.client.post({ ...FOUNDING, ctx: { ...FOUNDING.ctx, trace_id: 'trace-002' } })
  expect(again.status).toBe(200)
  expect(again.headers.get('forge-attached')).toBe('true')
  expect(again.body).toEqual({ ...founding, ctx: { job_id: 'app-req-001', trace_id: 'trace-002' } })

  const other = await pool.client.post({ ...FOUNDING, args: { ...FOUNDING.args, claim_freq: 2.5 } })
  expect(other.status).toBe(409)
  expect(other.headers.get('content-type')).toContain('application/problem+json')
  expect(other.body).toMatchObject({ ok: false, code: 'JOB_ID_REUSED', job_id: founding.job_id, retryable: false })
})

test('respond-async answers 202 at once with a place to look, and looking ends with the same answer', async () => {
  const contract = { ...FOUNDING, ctx: { ...FOUNDING.ctx, job_id: 'app-req-002' } }
  const reply = await pool.client.post(contract, 'respond-async')
  const view: JobView = JSON.parse(JSON.stringify(reply.body))
  expect(reply.status).toBe(202)
  expect(reply.headers.get('location')).toBe(`/api/v0/jobs/${view.job_id}`)
  expect(reply.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(view.status).toMatch(/^(QUEUED|RUNNING)$/)

  // While it runs, a second call of the same body waits for the same job.
  const [attached, looked] = await Promise.all([pool.client.run(contract), pool.client.result(view.job_id)])
  expect(attached.job_id).toBe(view.job_id)
  expect(looked.hub).toEqual(attached.hub)
  expect(looked.hub.output).toEqual(founding.hub.output)
  expect(looked.hub.replay).toEqual(founding.hub.replay)
})
