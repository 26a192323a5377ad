// What the store holds row by row, for whoever verifies it: also what counts no more, and rows that only rows speak of.
import type { Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { and, asc, count, eq, getTableColumns, isNotNull, isNull, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'
import { acts } from './act-schema.ts'
import type { ActChain } from './acts.ts'
import type { Db, Engine } from './engine.ts'
import { STORE_LIMITS } from './limits.ts'
import { isOfVoid } from './queries/shards.ts'
import { balanceSnapshots, ledgerEntries, ledgerTransactions } from './ledger-schema.ts'
import { events, executors, jobs, projects, quarantines, releases, submissions, voids } from './schema.ts'
import { receiptLog, seals, unsealed } from './seal-schema.ts'
import type { LogRow, SealItem, SealRow } from './seal-store.ts'
import type { QuarantineRow, ReleaseRow, SubmissionRow } from './store.ts'

export type StoredSubmission = SubmissionRow & { readonly isVoid: boolean }

export interface StoredRows {
  /** The next ones in their order; '' is before the first, none is the end. */
  jobIdsAfter(after: string): Promise<JobId[]>
  /** Jobs that events, bookings or receipts speak of, and whose own row is gone; the first so many. */
  lostJobs(): Promise<JobId[]>
  submissions(jobId: JobId): Promise<StoredSubmission[]>
  /** How many rows there are, with a submission or without. */
  voids(jobId: JobId): Promise<number>
  /** Whose answers it has, and how many of each stand; null where that was not counted then. */
  executors(jobId: JobId): Promise<{ readonly executor: Identity; readonly shards: number | null }[]>
  seals(jobId: JobId): Promise<SealRow[]>
  logOf(jobId: JobId): Promise<LogRow[]>
  waiting(jobId: JobId): Promise<SealItem[]>
  projects(): Promise<ProjectId[]>
  /** Every chain of acts that there is. */
  actChains(): Promise<ActChain[]>
  /** Scopes of snapshots that are not the sum of their entries. */
  wrongSnapshots(): Promise<string[]>
  quarantines(): Promise<QuarantineRow[]>
  releases(): Promise<Omit<ReleaseRow, 'lastOrder'>[]>
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
    lostJobs: () => engine.run(lostJobs),
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
      engine.run((db) => {
        const { executor, shards } = executors
        return db.select({ executor, shards }).from(executors).where(eq(executors.jobId, jobId))
      }),
    seals: (jobId) =>
      engine.run((db) => db.select().from(seals).where(eq(seals.jobId, jobId)).orderBy(seals.kind, seals.number)),
    logOf: (jobId) =>
      engine.run((db) => db.select().from(receiptLog).where(eq(receiptLog.jobId, jobId)).orderBy(receiptLog.place)),
    waiting: (jobId) => engine.run((db) => db.select().from(unsealed).where(eq(unsealed.jobId, jobId))),
    projects: () =>
      engine.run(async (db) =>
        (await db.select({ id: projects.id }).from(projects).orderBy(projects.id)).map(({ id }) => id),
      ),
    actChains: () =>
      engine.run(async (db) =>
        (await db.selectDistinct({ chain: acts.chain }).from(acts).orderBy(acts.chain)).map(({ chain }) => chain),
      ),
    wrongSnapshots: () => engine.run(wrongSnapshots),
    quarantines: () =>
      engine.run((db) => db.select().from(quarantines).orderBy(quarantines.identity, quarantines.number)),
    releases: () => engine.run((db) => db.select().from(releases).orderBy(releases.identity, releases.number)),
  }
}

async function lostJobs(db: Db): Promise<JobId[]> {
  const namedIn = (table: typeof events | typeof ledgerTransactions | typeof receiptLog) =>
    db
      .select({ id: sql<JobId>`${table.jobId}` })
      .from(table)
      .leftJoin(jobs, eq(jobs.id, table.jobId))
      .where(and(isNull(jobs.id), isNotNull(table.jobId)))
  const lost = union(namedIn(events), namedIn(ledgerTransactions), namedIn(receiptLog)).limit(
    STORE_LIMITS.jobIdsPerBatch,
  )
  return (await lost).map(({ id }) => id).toSorted()
}

/** A scope is an account, or an account and a day. */
async function wrongSnapshots(db: Db): Promise<string[]> {
  const rows = await db
    .select({ scope: balanceSnapshots.scope })
    .from(balanceSnapshots)
    .where(
      sql`${balanceSnapshots.microCredits} <> (
        select coalesce(sum(entry.micro_credits), 0) from ${ledgerEntries} as entry
        join ${ledgerTransactions} as booked on booked.id = entry.transaction_id
        where entry.account = split_part(${balanceSnapshots.scope}, '@', 1) and booked.id <= ${balanceSnapshots.through}
          and (strpos(${balanceSnapshots.scope}, '@') = 0 or booked.day::text = split_part(${balanceSnapshots.scope}, '@', 2)))`,
    )
  return rows.map(({ scope }) => scope)
}
