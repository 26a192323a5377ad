// What holds of every answer, whatever was asked: a documented status, a body of its schema or a problem of a code that the
// route declares, no 5xx, and nothing of our insides.
import { expect } from 'vitest'
import { PROBLEMS, problemSchema } from '@forge/shared/contract/problem.ts'
import { problemsOf, type Route } from '../routing/route.ts'
import type { Sent } from './requests.fixtures.ts'

/** Throws what an assertion throws. */
export function checkAnswer(declared: Route, { response, text }: Sent): void {
  const { status } = response
  const type = response.headers.get('content-type')
  expect(status, text).toBeLessThan(500)
  expect(text).not.toMatch(/node_modules|\bat \S+ \(|\.ts:\d+/)
  for (const name of ['x-content-type-options', 'forge-request-id', 'traceparent']) {
    expect(response.headers.has(name), name).toBe(true)
  }
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
  if (spec?.mediaType === null) expect(text).toBe('')
  if (spec?.schema === undefined) return
  expect(type).toBe('application/json')
  spec.schema.parse(JSON.parse(text))
}
