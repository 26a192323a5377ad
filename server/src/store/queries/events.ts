// The chain of what happened to a job. An event is written in the transaction of the change that it tells of, while the
// job's row is locked by it, so that two writers never append behind the same event.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { and, asc, desc, eq, gt } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { linked, type NewEvent } from '../event-chain.ts'
import { STORE_LIMITS } from '../limits.ts'
import { isAnyOf, perHandle, textArray } from '../prepared.ts'
import { events, jobs } from '../schema.ts'
import type { EventRow } from '../store.ts'
import { insertNew } from './rows.ts'

const locked = perHandle((db) =>
  db
    .select({
      id: jobs.id,
      projectId: jobs.projectId,
      state: jobs.state,
      reason: jobs.reason,
      basis: jobs.basis,
      owner: jobs.owner,
      finishedAtMs: jobs.finishedAtMs,
    })
    .from(jobs)
    .where(isAnyOf(jobs.id, 'ids'))
    .orderBy(jobs.id)
    .for('no key update')
    .prepare('jobs_locked'),
)

/** Those of the jobs that exist; in one order everywhere, so that no two transactions wait for each other. */
export const lockJobs = (db: Db, ids: readonly JobId[]) => locked(db).execute({ ids: textArray(ids) })

/** Whether a job that is locked is another server's than that which writes; who names none writes whosever it is. */
export const isOfOther = ({ owner }: { readonly owner: number | null }, writer: number | undefined): boolean =>
  writer !== undefined && owner !== writer

/** Of a job that this transaction has inserted: nobody can have written before it. */
export const beginEvents = (db: Db, first: NewEvent): Promise<void> => insertNew(db, events, [linked(first, null)])

const lastEvents = perHandle((db) =>
  db
    .selectDistinctOn([events.jobId], { jobId: events.jobId, number: events.number, hash: events.hash })
    .from(events)
    .where(isAnyOf(events.jobId, 'jobIds'))
    .orderBy(events.jobId, desc(events.number))
    .prepare('last_events'),
)

/** The caller holds the rows of the jobs. */
export async function appendEvents(db: Db, added: readonly NewEvent[]): Promise<void> {
  if (added.length === 0) return
  const heads = await lastEvents(db).execute({ jobIds: textArray([...new Set(added.map(({ jobId }) => jobId))]) })
  const last = new Map<JobId, Pick<EventRow, 'number' | 'hash'>>(heads.map((head) => [head.jobId, head]))
  const rows = added.map((event) => {
    const row = linked(event, last.get(event.jobId) ?? null)
    last.set(event.jobId, row)
    return row
  })
  await insertNew(db, events, rows)
}

export function eventsAfter(db: Db, jobId: JobId, after: number): Promise<EventRow[]> {
  return db
    .select()
    .from(events)
    .where(and(eq(events.jobId, jobId), gt(events.number, after)))
    .orderBy(asc(events.number))
    .limit(STORE_LIMITS.eventsPerBatch)
}
