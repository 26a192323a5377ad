// What every store must do for acts and orders: each change leaves one, in the transaction of the change, and what changes
// nothing leaves none; orders are read on by others in the order in which they were given.
import { ulid } from 'ulid'
import { describe, expect, test } from 'vitest'
import type { Identity, ProjectId } from '@forge/shared/contract/ids.ts'
import { actsProblem } from '@forge/shared/receipt/act.ts'
import { actOf, OPERATOR_CHAIN, type ActChain, type Actor } from './acts.ts'
import type { AgentOrder, NewOrder } from './agent-orders.ts'
import { accepted, aJob, aSubmission, complete, digestOf, noWrites } from './store.fixtures.ts'
import type { Store } from './store.ts'

const DAY_MS = 86_400_000
const TERMS = { quarantineMs: DAY_MS, banWithinMs: 30 * DAY_MS }
const KEY: Actor = 'key:01K6Z5Q0V3ZJ8P0N5T9W4X2Y7B'

interface ActsTool {
  store(): Store
  sql(text: string): Promise<unknown>
}

export function testActs({ store, sql }: ActsTool): void {
  const all = (chain: ActChain) => store().actsOf(chain, { after: null, limit: 1_000 })
  const told = async (chain: ActChain) => (await all(chain)).map(({ type, actor }) => [type, actor]).toReversed()
  const aProject = async (): Promise<ProjectId> => {
    const id = ulid() as ProjectId
    await store().insertProject({ id, name: 'acts', createdAtMs: 1, limits: '{}' }, 'operator')
    return id
  }
  const aKey = (projectId: ProjectId) => {
    const made = {
      id: ulid(),
      projectId,
      name: 'nightly',
      hash: digestOf(ulid()),
      prefix: 'fpak_x',
      scopes: 'jobs:read',
    }
    return { ...made, createdAtMs: 2, expiresAtMs: null, revokedAtMs: null, lastUsedAtMs: null }
  }

  describe('acts', () => {
    test('say who changed what, once, and are a chain from the first on', async () => {
      const id = await aProject()
      const key = aKey(id)
      for (const _ of [1, 2]) await store().insertApiKey(key, 9, KEY)
      for (const atMs of [3, 4]) await store().revokeApiKey(id, key.id, atMs, 'operator')
      await store().insertPool({ projectId: id, name: 'rack', createdAtMs: 5 }, 9, KEY)
      for (const _ of [1, 2]) await store().updateProject(id, () => ({ limits: '{"concurrent_jobs":3}' }), 'operator')
      expect(await told(id)).toEqual([
        ['project.created', 'operator'],
        ['key.created', KEY],
        ['key.revoked', 'operator'],
        ['pool.created', KEY],
        ['project.changed', 'operator'],
      ])
      const acts = (await all(id)).map(actOf)
      expect(actsProblem(acts, null)).toBeNull()
      expect(acts[0]?.data).toEqual({ limits: [{ limit: 'concurrent_jobs', from: null, to: 3 }] })
      expect(acts[3]?.data).toMatchObject({ name: 'nightly', scopes: 'jobs:read' })
      expect(JSON.stringify(acts)).not.toContain(key.hash)
    })

    test('are told of a webhook without what may be secret in its address', async () => {
      const id = await aProject()
      const hook = { id: ulid(), projectId: id, url: 'https://u:p@hooks.example.com/secret?token=x', description: 'x' }
      await store().insertWebhook({ ...hook, events: ['job.completed'], secret: 'whsec_x', createdAtMs: 2 }, 9, KEY)
      for (const enabled of [false, false]) await store().updateWebhook(id, hook.id, { enabled }, 3, KEY)
      await store().rotateWebhookSecret(id, hook.id, 'whsec_y', 5, 4, KEY)
      for (const _ of [1, 2]) await store().deleteWebhook(id, hook.id, KEY)
      expect((await told(id)).map(([type]) => type).slice(1)).toEqual([
        'webhook.created',
        'webhook.changed',
        'webhook.secret-rotated',
        'webhook.deleted',
      ])
      expect(JSON.stringify(await all(id))).not.toMatch(/secret\?|token=|u:p|whsec/)
    })

    test('of many at once none is lost, and none has the place of another', async () => {
      const id = await aProject()
      await Promise.all(Array.from({ length: 12 }, () => store().insertApiKey(aKey(id), 99, KEY)))
      const acts = (await all(id)).map(actOf)
      expect(acts).toHaveLength(13)
      expect(actsProblem(acts, null)).toBeNull()
      const page = await store().actsOf(id, { after: 5, limit: 2 })
      expect(page.map(({ number }) => number)).toEqual([4, 3])
    })
  })

  test('neither acts nor orders are changed, deleted or truncated', async () => {
    await aProject()
    const one = digestOf(ulid()) as string as Identity
    await store().orderAgent({ identity: one, kind: 'ban', atMs: 1, reason: 'x', actor: 'operator' }, TERMS)
    for (const table of ['acts', 'agent_orders']) {
      await expect(sql(`update ${table} set at_ms = at_ms`)).rejects.toThrow(/never changed/)
      await expect(sql(`delete from ${table}`)).rejects.toThrow(/never changed/)
      await expect(sql(`truncate ${table}`)).rejects.toThrow(/never truncated/)
    }
  })

  describe('orders about agents', () => {
    const anIdentity = (): Identity => digestOf(ulid()) as string as Identity
    const order = (identity: Identity, kind: NewOrder['kind'], atMs: number): Promise<boolean> =>
      store().orderAgent({ identity, kind, atMs, reason: `because of ${atMs}`, actor: 'operator' }, TERMS)
    const given = async () => {
      const found: AgentOrder[] = []
      for (let rows = await store().agentOrders(0); rows.length > 0;) {
        found.push(...rows)
        rows = await store().agentOrders(rows.at(-1)?.number ?? 0)
      }
      return found
    }
    const of = async (identity: Identity) =>
      (await given()).filter((row) => row.identity === identity).map(({ kind }) => kind)
    const last = async () => (await given()).at(-1)?.number ?? 0

    test('change something or are not written', async () => {
      const one = anIdentity()
      expect(await store().knowsIdentity(one)).toBe(false)
      expect(await order(one, 'release', 1)).toBe(false)
      expect(await order(one, 'quarantine', 2)).toBe(true)
      expect(await order(one, 'quarantine', 3)).toBe(false)
      expect(await order(one, 'quarantine', 2 + DAY_MS)).toBe(true)
      expect(await order(one, 'ban', 4 + DAY_MS)).toBe(true)
      expect(await order(one, 'ban', 5 + DAY_MS)).toBe(false)
      expect(await order(one, 'quarantine', 6 + DAY_MS)).toBe(false)
      expect(await order(one, 'release', 7 + DAY_MS)).toBe(true)
      expect(await order(one, 'release', 8 + DAY_MS)).toBe(false)
      expect(await of(one)).toEqual(['quarantine', 'quarantine', 'ban', 'release'])
      expect(await store().knowsIdentity(one)).toBe(true)
      expect(await store().faultsOf([one])).toEqual([
        { identity: one, by: 'operator', reason: `because of ${4 + DAY_MS}`, atMs: 4 + DAY_MS },
      ])
    })

    test('let go of an exposure once, and end when the identity has come back', async () => {
      const one = anIdentity()
      const exposed = { identity: one, number: 1, reason: 'shard 3', atMs: 10 }
      await store().writeShards({ ...noWrites, quarantines: [exposed] })
      await store().writeShards({ ...noWrites, quarantines: [exposed] })
      expect(await order(one, 'release', 11)).toBe(true)
      expect(await order(one, 'release', 12)).toBe(false)
      await store().writeShards({
        ...noWrites,
        releases: [{ identity: one, number: 1, atMs: 13, lastOrder: await last() }],
      })
      expect(await of(one)).toEqual(['release', 'requalified'])
      expect(await order(one, 'release', 14)).toBe(false)
      const acts = (await all(OPERATOR_CHAIN)).filter(({ subject }) => subject === one).toReversed()
      expect(acts.map(({ type, actor }) => [type, actor])).toEqual([
        ['agent.exposed', 'verification'],
        ['agent.released', 'operator'],
        ['agent.requalified', 'verification'],
      ])
      expect(actsProblem((await all(OPERATOR_CHAIN)).map(actOf), null)).toBeNull()
    })

    test('of one that an exposure keeps away, or has let try, change what they say and no more', async () => {
      const one = anIdentity()
      const expose = (number: number, atMs: number) =>
        store().writeShards({ ...noWrites, quarantines: [{ identity: one, number, reason: 'x', atMs }] })
      await expose(1, 10)
      expect(await order(one, 'quarantine', 11), 'it is away already').toBe(false)
      expect(await order(one, 'release', 10 + DAY_MS), 'its time is over').toBe(false)
      expect(await order(one, 'quarantine', 10 + DAY_MS), 'it might have come back').toBe(true)
      expect(await order(one, 'release', 11 + DAY_MS)).toBe(true)
      expect(await order(one, 'release', 12 + DAY_MS)).toBe(false)
      await expose(2, 2 * DAY_MS)
      expect(await order(one, 'quarantine', 9 * DAY_MS), 'the second one is for good').toBe(false)
      expect(await order(one, 'release', 9 * DAY_MS)).toBe(true)
      expect(await order(one, 'release', 10 * DAY_MS)).toBe(false)
      const acts = (await all(OPERATOR_CHAIN)).filter(({ subject }) => subject === one)
      expect(acts).toHaveLength(5)
    })

    test('alone end too, without an exposure that there never was', async () => {
      const one = anIdentity()
      await order(one, 'quarantine', 1)
      await store().writeShards({
        ...noWrites,
        releases: [{ identity: one, number: 0, atMs: 2, lastOrder: await last() }],
      })
      expect(await of(one)).toEqual(['quarantine', 'requalified'])
      expect((await store().quarantines()).filter(({ identity }) => identity === one)).toEqual([])
    })

    test('are not ended by a requalification that did not know of them, whatever the clocks say', async () => {
      const one = anIdentity()
      await order(one, 'quarantine', 1)
      await order(one, 'release', 2)
      const known = await last()
      await order(one, 'ban', 3)
      // The server that saw its trial end had not heard of the ban, and its clock is ahead.
      const release = { identity: one, number: 0, atMs: 1_000, lastOrder: known }
      await store().writeShards({ ...noWrites, releases: [release] })
      expect(await of(one)).toEqual(['quarantine', 'release', 'ban'])
      expect((await all(OPERATOR_CHAIN))[0]).toMatchObject({ type: 'agent.banned', subject: one })
      await order(one, 'release', 4)
      await store().writeShards({ ...noWrites, releases: [release] })
      // One whose clock is behind knows of them all.
      const number = await last()
      await store().writeShards({ ...noWrites, releases: [{ ...release, atMs: 0, lastOrder: number }] })
      expect(await of(one)).toEqual(['quarantine', 'release', 'ban', 'release', 'requalified'])
      expect((await given()).at(-1)?.reason).toContain(`ends order ${number}`)
    })

    test('exposures are read on in the order of the acts, as they are then', async () => {
      const [one, two] = [anIdentity(), anIdentity()]
      const read = async (after: number) => {
        const found = await store().exposuresAfter(after)
        return {
          ...found,
          known: found.known.map(({ identity, exposures, released }) => [identity, exposures, released]),
        }
      }
      const start = (await all(OPERATOR_CHAIN))[0]?.number ?? -1
      expect(await read(start)).toEqual({ through: start, known: [] })
      const exposed = { identity: one, number: 1, reason: 'shard 3', atMs: 10 }
      await store().writeShards({ ...noWrites, quarantines: [exposed] })
      await order(two, 'ban', 10)
      expect(await read(start)).toEqual({ through: start + 2, known: [[one, 1, false]] })
      await store().writeShards({ ...noWrites, releases: [{ identity: one, number: 1, atMs: 11, lastOrder: 0 }] })
      expect(await read(start + 2)).toEqual({ through: start + 3, known: [[one, 1, true]] })
      expect(await read(start + 3)).toEqual({ through: start + 3, known: [] })
    })

    test('the referee of any server is known by its work, which is trusted and nobody’s', async () => {
      const [referee, rack, stranger] = [anIdentity(), anIdentity(), anIdentity()]
      const projectId = await aProject()
      const job = aJob(projectId)
      await store().insertJob(job)
      const submissions = [
        aSubmission(job.id, 0, { executor: referee, role: 'referee', trusted: true, tier: 'trusted', owner: null }),
        aSubmission(job.id, 1, { executor: rack, trusted: true, tier: 'trusted', owner: projectId }),
        aSubmission(job.id, 2, { executor: stranger }),
      ]
      await complete(store(), job.id, { ...accepted(job.id, [0, 1, 2]), submissions })
      const found = [referee, rack, stranger, anIdentity()].map((identity) => store().wasReferee(identity))
      expect(await Promise.all(found)).toEqual([true, false, false, false])
    })

    test('totals are sums over an identity’s own rows, of one that did nothing too', async () => {
      const one = anIdentity()
      expect(await store().totalsOf([one])).toEqual([
        { identity: one, jobs: 0, accepted: 0, rejected: 0, microCredits: 0n },
      ])
    })
  })
}
