// What every store must do for blobs and for the objects that hold their bytes: claimed once, let go when nothing needs them.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import type { Condition, MemoryQuota, NewBlob } from './memory.ts'
import { NO_QUOTA } from './store.fixtures.ts'
import type { Store } from './store.ts'

export interface BlobTool {
  store(): Store
  sql(text: string): Promise<unknown>
  otherProject(): Promise<ProjectId>
}

const NOW = 1_790_000_000_000
const LATER = NOW + 86_400_000
const free = NO_QUOTA
const always: Condition = { kind: 'always' }
const all = { after: null, limit: 100 }

export function testBlobs({ store, sql, otherProject }: BlobTool): void {
  const begun = async (name: string, change: Partial<NewBlob> = {}): Promise<NewBlob> => {
    const objectId = ulid()
    await store().beginObject(objectId, LATER)
    return {
      name,
      objectId,
      bytes: 10,
      sha256: 'ab'.repeat(32),
      contentType: 'text/plain',
      expiresAtMs: null,
      ...change,
    }
  }
  const put = (project: ProjectId, blob: NewBlob, condition = always, quota = free, nowMs = NOW) =>
    store().putBlob(project, blob, condition, quota, nowMs)
  const usage = async (project: ProjectId) => {
    const { blobs, blobBytes } = await store().memoryUsage(project)
    expect(await sql(`select 1 from blobs where project_id = '${project}'`)).toHaveLength(blobs)
    const { length } = (await sql(`select 1 from objects where project_id = '${project}'`)) as unknown[]
    return { blobs, blobBytes, objects: length }
  }
  const removable = async (nowMs = NOW) => new Set(await store().objectsToRemove(nowMs))

  test('a blob comes back, its own project’s alone, and goes with its object', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const blob = await begun('a/ü')
    const { version: _version, ...row } = { ...blob, version: 0, createdAtMs: NOW, updatedAtMs: NOW }
    expect(await put(own, blob)).toEqual({ status: 'written', blob: { ...row, version: 1 } })
    expect(await store().blob(own, 'a/ü', NOW)).toEqual({ ...row, version: 1 })
    expect(await store().blob(other, 'a/ü', NOW)).toBeNull()
    expect(await store().blobsOf(other, '', all, NOW)).toEqual([])
    expect(await store().deleteBlob(other, 'a/ü', always, NOW)).toBe('absent')
    expect((await removable(LATER)).has(blob.objectId)).toBe(false)
    expect(await usage(own)).toEqual({ blobs: 1, blobBytes: 10, objects: 1 })
    expect(await store().deleteBlob(own, 'a/ü', { kind: 'version', versions: [2] }, NOW)).toBe('conflict')
    expect(await store().deleteBlob(own, 'a/ü', always, NOW)).toBe('deleted')
    expect(await store().deleteBlob(own, 'a/ü', always, NOW)).toBe('absent')
    expect(await usage(own)).toEqual({ blobs: 0, blobBytes: 0, objects: 0 })
    expect((await removable()).has(blob.objectId)).toBe(true)
    await store().objectsRemoved([blob.objectId])
    expect((await removable(LATER)).has(blob.objectId)).toBe(false)
  })

  test('what is replaced is let go, and a condition that does not hold leaves all as it was', async () => {
    const own = await otherProject()
    const [first, second, third] = [await begun('b'), await begun('b', { bytes: 7 }), await begun('b')]
    await put(own, first)
    expect(await put(own, second, { kind: 'version', versions: [1] }, free, NOW + 1)).toMatchObject({
      blob: { version: 2, bytes: 7, createdAtMs: NOW, updatedAtMs: NOW + 1 },
    })
    expect(await put(own, third, { kind: 'absent' })).toEqual({ status: 'conflict' })
    expect(await usage(own)).toEqual({ blobs: 1, blobBytes: 7, objects: 1 })
    await store().discardObject(third.objectId, NOW)
    const gone = await removable(NOW + 1)
    expect([first, second, third].map(({ objectId }) => gone.has(objectId))).toEqual([true, false, true])
  })

  test('an object is claimed once, and only while it is begun', async () => {
    const own = await otherProject()
    const blob = await begun('c')
    await put(own, blob)
    await expect(put(own, { ...blob, name: 'd' })).rejects.toThrow(/never begun/)
    await expect(put(own, { ...(await begun('e')), objectId: ulid() })).rejects.toThrow(/never begun/)
    expect(await usage(own)).toEqual({ blobs: 1, blobBytes: 10, objects: 1 })
  })

  test('an upload that nobody claims is removed after its time', async () => {
    const { objectId } = await begun('f')
    expect((await removable(LATER - 1)).has(objectId)).toBe(false)
    expect((await removable(LATER)).has(objectId)).toBe(true)
  })

  test('lists go by prefix in the order of bytes, without what has expired', async () => {
    const own = await otherProject()
    for (const name of ['b', 'a/2', 'a/10', 'a', 'aB', 'ä']) await put(own, await begun(name))
    await put(own, await begun('a/0', { expiresAtMs: NOW + 5 }))
    const names = async (prefix: string, page = all as { after: string | null; limit: number }) =>
      (await store().blobsOf(own, prefix, page, NOW + 5)).map(({ name }) => name)
    expect(await names('')).toEqual(['a', 'a/10', 'a/2', 'aB', 'b', 'ä'])
    expect(await names('a/')).toEqual(['a/10', 'a/2'])
    expect(await names('a', { after: 'a/10', limit: 1 })).toEqual(['a/2'])
    expect(await store().blob(own, 'a/0', NOW + 5)).toBeNull()
    // Under a name that has expired, a new one is new.
    expect(await put(own, await begun('a/0'), { kind: 'absent' }, free, NOW + 5)).toMatchObject({ status: 'written' })
    expect(await usage(own)).toEqual({ blobs: 7, blobBytes: 70, objects: 7 })
    for (let i = 0; i < 3; i++) await put(own, await begun(`old/${i}`, { expiresAtMs: NOW + 6 }))
    while (await store().sweepMemory(NOW + 6)) continue
    expect(await usage(own)).toEqual({ blobs: 7, blobBytes: 70, objects: 7 })
  })

  test('quotas hold, also in a race, and what has expired makes room', async () => {
    const own = await otherProject()
    const tight: MemoryQuota = { ...free, blobs: 3, blobBytes: 25 }
    const blobs = await Promise.all(Array.from({ length: 4 }, (_, i) => begun(`r${i}`)))
    const written = await Promise.all(blobs.map((blob) => put(own, blob, always, tight)))
    expect(written.filter(({ status }) => status === 'written')).toHaveLength(2)
    expect(written.find(({ status }) => status === 'over-quota')).toEqual({
      status: 'over-quota',
      limit: 'blobBytes',
      most: 25,
      wanted: 30,
    })
    await put(own, await begun('short', { bytes: 5, expiresAtMs: NOW + 1 }), always, tight)
    const empty = await begun('empty', { bytes: 0 })
    expect(await put(own, empty, always, tight)).toMatchObject({ limit: 'blobs', most: 3 })
    expect(await put(own, empty, always, tight, NOW + 1)).toMatchObject({ status: 'written' })
    expect(await usage(own)).toEqual({ blobs: 3, blobBytes: 20, objects: 3 })
  })
}
