// How answers and problems are sent: media types, and the headers that every answer of Web Core carries.
import type { Problem } from '@forge/shared/contract/problem.ts'
import { Refusal } from './refusal.ts'

/** For everything that is no page: nothing in it may run, be framed or be kept. */
export const API_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
}

/** For everything at all. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

type Headers = Readonly<Record<string, string>>

export function replyJson(body: object, status = 200, headers: Headers = {}): Response {
  return reply(body, status, 'application/json', headers)
}

export function replyProblem(refused: Problem | Refusal, headers: Headers = {}): Response {
  const [document, own] = refused instanceof Refusal ? [refused.problem, refused.headers] : [refused, {}]
  return reply(document, document.status, 'application/problem+json', { ...own, ...headers })
}

function reply(body: object, status: number, type: string, headers: Headers): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...API_HEADERS, 'Content-Type': type, ...headers } })
}
