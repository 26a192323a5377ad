// The headers of answers, as the document declares them, as pages of other origins may read them, and as the tests hold every
// answer to them: those of every answer, those of a project's keys, those of a route's own answers, and those of a refusal.
import { PROBLEMS, type ProblemCode } from '@forge/shared/contract/problem.ts'
import { RATE_HEADERS } from '../request-rate.ts'
import { isProjects, problemsOf, type Route } from './route.ts'

/** Name to what it says. */
export type HeaderTexts = Readonly<Record<string, string>>

const EVERY: HeaderTexts = {
  'Forge-Request-Id': 'of this request, as the server’s log has it',
  traceparent: 'W3C Trace Context: the trace that was sent, or a new one, with this request as its parent',
}

const RETRY: HeaderTexts = { 'Retry-After': 'seconds' }

/** Of refusals by their codes; what an upgrade or another method is answered with is no route's. */
const OF_PROBLEMS: Readonly<Partial<Record<ProblemCode, HeaderTexts>>> = {
  UNAUTHENTICATED: { 'WWW-Authenticate': '`Bearer`' },
  CREDIT_LIMIT_REACHED: { 'Retry-After': 'seconds; only where a day’s limit is reached' },
  JOB_NOT_ENDED: RETRY,
  RANGE_NOT_SATISFIABLE: { 'Content-Range': '`bytes */N`: how many there are' },
  RATE_LIMITED: RETRY,
  TOO_MANY_JOBS: RETRY,
  TOO_MANY_STREAMS: RETRY,
  TOO_MANY_UPLOADS: RETRY,
  SERVER_STOPPING: RETRY,
  STORE_FULL: RETRY,
  STORE_SLOW: RETRY,
  STORE_UNAVAILABLE: RETRY,
}

/** Those that an answer of this status may have, beside what HTTP and browsers' safety take for granted. */
export function answerHeaders(declared: Route, status: number): HeaderTexts {
  const codes = problemsOf(declared).filter((code) => PROBLEMS[code].status === status)
  return {
    ...declared.responses[status]?.headers,
    ...(codes.length > 0 ? declared.problemHeaders : {}),
    ...Object.assign({}, ...codes.map((code) => OF_PROBLEMS[code])),
    // Whose project it is, is not known without a key.
    ...(isProjects(declared) && status !== PROBLEMS.UNAUTHENTICATED.status ? RATE_HEADERS : {}),
    ...EVERY,
  }
}

/** Every status that the route answers with, in ascending order. */
export function statusesOf(declared: Route): readonly number[] {
  const statuses = [
    ...Object.keys(declared.responses).map(Number),
    ...problemsOf(declared).map((code) => PROBLEMS[code].status),
  ]
  return [...new Set(statuses)].toSorted((a, b) => a - b)
}
