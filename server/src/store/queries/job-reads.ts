// Jobs as lists, and the shards of one. The indexes of a project's jobs begin with what a list is filtered by.
import { CONTRACT_LIMITS } from '@forge/shared/contract/envelope.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problemSchema, type ProblemCode } from '@forge/shared/contract/problem.ts'
import { and, asc, count, desc, eq, gte, inArray, isNotNull, lt, or, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { ledgerTransactions } from '../ledger-schema.ts'
import { DAY_MS, dayOf, type JobLimits } from '../ledger-store.ts'
import type { JobFilter, JobReads, JobSummary, ShardAttempt } from '../job-reads.ts'
import type { JobState } from '../store.ts'
import { perHandle } from '../prepared.ts'
import { jobs, submissions, verdicts, voids } from '../schema.ts'
import { termsOfDetail } from './ledger.ts'
import { isOfVoid } from './shards.ts'

export async function jobsOf(
  db: Db,
  projectId: ProjectId,
  filter: JobFilter,
  { after, limit }: Parameters<JobReads['jobsOf']>[2],
): Promise<JobSummary[]> {
  const { state, clientJobId, op, createdFromMs, createdBeforeMs } = filter
  const rows = await db
    .select({
      id: jobs.id,
      clientJobId: jobs.clientJobId,
      op: jobs.op,
      state: jobs.state,
      replayOf: jobs.replayOf,
      reason: jobs.reason,
      createdAtMs: jobs.createdAtMs,
      startedAtMs: jobs.startedAtMs,
      finishedAtMs: jobs.finishedAtMs,
      deadlineAtMs: jobs.deadlineAtMs,
      problem: jobs.problem,
      billing: sql<string | null>`(${jobs.answer}::json -> 'billing')::text`,
      metrics: sql<string | null>`(${jobs.answer}::json #> '{hub,metrics}')::text`,
      kernelDigest: jobs.kernelDigest,
      reserved: ledgerTransactions.detail,
    })
    .from(jobs)
    .leftJoin(ledgerTransactions, and(eq(ledgerTransactions.jobId, jobs.id), eq(ledgerTransactions.kind, 'reserve')))
    .where(
      and(
        eq(jobs.projectId, projectId),
        state && eq(jobs.state, state),
        clientJobId === undefined ? undefined : eq(jobs.clientJobId, clientJobId),
        op === undefined ? undefined : eq(jobs.op, op),
        createdFromMs === undefined ? undefined : gte(jobs.createdAtMs, createdFromMs),
        createdBeforeMs === undefined ? undefined : lt(jobs.createdAtMs, createdBeforeMs),
        after === null ? undefined : sql`(${jobs.createdAtMs}, ${jobs.id}) < (${after[0]}::bigint, ${after[1]})`,
      ),
    )
    .orderBy(desc(jobs.createdAtMs), desc(jobs.id))
    .limit(limit)
  return rows.map(({ reserved, ...row }) => ({
    ...row,
    terms: reserved === null ? null : termsOfDetail(reserved),
    problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)),
  }))
}

export async function requestsOf(db: Db, projectId: ProjectId, ids: readonly JobId[]): Promise<Map<JobId, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .select({ id: jobs.id, request: jobs.request })
    .from(jobs)
    .where(and(eq(jobs.projectId, projectId), inArray(jobs.id, [...ids])))
  return new Map(rows.map(({ id, request }) => [id, request]))
}

/** No job outlives its deadline for long: those of today were registered within that time of its beginning. */
const LONGEST_JOB_MS = CONTRACT_LIMITS.timeoutMsMax + DAY_MS

export async function givenUpOnDay(db: Db, projectId: ProjectId, nowMs: number, most: number): Promise<number> {
  const dayMs = dayOf(nowMs) * DAY_MS
  // Without findings it was no Hub that saw the deadline pass: the server was down, which is not the client's doing.
  const timedOut = sql`${jobs.problem}::json ->> 'code' = ${'TIMED_OUT' satisfies ProblemCode} and ${jobs.problem}::json -> 'verification' is not null`
  const some = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        eq(jobs.projectId, projectId),
        or(eq(jobs.state, 'CANCELLED'), and(eq(jobs.state, 'FAILED'), timedOut)),
        isNotNull(jobs.startedAtMs),
        gte(jobs.createdAtMs, dayMs - LONGEST_JOB_MS),
        gte(jobs.finishedAtMs, dayMs),
      ),
    )
    .limit(most)
    .as('given_up')
  const [counted] = await db.select({ jobs: count() }).from(some)
  return counted?.jobs ?? 0
}

const UNFINISHED: readonly JobState[] = ['QUEUED', 'RUNNING', 'VERIFYING']

const atATime = perHandle((db) =>
  db
    .select({ state: jobs.state, jobs: count() })
    .from(jobs)
    .where(and(eq(jobs.projectId, sql.placeholder('projectId')), inArray(jobs.state, [...UNFINISHED])))
    .groupBy(jobs.state)
    .prepare('jobs_at_a_time'),
)

/** As the limits of jobs count them; counted in an index. */
export async function jobsAtATime(db: Db, projectId: ProjectId): Promise<Record<keyof JobLimits, number>> {
  const held = await atATime(db).execute({ projectId })
  return {
    concurrent: held.reduce((sum, row) => sum + row.jobs, 0),
    queued: held.find(({ state }) => state === 'QUEUED')?.jobs ?? 0,
  }
}

export function attemptsOf(db: Db, jobId: JobId, first: number, end: number): Promise<ShardAttempt[]> {
  return db
    .select({
      shard: submissions.shard,
      executor: submissions.executor,
      role: submissions.role,
      engine: submissions.engine,
      trusted: submissions.trusted,
      digest: submissions.digest,
      isVoid: sql<boolean>`${voids.jobId} is not null`,
    })
    .from(submissions)
    .leftJoin(voids, isOfVoid)
    .where(and(eq(submissions.jobId, jobId), gte(submissions.shard, first), lt(submissions.shard, end)))
    .orderBy(asc(submissions.shard), asc(submissions.executor))
}

export function verdictsIn(db: Db, jobId: JobId, first: number, end: number) {
  return db
    .select({ shard: verdicts.shard, digest: verdicts.digest })
    .from(verdicts)
    .where(and(eq(verdicts.jobId, jobId), gte(verdicts.shard, first), lt(verdicts.shard, end)))
    .orderBy(asc(verdicts.shard))
}
