// What the store holds row by row, for whoever verifies it: also what counts no more, and rows that only rows speak of.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { asc, count, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Engine } from './engine.ts'
import { STORE_LIMITS } from './limits.ts'
import { isOfVoid } from './queries/shards.ts'
import { executors, jobs, quarantines, releases, submissions, voids } from './schema.ts'
import type { QuarantineRow, ShardWrites, SubmissionRow } from './store.ts'

export type StoredSubmission = SubmissionRow & { readonly isVoid: boolean }

export interface StoredRows {
  /** The next ones in their order; '' is before the first, none is the end. */
  jobIdsAfter(after: string): Promise<JobId[]>
  submissions(jobId: JobId): Promise<StoredSubmission[]>
  /** How many rows there are, with a submission or without. */
  voids(jobId: JobId): Promise<number>
  executors(jobId: JobId): Promise<Identity[]>
  quarantines(): Promise<QuarantineRow[]>
  releases(): Promise<ShardWrites['releases'][number][]>
}

export function createStoredRows(engine: Engine): StoredRows {
  return {
    jobIdsAfter: (after) =>
      engine.run(async (db) => {
        const page = db
          .select({ id: jobs.id })
          .from(jobs)
          .where(sql`${jobs.id} > ${after}`)
        return (await page.orderBy(asc(jobs.id)).limit(STORE_LIMITS.jobIdsPerBatch)).map(({ id }) => id)
      }),
    submissions: (jobId) =>
      engine.run((db) =>
        db
          .select({ ...getTableColumns(submissions), isVoid: sql<boolean>`${voids.jobId} is not null` })
          .from(submissions)
          .leftJoin(voids, isOfVoid)
          .where(eq(submissions.jobId, jobId))
          .orderBy(submissions.shard, submissions.executor),
      ),
    voids: (jobId) =>
      engine.run(async (db) => {
        const [row] = await db.select({ rows: count() }).from(voids).where(eq(voids.jobId, jobId))
        return row?.rows ?? 0
      }),
    executors: (jobId) =>
      engine.run(async (db) => {
        const rows = await db.select({ executor: executors.executor }).from(executors).where(eq(executors.jobId, jobId))
        return rows.map(({ executor }) => executor)
      }),
    quarantines: () =>
      engine.run((db) => db.select().from(quarantines).orderBy(quarantines.identity, quarantines.number)),
    releases: () => engine.run((db) => db.select().from(releases).orderBy(releases.identity, releases.number)),
  }
}
