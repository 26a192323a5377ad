// Jobs: registered once, changed while they run, ended once. The conditions here and a trigger in the database say the
// same thing, that finished is finished; the conditions tell the caller, the trigger stops everybody else. Each change is
// told in the job's events, in its own transaction: a change that is there already when it is repeated tells nothing.
// Statements of which none needs what another one answers or writes are asked together, in no particular order: a short job
// waits for hardly anything else.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { and, eq, or, sql, type Placeholder } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import type { NewEvent } from '../event-chain.ts'
import { endTold, registeredData } from '../event-data.ts'
import { isAnyOf, newValues, orAsItIs, perHandle, placeholders, textArray } from '../prepared.ts'
import { executors, jobs, submissions, verdicts, voids } from '../schema.ts'
import type { Booking, JobLimits, OverLimit, TooManyJobs } from '../ledger-store.ts'
import type { Settled } from '../observer.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { InsertedJob, JobRow, JobState, NewJob, Store } from '../store.ts'
import { burnWarned, jobEnded } from '../webhook-events.ts'
import { announce, announceTo, listeningTo } from './announcements.ts'
import { billableOn } from './balances.ts'
import { lockLedger } from './closings.ts'
import { appendEvents, beginEvents, isOfOther, lockJobs } from './events.ts'
import { jobsAtATime } from './job-reads.ts'
import { insertReferences } from './references.ts'
import { overLimit, paidOf, reserve, reservedFor, settle } from './ledger.ts'
import { enqueue } from './seals.ts'
import { isOfVoid, writeVerdicts } from './shards.ts'

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
  const [there, tooMany, over] = await Promise.all([
    existingFor(db, job, attempt),
    tooManyJobs(db, job.projectId, booking.jobs),
    overLimit(db, job.projectId, job.createdAtMs, booking),
  ])
  const known = there ?? tooMany ?? over
  if (known !== null) return known
  const inserted = await insertJob(db, job, attempt, () => reserve(db, job, booking.terms))
  if (!inserted.inserted) return inserted
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

const inserting = perHandle((db) =>
  db
    .insert(jobs)
    .values(
      placeholders(
        'id',
        'projectId',
        'clientJobId',
        'requestDigest',
        'request',
        'rootSeed',
        'contractDigest',
        'kernelDigest',
        'samplingKey',
        'createdAtMs',
        'deadlineAtMs',
        'replayOf',
        'owner',
        'state',
      ) satisfies Record<Exclude<keyof NewJob, 'references'> | 'state', Placeholder>,
    )
    .onConflictDoNothing()
    .returning({ id: jobs.id })
    .prepare('insert_job'),
)

/** `beside`: what else is written with a job that is new. */
export async function insertJob(
  db: Db,
  { references = [], ...job }: NewJob,
  attempt: number,
  beside: () => Promise<void> = async () => undefined,
): Promise<InsertedJob> {
  const state: JobState = 'QUEUED'
  const [inserted] = await inserting(db).execute({ ...job, owner: job.owner ?? null, state })
  if (inserted !== undefined) {
    await Promise.all([
      insertReferences(db, job.projectId, job.id, references),
      beginEvents(db, { jobId: job.id, atMs: job.createdAtMs, type: 'registered', data: registeredData(job) }),
      beside(),
    ])
    return { inserted: true }
  }
  const there = await existingFor(db, job, attempt)
  if (there === null) throw new StoreContradiction(`job ${job.id} is neither new nor known`)
  return there
}

/** No client's id equals null, so that a job without one is found by its own alone. */
const ofIdOrClient = perHandle((db) =>
  db
    .select()
    .from(jobs)
    .where(
      or(
        eq(jobs.id, sql.placeholder('id')),
        and(eq(jobs.projectId, sql.placeholder('projectId')), eq(jobs.clientJobId, sql.placeholder('clientJobId'))),
      ),
    )
    .prepare('job_of_id_or_client'),
)

/** On a later attempt a job that is there already under this very id is the one that the first attempt inserted. */
async function existingFor(db: Db, job: NewJob, attempt: number): Promise<InsertedJob | null> {
  const { id, projectId, clientJobId } = job
  const [existing] = await ofIdOrClient(db).execute({ id, projectId, clientJobId })
  if (existing === undefined) return null
  if (attempt > 1 && existing.id === job.id) return { inserted: true }
  return { inserted: false, existing: parsed(existing) }
}

const ofIds = perHandle((db) => db.select().from(jobs).where(isAnyOf(jobs.id, 'ids')).prepare('jobs_by_id'))

export async function jobsById(db: Db, ids: readonly JobId[]): Promise<Map<JobId, JobRow>> {
  const rows = await ofIds(db).execute({ ids: textArray(ids) })
  return new Map(rows.map((row) => [row.id, parsed(row)]))
}

export async function jobOfClient(db: Db, projectId: ProjectId, clientJobId: string): Promise<JobRow | null> {
  const [row] = await db
    .select()
    .from(jobs)
    .where(and(eq(jobs.projectId, projectId), eq(jobs.clientJobId, clientJobId)))
  return row === undefined ? null : parsed(row)
}

const changing = perHandle((db) =>
  db
    .update(jobs)
    .set({
      ...newValues('state', 'reason'),
      planDigest: orAsItIs('planDigest', jobs.planDigest),
      startedAtMs: orAsItIs('startedAtMs', jobs.startedAtMs),
    })
    .where(eq(jobs.id, sql.placeholder('id')))
    .prepare('change_job'),
)

type Told = Pick<JobRow, 'state' | 'reason'>
const RUNNING: Told = { state: 'RUNNING', reason: null }

/** How many agents a queued job lacks changes with every agent: that it waits, and that it no longer does, are events. */
const isNews = (before: Told, { state, reason }: Told): boolean =>
  before.state !== state || (before.reason === null) !== (reason === null)

export async function updateJob(db: Db, id: JobId, change: JobChange): Promise<boolean> {
  const { state, reason, planDigest, startedAtMs, owner } = change
  if (isEnd(state)) throw new StoreContradiction(`job ${id} becomes ${state} by finishJob alone`)
  const [before] = await lockJobs(db, [id])
  if (before === undefined || before.finishedAtMs !== null || isOfOther(before, owner)) return false
  const data = { state, reason }
  const news = isNews(before, data) ? [{ jobId: id, atMs: Date.now(), type: 'state', data } as const] : []
  await Promise.all([
    changing(db).execute({ id, state, reason, planDigest: planDigest ?? null, startedAtMs: startedAtMs ?? null }),
    appendEvents(db, news),
  ])
  return true
}

export async function setBasis(db: Db, id: JobId, basis: Digest, owner?: number): Promise<boolean> {
  const [before] = await lockJobs(db, [id])
  if (before === undefined || before.finishedAtMs !== null || isOfOther(before, owner)) return false
  if (before.basis === basis) return true
  await db.update(jobs).set({ basis }).where(eq(jobs.id, id))
  await appendEvents(db, [{ jobId: id, atMs: Date.now(), type: 'basis', data: { basis } }])
  return true
}

const ending = perHandle((db) =>
  db
    .update(jobs)
    .set({
      ...newValues('state', 'finishedAtMs', 'answer', 'problem'),
      reason: null,
      planDigest: orAsItIs('planDigest', jobs.planDigest),
      startedAtMs: orAsItIs('startedAtMs', jobs.startedAtMs),
      // The first that was written stays.
      ending: sql`coalesce(${jobs.ending}, ${sql.placeholder('ending')})`,
    })
    .where(eq(jobs.id, sql.placeholder('id')))
    .returning()
    .prepare('end_job'),
)

/**
 * `row` is the job as it stays. On a later attempt an end that is there already is ours when it is the same in every part.
 */
export async function finishJob(
  db: Db,
  id: JobId,
  end: JobEnd,
  attempt: number,
): Promise<{ readonly row: JobRow | null; readonly settled: Settled | null }> {
  // What was reserved never changes.
  const [[before], reserved] = await Promise.all([lockJobs(db, [id]), reservedFor(db, id)])
  if (before === undefined || isOfOther(before, end.owner)) return { row: null, settled: null }
  const wanted = {
    state: end.state,
    finishedAtMs: end.finishedAtMs,
    answer: end.state === 'COMPLETED' ? end.answer : null,
    problem: end.state === 'COMPLETED' ? null : JSON.stringify(end.problem),
  }
  if (before.finishedAtMs !== null) return { row: attempt === 1 ? null : await endedAs(db, id, wanted), settled: null }
  const { microCredits, decided } = end.state === 'COMPLETED' ? end : {}
  // In front of the end, behind which none are taken, and of what counts them.
  await writeVerdicts(db, decided?.verdicts ?? [])
  const [[job], settled, listening] = await Promise.all([
    ending(db).execute({ id, ...wanted, ...begunOf(end), ending: decided?.ending ?? null }),
    settle(db, id, reserved, { state: end.state, microCredits }),
    listeningTo(db, [before.projectId]),
    appendEvents(db, [...beginningTold(id, before, end), { jobId: id, atMs: end.finishedAtMs, ...endTold(end) }]),
    end.state === 'COMPLETED' ? insertingExecutors(db).execute({ id }) : undefined,
    enqueue(db, [{ jobId: id, kind: 'receipt', number: 0, atMs: end.finishedAtMs }]),
  ])
  if (job === undefined) throw new Error(`job ${id} was locked and is not there`)
  await announceTo(db, listening, [jobEnded(job, end, paidOf(settled, end.state))])
  return { row: parsed(job), settled }
}

const begunOf = ({ begun }: JobEnd) => ({
  planDigest: begun?.planDigest ?? null,
  startedAtMs: begun?.startedAtMs ?? null,
})

/** The event that `updateJob` would have written. */
function beginningTold(jobId: JobId, before: Told, { begun }: JobEnd): NewEvent[] {
  if (begun === undefined || !isNews(before, RUNNING)) return []
  return [{ jobId, atMs: begun.startedAtMs, type: 'state', data: RUNNING }]
}

async function endedAs(
  db: Db,
  id: JobId,
  wanted: Pick<typeof jobs.$inferSelect, 'state' | 'finishedAtMs' | 'answer' | 'problem'>,
): Promise<JobRow | null> {
  const [stored] = await db.select().from(jobs).where(eq(jobs.id, id))
  const isOurs =
    stored?.state === wanted.state &&
    stored.finishedAtMs === wanted.finishedAtMs &&
    stored.answer === wanted.answer &&
    stored.problem === wanted.problem
  return isOurs ? parsed(stored) : null
}

const insertingExecutors = perHandle((db) => {
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
    .where(eq(submissions.jobId, sql.placeholder('id')))
    .groupBy(submissions.executor, submissions.jobId)
  return db.insert(executors).select(of).prepare('insert_executors')
})

function isEnd(state: JobChange['state']): boolean {
  return state === 'COMPLETED' || state === 'FAILED' || state === 'CANCELLED'
}

export function parsed({ op: _listed, ...row }: typeof jobs.$inferSelect): JobRow {
  return { ...row, problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)) }
}
