// What is learned of a job after its end: it never changes, so a notice is put beside it. Whose work it rests on is found
// by executor; the jobs of one that worked for years are gone through in batches, each a transaction of its own.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { and, asc, count, eq, inArray, isNull, lte, max, min, ne, notExists, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Db } from '../engine.ts'
import { noticeDigest } from '../event-data.ts'
import { STORE_LIMITS } from '../limits.ts'
import { isAnyOf, perHandle, textArray } from '../prepared.ts'
import { executors, jobs, noticed, notices, quarantines, submissions, verdicts, voids } from '../schema.ts'
import type { CreditNoteDetail, IntegrityDetail, NoticeRow, QuarantineRow } from '../store.ts'
import { announceNotices } from './announcements.ts'
import { appendEvents, lockJobs } from './events.ts'
import { enqueue } from './seals.ts'
import { isOfVoid } from './shards.ts'

export interface Exposed {
  readonly identity: Identity
  readonly reason: string
  readonly atMs: number
}

const ofJobs = perHandle((db) =>
  db
    .select()
    .from(notices)
    .where(isAnyOf(notices.jobId, 'jobIds'))
    .orderBy(asc(notices.number))
    .prepare('notices_of_jobs'),
)

/** Jobs without notices are not in it. */
export async function noticesOf(db: Db, jobIds: readonly JobId[]): Promise<Map<JobId, NoticeRow[]>> {
  const rows = await ofJobs(db).execute({ jobIds: textArray(jobIds) })
  const byJob = new Map<JobId, NoticeRow[]>()
  for (const row of rows) byJob.set(row.jobId, [...(byJob.get(row.jobId) ?? []), row])
  return byJob
}

export function unnoticed(db: Db): Promise<Pick<QuarantineRow, 'identity' | 'number' | 'atMs'>[]> {
  return db
    .select({ identity: quarantines.identity, number: quarantines.number, atMs: quarantines.atMs })
    .from(quarantines)
    .leftJoin(noticed, and(eq(noticed.identity, quarantines.identity), eq(noticed.number, quarantines.number)))
    .where(isNull(noticed.identity))
    .orderBy(quarantines.atMs, quarantines.identity)
}

export async function markNoticed(db: Db, { identity, number }: Pick<QuarantineRow, 'identity' | 'number'>) {
  await db.insert(noticed).values({ identity, number }).onConflictDoNothing()
}

export async function tookPart(db: Db, jobId: JobId, identities: readonly Identity[]): Promise<Identity[]> {
  const rows = await db
    .select({ executor: executors.executor })
    .from(executors)
    .where(and(eq(executors.jobId, jobId), inArray(executors.executor, [...identities])))
  return rows.map(({ executor }) => executor)
}

/** The next completed jobs that an identity answered a shard of. None is the end. */
export async function jobsOfExecutor(db: Db, identity: Identity, after: string): Promise<JobId[]> {
  const rows = await db
    .select({ jobId: executors.jobId })
    .from(executors)
    .where(and(eq(executors.executor, identity), sql`${executors.jobId} > ${after}`))
    .orderBy(asc(executors.jobId))
    .limit(STORE_LIMITS.jobsPerNoticeBatch)
  return rows.map(({ jobId }) => jobId)
}

/** One notice for each of these jobs that rests on the identity; returns those jobs, also those that had theirs before. */
export async function appendNotices(db: Db, ids: readonly JobId[], exposed: Exposed): Promise<JobId[]> {
  const details = await detailsOf(db, ids, exposed)
  const resting = [...details.keys()]
  if (resting.length === 0) return []
  await lockJobs(db, resting)
  const numbers = await nextNumbers(db, resting)
  const { identity, atMs } = exposed
  const had = await db
    .select({ jobId: notices.jobId })
    .from(notices)
    .where(and(inArray(notices.jobId, resting), eq(notices.kind, 'integrity'), eq(notices.identity, identity)))
  const known = new Set(had.map(({ jobId }) => jobId))
  const added = [...details].flatMap(([jobId, detail]): NoticeRow[] => {
    if (known.has(jobId)) return []
    const number = numbers.get(jobId) ?? 0
    return [{ jobId, number, kind: 'integrity', identity, atMs, detail: canonicalJson(detail) }]
  })
  if (added.length > 0) await putNotices(db, added)
  return resting
}

/** In the transaction of the credit note, under the lock of the job's row; the ledger has looked that there is none yet. */
export async function appendCreditNotice(db: Db, jobId: JobId, detail: CreditNoteDetail, atMs: number): Promise<void> {
  const number = (await nextNumbers(db, [jobId])).get(jobId) ?? 0
  const text = canonicalJson(detail)
  await putNotices(db, [{ jobId, number, kind: 'credit-note', identity: null, atMs, detail: text }])
}

/** Each with its place in the queue of what is to be signed, and in its job's chain. */
async function putNotices(db: Db, added: readonly NoticeRow[]): Promise<void> {
  await db.insert(notices).values([...added])
  await enqueue(
    db,
    added.map(({ jobId, number, atMs }) => ({ jobId, kind: 'notice', number, atMs })),
  )
  await appendEvents(
    db,
    added.map(({ jobId, number, kind, detail, atMs }) => ({
      jobId,
      atMs,
      type: 'notice',
      data: { number, kind, digest: noticeDigest(detail) },
    })),
  )
  await announceNotices(db, added)
}

async function nextNumbers(db: Db, ids: readonly JobId[]): Promise<Map<JobId, number>> {
  const last = await db
    .select({ jobId: notices.jobId, number: max(notices.number) })
    .from(notices)
    .where(inArray(notices.jobId, [...ids]))
    .groupBy(notices.jobId)
  return new Map(last.map(({ jobId, number }) => [jobId, (number ?? -1) + 1]))
}

/** An equal answer of somebody who was never exposed: two liars who confirmed each other are no better than one. */
function honestBeside(db: Db) {
  const other = alias(submissions, 'other')
  return db
    .select({ one: sql`1` })
    .from(other)
    .leftJoin(quarantines, eq(quarantines.identity, other.executor))
    .where(
      and(
        eq(other.jobId, submissions.jobId),
        eq(other.shard, submissions.shard),
        eq(other.digest, submissions.digest),
        ne(other.executor, submissions.executor),
        isNull(quarantines.identity),
      ),
    )
}

/** Of completed jobs alone, in the order of their ids. Shards in a row share their distance to their place in the list. */
async function detailsOf(
  db: Db,
  ids: readonly JobId[],
  { identity, reason }: Exposed,
): Promise<Map<JobId, IntegrityDetail>> {
  const alone = db
    .select({
      jobId: submissions.jobId,
      shard: submissions.shard,
      run: sql<number>`${submissions.shard}
        - row_number() over (partition by ${submissions.jobId} order by ${submissions.shard})`.as('run'),
    })
    .from(submissions)
    .innerJoin(jobs, and(eq(jobs.id, submissions.jobId), eq(jobs.state, 'COMPLETED')))
    .innerJoin(
      verdicts,
      and(
        eq(verdicts.jobId, submissions.jobId),
        eq(verdicts.shard, submissions.shard),
        eq(verdicts.digest, submissions.digest),
        eq(verdicts.trusted, false),
      ),
    )
    .leftJoin(voids, isOfVoid)
    .where(
      and(
        eq(submissions.executor, identity),
        inArray(submissions.jobId, [...ids]),
        isNull(voids.jobId),
        notExists(honestBeside(db)),
      ),
    )
    .as('alone')
  const ranges = db
    .select({
      jobId: alone.jobId,
      first: min(alone.shard).as('first'),
      last: max(alone.shard).as('last'),
      shards: count().as('shards'),
    })
    .from(alone)
    .groupBy(alone.jobId, alone.run)
    .as('ranges')
  const placed = db
    .select({
      jobId: ranges.jobId,
      first: ranges.first,
      last: ranges.last,
      place: sql<number>`row_number() over (partition by ${ranges.jobId} order by ${ranges.first})`.as('place'),
      shards: sql`sum(${ranges.shards}) over (partition by ${ranges.jobId})`.mapWith(Number).as('all_shards'),
      ranges: sql`count(*) over (partition by ${ranges.jobId})`.mapWith(Number).as('all_ranges'),
    })
    .from(ranges)
    .as('placed')
  const rows = await db
    .select()
    .from(placed)
    .where(lte(placed.place, STORE_LIMITS.rangesPerNoticeMax))
    .orderBy(placed.jobId, placed.first)
  const details = new Map<JobId, IntegrityDetail>()
  for (const { jobId, first, last, shards, ranges: all } of rows) {
    if (first === null || last === null) continue
    const before = details.get(jobId)?.ranges ?? []
    const more = Math.max(0, all - STORE_LIMITS.rangesPerNoticeMax)
    details.set(jobId, { identity, reason, shards, ranges: [...before, { first, last }], more })
  }
  return details
}
