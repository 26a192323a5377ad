// Whose unfinished jobs are, and whether their owners live: a server does as long as its session holds the lock of its number.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { NOBODY, type OwnerLook } from '../owner-store.ts'
import { jobs } from '../schema.ts'
import type { JobRow } from '../store.ts'
import { parsed } from './jobs.ts'

/** Any number will do that no other lock here has; it spells "srv". */
export const SERVER_LOCK_CLASS = 0x73_72_76

/** Whoever takes jobs holds it, so that the next one sees both the new owner and its lock. It spells "take". */
const TAKE_LOCK = 0x74_61_6b_65

/** Postgres shows a lock of two numbers as class and object. Read once a statement. */
const living = sql`(select objid::bigint from pg_locks
  where locktype = 'advisory' and classid = ${sql.raw(String(SERVER_LOCK_CLASS))} and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database()))`

const owner = sql<number>`coalesce(${jobs.owner}, ${sql.raw(String(NOBODY))})`
const isDeserted = sql<boolean>`${owner} not in ${living}`

/** By the index of unfinished jobs alone. */
export async function jobsByOwner(db: Db, server: number): Promise<OwnerLook> {
  const isOurs = eq(jobs.owner, server)
  const rows = await db
    .select({
      isHere: sql<boolean>`${server}::bigint in ${living}`,
      id: jobs.id,
      owner,
      isOwn: sql<boolean>`coalesce(${isOurs}, false)`,
      isCancelWanted: sql<boolean>`${jobs.cancelWantedAtMs} is not null`,
    })
    .from(sql`(select 1) as one`)
    .leftJoin(jobs, and(isNull(jobs.finishedAtMs), sql`(${isOurs} or ${isDeserted})`))
  const own: { id: JobId; isCancelWanted: boolean }[] = []
  const deserted = new Set<number>()
  for (const row of rows) {
    if (row.id === null) continue
    if (row.isOwn) own.push({ id: row.id, isCancelWanted: row.isCancelWanted })
    else deserted.add(row.owner)
  }
  return { isHere: rows[0]?.isHere === true, own, deserted: [...deserted] }
}

/** Again: with what is the server's already. The time before may have taken it, and nobody heard of it. */
export async function takeJobs(
  db: Db,
  server: number,
  from: readonly number[] | null,
  isAgain: boolean,
): Promise<JobRow[]> {
  await db.execute(sql`select pg_advisory_xact_lock(${TAKE_LOCK})`)
  const meant = from === null ? sql`true` : sql`${owner} = any(${`{${from.join(',')}}`}::integer[])`
  const isMeant = sql`(${meant} and ${isDeserted})`
  const rows = await db
    .update(jobs)
    .set({ owner: server })
    .where(
      and(
        isNull(jobs.finishedAtMs),
        isAgain
          ? sql`(${jobs.owner} = ${server} or ${isMeant})`
          : sql`${jobs.owner} is distinct from ${server} and ${isMeant}`,
      ),
    )
    .returning()
  const order = (row: JobRow): string => `${String(row.createdAtMs).padStart(16, '0')} ${row.id}`
  return rows.map(parsed).toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
}

export async function wantCancelled(db: Db, id: JobId, atMs: number): Promise<boolean> {
  const marked = await db
    .update(jobs)
    .set({ cancelWantedAtMs: sql`coalesce(${jobs.cancelWantedAtMs}, ${atMs}::bigint)` })
    .where(and(eq(jobs.id, id), isNull(jobs.finishedAtMs)))
    .returning({ id: jobs.id })
  return marked.length > 0
}
