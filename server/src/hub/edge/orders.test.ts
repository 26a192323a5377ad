// Orders about agents through the real edge: durable and in force when they resolve, on the server that gave them at once
// and on another one of the same database soon, and after a restart. And who is on the roster meanwhile.
import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Identity } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import type { NewOrder } from '../../store/agent-orders.ts'
import { noWrites } from '../../store/store.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { isLast, REFEREE_TOKEN, TinyPool } from './tiny-pool.fixtures.ts'

let folder: string
let store: Store
let pool: TinyPool
let other: TinyPool
/** Not of the literal type that each of them has. */
const limits: { readonly orderLookMs: number } = GATEWAY_LIMITS
beforeAll(async () => {
  // For the servers of this file.
  vi.spyOn(limits, 'orderLookMs', 'get').mockReturnValue(100)
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 120_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  pool = new TinyPool(store)
  other = new TinyPool(store)
  await pool.start()
  await other.start()
})
afterEach(async () => {
  await pool.stop()
  await other.stop()
})

const order = ({ hub }: TinyPool, identity: Identity, kind: NewOrder['kind']): Promise<boolean> =>
  hub.roster.order({ identity, kind, reason: 'Its owner asked.', actor: 'operator' })

/** The one who is here, when it may work. */
const here = async ({ hub }: TinyPool) => {
  const find = () => hub.roster.agents().find(({ sessions }) => sessions.some(({ leftAtMs }) => leftAtMs === null))
  await vi.waitFor(() => expect(find()?.sessions[0]?.engines).toHaveLength(1), 10_000)
  const found = find()
  if (found === undefined) throw new Error('it has just left')
  return found
}
const awayAt = ({ hub }: TinyPool, identity: Identity) =>
  hub.roster.agents().find((agent) => agent.identity === identity)?.away?.state

test('an exposure that one server wrote is in force on the others, also before a fleet is shown, and so is its end', async () => {
  pool.agent()
  const { identity } = await here(pool)
  const exposed = { identity, number: 1, reason: 'shard 3', atMs: Date.now() }
  await store.writeShards({ ...noWrites, quarantines: [exposed] })
  await other.hub.roster.upToDate()
  expect(awayAt(other, identity)).toBe('waits')
  await vi.waitFor(() => expect(pool.hub.agentsOnline).toBe(0), 10_000)
  expect(awayAt(pool, identity)).toBe('waits')
  await store.writeShards({ ...noWrites, releases: [{ identity, number: 1, atMs: Date.now(), lastOrder: 0 }] })
  await other.hub.roster.upToDate()
  expect(awayAt(other, identity)).toBeUndefined()
  await vi.waitFor(() => expect(awayAt(pool, identity)).toBeUndefined(), 10_000)
})

test('the roster says what an agent can do and holds, remembers it for a while, and has no referee', async () => {
  const referee = pool.agent({ token: REFEREE_TOKEN })
  const agent = pool.agent({ holds: isLast })
  const { identity, sessions, away } = await here(pool)
  expect(away).toBeNull()
  expect(sessions).toMatchObject([{ name: null, kind: 'node', token: null, leftAtMs: null, tally: { accepted: 0 } }])
  expect(sessions[0]?.engines).toMatchObject([
    { kernel: 'mc/1/insurance.v1', engine: 'reference', selfTest: 'passed', tier: 'probation', valid: 0 },
  ])
  const id = await pool.submit()
  // The one that it keeps may have another behind it.
  await vi.waitFor(async () => expect((await here(pool)).sessions[0]?.holds[0]).toMatchObject({ jobId: id }), 10_000)
  agent.close()
  await vi.waitFor(() => expect(pool.hub.roster.agents()[0]?.sessions[0]?.leftAtMs).toEqual(expect.any(Number)), 10_000)
  expect(pool.hub.roster.agents().map((one) => one.identity)).toEqual([identity])
  expect(pool.hub.roster.agents()[0]?.sessions[0]?.engines).toHaveLength(1)
  await pool.hub.cancel(id)
  referee.close()
})

test('an order sends the agent away at once; once more it changes nothing; the other server hears of it', async () => {
  pool.agent()
  other.agent({ holds: () => true })
  const { identity } = await here(pool)
  expect(await order(other, identity, 'ban')).toBe(true)
  expect(awayAt(other, identity)).toBe('banned')
  await vi.waitFor(() => expect(awayAt(pool, identity)).toBe('banned'), 10_000)
  await vi.waitFor(() => expect(pool.hub.agentsOnline).toBe(0), 10_000)
  expect(other.hub.agentsOnline).toBe(1)
  expect(await order(pool, identity, 'ban')).toBe(false)
  expect(await order(pool, identity, 'release')).toBe(true)
  expect(awayAt(pool, identity)).toBe('may-try')

  await pool.stop()
  await pool.start()
  expect(awayAt(pool, identity)).toBe('may-try')
  expect(await order(pool, identity, 'quarantine')).toBe(true)
  await pool.stop()
  await pool.start()
  expect(awayAt(pool, identity)).toBe('waits')
})

test('a server where nobody is hears of a ban before the banned one comes', async () => {
  pool.agent()
  const { identity } = await here(pool)
  expect(other.hub.agentsOnline).toBe(0)
  expect(await order(pool, identity, 'ban')).toBe(true)
  await vi.waitFor(() => expect(awayAt(other, identity)).toBe('banned'), 10_000)
})
