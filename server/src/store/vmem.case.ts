// What every store must do for VMem, and for what jobs refer to: versions that never change, and objects that stay as long
// as a job needs them.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import type { JobReference, NewVmem } from './memory.ts'
import { aJob, digestOf, NO_QUOTA } from './store.fixtures.ts'
import type { Store } from './store.ts'

export interface VmemTool {
  store(): Store
  sql(text: string): Promise<unknown>
  otherProject(): Promise<ProjectId>
}

const NOW = 1_790_000_000_000
const all = { after: null, limit: 100 }

export function testVmem({ store, sql, otherProject }: VmemTool): void {
  const begun = async (name: string, content: string, change: Partial<NewVmem> = {}): Promise<NewVmem> => {
    const objectId = ulid()
    await store().beginObject(objectId, NOW + 86_400_000)
    const array = { name, dtype: 'f64', shape: [2, 1], digest: digestOf(content), bytes: 16, sha256: 'ab'.repeat(32) }
    return { ...array, dtype: 'f64', objectId, ...change }
  }
  const put = (project: ProjectId, array: NewVmem, quota = NO_QUOTA) => store().putVmem(project, array, quota, NOW)
  const usage = async (project: ProjectId) => {
    const { vmemArrays, vmemBytes, blobBytes } = await store().memoryUsage(project)
    return { vmemArrays, vmemBytes, blobBytes }
  }

  test('versions count from 1, never come again, and equal content is the version that is there', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const first = await begun('a', 'one')
    expect(await put(own, first)).toEqual({ status: 'written', array: { ...first, version: 1, createdAtMs: NOW } })
    expect(await store().vmem(own, 'a', 1)).toEqual({ ...first, version: 1, createdAtMs: NOW })
    const again = await put(own, await begun('a', 'one'))
    expect(again).toMatchObject({ array: { version: 1, objectId: first.objectId } })
    expect(await put(own, await begun('a', 'two'))).toMatchObject({ array: { version: 2 } })
    expect(await put(own, await begun('a', 'one'))).toMatchObject({ array: { version: 3 } })
    expect(await put(own, await begun('b', 'one'))).toMatchObject({ array: { version: 1 } })
    expect(await store().deleteVmem(own, 'a', 3, NOW)).toBe(true)
    expect(await store().deleteVmem(own, 'a', 3, NOW)).toBe(false)
    expect(await put(own, await begun('a', 'three'))).toMatchObject({ array: { version: 4 } })
    expect(await store().vmem(own, 'a', null)).toMatchObject({ version: 4 })
    expect((await store().vmemVersions(own, 'a', all)).map(({ version }) => version)).toEqual([4, 2, 1])
    expect((await store().vmemVersions(own, 'a', { after: 4, limit: 1 })).map(({ version }) => version)).toEqual([2])
    const listed = await store().vmemOf(own, '', { after: ['a', 1], limit: 3 })
    expect(listed.map(({ name, version }) => `${name}@${version}`)).toEqual(['a@2', 'a@4', 'b@1'])
    expect(await store().vmemOf(own, 'b', all)).toHaveLength(1)
    expect(await usage(own)).toEqual({ vmemArrays: 4, vmemBytes: 64, blobBytes: 0 })

    expect(await store().vmem(other, 'a', 1)).toBeNull()
    expect(await store().vmemOf(other, '', all)).toEqual([])
    expect(await store().deleteVmem(other, 'a', 1, NOW)).toBe(false)
  })

  test('quotas hold in a race', async () => {
    const own = await otherProject()
    const arrays = await Promise.all(Array.from({ length: 4 }, (_, i) => begun(`r${i}`, `r${i}`)))
    const written = await Promise.all(arrays.map((array) => put(own, array, { ...NO_QUOTA, vmemBytes: 40 })))
    expect(written.filter(({ status }) => status === 'written')).toHaveLength(2)
    const over = await put(own, await begun('x', 'x'), { ...NO_QUOTA, vmemArrays: 2 })
    expect(over).toMatchObject({ status: 'over-quota', limit: 'vmemArrays', most: 2, wanted: 3 })
  })

  test('what a job refers to stays when its name goes, and counts', async () => {
    const own = await otherProject()
    const array = await begun('severity', 'points')
    await put(own, array)
    const blob = { ...(await begun('', '')), name: 'file', contentType: 'text/plain', expiresAtMs: NOW + 5 }
    const { objectId, bytes, sha256, name, contentType, expiresAtMs } = blob
    const always = { kind: 'always' } as const
    await store().putBlob(own, { objectId, bytes, sha256, name, contentType, expiresAtMs }, always, NO_QUOTA, NOW)
    const references: JobReference[] = [
      { path: 'args.a', kind: 'vmem', ref: 'severity@1', digest: array.digest, objectId: array.objectId },
      { path: 'args.b', kind: 'blob', ref: 'file', digest: digestOf('file'), objectId },
    ]
    const job = aJob(own, { references })
    expect(await store().insertJob(job)).toEqual({ inserted: true })
    expect(await store().referencesOf(job.id)).toEqual(references)
    const { references: _told, ...row } = job
    expect(await store().job(job.id)).toMatchObject(row)

    expect(await store().deleteVmem(own, 'severity', 1, NOW)).toBe(true)
    while (await store().sweepMemory(NOW + 5)) continue
    expect(await store().blob(own, 'file', NOW)).toBeNull()
    const removed = await store().objectsToRemove(NOW + 5)
    expect(removed).not.toContain(array.objectId)
    expect(removed).not.toContain(objectId)
    expect(await usage(own)).toEqual({ vmemArrays: 0, vmemBytes: 16, blobBytes: 16 })
    await expect(sql(`delete from job_references where job_id = '${job.id}'`)).rejects.toThrow(/only added/)
    await expect(sql(`delete from objects where id = '${objectId}'`)).rejects.toThrow(/job_references/)
  })

  test('a job whose reference went meanwhile is not registered, nor one that refers to another project’s object', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const array = await begun('gone', 'gone')
    await put(own, array)
    const reference = { path: 'args.a', kind: 'vmem', ref: 'gone@1', digest: array.digest } as const
    const references = [{ ...reference, objectId: array.objectId }]
    const foreign = aJob(other, { references })
    await expect(store().insertJob(foreign)).rejects.toThrow(/args.a/)
    await store().deleteVmem(own, 'gone', 1, NOW)
    const job = aJob(own, { references })
    await expect(store().insertJob(job)).rejects.toThrow(/args.a/)
    for (const { id } of [foreign, job]) expect(await store().job(id)).toBeNull()
  })

  test('a sealed array never changes, whatever tool is used', async () => {
    const own = await otherProject()
    await put(own, await begun('sealed', 'sealed'))
    const where = `where project_id = '${own}'`
    await expect(sql(`update vmem_arrays set shape = '[1]' ${where}`)).rejects.toThrow(/never changed/)
    await expect(sql(`update objects set bytes = 1 ${where}`)).rejects.toThrow(/never changed/)
  })
}
