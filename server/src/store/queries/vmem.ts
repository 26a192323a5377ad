// VMem: arrays by name and version. A version is written once and never changes; it can only be deleted, and its number is
// not given again. Writing what the newest version of a name holds already gives that version.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { objects, vmemArrays, vmemNames } from '../memory-schema.ts'
import type { MemoryQuota, NewVmem, VmemRow, VmemWritten } from '../memory.ts'
import type { PageOf } from '../tenants.ts'
import { changeUsage, LAST_CHARACTER, lockUsage, overQuota } from './memory-usage.ts'
import { claimObject, releaseObject } from './objects.ts'

const ofProject = (projectId: ProjectId) => eq(vmemArrays.projectId, projectId)
const ofName = (projectId: ProjectId, name: string) => and(ofProject(projectId), eq(vmemArrays.name, name))

const select = (db: Db) =>
  db
    .select({
      name: vmemArrays.name,
      version: vmemArrays.version,
      dtype: vmemArrays.dtype,
      shape: vmemArrays.shape,
      digest: vmemArrays.digest,
      objectId: vmemArrays.objectId,
      bytes: objects.bytes,
      sha256: objects.sha256,
      createdAtMs: vmemArrays.createdAtMs,
    })
    .from(vmemArrays)
    .innerJoin(objects, eq(objects.id, vmemArrays.objectId))

/** `version` null: the newest. */
export async function vmemOf(
  db: Db,
  projectId: ProjectId,
  name: string,
  version: number | null,
): Promise<VmemRow | null> {
  const [row] = await select(db)
    .where(and(ofName(projectId, name), version === null ? undefined : eq(vmemArrays.version, version)))
    .orderBy(desc(vmemArrays.version))
    .limit(1)
  return row ?? null
}

/** By name, then version. */
export function vmemAfter(
  db: Db,
  projectId: ProjectId,
  prefix: string,
  { after, limit }: PageOf<readonly [name: string, version: number]>,
): Promise<VmemRow[]> {
  const within =
    prefix === '' ? undefined : and(gte(vmemArrays.name, prefix), lt(vmemArrays.name, prefix + LAST_CHARACTER))
  const behind =
    after === null ? undefined : sql`(${vmemArrays.name}, ${vmemArrays.version}) > (${after[0]}, ${after[1]}::bigint)`
  return select(db)
    .where(and(ofProject(projectId), within, behind))
    .orderBy(asc(vmemArrays.name), asc(vmemArrays.version))
    .limit(limit)
}

/** The versions of one name, newest first. */
export function vmemVersions(
  db: Db,
  projectId: ProjectId,
  name: string,
  { after, limit }: PageOf<number>,
): Promise<VmemRow[]> {
  const behind = after === null ? undefined : lt(vmemArrays.version, after)
  return select(db)
    .where(and(ofName(projectId, name), behind))
    .orderBy(desc(vmemArrays.version))
    .limit(limit)
}

export async function putVmem(
  db: Db,
  projectId: ProjectId,
  array: NewVmem,
  quota: Pick<MemoryQuota, 'vmemArrays' | 'vmemBytes'>,
  nowMs: number,
): Promise<VmemWritten> {
  const usage = await lockUsage(db, projectId)
  const newest = await vmemOf(db, projectId, array.name, null)
  if (newest?.digest === array.digest) return { status: 'written', array: newest }
  const after = { vmemArrays: usage.vmemArrays + 1, vmemBytes: usage.vmemBytes + array.bytes }
  const over = overQuota(quota, usage, after)
  if (over !== null) return over
  await claimObject(db, projectId, 'vmem', array, nowMs)
  const { name, dtype, shape, digest, objectId } = array
  const [counted] = await db
    .insert(vmemNames)
    .values({ projectId, name, lastVersion: 1 })
    .onConflictDoUpdate({
      target: [vmemNames.projectId, vmemNames.name],
      set: { lastVersion: sql`${vmemNames.lastVersion} + 1` },
    })
    .returning()
  const version = counted?.lastVersion ?? 1
  await db
    .insert(vmemArrays)
    .values({ projectId, name, version, objectId, dtype, shape: [...shape], digest, createdAtMs: nowMs })
  await changeUsage(db, projectId, { vmemArrays: 1 })
  return { status: 'written', array: { ...array, version, createdAtMs: nowMs } }
}

export async function deleteVmem(
  db: Db,
  projectId: ProjectId,
  name: string,
  version: number,
  nowMs: number,
  attempt: number,
): Promise<boolean> {
  await lockUsage(db, projectId)
  const [gone] = await db
    .delete(vmemArrays)
    .where(and(ofName(projectId, name), eq(vmemArrays.version, version)))
    .returning()
  if (gone === undefined) return attempt > 1
  await releaseObject(db, projectId, gone.objectId, nowMs)
  await changeUsage(db, projectId, { vmemArrays: -1 })
  return true
}
