// Node tokens at the agents' door: who comes with one is known by it, and who comes with one that has ended is told so,
// also when it ends while the agent is there.
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { helloFrame } from '@forge/shared/agent/frames.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { newCredential } from '../../credentials.ts'
import { createLogger } from '../../logger.ts'
import type { NodeTokenRow } from '../../store/tenants.ts'
import { ask, heard, identity, readyFrame, TOKEN, useDoor } from './gateway.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { createNodeTokens } from './node-tokens.ts'

const NOW_MS = 1_790_000_000_000
const { text: token, hash, prefix } = newCredential('token', randomBytes)
const ROW: NodeTokenRow = {
  id: 'token-1',
  projectId: 'project-1' as ProjectId,
  name: 'rack 7',
  pool: 'in-house',
  region: 'eu-west',
  trusted: true,
  madeByOperator: true,
  hash,
  prefix,
  createdAtMs: 1,
  expiresAtMs: null,
  revokedAtMs: null,
}
/** What the store has; each test leaves the row as it was. */
const stored: { row: NodeTokenRow; asked: number; fails: boolean } = { row: ROW, asked: 0, fails: false }
const tokens = createNodeTokens(
  {
    async nodeTokenByHash(asked) {
      if (stored.fails) throw new Error('the store is away')
      return asked === hash ? stored.row : null
    },
    async endedNodeTokens(ids, nowMs) {
      stored.asked++
      const { id, revokedAtMs, expiresAtMs } = stored.row
      const hasEnded = revokedAtMs !== null || (expiresAtMs !== null && expiresAtMs <= nowMs)
      return hasEnded && ids.includes(id) ? [id] : []
    },
  },
  createLogger('silent'),
  () => NOW_MS,
)
const at = useDoor({ tokens })

async function hello(said: string) {
  const { client, nonce } = await at.door.challenged()
  const reply = await ask(client, 'hello', await helloFrame(nonce, identity, { kind: 'node', token: said }))
  return { client, nonce, reply }
}

test('a good one says owner, pool, region and trust, and is not the referee', async () => {
  const { client, reply } = await hello(token)
  expect(reply).toEqual({ ok: true })
  const said = { owner: 'project-1', pool: 'in-house', region: 'eu-west', trusted: true, madeByOperator: true }
  expect(at.door.said).toMatchObject([['joined', { referee: false, token: said }]])
  expect(await ask(client, 'ready', readyFrame())).toEqual({ ok: true })
})

const wrongEnd = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`
test.each<[string, string, Partial<NodeTokenRow>, RegExp]>([
  ['mistyped', wrongEnd, {}, /mistyped/],
  ['unknown', newCredential('token', randomBytes).text, {}, /not one that the server knows/],
  ['revoked', token, { revokedAtMs: 5 }, /was revoked/],
  ['expired', token, { expiresAtMs: NOW_MS }, /expired at 2026-09-21/],
  ['no node token at all', 'x'.repeat(TOKEN.length), {}, /not one that the server knows/],
])('one that is %s is refused with a sentence, and repeated nowhere', async (_, said, change, sentence) => {
  stored.row = { ...ROW, ...change }
  const { reply } = await hello(said)
  stored.row = ROW
  expect(reply).toMatchObject({ ok: false, code: 'BAD_TOKEN', message: expect.stringMatching(sentence) })
  expect(JSON.stringify(reply)).not.toContain(said)
  expect(at.door.said).toEqual([])
  await at.door.mustStillBeOpen()
})

test('after a refusal another hello may be said; a store that is away is no fault of the token', async () => {
  stored.fails = true
  const { client, nonce, reply } = await hello(token)
  stored.fails = false
  expect(reply).toMatchObject({ ok: false, code: 'SERVER_STOPPING' })
  expect(await ask(client, 'hello', await helloFrame(nonce, identity, { kind: 'node', token }))).toEqual({ ok: true })
})

test('a token of somebody who does not hold the key is not even looked up', async () => {
  const { client } = await at.door.challenged()
  const other = await at.door.challenged()
  const frame = await helloFrame(other.nonce, identity, { kind: 'node', token })
  stored.row = { ...ROW, revokedAtMs: 5 }
  expect(await ask(client, 'hello', frame)).toMatchObject({ code: 'BAD_SIGNATURE' })
  stored.row = ROW
})

test('a revocation sends away who came with the token, and nobody else', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await at.door.close()
  at.door = at.renewed()
  await at.door.listen()
  const { client } = await hello(token)
  const { client: volunteer } = await at.door.joined()
  const refused = heard(client, 'refused')
  const gone = heard(client, 'disconnect')
  stored.asked = 0
  await vi.advanceTimersByTimeAsync(GATEWAY_LIMITS.tokenLookMs)
  await vi.waitFor(() => expect(stored.asked).toBe(1))
  expect(client.connected).toBe(true)
  stored.row = { ...ROW, revokedAtMs: 5 }
  await vi.advanceTimersByTimeAsync(GATEWAY_LIMITS.tokenLookMs)
  expect(await refused).toMatchObject({ code: 'BAD_TOKEN', message: expect.stringMatching(/revoked/) })
  await gone
  stored.row = ROW
  await vi.waitFor(() => expect(at.door.names).toContain('left'))
  expect(volunteer.connected).toBe(true)
  // Nobody with a token is left, and the store is asked nothing.
  await vi.advanceTimersByTimeAsync(10 * GATEWAY_LIMITS.tokenLookMs)
  expect(stored.asked).toBe(2)
})
