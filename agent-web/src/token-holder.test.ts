// Whose a node token is: what the pool says, and nothing guessed while it does not answer.
import { expect, test } from 'vitest'
import { tokenHolder } from './token-holder.ts'

const TOKEN = `ntk_${'0a'.repeat(28)}`
const answering = (status: number, body: string) => async (path: string, init: RequestInit) => {
  expect([path, init.method, init.body]).toEqual(['/agent/token', 'POST', JSON.stringify({ token: TOKEN })])
  return new Response(body, { status })
}

test('project and pool of a token, or why it lets nobody in', async () => {
  const holder = { ok: true, pool: 'in-house' }
  expect(await tokenHolder(TOKEN, answering(200, JSON.stringify(holder)))).toMatchObject(holder)
  const problem = { detail: 'This node token was revoked; ask for another one.' }
  expect(await tokenHolder(TOKEN, answering(401, JSON.stringify(problem)))).toEqual({ refused: problem.detail })
})

test('a pool that does not answer is no refusal', async () => {
  expect(await tokenHolder(TOKEN, answering(503, '{}'))).toBeUndefined()
  expect(await tokenHolder(TOKEN, answering(200, '<html>'))).toBeUndefined()
  expect(await tokenHolder(TOKEN, () => Promise.reject(new TypeError('offline')))).toBeUndefined()
})
