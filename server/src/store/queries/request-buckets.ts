// What is left of each project's requests. The row is locked, so that servers that ask at once take turns.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { eq, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { takenFrom } from '../request-bucket.ts'
import { requestBuckets } from '../schema.ts'
import type { TakenRequests } from '../tenants.ts'

/** Of the database, which all servers share; a transaction's own `now()` is from before it waited for the row. */
const NOW_MS = sql<string>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`

export async function takeRequests(
  db: Db,
  projectId: ProjectId,
  perMinute: number,
  asked: number,
): Promise<TakenRequests> {
  const own = eq(requestBuckets.projectId, projectId)
  const read = () =>
    db
      .select({ level: requestBuckets.level, atMs: requestBuckets.atMs })
      .from(requestBuckets)
      .where(own)
      .for('no key update')
  let [before] = await read()
  if (before === undefined) {
    // As an empty one of a minute ago, which is a full one; whoever is second waits for the first, and finds its row.
    await db
      .insert(requestBuckets)
      .values({ projectId, level: 0, atMs: sql`${NOW_MS} - 60000` })
      .onConflictDoNothing()
    ;[before] = await read()
  }
  const [clock] = await db.select({ nowMs: NOW_MS }).from(requestBuckets).where(own)
  const { bucket, taken } = takenFrom(before ?? null, { perMinute, asked, nowMs: Number(clock?.nowMs) })
  await db.update(requestBuckets).set(bucket).where(own)
  return taken
}
