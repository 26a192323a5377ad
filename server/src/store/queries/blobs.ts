// Blobs: a name, what its client said of it, and the object that has its bytes. The bytes are in the object store before
// any of this is written.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { and, asc, eq, gt, gte, isNull, lt, lte, min, or } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import { blobs, objects } from '../memory-schema.ts'
import type { BlobRow, BlobWritten, Condition, MemoryQuota, NewBlob } from '../memory.ts'
import type { PageOf } from '../tenants.ts'
import { changeUsage, holds, LAST_CHARACTER, lockUsage, overQuota } from './memory-usage.ts'
import { claimObject, releaseObject } from './objects.ts'

const ofName = (projectId: ProjectId, name: string) => and(eq(blobs.projectId, projectId), eq(blobs.name, name))
const isLive = (nowMs: number) => or(isNull(blobs.expiresAtMs), gt(blobs.expiresAtMs, nowMs))

const select = (db: Db) =>
  db
    .select({
      name: blobs.name,
      objectId: blobs.objectId,
      bytes: objects.bytes,
      sha256: objects.sha256,
      contentType: blobs.contentType,
      version: blobs.version,
      createdAtMs: blobs.createdAtMs,
      updatedAtMs: blobs.updatedAtMs,
      expiresAtMs: blobs.expiresAtMs,
    })
    .from(blobs)
    .innerJoin(objects, eq(objects.id, blobs.objectId))

export async function blobByName(db: Db, projectId: ProjectId, name: string, nowMs: number): Promise<BlobRow | null> {
  const [row] = await select(db).where(and(ofName(projectId, name), isLive(nowMs)))
  return row ?? null
}

export function blobsAfter(
  db: Db,
  projectId: ProjectId,
  prefix: string,
  { after, limit }: PageOf<string>,
  nowMs: number,
): Promise<BlobRow[]> {
  const within = prefix === '' ? undefined : and(gte(blobs.name, prefix), lt(blobs.name, prefix + LAST_CHARACTER))
  const behind = after === null ? undefined : gt(blobs.name, after)
  return select(db)
    .where(and(eq(blobs.projectId, projectId), within, behind, isLive(nowMs)))
    .orderBy(asc(blobs.name))
    .limit(limit)
}

export interface BlobPut {
  readonly projectId: ProjectId
  readonly blob: NewBlob
  readonly condition: Condition
  readonly quota: Pick<MemoryQuota, 'blobs' | 'blobBytes'>
  readonly nowMs: number
}

export async function putBlob(db: Db, put: BlobPut, attempt: number): Promise<BlobWritten> {
  const { projectId, blob, condition, quota, nowMs } = put
  const { name, objectId, bytes, contentType, expiresAtMs } = blob
  await lockUsage(db, projectId)
  const [stored] = await select(db).where(ofName(projectId, name))
  if (attempt > 1 && stored?.objectId === objectId) return { status: 'written', blob: stored }
  const live = stored !== undefined && (stored.expiresAtMs ?? Infinity) > nowMs ? stored : null
  if (!holds(condition, live?.version ?? null)) return { status: 'conflict' }
  // What is replaced goes first, and may go though the quota refuses what comes, if it has expired anyway.
  if (stored !== undefined && live === null) await remove(db, projectId, [stored], nowMs)
  let usage = await lockUsage(db, projectId)
  const after = () => ({
    blobs: usage.blobs + (live === null ? 1 : 0),
    blobBytes: usage.blobBytes + bytes - (live?.bytes ?? 0),
  })
  if (overQuota(quota, usage, after()) !== null) {
    await removeExpired(db, projectId, nowMs)
    usage = await lockUsage(db, projectId)
    const over = overQuota(quota, usage, after())
    if (over !== null) return over
  }
  await claimObject(db, projectId, 'blob', blob, nowMs)
  const version = usage.lastVersion + 1
  const row = { objectId, contentType, version, updatedAtMs: nowMs, expiresAtMs }
  if (live === null) await db.insert(blobs).values({ projectId, name, createdAtMs: nowMs, ...row })
  else {
    await db.update(blobs).set(row).where(ofName(projectId, name))
    await releaseObject(db, projectId, live.objectId, nowMs)
  }
  await changeUsage(db, projectId, { lastVersion: 1, blobs: live === null ? 1 : 0 })
  return { status: 'written', blob: { ...blob, ...row, createdAtMs: live?.createdAtMs ?? nowMs } }
}

export async function deleteBlob(
  db: Db,
  { projectId, condition, nowMs }: Pick<BlobPut, 'projectId' | 'condition' | 'nowMs'>,
  name: string,
  attempt: number,
): Promise<'deleted' | 'absent' | 'conflict'> {
  await lockUsage(db, projectId)
  const row = await blobByName(db, projectId, name, nowMs)
  if (row === null) return attempt > 1 ? 'deleted' : 'absent'
  if (!holds(condition, row.version)) return 'conflict'
  await remove(db, projectId, [row], nowMs)
  return 'deleted'
}

export async function projectsWithExpiredBlobs(db: Db, nowMs: number): Promise<ProjectId[]> {
  const rows = await db
    .selectDistinct({ projectId: blobs.projectId })
    .from(blobs)
    .where(lte(blobs.expiresAtMs, nowMs))
    .limit(STORE_LIMITS.sweptPerBatch)
  return rows.map(({ projectId }) => projectId)
}

/** A bounded number; true when there may be more. */
export async function sweepBlobs(db: Db, projectId: ProjectId, nowMs: number): Promise<boolean> {
  await lockUsage(db, projectId)
  return (await removeExpired(db, projectId, nowMs)) === STORE_LIMITS.blobsSweptPerBatch
}

export async function nextBlobExpiry(db: Db): Promise<number | null> {
  const [row] = await db.select({ next: min(blobs.expiresAtMs) }).from(blobs)
  return row?.next ?? null
}

async function removeExpired(db: Db, projectId: ProjectId, nowMs: number): Promise<number> {
  const expired = await db
    .select({ name: blobs.name, objectId: blobs.objectId })
    .from(blobs)
    .where(and(eq(blobs.projectId, projectId), lte(blobs.expiresAtMs, nowMs)))
    .limit(STORE_LIMITS.blobsSweptPerBatch)
  await remove(db, projectId, expired, nowMs)
  return expired.length
}

async function remove(
  db: Db,
  projectId: ProjectId,
  rows: readonly Pick<BlobRow, 'name' | 'objectId'>[],
  nowMs: number,
): Promise<void> {
  for (const { name, objectId } of rows) {
    await db.delete(blobs).where(ofName(projectId, name))
    await releaseObject(db, projectId, objectId, nowMs)
  }
  await changeUsage(db, projectId, { blobs: -rows.length })
}
