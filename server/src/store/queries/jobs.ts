// Jobs: registered once, changed while they run, ended once. The conditions here and a trigger in the database say the
// same thing, that finished is finished; the conditions tell the caller, the trigger stops everybody else. Each change is
// told in the job's events, in its own transaction: a change that is there already when it is repeated tells nothing.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { endTold, registeredData } from '../event-data.ts'
import { executors, jobs, submissions, verdicts, voids } from '../schema.ts'
import type { Booking, JobLimits, OverLimit, TooManyJobs } from '../ledger-store.ts'
import type { Settled } from '../observer.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { InsertedJob, JobRow, NewJob, Store } from '../store.ts'
import { burnWarned, jobEnded } from '../webhook-events.ts'
import { announce } from './announcements.ts'
import { billableOn } from './balances.ts'
import { lockLedger } from './closings.ts'
import { appendEvents, beginEvents, lockJobs } from './events.ts'
import { jobsAtATime } from './job-reads.ts'
import { insertReferences } from './references.ts'
import { overLimit, paidOf, reserve, settle } from './ledger.ts'
import { enqueue } from './seals.ts'
import { isOfVoid } from './shards.ts'

export type JobChange = Parameters<Store['updateJob']>[1]
export type JobEnd = Parameters<Store['finishJob']>[1]

/** A job that attaches to another one reserves nothing, and no limit stands in its way. */
export async function registerJob(
  db: Db,
  job: NewJob,
  booking: Booking,
  attempt: number,
): Promise<InsertedJob | OverLimit | TooManyJobs> {
  await lockLedger(db, job.projectId, 'alone')
  const there = await existingFor(db, job, attempt)
  if (there !== null) return there
  const tooMany = await tooManyJobs(db, job.projectId, booking.jobs)
  if (tooMany !== null) return tooMany
  const over = await overLimit(db, job.projectId, job.createdAtMs, booking)
  if (over !== null) return over
  const inserted = await insertJob(db, job, attempt)
  if (!inserted.inserted) return inserted
  await reserve(db, job, booking.terms)
  if (booking.terms.mode === 'billable') await warnOfBurn(db, job, booking.limits.burnWarnings ?? [])
  return inserted
}

/** The caller holds the project's lock alone: what is used that day is exact. */
async function warnOfBurn(db: Db, { projectId, createdAtMs }: NewJob, thresholds: readonly bigint[]): Promise<void> {
  if (thresholds.length === 0) return
  const used = await billableOn(db, projectId, createdAtMs)
  const reached = thresholds.filter((threshold) => threshold <= used)
  await announce(
    db,
    reached.map((threshold) => burnWarned(projectId, createdAtMs, threshold, used)),
  )
}

/** The caller holds the project's lock alone, so that two jobs never both take the last place. */
async function tooManyJobs(
  db: Db,
  projectId: ProjectId,
  { concurrent, queued }: JobLimits,
): Promise<TooManyJobs | null> {
  if (concurrent === null && queued === null) return null
  const held = await jobsAtATime(db, projectId)
  if (concurrent !== null && held.concurrent >= concurrent)
    return { inserted: false, tooMany: { limit: 'concurrent', most: concurrent } }
  if (queued !== null && held.queued >= queued) return { inserted: false, tooMany: { limit: 'queued', most: queued } }
  return null
}

export async function insertJob(db: Db, { references = [], ...job }: NewJob, attempt: number): Promise<InsertedJob> {
  const [inserted] = await db
    .insert(jobs)
    .values({ ...job, state: 'QUEUED' })
    .onConflictDoNothing()
    .returning({ id: jobs.id })
  if (inserted !== undefined) {
    await insertReferences(db, job.projectId, job.id, references)
    await beginEvents(db, { jobId: job.id, atMs: job.createdAtMs, type: 'registered', data: registeredData(job) })
    return { inserted: true }
  }
  const there = await existingFor(db, job, attempt)
  if (there === null) throw new StoreContradiction(`job ${job.id} is neither new nor known`)
  return there
}

/** On a later attempt a job that is there already under this very id is the one that the first attempt inserted. */
async function existingFor(db: Db, job: NewJob, attempt: number): Promise<InsertedJob | null> {
  const ofClient =
    job.clientJobId === null ? undefined : and(eq(jobs.projectId, job.projectId), eq(jobs.clientJobId, job.clientJobId))
  const [existing] = await db
    .select()
    .from(jobs)
    .where(or(eq(jobs.id, job.id), ofClient))
  if (existing === undefined) return null
  if (attempt > 1 && existing.id === job.id) return { inserted: true }
  return { inserted: false, existing: parsed(existing) }
}

export async function jobsById(db: Db, ids: readonly JobId[]): Promise<Map<JobId, JobRow>> {
  const rows = await db
    .select()
    .from(jobs)
    .where(inArray(jobs.id, [...ids]))
  return new Map(rows.map((row) => [row.id, parsed(row)]))
}

export async function jobOfClient(db: Db, projectId: ProjectId, clientJobId: string): Promise<JobRow | null> {
  const [row] = await db
    .select()
    .from(jobs)
    .where(and(eq(jobs.projectId, projectId), eq(jobs.clientJobId, clientJobId)))
  return row === undefined ? null : parsed(row)
}

export async function unfinishedJobs(db: Db): Promise<JobRow[]> {
  const rows = await db.select().from(jobs).where(isNull(jobs.finishedAtMs)).orderBy(jobs.createdAtMs, jobs.id)
  return rows.map(parsed)
}

export async function updateJob(db: Db, id: JobId, change: JobChange): Promise<boolean> {
  const { state, reason, planDigest, startedAtMs } = change
  if (isEnd(state)) throw new StoreContradiction(`job ${id} becomes ${state} by finishJob alone`)
  const [before] = await lockJobs(db, [id])
  if (before === undefined || before.finishedAtMs !== null) return false
  await db.update(jobs).set({ state, reason, planDigest, startedAtMs }).where(eq(jobs.id, id))
  // How many agents a queued job lacks changes with every agent: that it waits, and that it no longer does, are events.
  const isNews = before.state !== state || (before.reason === null) !== (reason === null)
  if (isNews) await appendEvents(db, [{ jobId: id, atMs: Date.now(), type: 'state', data: { state, reason } }])
  return true
}

export async function setBasis(db: Db, id: JobId, basis: Digest): Promise<boolean> {
  const [before] = await lockJobs(db, [id])
  if (before === undefined || before.finishedAtMs !== null) return false
  if (before.basis === basis) return true
  await db.update(jobs).set({ basis }).where(eq(jobs.id, id))
  await appendEvents(db, [{ jobId: id, atMs: Date.now(), type: 'basis', data: { basis } }])
  return true
}

/** On a later attempt an end that is there already is ours when it is the same in every part. */
export async function finishJob(
  db: Db,
  id: JobId,
  end: JobEnd,
  attempt: number,
): Promise<{ readonly ended: boolean; readonly settled: Settled | null }> {
  const wanted = {
    state: end.state,
    finishedAtMs: end.finishedAtMs,
    answer: end.state === 'COMPLETED' ? end.answer : null,
    problem: end.state === 'COMPLETED' ? null : JSON.stringify(end.problem),
  }
  const [job] = await db
    .update(jobs)
    .set({ ...wanted, reason: null })
    .where(and(eq(jobs.id, id), isNull(jobs.finishedAtMs)))
    .returning({ id: jobs.id, projectId: jobs.projectId, clientJobId: jobs.clientJobId, op: jobs.op })
  if (job !== undefined) {
    await appendEvents(db, [{ jobId: id, atMs: end.finishedAtMs, ...endTold(end) }])
    if (end.state === 'COMPLETED') await insertExecutors(db, id)
    const microCredits = end.state === 'COMPLETED' ? end.microCredits : undefined
    const settled = await settle(db, id, { state: end.state, microCredits })
    await enqueue(db, [{ jobId: id, kind: 'receipt', number: 0, atMs: end.finishedAtMs }])
    await announce(db, [jobEnded(job, end, paidOf(settled, end.state))])
    return { ended: true, settled }
  }
  if (attempt === 1) return { ended: false, settled: null }
  const [stored] = await db.select().from(jobs).where(eq(jobs.id, id))
  const ended =
    stored?.state === wanted.state &&
    stored.finishedAtMs === wanted.finishedAtMs &&
    stored.answer === wanted.answer &&
    stored.problem === wanted.problem
  return { ended, settled: null }
}

async function insertExecutors(db: Db, id: JobId): Promise<void> {
  const stands = sql`${verdicts.digest} = ${submissions.digest} and ${voids.jobId} is null`
  const of = db
    .select({
      executor: submissions.executor,
      jobId: submissions.jobId,
      shards: sql<number>`(count(*) filter (where ${stands}))::integer`.as('shards'),
    })
    .from(submissions)
    .leftJoin(verdicts, and(eq(verdicts.jobId, submissions.jobId), eq(verdicts.shard, submissions.shard)))
    .leftJoin(voids, isOfVoid)
    .where(eq(submissions.jobId, id))
    .groupBy(submissions.executor, submissions.jobId)
  await db.insert(executors).select(of)
}

function isEnd(state: JobChange['state']): boolean {
  return state === 'COMPLETED' || state === 'FAILED' || state === 'CANCELLED'
}

function parsed({ op: _listed, ...row }: typeof jobs.$inferSelect): JobRow {
  return { ...row, problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)) }
}
