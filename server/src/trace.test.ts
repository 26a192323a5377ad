// traceparent as W3C Trace Context, level 1, section 3.2 and 4 have it: what is not one is passed over; and which trace a
// request and a job belong to.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { labelsOfJob, parseTraceParent, RequestTrace, traceIdOfJob } from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const REQUEST = '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A'
const JOB = '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7D' as JobId
const jobWith = (ctx: object) => ({ id: JOB, request: JSON.stringify({ ctx }) })

test.each([
  ['the standard’s example', `00-${TRACE}-${PARENT}-01`, true],
  ['flags of which we know one', `00-${TRACE}-${PARENT}-ff`, true],
  ['not sampled', `00-${TRACE}-${PARENT}-00`, false],
  ['a later version', `cc-${TRACE}-${PARENT}-01`, true],
  ['a later version with more', `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`, true],
])('%s', (_, header, sampled) => {
  expect(parseTraceParent(header)).toEqual({ traceId: TRACE, parentId: PARENT, sampled })
})

test.each([
  ['nothing', null],
  ['an empty one', ''],
  ['version ff', `ff-${TRACE}-${PARENT}-01`],
  ['version 00 with more', `00-${TRACE}-${PARENT}-01-more`],
  ['a dash at the end', `00-${TRACE}-${PARENT}-01-`],
  ['a later version that goes on without a dash', `cc-${TRACE}-${PARENT}-01.what`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['no hexadecimal digit', `00-${TRACE.replace('4', 'g')}-${PARENT}-01`],
  ['too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
  ['no flags', `00-${TRACE}-${PARENT}`],
  ['two headers', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
  ['a line end', `00-${TRACE}-${PARENT}-01\n`],
])('%s is none', (_, header) => {
  expect(parseTraceParent(header)).toBeNull()
})

test('what is sent back is a traceparent again, in the same trace, of another span', () => {
  const hex = (length: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text))
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, parentId, sampled) => {
      const header = `00-${traceId}-${parentId}-0${Number(sampled)}`
      const sent = parseTraceParent(new RequestTrace(REQUEST, header).header())
      expect(sent).toMatchObject({ traceId, sampled })
      expect(sent?.parentId).not.toBe(parentId)
    }),
  )
})

test('anything at all is read without a throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseTraceParent(text) === null))
})

test('without a trace a request’s is its own, and then its job’s', () => {
  const trace = new RequestTrace(REQUEST, null)
  expect(parseTraceParent(trace.header())).toMatchObject({ traceId: trace.labels().trace_id, sampled: false })
  trace.concerns(jobWith({}), undefined)
  const { trace_id, span_id, job_id } = labelsOfJob(jobWith({}))
  expect(trace.labels()).toMatchObject({ trace_id, job_id })
  expect(trace.labels().span_id).not.toBe(span_id)
  expect(trace.header().split('-')[1]).toBe(trace_id)
  // The bits of the ULID.
  const digits = [...JOB].map((digit) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit).toString(2).padStart(5, '0'))
  const bits = trace_id.split('').map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0'))
  expect(bits.join('')).toBe(digits.join('').slice(2))
})

test('ctx.trace_id comes first, in lines and events also where it is no W3C id', () => {
  const given = `00-${TRACE}-${PARENT}-01`
  const named = new RequestTrace(REQUEST, given)
  named.concerns(jobWith({ trace_id: 'trace-001' }), 'trace-001')
  expect(named.labels().trace_id).toBe('trace-001')
  // Which no header can say: the answer stays in the trace that it was called in.
  expect(named.header()).toContain(`00-${TRACE}-`)
  const other = 'a'.repeat(32)
  const both = new RequestTrace(REQUEST, given)
  both.concerns(jobWith({ trace_id: other }), other)
  expect([both.labels().trace_id, both.header().slice(0, 36)]).toEqual([other, `00-${other}-`])
  expect(traceIdOfJob(jobWith({ trace_id: 'trace-001' }))).toBe('trace-001')
})

test('who attaches to a job without saying a trace joins the job’s', () => {
  const trace = new RequestTrace(REQUEST, null)
  trace.concerns(jobWith({ trace_id: TRACE }), undefined)
  expect(trace.header().slice(0, 36)).toBe(`00-${TRACE}-`)
})
