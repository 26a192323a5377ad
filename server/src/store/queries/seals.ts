// Signed documents, their log, and the retention that may take a sealed job's partials. Every step may be repeated: the
// first row stays, and a place in the log is given once.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { and, asc, count, desc, eq, gte, inArray, sql, type SQL } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import { perHandle } from '../prepared.ts'
import { jobs, partials, submissions, verdicts } from '../schema.ts'
import { forgottenNetworks, receiptLog, retentions, seals, signingPeriods, unsealed } from '../seal-schema.ts'
import { itemName, type LogRow, type MakeLink, type SealItem, type SealRow, type SigningPeriod } from '../seal-store.ts'
import { insertAll, insertNew } from './rows.ts'

/** Any number will do that no other lock here has; it spells "log" and "key". */
const LOG_LOCK_CLASS = 0x6c_6f_67
const KEY_LOCK = 0x6b_65_79

export const periodsOf = (db: Db): Promise<SigningPeriod[]> =>
  db.select().from(signingPeriods).orderBy(asc(signingPeriods.number))

export async function beginSigning(
  db: Db,
  { keyId, publicKey }: Pick<SigningPeriod, 'keyId' | 'publicKey'>,
  atMs: number,
): Promise<SigningPeriod[]> {
  await db.execute(sql`select pg_advisory_xact_lock(${KEY_LOCK})`)
  const periods = await periodsOf(db)
  const last = periods.at(-1)
  if (last?.keyId === keyId) return periods
  // A clock that was set back must not make periods that overlap, nor end the last one before what its key has signed.
  const signedMs = Math.max(await newestIssuedMs(db, seals), await newestIssuedMs(db, receiptLog))
  const fromMs = Math.max(atMs, (last?.fromMs ?? 0) + 1, signedMs)
  const period = { number: (last?.number ?? -1) + 1, keyId, publicKey, fromMs }
  await db.insert(signingPeriods).values(period)
  return [...periods, period]
}

/**
 * Of all that is signed, since the newest row need not have the newest time; 0 where there is none. Keys change so seldom that
 * no column is kept for it, and each statement reads a bounded number of documents.
 */
async function newestIssuedMs(db: Db, table: typeof seals | typeof receiptLog): Promise<number> {
  const { jobId, kind, number, document } = table
  const issuedAtMs = sql`coalesce((${document}::jsonb #>> '{body,issued_at_ms}')::bigint, 0)`.mapWith(Number)
  let newest = 0
  for (let after: SealItem | null = null; ;) {
    const isBehind =
      after && sql`(${jobId}, ${kind}, ${number}) > (${after.jobId}, ${after.kind}, ${after.number}::integer)`
    const rows: (SealItem & { readonly issuedAtMs: number })[] = await db
      .select({ jobId, kind, number, issuedAtMs })
      .from(table)
      .where(isBehind ?? undefined)
      .orderBy(asc(jobId), asc(kind), asc(number))
      .limit(STORE_LIMITS.eventsPerBatch)
    newest = rows.reduce((most, row) => Math.max(most, row.issuedAtMs), newest)
    after = rows.at(-1) ?? null
    if (after === null) return newest
  }
}

const waiting = perHandle((db) =>
  db
    .select({ jobId: unsealed.jobId, kind: unsealed.kind, number: unsealed.number })
    .from(unsealed)
    .orderBy(asc(unsealed.atMs), asc(unsealed.jobId), desc(unsealed.kind), asc(unsealed.number))
    .limit(STORE_LIMITS.sealsPerBatch)
    .offset(sql.placeholder('skipped'))
    .prepare('unsealed'),
)

export const unsealedItems = (db: Db, skipped: number): Promise<SealItem[]> => waiting(db).execute({ skipped })

/** In the transaction that makes it due. */
export async function enqueue(db: Db, items: readonly (SealItem & { readonly atMs: number })[]): Promise<void> {
  await insertAll(db, unsealed, items)
}

const logged = perHandle((db) => {
  const isItem = and(
    eq(receiptLog.jobId, sql.placeholder('jobId')),
    eq(receiptLog.kind, sql.placeholder('kind')),
    eq(receiptLog.number, sql.placeholder('number')),
  )
  return db.select().from(receiptLog).where(isItem).prepare('log_of_item')
})

/** One statement writes, so that it needs no transaction around it. */
export async function putSeals(db: Db, rows: readonly SealRow[]): Promise<ReadonlyMap<SealRow, SealRow>> {
  const added = await insertAll(db, seals, rows)
  return added === rows.length ? new Map(rows.map((row) => [row, row])) : sealsOf(db, rows)
}

/** By the items as they were given. */
export async function sealsOf<I extends SealItem>(db: Db, items: readonly I[]): Promise<ReadonlyMap<I, SealRow>> {
  const rows = await sealedItems(db).execute({ items: keysOf(items) })
  const sealed = new Map(rows.map((row) => [itemName(row), row]))
  const found = new Map<I, SealRow>()
  for (const item of items) {
    const row = sealed.get(itemName(item))
    if (row !== undefined) found.set(item, row)
  }
  return found
}

export async function appendToLog(
  db: Db,
  items: readonly SealItem[],
  projectId: ProjectId,
  link: MakeLink,
): Promise<LogRow[]> {
  await db.execute(sql`select pg_advisory_xact_lock(${LOG_LOCK_CLASS}::integer, hashtext(${projectId}))`)
  const own = keysOf(items)
  const [known, head] = await Promise.all([loggedItems(db).execute({ items: own }), logHead(db, projectId)])
  const places = new Map(known.map((row) => [itemName(row), row]))
  const added: LogRow[] = []
  for (const { jobId, kind, number } of items) {
    const item = { jobId, kind, number }
    if (places.has(itemName(item))) continue
    const last = added.at(-1) ?? head
    const row = { ...item, projectId, place: (last?.place ?? -1) + 1, previous: last?.digest ?? null }
    added.push({ ...row, ...link(item, last) })
    places.set(itemName(item), added.at(-1) as LogRow)
  }
  await Promise.all([insertNew(db, receiptLog, added), settingFree(db).execute({ items: own })])
  return items.flatMap((item) => places.get(itemName(item)) ?? [])
}

/** As `areItems` reads them. */
const keysOf = (items: readonly SealItem[]): string =>
  JSON.stringify(items.map(({ jobId, kind, number }) => ({ job_id: jobId, kind, number })))

/** Any of so many items, so that the statement's text is the same for every number. */
const areItems = ({ jobId, kind, number }: typeof receiptLog | typeof seals | typeof unsealed): SQL =>
  sql`(${jobId}, ${kind}, ${number}) in (select job_id, kind, number
    from json_to_recordset(${sql.placeholder('items')}::text::json) as item (job_id text, kind text, number integer))`

const sealedItems = perHandle((db) => db.select().from(seals).where(areItems(seals)).prepare('seals_of_items'))
const loggedItems = perHandle((db) => db.select().from(receiptLog).where(areItems(receiptLog)).prepare('log_of_items'))
const settingFree = perHandle((db) => db.delete(unsealed).where(areItems(unsealed)).prepare('items_sealed'))

export async function logHead(db: Db, projectId: ProjectId): Promise<LogRow | null> {
  const [head] = await lastLogged(db).execute({ projectId })
  return head ?? null
}

const lastLogged = perHandle((db) =>
  db
    .select()
    .from(receiptLog)
    .where(eq(receiptLog.projectId, sql.placeholder('projectId')))
    .orderBy(desc(receiptLog.place))
    .limit(1)
    .prepare('log_head'),
)

export async function logOf(db: Db, item: SealItem): Promise<LogRow | null> {
  const [row] = await logged(db).execute({ ...item })
  return row ?? null
}

export const logFrom = (db: Db, projectId: ProjectId, from: number): Promise<LogRow[]> =>
  db
    .select()
    .from(receiptLog)
    .where(and(eq(receiptLog.projectId, projectId), gte(receiptLog.place, from)))
    .orderBy(asc(receiptLog.place))
    .limit(STORE_LIMITS.eventsPerBatch)

export async function dropPartials(db: Db, endedBeforeMs: number, atMs: number): Promise<JobId[]> {
  const due = await db
    .select({ jobId: jobs.id })
    .from(jobs)
    .innerJoin(seals, and(eq(seals.jobId, jobs.id), eq(seals.kind, 'receipt')))
    .leftJoin(retentions, eq(retentions.jobId, jobs.id))
    .where(sql`${jobs.finishedAtMs} < ${endedBeforeMs} and ${retentions.jobId} is null`)
    .orderBy(asc(jobs.id))
    .limit(STORE_LIMITS.jobsPerRetentionBatch)
  const ids = await ofBoundedRows(db, partials, due)
  if (ids.length === 0) return []
  await db
    .insert(retentions)
    .values(ids.map((jobId) => ({ jobId, atMs })))
    .onConflictDoNothing()
  await db.delete(partials).where(inArray(partials.jobId, ids))
  return ids
}

/** The first of them, as many as have no more rows together than a statement should touch; one at least. */
async function ofBoundedRows(
  db: Db,
  table: typeof partials | typeof submissions,
  due: readonly { readonly jobId: JobId }[],
): Promise<JobId[]> {
  const ids = due.map(({ jobId }) => jobId)
  if (ids.length === 0) return []
  const counted = await db
    .select({ jobId: table.jobId, rows: count() })
    .from(table)
    .where(inArray(table.jobId, ids))
    .groupBy(table.jobId)
  const rowsOf = new Map(counted.map(({ jobId, rows }) => [jobId, rows]))
  let rows = 0
  const beyond = ids.findIndex((id, i) => {
    rows += rowsOf.get(id) ?? 0
    return i > 0 && rows > STORE_LIMITS.rowsPerRetentionBatch
  })
  return beyond === -1 ? ids : ids.slice(0, beyond)
}

export async function droppedAt(db: Db, jobId: JobId): Promise<number | null> {
  const [row] = await db.select().from(retentions).where(eq(retentions.jobId, jobId))
  return row?.atMs ?? null
}

export async function acceptedBytes(db: Db, jobId: JobId): Promise<number> {
  const [row] = await db
    .select({ bytes: sql`coalesce(sum(octet_length(${partials.bytes})), 0)`.mapWith(Number) })
    .from(verdicts)
    .innerJoin(
      partials,
      and(eq(partials.jobId, verdicts.jobId), eq(partials.shard, verdicts.shard), eq(partials.digest, verdicts.digest)),
    )
    .where(eq(verdicts.jobId, jobId))
  return row?.bytes ?? 0
}

/** Which answers came from one network can still be told, within a job; which network that was cannot. */
export async function forgetNetworks(db: Db, endedBeforeMs: number, atMs: number): Promise<JobId[]> {
  const due = await db
    .select({ jobId: jobs.id })
    .from(jobs)
    .leftJoin(forgottenNetworks, eq(forgottenNetworks.jobId, jobs.id))
    .where(sql`${jobs.finishedAtMs} < ${endedBeforeMs} and ${forgottenNetworks.jobId} is null`)
    .orderBy(asc(jobs.id))
    .limit(STORE_LIMITS.jobsPerRetentionBatch)
  const ids = await ofBoundedRows(db, submissions, due)
  if (ids.length === 0) return []
  await db
    .insert(forgottenNetworks)
    .values(ids.map((jobId) => ({ jobId, atMs })))
    .onConflictDoNothing()
  const networks = db.selectDistinct({ jobId: submissions.jobId, network: submissions.network }).from(submissions)
  const some = networks.where(inArray(submissions.jobId, ids))
  await db.execute(sql`
    with numbered as (
      select job_id, network, row_number() over (partition by job_id order by random()) as number from (${some}) as found
    )
    update submissions set network = 'forgotten ' || numbered.number from numbered
      where submissions.job_id = numbered.job_id and submissions.network = numbered.network
        and submissions.network not like 'forgotten %'`)
  return ids
}
