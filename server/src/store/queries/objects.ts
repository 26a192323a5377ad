// Which bytes in the object store are needed, and which are to be removed. An object belongs to the names and jobs that
// point to it; when the last one lets it go, its row becomes a removal, in the same transaction.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm'
import { noBackupRuns } from '../backup-lock.ts'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import { blobs, jobReferences, objectRemovals, objects, vmemArrays } from '../memory-schema.ts'
import type { ObjectKind, StoredObject } from '../memory.ts'
import { StoreContradiction } from '../sql-error.ts'
import { changeUsage } from './memory-usage.ts'

const BYTES_OF = { blob: 'blobBytes', vmem: 'vmemBytes' } as const satisfies Record<ObjectKind, string>

export async function beginObject(db: Db, objectId: string, afterMs: number): Promise<void> {
  await db.insert(objectRemovals).values({ objectId, afterMs }).onConflictDoNothing()
}

export async function discardObject(db: Db, objectId: string, nowMs: number): Promise<void> {
  await db.update(objectRemovals).set({ afterMs: nowMs }).where(eq(objectRemovals.objectId, objectId))
}

/** None while a backup runs. */
export async function objectsToRemove(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db
    .select({ objectId: objectRemovals.objectId })
    .from(objectRemovals)
    .where(and(lte(objectRemovals.afterMs, nowMs), noBackupRuns()))
    .orderBy(asc(objectRemovals.afterMs))
    .limit(STORE_LIMITS.sweptPerBatch)
  return rows.map(({ objectId }) => objectId)
}

export async function objectsRemoved(db: Db, objectIds: readonly string[]): Promise<void> {
  if (objectIds.length === 0) return
  await db.delete(objectRemovals).where(inArray(objectRemovals.objectId, [...objectIds]))
}

/** The caller holds the lock of the project's usage, and has checked the quota. */
export async function claimObject(
  db: Db,
  projectId: ProjectId,
  kind: ObjectKind,
  { objectId, bytes, sha256 }: StoredObject,
  nowMs: number,
): Promise<void> {
  const [begun] = await db.delete(objectRemovals).where(eq(objectRemovals.objectId, objectId)).returning()
  if (begun === undefined) throw new StoreContradiction(`the object ${objectId} was never begun, or was removed`)
  await db.insert(objects).values({ id: objectId, projectId, kind, bytes, sha256, createdAtMs: nowMs })
  await changeUsage(db, projectId, { [BYTES_OF[kind]]: bytes })
}

/** Whoever pointed to it does no more; the caller holds the lock of the project's usage. */
export async function releaseObject(db: Db, projectId: ProjectId, objectId: string, nowMs: number): Promise<void> {
  const needed = [blobs, vmemArrays, jobReferences].map(
    (table) => sql`exists (select 1 from ${table} where ${table.objectId} = ${objectId})`,
  )
  const [gone] = await db
    .delete(objects)
    .where(sql`${objects.id} = ${objectId} and not (${sql.join(needed, sql` or `)})`)
    .returning()
  if (gone === undefined) return
  await db.insert(objectRemovals).values({ objectId, afterMs: nowMs })
  await changeUsage(db, projectId, { [BYTES_OF[gone.kind]]: -gone.bytes })
}
