// What every store must do for tenants: projects, keys, pools and node tokens, each for its own project alone, and what
// of them never changes whatever tool is used.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { problem } from '@forge/shared/contract/problem.ts'
import { aJob, digestOf } from './store.fixtures.ts'
import type { Store } from './store.ts'
import type { ApiKeyRow, NodeTokenRow } from './tenants.ts'

export interface TenantTool {
  store(): Store
  sql(text: string): Promise<unknown>
  otherProject(): Promise<ProjectId>
}

const all = { after: null, limit: 100 }

export function testTenants({ store, sql, otherProject }: TenantTool): void {
  const aKey = (projectId: ProjectId, change: Partial<ApiKeyRow> = {}): ApiKeyRow => ({
    id: ulid(),
    projectId,
    name: 'a key',
    hash: digestOf(ulid()),
    prefix: 'fpak_abc',
    scopes: 'jobs:read',
    createdAtMs: 7,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...change,
  })
  const aToken = (projectId: ProjectId, change: Partial<NodeTokenRow> = {}): NodeTokenRow => {
    const { scopes: _scopes, lastUsedAtMs: _used, ...common } = aKey(projectId)
    return { ...common, pool: null, region: null, trusted: false, madeByOperator: false, ...change }
  }

  test('many looked up together are each found by their own text, whatever is in it', async () => {
    const own = await otherProject()
    const odd = ['NULL', '\\', '"', '{a,"b"}', 'a,b', ' ', 'é𝄞', "'"].map((text) => `${text}${ulid()}${text}` as Digest)
    for (const hash of odd) await store().insertApiKey(aKey(own, { hash }), 100)
    const found = await Promise.all([...odd, ...odd.map((hash) => `${hash}"` as Digest)].map(store().apiKeyByHash))
    expect(found.map((key) => key?.hash ?? null)).toEqual([...odd, ...odd.map(() => null)])
  })

  test('the default project is one, whoever asks first', async () => {
    const asked = await Promise.all(Array.from({ length: 5 }, () => store().defaultProject()))
    expect(new Set(asked).size).toBe(1)
    expect(await store().project(asked[0] ?? ('' as ProjectId))).toMatchObject({ name: 'default', limits: '{}' })
  })

  test('projects are found, listed newest first, and changed in name and limits alone', async () => {
    const ids = [await otherProject(), await otherProject()].toSorted().toReversed()
    const listed = (await store().projects(all)).map(({ id }) => id)
    expect(listed.filter((id) => ids.includes(id))).toEqual(ids)
    const [first = '' as ProjectId] = ids
    expect(await store().updateProject(first, () => ({ name: 'new', limits: '{"concurrent_jobs":1}' }))).toMatchObject({
      id: first,
      name: 'new',
      limits: '{"concurrent_jobs":1}',
    })
    expect(await store().updateProject(first, () => ({}))).toMatchObject({ name: 'new' })
    expect(await store().updateProject('nobody' as ProjectId, () => ({ name: 'x' }))).toBeNull()
    expect(await store().project('nobody' as ProjectId)).toBeNull()
    const behind = await store().projects({ after: first, limit: 100 })
    expect(behind.map(({ id }) => id)).not.toContain(first)
  })

  test('of many changes of one project at once none is lost', async () => {
    const id = await otherProject()
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    await Promise.all(
      names.map((name) =>
        store().updateProject(id, ({ limits }) => ({ limits: JSON.stringify({ ...JSON.parse(limits), [name]: 1 }) })),
      ),
    )
    const limits: object = JSON.parse((await store().project(id))?.limits ?? '')
    expect(Object.keys(limits).toSorted()).toEqual(names)
  })

  test('what a project may still ask is counted once, however many ask at the same time', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const asked = await Promise.all(Array.from({ length: 8 }, () => store().takeRequests(own, 20, 3)))
    // A minute's worth at once; that one comes back meanwhile takes three seconds.
    expect(asked.reduce((sum, { granted }) => sum + granted, 0)).toBe(20)
    const last = await store().takeRequests(own, 20, 3)
    expect(last).toMatchObject({ granted: 0, left: 0 })
    expect(last.nextInMs).toBeGreaterThan(0)
    expect(last.nextInMs).toBeLessThanOrEqual(3_000)
    expect(await store().takeRequests(other, 20, 3)).toEqual({ granted: 3, left: 17, nextInMs: 0 })
  })

  test('a key is found by its hash, and listed and revoked for its own project alone', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const key = aKey(own)
    expect(await store().insertApiKey(key, 2)).toBe(true)
    expect(await store().insertApiKey(key, 2)).toBe(true)
    expect(await store().apiKeyByHash(key.hash)).toEqual(key)
    expect(await store().apiKeys(own, all)).toEqual([key])
    expect(await store().apiKeys(other, all)).toEqual([])
    expect(await store().apiKeyByHash(digestOf('unknown'))).toBeNull()
    await expect(store().insertApiKey({ ...key, id: ulid() }, 9)).rejects.toThrow(/api_keys_hash/)
    await expect(store().insertApiKey({ ...key, hash: digestOf(ulid()) }, 9)).rejects.toThrow(/another key/)
    expect(await store().revokeApiKey(other, key.id, 8)).toBeNull()
    expect(await store().revokeApiKey(own, key.id, 8)).toEqual({ ...key, revokedAtMs: 8 })
    expect(await store().revokeApiKey(own, key.id, 9)).toEqual({ ...key, revokedAtMs: 8 })
  })

  test('only open keys count against the most that a project may have, also in a race', async () => {
    const own = await otherProject()
    const made = await Promise.all(Array.from({ length: 6 }, () => store().insertApiKey(aKey(own), 3)))
    expect(made.filter(Boolean)).toHaveLength(3)
    const [one] = await store().apiKeys(own, all)
    await store().revokeApiKey(own, one?.id ?? '', 8)
    expect(await store().insertApiKey(aKey(own, { expiresAtMs: 9 }), 3)).toBe(true)
    expect(await store().insertApiKey(aKey(own, { createdAtMs: 8 }), 3)).toBe(false)
    expect(await store().insertApiKey(aKey(own, { createdAtMs: 9 }), 3)).toBe(true)
  })

  test('the last use of a key moves forward only', async () => {
    const key = aKey(await otherProject())
    await store().insertApiKey(key, 1)
    for (const atMs of [20, 10]) await store().touchApiKey(key.id, atMs)
    expect(await store().apiKeyByHash(key.hash)).toEqual({ ...key, lastUsedAtMs: 20 })
  })

  test('pools have one name each in their project, and node tokens belong to them', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const pool = { projectId: own, name: 'b', createdAtMs: 1 }
    expect(await store().insertPool(pool, 2)).toBe('inserted')
    expect(await store().insertPool({ ...pool, createdAtMs: 2 }, 2)).toBe('exists')
    expect(await store().insertPool({ ...pool, name: 'a' }, 2)).toBe('inserted')
    expect(await store().insertPool({ ...pool, name: 'c' }, 2)).toBe('too-many')
    expect((await store().pools(own, all)).map(({ name }) => name)).toEqual(['a', 'b'])
    expect((await store().pools(own, { after: 'a', limit: 5 })).map(({ name }) => name)).toEqual(['b'])
    expect(await store().pools(other, all)).toEqual([])
    expect(await store().pool(other, 'b')).toBeNull()

    const token = aToken(own, { pool: 'b', region: 'eu-west', trusted: true, madeByOperator: true })
    expect(await store().insertNodeToken(token, 1)).toBe(true)
    expect(await store().insertNodeToken(token, 1)).toBe(true)
    expect(await store().insertNodeToken(aToken(own), 1)).toBe(false)
    await expect(store().insertNodeToken(aToken(other, { pool: 'b' }), 9)).rejects.toThrow(/node_tokens_pool/)
    expect(await store().nodeTokenByHash(token.hash)).toEqual(token)
    expect(await store().nodeTokens(own, all)).toEqual([token])
    expect(await store().nodeTokens(other, all)).toEqual([])
    expect(await store().revokeNodeToken(other, token.id, 5)).toBeNull()
    const expiring = aToken(other, { expiresAtMs: 20 })
    await store().insertNodeToken(expiring, 9)
    const both = [token.id, expiring.id, ulid()]
    expect(await store().endedNodeTokens(both, 19)).toEqual([])
    expect(await store().endedNodeTokens(both, 20)).toEqual([expiring.id])
    expect(await store().revokeNodeToken(own, token.id, 5)).toEqual({ ...token, revokedAtMs: 5 })
    expect((await store().endedNodeTokens(both, 20)).toSorted()).toEqual([token.id, expiring.id].toSorted())
    expect(await store().endedNodeTokens([], 20)).toEqual([])
  })

  test('a pool goes once nothing needs it, and comes again as a new one; its ended tokens stay', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const pool = { projectId: own, name: 'b', createdAtMs: 1 }
    await store().insertPool(pool, 1)
    const [open, expired] = [aToken(own, { pool: 'b' }), aToken(own, { pool: 'b', expiresAtMs: 9 })]
    for (const token of [open, expired]) await store().insertNodeToken(token, 9)
    const job = aJob(own, { request: '{"policy":{"pool":"b"}}' })
    for (const one of [job, aJob(own, { request: '{"policy":{}}' })]) await store().insertJob(one)
    expect(await store().retirePool(own, 'b', 8)).toEqual({ openTokens: 2, unfinishedJobs: 1 })
    await store().revokeNodeToken(own, open.id, 5)
    expect(await store().retirePool(own, 'b', 9)).toEqual({ openTokens: 0, unfinishedJobs: 1 })
    await store().finishJob(job.id, { state: 'CANCELLED', problem: problem('CANCELLED', 'x'), finishedAtMs: 9 })
    expect(await store().retirePool(other, 'b', 10)).toBeNull()
    expect(await store().retirePool(own, 'b', 10, 'operator')).toBe('retired')
    expect([await store().pool(own, 'b'), await store().pools(own, all)]).toEqual([null, []])
    expect(await store().retirePool(own, 'b', 11)).toBeNull()
    const [act] = await store().actsOf(own, { after: null, limit: 1 })
    expect(act).toMatchObject({ type: 'pool.deleted', actor: 'operator', subject: 'b', atMs: 10 })
    // It no longer counts, and its name is free.
    expect(await store().insertPool({ ...pool, name: 'c' }, 1)).toBe('inserted')
    expect(await store().insertPool({ ...pool, createdAtMs: 12 }, 1)).toBe('too-many')
    expect(await store().insertPool({ ...pool, createdAtMs: 12 }, 2)).toBe('inserted')
    expect(await store().pool(own, 'b')).toEqual({ ...pool, createdAtMs: 12 })
    expect(await store().nodeTokens(own, all)).toHaveLength(2)
  })

  for (const role of ['origin', 'replica']) {
    test(`no tool changes a key, takes back a revocation or deletes either, in the role ${role}`, async () => {
      const own = await otherProject()
      const [key, token] = [aKey(own), aToken(own)]
      await store().insertApiKey(key, 9)
      await store().insertNodeToken(token, 9)
      await store().insertPool({ projectId: own, name: 'p', createdAtMs: 1 }, 9)
      await store().revokeApiKey(own, key.id, 5)
      await store().revokeNodeToken(own, token.id, 5)
      await sql(`set session_replication_role = ${role}`)
      try {
        for (const [table, id] of [
          ['api_keys', key.id],
          ['node_tokens', token.id],
        ]) {
          const where = `where id = '${id}'`
          await expect(sql(`update ${table} set name = 'x' ${where}`)).rejects.toThrow(/revocation alone/)
          await expect(sql(`update ${table} set hash = 'x' ${where}`)).rejects.toThrow(/revocation alone/)
          await expect(sql(`update ${table} set revoked_at_ms = null ${where}`)).rejects.toThrow(/taken back/)
          await expect(sql(`update ${table} set revoked_at_ms = 6 ${where}`)).rejects.toThrow(/taken back/)
          await expect(sql(`delete from ${table} ${where}`)).rejects.toThrow(/never deleted/)
          await expect(sql(`truncate ${table} cascade`)).rejects.toThrow(/never truncated/)
        }
        await sql(`update api_keys set last_used_at_ms = 9 where id = '${key.id}'`)
        await expect(sql(`update api_keys set last_used_at_ms = 8 where id = '${key.id}'`)).rejects.toThrow(/back/)
        await expect(sql(`update pools set name = 'q' where project_id = '${own}'`)).rejects.toThrow(/never changed/)
        const marked = (change: string) => sql(`update pools set ${change} where project_id = '${own}'`)
        await expect(marked('created_at_ms = 2')).rejects.toThrow(/never changed/)
        await expect(marked("retired_at_ms = 2, name = 'q'")).rejects.toThrow(/never changed/)
        await expect(sql(`delete from pools where project_id = '${own}'`)).rejects.toThrow(/never deleted/)
        await marked('retired_at_ms = 2')
        await expect(marked('retired_at_ms = 3')).rejects.toThrow(/never changed/)
        await expect(marked("retired_at_ms = null, name = 'q'")).rejects.toThrow(/never changed/)
        await marked('retired_at_ms = null, created_at_ms = 3')
        for (const table of ['pools', 'projects']) {
          await expect(sql(`truncate ${table} cascade`), table).rejects.toThrow(/never truncated/)
        }
      } finally {
        await sql('reset session_replication_role')
      }
    })
  }
}
