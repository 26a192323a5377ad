// A dedicated pool over real sockets and the real store: its jobs run on agents with its tokens alone, a revocation takes
// the work back at once, and the bits are those that everybody's agents give.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { ulid } from 'ulid'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { newCredential } from '../../credentials.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import type { NodeTokenRow } from '../../store/tenants.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { REFEREE_TOKEN, SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

let folder: string
let store: Store
let pool: TinyPool
let projectId: ProjectId
/** Not of the literal type that each of them has. */
const limits: { readonly tokenLookMs: number } = GATEWAY_LIMITS
beforeAll(async () => {
  // For the servers of this file.
  vi.spyOn(limits, 'tokenLookMs', 'get').mockReturnValue(100)
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
  projectId = await store.defaultProject()
  await store.insertPool({ projectId, name: 'in-house', createdAtMs: 1 }, 9)
}, 120_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  pool = new TinyPool(store)
  await pool.start()
})
afterEach(() => pool.stop())

async function makeToken(change: Partial<NodeTokenRow> = {}): Promise<{ id: string; token: string }> {
  const { text, hash, prefix } = newCredential('token', randomBytes)
  const id = ulid()
  const made = { id, projectId, name: 'rack 7', pool: 'in-house', region: null, hash, prefix }
  const said = { trusted: false, madeByOperator: false }
  await store.insertNodeToken({ ...made, ...said, createdAtMs: 1, expiresAtMs: null, revokedAtMs: null, ...change }, 99)
  return { id, token: text }
}

test('its jobs run on its agents alone, others on everybody’s, and the bits are the same', async () => {
  const own = pool.agent({ token: (await makeToken()).token })
  const volunteer = pool.agent()
  const elsewhere = pool.agent({ token: (await makeToken({ pool: null, region: 'west' })).token })
  pool.agent({ token: REFEREE_TOKEN })
  const inPool = await pool.ended(await pool.submit({ shards: SHARDS }, { pool: 'in-house', verify: 'full' }))
  // Both passes; the referee checks them all, since agents of one owner never check each other.
  expect(inPool.answer?.hub.verification).toMatchObject({ checked: 2 * SHARDS, checked_by_trusted: 2 * SHARDS })
  expect(own.assigned.length).toBeGreaterThan(0)
  expect([volunteer.assigned, elsewhere.assigned]).toEqual([[], []])
  const before = own.assigned.length
  const everybodys = await pool.ended(await pool.submit())
  expect(own.assigned).toHaveLength(before)
  const west = await pool.ended(await pool.submit({ shards: SHARDS }, { region: 'west' }))
  for (const { answer } of [everybodys, west]) {
    const { contract_digest, output_digest, merkle_root } = answer?.hub.replay ?? {}
    expect(inPool.answer?.hub.replay).toMatchObject({ contract_digest, output_digest, merkle_root })
  }
  expect(elsewhere.assigned.length).toBeGreaterThan(0)
  const rows = await store.submissions(await firstJob())
  expect(new Set(rows.filter(({ role }) => role === 'first').map(({ owner }) => owner))).toEqual(new Set([projectId]))
})

test('a region that another project claims draws no job to it; the operator’s word and one’s own do', async () => {
  const outsider = ulid() as ProjectId
  await store.insertProject({ id: outsider, name: 'outsider', createdAtMs: 1, limits: '{}' })
  const said = { projectId: outsider, pool: null, region: 'north' }
  const claiming = pool.agent({ token: (await makeToken(said)).token })
  await pool.ended(await pool.submit())
  const before = claiming.assigned.length
  expect(before, 'it is there, and works for everybody').toBeGreaterThan(0)
  const asked = { projectId, policy: { target: 'any', region: 'north' } } as const
  expect(pool.hub.eligible('mc/1/insurance.v1', asked)).toBe(0)
  expect(pool.hub.eligible('mc/1/insurance.v1', { ...asked, projectId: outsider })).toBe(1)
  const id = await pool.submit({ shards: SHARDS }, { region: 'north' })
  await expect.poll(() => pool.hub.progress(id)?.reason).toMatch(/0 of min_agents 1 .* in region "north"$/)
  const vouched = pool.agent({ token: (await makeToken({ ...said, madeByOperator: true })).token })
  expect((await pool.ended(id)).answer).not.toBeNull()
  expect(vouched.assigned.length).toBeGreaterThan(0)
  expect(claiming.assigned).toHaveLength(before)
})

const firstJob = async () => {
  const jobs = await store.jobsOf(projectId, {}, { after: null, limit: 100 })
  const [first] = jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  if (first === undefined) throw new Error('no job was registered')
  return first.id
}

test('a job waits for its pool and its region with the reason, and a revoked token gives its work to others', async () => {
  const { id: tokenId, token } = await makeToken({ region: 'west' })
  pool.agent()
  const id = await pool.submit({ shards: SHARDS }, { pool: 'in-house', region: 'west' })
  const reason = () => pool.hub.progress(id)?.reason
  await expect.poll(reason).toMatch(/^waiting for agents: 0 of min_agents 1 .* in pool "in-house" in region "west"$/)
  const asked = { projectId, policy: { target: 'any', pool: 'in-house', region: 'west' } } as const
  expect(pool.hub.eligible('mc/1/insurance.v1', asked)).toBe(0)
  const idle = pool.agent({ token, holds: () => true })
  await expect.poll(() => idle.assigned.length).toBeGreaterThan(0)
  expect(pool.hub.eligible('mc/1/insurance.v1', asked)).toBe(1)
  await store.revokeNodeToken(projectId, tokenId, 5)
  await expect.poll(() => pool.hub.eligible('mc/1/insurance.v1', asked), { timeout: 10_000 }).toBe(0)
  pool.agent({ token: (await makeToken({ region: 'west' })).token })
  expect((await pool.ended(id)).answer).not.toBeNull()
}, 30_000)
