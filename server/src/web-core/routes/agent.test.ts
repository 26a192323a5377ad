// The record of an identity: whoever holds the key reads it, with what was accepted, rejected and earned; nobody else does.
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { identityFromKeys, identityOf, newSecretKey } from '@forge/shared/agent/identity.ts'
import { agentRecordSchema, poolSchema, tokenHolderSchema } from '@forge/shared/contract/agent-record.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { toBase64 } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { agentRecordDigest } from '@forge/shared/verifier/answer-digest.ts'
import { newCredential } from '../../credentials.ts'
import { newUlid } from '../../new-ulid.ts'
import type { NodeTokenRow } from '../../store/tenants.ts'
import { accepted as shardsAccepted } from '../../store/store.fixtures.ts'
import { EXAMPLE } from '../examples.ts'
import { WEB_LIMITS } from '../limits.ts'
import { startTestApp } from '../test-app.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world?.close())

const HUB = 'http://pool.example'
const newIdentity = () => identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
const identity = newIdentity()

async function ask(
  change: {
    readonly atMs?: number
    readonly signedMs?: number
    readonly hub?: string
    readonly signedHub?: string
  } = {},
  by = identity,
): Promise<Response> {
  const atMs = change.atMs ?? Date.now()
  const hub = change.hub ?? HUB
  const signature = await by.sign(agentRecordDigest(change.signedHub ?? hub, change.signedMs ?? atMs))
  const body = { public_key: toBase64(by.publicKey), hub, at_ms: atMs, signature: toBase64(signature) }
  const headers = { 'Content-Type': 'application/json' }
  return world.app.request(`${HUB}/agent/record`, { method: 'POST', headers, body: JSON.stringify(body) })
}

const record = async (by = identity) => agentRecordSchema.parse(await (await ask({}, by)).json())

test('a key that did nothing has an empty record', async () => {
  expect(await record(newIdentity())).toMatchObject({ jobs: 0, accepted: 0, rejected: 0, credits: 0, quarantine: null })
})

test('accepted, rejected with both digests and the reason, credits and receipts', async () => {
  const { store } = world
  const id = EXAMPLE.job
  const executor = identityOf(identity.publicKey)
  const writes = shardsAccepted(id, [0, 1, 2, 3])
  const [first] = writes.submissions
  if (first === undefined) throw new Error('nothing was answered')
  const mine = writes.submissions.filter(({ shard }) => shard < 2).map((row) => ({ ...row, executor }))
  const wrong = { ...first, shard: 3, executor, role: 'check' as const, digest: digest('partial.v1', Uint8Array.of(9)) }
  await store.writeShards({ ...writes, submissions: [...writes.submissions.slice(2), ...mine, wrong] })
  const reason = 'another answer than two others gave'
  await store.writeShards({
    ...shardsAccepted(id, []),
    voids: [{ jobId: id, shard: 3, executor, reason }],
    quarantines: [{ identity: executor, number: 1, reason, atMs: 1_000 }],
  })
  await store.finishJob(id, { state: 'COMPLETED', answer: '{"hub":{"metrics":{"shards":4}}}', finishedAtMs: 2_000 })
  const found = await record()
  expect(found).toMatchObject({ jobs: 1, accepted: 2, rejected: 1, quarantine: { number: 1, reason, released: false } })
  expect(found.credits).toBeGreaterThan(0)
  const accepted = writes.verdicts.find(({ shard }) => shard === 3)?.digest
  expect(found.rejections).toEqual([
    { job_id: id, shard: 3, engine: first.engine, digest: wrong.digest, accepted, reason },
  ])
  expect(found.receipts).toEqual([
    {
      job_id: id,
      op: 'mc/1/insurance.v1',
      shards: 2,
      of: 4,
      finished_at: new Date(2_000).toISOString(),
      receipt: null,
    },
  ])
})

test.each([
  ['of another time than it says', { signedMs: 5 }],
  ['of long ago', { atMs: 1_000 }],
  ['of a clock far ahead', { atMs: Date.now() + 2 * 86_400_000 }],
  ['of a quarter of an hour ago', { atMs: Date.now() - 900_000 }],
  ['for another Hub', { hub: 'http://other.example' }],
  ['for another Hub, said to be for this one', { signedHub: 'http://other.example' }],
  ['for what is no origin', { hub: 'pool.example' }],
])('a signature %s opens nothing', async (_, change) => {
  const response = await ask(change)
  expect([response.status, problemSchema.parse(await response.json()).code]).toEqual([401, 'UNAUTHENTICATED'])
})

test('a clock that is off by minutes is told the server’s time', async () => {
  const atMs = Date.now() - 10 * 60_000
  const { detail, errors } = problemSchema.parse(await (await ask({ atMs })).json())
  expect(detail).toMatch(
    /^at_ms is 10 minutes behind this server’s clock, which says \d{4}-\d\d-\d\dT[\d:.]+Z; at most 2/,
  )
  expect(errors).toEqual([{ path: 'at_ms', message: expect.stringMatching(/^must be within 2 minutes of \d{13}$/) }])
})

test('where the operator named an origin, that one counts whatever Host says, and this machine’s own', async () => {
  const t = startTestApp(null, { publicUrl: 'https://pool.example' })
  const statusOf = async (called: string, hub: string) => {
    const atMs = Date.now()
    const signature = toBase64(await identity.sign(agentRecordDigest(hub, atMs)))
    const body = JSON.stringify({ public_key: toBase64(identity.publicKey), hub, at_ms: atMs, signature })
    const headers = { 'Content-Type': 'application/json' }
    return (await t.app.request(`${called}/agent/record`, { method: 'POST', headers, body })).status
  }
  expect(await statusOf('http://pool.example', 'https://pool.example')).toBe(200)
  // Another Hub passes on what it caught, and says its own name for Host.
  expect(await statusOf('http://other.example', 'https://other.example')).toBe(401)
  expect(await statusOf('http://pool.example', 'http://pool.example')).toBe(401)
  expect(await statusOf('http://127.0.0.1:8080', 'http://127.0.0.1:8080')).toBe(200)
  expect(await statusOf('http://localhost:8080', 'http://localhost:9090')).toBe(401)
})

test('the pool says how long networks are kept', async () => {
  const response = await world.app.request('/agent/pool')
  expect(poolSchema.parse(await response.json())).toEqual({ ok: true, agents_online: 0, networks_days: null })
})

test('whoever has a node token learns for which pool it is, and no project’s name; one that lets nobody in is refused with the reason', async () => {
  const holderOf = (token: string) =>
    world.app.request('/agent/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    })
  const { store } = world
  const project = EXAMPLE.project as ProjectId
  const made = async (pool: string | null, change: Partial<NodeTokenRow> = {}) => {
    const { text, hash, prefix } = newCredential('token', (count) => crypto.getRandomValues(new Uint8Array(count)))
    const row = { name: 'a link', pool, region: null, trusted: false, madeByOperator: false, hash, prefix }
    const times = { createdAtMs: 1, expiresAtMs: null, revokedAtMs: null }
    const id = newUlid()
    await store.insertNodeToken({ id, projectId: project, ...row, ...times, ...change }, 100, 'operator')
    return text
  }
  const good = await holderOf(await made(EXAMPLE.pool))
  expect(tokenHolderSchema.parse(await good.json())).toEqual({ ok: true, pool: EXAMPLE.pool })
  expect(tokenHolderSchema.parse(await (await holderOf(await made(null))).json()).pool).toBeNull()
  const expired = await made(EXAMPLE.pool, { expiresAtMs: 2 })
  for (const [token, why] of [
    [expired, /expired at 1970/],
    [`ntk_${'0'.repeat(56)}`, /mistyped/],
    ['fpak_none', /not one that the server knows/],
  ] as const) {
    const refused = await holderOf(token)
    expect([refused.status, problemSchema.parse(await refused.json()).detail]).toEqual([
      401,
      expect.stringMatching(why),
    ])
  }
})

test('looks of one address refuse nobody else, and mistyped tokens are not counted', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
  onTestFinished(() => now.mockRestore())
  const t = startTestApp(null, { distinctNetwork: true })
  t.store.nodeTokenByHash = async () => null
  const look = (token: string, remoteAddress: string) =>
    t.app.request(
      '/agent/token',
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) },
      { incoming: { socket: { remoteAddress }, headers: {} } as unknown as IncomingMessage },
    )
  const { burst } = WEB_LIMITS.tokenLooksPerAddress
  const typo = `ntk_${'0'.repeat(56)}`
  for (let n = 0; n < burst; n++) expect((await look('ntk_none', '192.0.2.7')).status).toBe(401)
  const refused = await look('ntk_none', '192.0.2.7')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  expect((await look(typo, '192.0.2.7')).status).toBe(401)
  for (let n = 0; n < burst; n++) await look(typo, '198.51.100.1')
  expect((await look('ntk_none', '198.51.100.1')).status).toBe(401)
})
