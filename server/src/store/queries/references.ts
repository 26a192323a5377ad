// What jobs refer to. A row is written with its job and never goes: the object that it points to stays as long as the job.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { and, asc, eq, inArray } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { jobReferences, objects } from '../memory-schema.ts'
import type { JobReference } from '../memory.ts'
import { ReferenceGone } from '../sql-error.ts'
import { insertAll } from './rows.ts'
import { lockUsage } from './memory-usage.ts'

/** In the transaction that inserts the job. Throws `ReferenceGone` when an object went since it was resolved. */
export async function insertReferences(
  db: Db,
  projectId: ProjectId,
  jobId: JobId,
  references: readonly JobReference[],
): Promise<void> {
  if (references.length === 0) return
  // Nothing of the project's is let go meanwhile.
  await lockUsage(db, projectId)
  const ids = [...new Set(references.map(({ objectId }) => objectId))]
  const there = await db
    .select({ id: objects.id })
    .from(objects)
    .where(and(eq(objects.projectId, projectId), inArray(objects.id, ids)))
  const gone = references.find(({ objectId }) => !there.some(({ id }) => id === objectId))
  if (gone !== undefined) throw new ReferenceGone(gone.path)
  await insertAll(
    db,
    jobReferences,
    references.map((reference) => ({ jobId, ...reference })),
  )
}

export function referencesOf(db: Db, jobId: JobId): Promise<JobReference[]> {
  const { path, kind, ref, digest, objectId } = jobReferences
  return db
    .select({ path, kind, ref, digest, objectId })
    .from(jobReferences)
    .where(eq(jobReferences.jobId, jobId))
    .orderBy(asc(path))
}
