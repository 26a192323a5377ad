// One trace from the caller's header to the stored job, its lines in the log and the answer.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { traceIdOfJob } from '../trace.ts'
import { foundingText, startTestApp, type TestApp } from './test-app.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const OTHER = 'a'.repeat(32)
const GIVEN = `00-${TRACE}-00f067aa0ba902b7-01`

let t: TestApp
beforeEach(() => {
  t = startTestApp()
})
afterEach(() => t.stop())

const founding = (ctx: object): string => JSON.stringify({ ...JSON.parse(foundingText), ctx })
const lines = (): Record<string, unknown>[] => t.log.map((line) => JSON.parse(line))
const requestLine = () => lines().find(({ msg }) => msg === 'request')
async function posted(ctx: object, headers: Record<string, string> = {}) {
  const response = await t.post(founding(ctx), headers)
  const body = (await response.json()) as { job_id: string; ctx: object }
  return { traceparent: response.headers.get('traceparent') ?? '', body, row: t.store.jobs.get(body.job_id) }
}

test('a traceparent becomes the job’s trace, and the answer is in it', async () => {
  const { traceparent, body, row } = await posted({ job_id: 'a' }, { traceparent: GIVEN })
  expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`))
  expect(body.ctx).toEqual({ job_id: 'a', trace_id: TRACE })
  expect(row && traceIdOfJob(row)).toBe(TRACE)
  const span = traceparent.split('-')[2]
  expect(requestLine()).toMatchObject({ trace_id: TRACE, span_id: span, job_id: body.job_id, status: 200 })
  // Labels are no part of what makes two bodies the same.
  const again = await posted({ job_id: 'a' }, { traceparent: `00-${OTHER}-00f067aa0ba902b7-00` })
  expect(again.body).toMatchObject({ job_id: body.job_id, ctx: { job_id: 'a', trace_id: OTHER } })
})

test('ctx.trace_id counts before a header that says another, and the log says so', async () => {
  const { traceparent, body, row } = await posted({ trace_id: OTHER }, { traceparent: GIVEN })
  expect(traceparent.slice(0, 36)).toBe(`00-${OTHER}-`)
  expect(body.ctx).toEqual({ trace_id: OTHER })
  expect(row && traceIdOfJob(row)).toBe(OTHER)
  const [warned, ...more] = lines().filter(({ ctx_trace_id: said }) => said !== undefined)
  expect(warned).toMatchObject({ ctx_trace_id: OTHER, trace_id: TRACE, request_id: expect.any(String) })
  expect(more).toEqual([])
  t.log.length = 0
  await posted({ trace_id: TRACE }, { traceparent: GIVEN })
  expect(lines().filter(({ ctx_trace_id: said }) => said !== undefined)).toEqual([])
})

test.each([{}, { traceparent: 'garbage' }, { traceparent: `${GIVEN}-more` }])(
  'without a trace of the caller’s the job has its own, which its lines and later calls share: %j',
  async (headers) => {
    const { traceparent, body, row } = await posted({}, headers)
    expect(body.ctx).toEqual({})
    const traceId = row && traceIdOfJob(row)
    expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
    expect(requestLine()).toMatchObject({ trace_id: traceId, job_id: body.job_id })
  },
)

test('a call about a job names it in its line, and a refusal has a trace as well', async () => {
  const id = '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7D'
  const response = await t.get(`/api/v0/jobs/${id}`, { traceparent: GIVEN })
  expect([response.status, response.headers.get('traceparent')?.slice(3, 35)]).toEqual([404, TRACE])
  expect(requestLine()).toMatchObject({ trace_id: TRACE, job_id: id, status: 404 })
})

test('what fails is logged with request and trace', async () => {
  t.store.job = () => Promise.reject(new Error('ours'))
  await t.get('/api/v0/jobs/01K6Z5Q0V3ZJ8P0N5T9W4X2Y7D', { traceparent: GIVEN })
  expect(lines().find(({ msg }) => msg === 'a route failed')).toMatchObject({
    trace_id: TRACE,
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    request_id: expect.any(String),
  })
})
