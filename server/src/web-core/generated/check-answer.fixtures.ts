// What holds of every answer, whatever was asked: a documented status, media type and headers, a body of its schema or a
// problem of a code that the route declares, no 5xx, and nothing of our insides.
import { expect } from 'vitest'
import { PROBLEMS, problemSchema } from '@forge/shared/contract/problem.ts'
import { API_HEADERS, COMMON_HEADERS } from '../reply.ts'
import { answerHeaders } from '../routing/answer-headers.ts'
import { JSON_TYPE, mediaTypesOf, problemsOf, type Route } from '../routing/route.ts'
import type { Sent } from './requests.fixtures.ts'

/** What HTTP itself says of a message and a connection, what keeps a browser safe, and what is for a proxy: not declared. */
const TAKEN_FOR_GRANTED = new Set(
  [
    ...Object.keys({ ...API_HEADERS, ...COMMON_HEADERS }),
    'Content-Type',
    'Content-Length',
    'Connection',
    'Date',
    'X-Accel-Buffering',
  ].map((name) => name.toLowerCase()),
)

/** Throws what an assertion throws. */
export function checkAnswer(declared: Route, { response, text }: Sent): void {
  const { status } = response
  const type = response.headers.get('content-type')
  expect(status, text).toBeLessThan(500)
  expect(text).not.toMatch(/node_modules|\bat \S+ \(|\.ts:\d+/)
  for (const name of ['x-content-type-options', 'forge-request-id', 'traceparent']) {
    expect(response.headers.has(name), name).toBe(true)
  }
  checkHeaders(declared, response)
  if (status >= 400) {
    expect(type).toBe('application/problem+json')
    const document = problemSchema.parse(JSON.parse(text))
    expect([document.status, PROBLEMS[document.code].status]).toEqual([status, status])
    expect(problemsOf(declared), text).toContain(document.code)
    expect(text.length).toBeLessThan(50_000)
    return
  }
  const spec = declared.responses[status]
  expect(spec, `no answer ${status} is declared: ${text.slice(0, 300)}`).toBeDefined()
  if (spec === undefined) return
  const types = mediaTypesOf(spec)
  if (types.length === 0) {
    expect([text, type]).toEqual(['', null])
    return
  }
  const [essence] = type?.split(';') ?? []
  expect(types, `${status} is sent as ${type}`).toContain(essence)
  if (essence === JSON_TYPE && spec.schema !== undefined) spec.schema.parse(JSON.parse(text))
}

/** A client reads no header that the document has not, and a page of another origin could not. */
function checkHeaders(declared: Route, { status, headers }: Response): void {
  const told = new Set(Object.keys(answerHeaders(declared, status)).map((name) => name.toLowerCase()))
  const others = [...headers.keys()].filter((name) => !told.has(name) && !TAKEN_FOR_GRANTED.has(name))
  expect(others, `headers of an answer ${status} that are not declared`).toEqual([])
}
