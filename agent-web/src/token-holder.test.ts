// Whose a node token is: what the pool says, and nothing guessed while it does not answer.
import { expect, test } from 'vitest'
import { tokenHolder } from './token-holder.ts'

const TOKEN = `ntk_${'0a'.repeat(28)}`
const NOW_MS = 1_790_000_000_000
const ask = (fetch: Parameters<typeof tokenHolder>[1]) => tokenHolder(TOKEN, fetch, () => NOW_MS)
const answering =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  async (path: string, init: RequestInit) => {
    expect([path, init.method, init.body]).toEqual(['/agent/token', 'POST', JSON.stringify({ token: TOKEN })])
    return new Response(body, { status, headers })
  }

test('project and pool of a token, or why it lets nobody in', async () => {
  const holder = { ok: true, pool: 'in-house' }
  expect(await ask(answering(200, JSON.stringify(holder)))).toMatchObject(holder)
  const problem = { detail: 'This node token was revoked; ask for another one.' }
  expect(await ask(answering(401, JSON.stringify(problem)))).toEqual({ refused: problem.detail })
})

test('a pool that does not answer is no refusal', async () => {
  expect(await ask(answering(503, '{}'))).toBeUndefined()
  expect(await ask(answering(200, '<html>'))).toBeUndefined()
  expect(await ask(() => Promise.reject(new TypeError('offline')))).toBeUndefined()
})

test.each([
  ['40', 40_000],
  ['0', 1_000],
  ['soon', 60_000],
  ['86400', 3_600_000],
])('asked too often, Retry-After %s: not again before that time', async (retryAfter, waitMs) => {
  const again = await ask(answering(429, '{}', { 'Retry-After': retryAfter }))
  expect(again).toEqual({ againMs: NOW_MS + waitMs })
})
