// What happened to the shards of jobs: submissions, partials, verdicts and voids. Rows are only ever added; a row that is
// there already is left as it is, so a group of writes may be repeated.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { concat } from '@forge/shared/exact/bytes.ts'
import { and, asc, eq, getTableColumns, inArray, isNull, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import { isAnyOf, perHandle, textArray } from '../prepared.ts'
import { jobs, partials, submissions, verdicts, voids } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { PartialRow, ShardWrites, SubmissionRow, VerdictRow, VoidedSubmission } from '../store.ts'
import { appendEvents, isOfOther, lockJobs } from './events.ts'
import { writeIdentities } from './identities.ts'
import { insertAll, rowsOf } from './rows.ts'

export async function writeShards(db: Db, writes: ShardWrites): Promise<void> {
  await insertVoids(db, writes.voids)
  await Promise.all([insertPartials(db, writes.partials), insertAll(db, submissions, writes.submissions)])
  await writeVerdicts(db, writes.verdicts)
  // Behind all others, for it ends with acts.
  await writeIdentities(db, writes)
}

export async function writeEnding(
  db: Db,
  jobId: JobId,
  rows: readonly VerdictRow[],
  ending: string,
  owner?: number,
): Promise<void> {
  if (owner !== undefined && (await lockJobs(db, [jobId])).some((job) => isOfOther(job, owner))) {
    throw new StoreContradiction(`job ${jobId} is another server's, which decides of it`)
  }
  await writeVerdicts(db, rows)
  // Of an ended job the verdicts have been refused.
  await db
    .update(jobs)
    .set({ ending })
    .where(and(eq(jobs.id, jobId), isNull(jobs.ending)))
}

export async function writeVerdicts(db: Db, rows: readonly VerdictRow[]): Promise<void> {
  const perInsert = STORE_LIMITS.verdictsPerInsert
  for (let first = 0; first < rows.length; first += perInsert) {
    const some = rows.slice(first, first + perInsert)
    const added = await insertAll(db, verdicts, some)
    // A verdict said twice is nothing new; two digests for one shard are two truths, and one of them is a bug.
    if (added < some.length) await refuseOthers(db, some)
  }
}

/** The rows of their jobs are locked first: what an ended job has is left as it is, and its events are in one order. */
async function insertVoids(db: Db, rows: ShardWrites['voids']): Promise<void> {
  if (rows.length === 0) return
  const touched = await lockJobs(db, [...new Set(rows.map(({ jobId }) => jobId))])
  const ended = new Set(touched.filter(({ finishedAtMs }) => finishedAtMs !== null).map(({ id }) => id))
  const open = rows.filter(({ jobId }) => !ended.has(jobId))
  if (open.length === 0) return
  const added = await db
    .insert(voids)
    .select(sql`select job_id, shard, executor, reason from ${rowsOf(voids, open)}`)
    .onConflictDoNothing()
    .returning({ jobId: voids.jobId, executor: voids.executor, reason: voids.reason })
  const told = new Map<string, { jobId: JobId; executor: Identity; reason: string; shards: number }>()
  for (const row of added) {
    const key = `${row.jobId} ${row.executor}`
    told.set(key, { ...row, shards: (told.get(key)?.shards ?? 0) + 1 })
  }
  const atMs = Date.now()
  await appendEvents(
    db,
    [...told.values()].map(({ jobId, ...data }) => ({ jobId, atMs, type: 'voided', data })),
  )
}

/**
 * The bytes of all partials are one parameter beside the JSON, from which each row cuts its own. In one order, since two
 * groups at once may hold the same partial of two executors, and each would wait for the other.
 */
async function insertPartials(db: Db, rows: readonly PartialRow[]): Promise<void> {
  if (rows.length === 0) return
  const ordered = rows.toSorted((a, b) => compare(a.jobId, b.jobId) || a.shard - b.shard || compare(a.digest, b.digest))
  let next = 1
  const cut = ordered.map(({ jobId, shard, digest, bytes }) => {
    const start = next
    next += bytes.length
    return { job: jobId, shard, digest, start, length: bytes.length }
  })
  await db.execute(
    sql`insert into ${partials} (job_id, shard, digest, bytes)
      select job, shard, digest, substring(${concat(...ordered.map((row) => row.bytes))}::bytea from start for length)
      from json_to_recordset(${JSON.stringify(cut)}::text::json)
        as cut (job text, shard integer, digest text, start integer, length integer)
      on conflict do nothing`,
  )
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

async function refuseOthers(db: Db, wanted: readonly VerdictRow[]): Promise<void> {
  for (const jobId of new Set(wanted.map((verdict) => verdict.jobId))) {
    const ofJob = wanted.filter((verdict) => verdict.jobId === jobId)
    const shards = ofJob.map((verdict) => verdict.shard)
    const stored = await db
      .select({ shard: verdicts.shard, digest: verdicts.digest })
      .from(verdicts)
      .where(and(eq(verdicts.jobId, jobId), inArray(verdicts.shard, shards)))
    const digests = new Map(stored.map((row) => [row.shard, row.digest]))
    const other = ofJob.find((verdict) => digests.get(verdict.shard) !== verdict.digest)
    if (other === undefined) continue
    const is = `shard ${other.shard} of job ${jobId} has the verdict ${digests.get(other.shard)}`
    throw new StoreContradiction(`${is}; it cannot also be ${other.digest}`)
  }
}

/** Joins a submission with the row that makes it void. */
export const isOfVoid = and(
  eq(voids.jobId, submissions.jobId),
  eq(voids.shard, submissions.shard),
  eq(voids.executor, submissions.executor),
)

export function submissionsOf(db: Db, jobId: JobId): Promise<SubmissionRow[]> {
  return db
    .select(getTableColumns(submissions))
    .from(submissions)
    .leftJoin(voids, isOfVoid)
    .where(and(eq(submissions.jobId, jobId), isNull(voids.jobId)))
    .orderBy(submissions.shard, submissions.executor)
}

export function voidedOf(db: Db, jobId: JobId): Promise<VoidedSubmission[]> {
  return db
    .select({ shard: voids.shard, executor: voids.executor, network: submissions.network, owner: submissions.owner })
    .from(voids)
    .innerJoin(submissions, isOfVoid)
    .where(eq(voids.jobId, jobId))
    .orderBy(voids.shard, voids.executor)
}

const ofJob = perHandle((db) =>
  db.select().from(verdicts).where(eq(verdicts.jobId, JOB)).orderBy(verdicts.shard).prepare('verdicts_of_job'),
)

export const verdictsOf = (db: Db, jobId: JobId): Promise<VerdictRow[]> => ofJob(db).execute({ jobId })

const ofJobs = perHandle((db) =>
  db
    .select()
    .from(verdicts)
    .where(isAnyOf(verdicts.jobId, 'jobIds'))
    .orderBy(verdicts.jobId, verdicts.shard)
    .prepare('verdicts_of_jobs'),
)

export async function verdictsOfJobs(db: Db, jobIds: readonly JobId[]): Promise<Map<JobId, VerdictRow[]>> {
  const found = new Map<JobId, VerdictRow[]>(jobIds.map((id) => [id, []]))
  for (const row of await ofJobs(db).execute({ jobIds: textArray(jobIds) })) found.get(row.jobId)?.push(row)
  return found
}

/** Where a batch begins: behind this row, in the order of shards and, within one, of digests. */
export type After = Pick<PartialRow, 'shard' | 'digest'>

const JOB = sql.placeholder('jobId')

const accepted = perHandle((db) => {
  const page = db
    .select({ jobId: verdicts.jobId, shard: verdicts.shard, digest: verdicts.digest, bytes: partials.bytes })
    .from(verdicts)
    .leftJoin(
      partials,
      and(eq(partials.jobId, verdicts.jobId), eq(partials.shard, verdicts.shard), eq(partials.digest, verdicts.digest)),
    )
    .where(and(eq(verdicts.jobId, JOB), isBetween(verdicts)))
    .orderBy(asc(verdicts.shard))
    .limit(STORE_LIMITS.partialsPerBatch)
    .as('page')
  const run = db
    .select({ ...fieldsOf(page), before: before(page) })
    .from(page)
    .as('run')
  return db.select(fieldsOf(run)).from(run).where(fits(run)).orderBy(asc(run.shard)).prepare('accepted_partials')
})

/** The partials behind the next verdicts. None is the end. */
export async function acceptedAfter(db: Db, jobId: JobId, after: After, end: number): Promise<PartialRow[]> {
  const { shard: afterShard, digest: afterDigest } = after
  const rows = await accepted(db).execute({ jobId, afterShard, afterDigest, end })
  return rows.map((row) => {
    if (row.bytes === null)
      throw new StoreContradiction(`shard ${row.shard} of job ${jobId} has a verdict and no partial`)
    return { ...row, bytes: row.bytes }
  })
}

const all = perHandle((db) => {
  const page = db
    .select()
    .from(partials)
    .where(and(eq(partials.jobId, JOB), isBetween(partials)))
    .orderBy(asc(partials.shard), asc(partials.digest))
    .limit(STORE_LIMITS.partialsPerBatch)
    .as('page')
  const run = db
    .select({ ...fieldsOf(page), before: before(page) })
    .from(page)
    .as('run')
  return db
    .select(fieldsOf(run))
    .from(run)
    .where(fits(run))
    .orderBy(asc(run.shard), asc(run.digest))
    .prepare('partials_of_job')
})

/** The next partials, of any digest. None is the end. */
export function partialsAfter(db: Db, jobId: JobId, after: After, end: number): Promise<PartialRow[]> {
  const { shard: afterShard, digest: afterDigest } = after
  return all(db).execute({ jobId, afterShard, afterDigest, end })
}

/** Behind the row where the batch before ended, and before the shard where all end. */
const isBetween = ({ shard, digest }: typeof verdicts | typeof partials): SQL =>
  sql`(${shard}, ${digest}) > (${sql.placeholder('afterShard')}, ${sql.placeholder('afterDigest')})
    and ${shard} < ${sql.placeholder('end')}`

const fieldsOf = <A, B, C, D>({ jobId, shard, digest, bytes }: { jobId: A; shard: B; digest: C; bytes: D }) => ({
  jobId,
  shard,
  digest,
  bytes,
})

interface Page {
  readonly shard: SQLWrapper
  readonly digest: SQLWrapper
  readonly bytes: SQLWrapper
}

/** The bytes of the batch in front of a row: their lengths are known without reading them. */
const before = ({ shard, digest, bytes }: Page): SQL.Aliased<number> =>
  sql<number>`sum(coalesce(octet_length(${bytes}), 0)) over (order by ${shard}, ${digest})
    - coalesce(octet_length(${bytes}), 0)`.as('before')

/** The first row always does. */
const fits = (run: { readonly before: SQLWrapper }): SQL => sql`${run.before} < ${STORE_LIMITS.bytesPerBatchMax}`

/** By the beginning of the primary key: `executors` is for the other direction, and has completed jobs alone. */
export async function executorsOf(db: Db, jobId: JobId): Promise<Identity[]> {
  const rows = await db
    .selectDistinct({ executor: submissions.executor })
    .from(submissions)
    .where(eq(submissions.jobId, jobId))
    .orderBy(submissions.executor)
  return rows.map(({ executor }) => executor)
}
