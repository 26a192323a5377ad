// Jobs: registered once, changed while they run, ended once. The conditions here and a trigger in the database say the
// same thing, that finished is finished; the conditions tell the caller, the trigger stops everybody else.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { and, eq, isNull, or } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { jobs } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { InsertedJob, JobRow, NewJob, Store } from '../store.ts'

export type JobChange = Parameters<Store['updateJob']>[1]
export type JobEnd = Parameters<Store['finishJob']>[1]

/** On a later attempt a job that is there already under this very id is the one that the first attempt inserted. */
export async function insertJob(db: Db, job: NewJob, attempt: number): Promise<InsertedJob> {
  const [inserted] = await db
    .insert(jobs)
    .values({ ...job, state: 'QUEUED' })
    .onConflictDoNothing()
    .returning({ id: jobs.id })
  if (inserted !== undefined) return { inserted: true }
  const ofClient =
    job.clientJobId === null ? undefined : and(eq(jobs.projectId, job.projectId), eq(jobs.clientJobId, job.clientJobId))
  const [existing] = await db
    .select()
    .from(jobs)
    .where(or(eq(jobs.id, job.id), ofClient))
  if (existing === undefined) throw new StoreContradiction(`job ${job.id} is neither new nor known`)
  if (attempt > 1 && existing.id === job.id) return { inserted: true }
  return { inserted: false, existing: parsed(existing) }
}

export async function jobById(db: Db, id: JobId): Promise<JobRow | null> {
  const [row] = await db.select().from(jobs).where(eq(jobs.id, id))
  return row === undefined ? null : parsed(row)
}

export async function unfinishedJobs(db: Db): Promise<JobRow[]> {
  const rows = await db.select().from(jobs).where(isNull(jobs.finishedAtMs)).orderBy(jobs.createdAtMs, jobs.id)
  return rows.map(parsed)
}

export async function updateJob(db: Db, id: JobId, change: JobChange): Promise<boolean> {
  if (isEnd(change.state)) throw new StoreContradiction(`job ${id} becomes ${change.state} by finishJob alone`)
  const changed = await db
    .update(jobs)
    .set({ state: change.state, reason: change.reason, planDigest: change.planDigest, startedAtMs: change.startedAtMs })
    .where(and(eq(jobs.id, id), isNull(jobs.finishedAtMs)))
    .returning({ id: jobs.id })
  return changed.length === 1
}

export async function setBasis(db: Db, id: JobId, basis: Digest): Promise<boolean> {
  const changed = await db
    .update(jobs)
    .set({ basis })
    .where(and(eq(jobs.id, id), isNull(jobs.finishedAtMs)))
    .returning({ id: jobs.id })
  return changed.length === 1
}

/** On a later attempt an end that is there already is ours when it is the same in every part. */
export async function finishJob(db: Db, id: JobId, end: JobEnd, attempt: number): Promise<boolean> {
  const wanted = {
    state: end.state,
    finishedAtMs: end.finishedAtMs,
    answer: end.state === 'COMPLETED' ? end.answer : null,
    problem: end.state === 'COMPLETED' ? null : JSON.stringify(end.problem),
  }
  const changed = await db
    .update(jobs)
    .set({ ...wanted, reason: null })
    .where(and(eq(jobs.id, id), isNull(jobs.finishedAtMs)))
    .returning({ id: jobs.id })
  if (changed.length === 1 || attempt === 1) return changed.length === 1
  const [stored] = await db.select().from(jobs).where(eq(jobs.id, id))
  return (
    stored?.state === wanted.state &&
    stored.finishedAtMs === wanted.finishedAtMs &&
    stored.answer === wanted.answer &&
    stored.problem === wanted.problem
  )
}

function isEnd(state: JobChange['state']): boolean {
  return state === 'COMPLETED' || state === 'FAILED' || state === 'CANCELLED'
}

function parsed(row: typeof jobs.$inferSelect): JobRow {
  return { ...row, problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)) }
}
