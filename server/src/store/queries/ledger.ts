// The ledger's transactions: each is inserted with all of its entries in one statement, which the database holds to a sum
// of zero. Reserving takes the project's lock alone, so that two jobs never both fit into what is left for one; settling
// shares it, so that settlements do not wait for each other and a snapshot sees none of them half done.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { and, asc, desc, eq, getTableColumns, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../engine.ts'
import { ledgerEntries, ledgerTransactions } from '../ledger-schema.ts'
import {
  account,
  dayOf,
  type Booking,
  type CreditLimits,
  type LedgerEntry,
  type LedgerStore,
  type LedgerTransaction,
  type OverLimit,
  type Terms,
} from '../ledger-store.ts'
import { STORE_LIMITS } from '../limits.ts'
import { isAnyOf, perHandle, textArray } from '../prepared.ts'
import type { Settled } from '../observer.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { NewJob } from '../store.ts'
import { appendAct } from './acts.ts'
import { allOf, ofAccount, ofDay } from './balances.ts'
import { bookingTime, lockLedger } from './closings.ts'
import { earnedBy } from './earnings.ts'
import { lockJobs } from './events.ts'
import { appendCreditNotice, noticesOf } from './notices.ts'

/** What stands in the way of a job; null when it fits. The caller holds the project's lock alone. */
export async function overLimit(
  db: Db,
  projectId: ProjectId,
  atMs: number,
  booking: Booking,
): Promise<OverLimit | null> {
  const { terms, limits } = booking
  const payer = account.project(terms.mode, projectId)
  const wanted = terms.microCredits
  const used = {
    day: async () => -(await allOf(db, ofDay(projectId, payer, dayOf(atMs)))),
    ever: async () => -(await allOf(db, ofAccount(projectId, payer))),
  }
  const asked: readonly (readonly [keyof CreditLimits, () => Promise<bigint>])[] =
    terms.mode === 'test'
      ? [['testPerDay', used.day]]
      : [
          ['perDay', used.day],
          ['total', used.ever],
        ]
  for (const [limit, usedUnder] of asked) {
    const most = limits[limit]
    if (most === null) continue
    const usedMicroCredits = await usedUnder()
    if (usedMicroCredits + wanted <= most) continue
    return { inserted: false, over: { limit, limitMicroCredits: most, usedMicroCredits, wantedMicroCredits: wanted } }
  }
  return null
}

/** In the transaction that registers the job. */
export async function reserve(
  db: Db,
  job: Pick<NewJob, 'id' | 'projectId' | 'createdAtMs'>,
  terms: Terms,
): Promise<void> {
  const { projectId } = job
  await book(db, { projectId, jobId: job.id, kind: 'reserve', day: dayOf(job.createdAtMs) }, detailOf(terms), [
    { account: account.project(terms.mode, projectId), microCredits: -terms.microCredits },
    { account: account.held(terms.mode, projectId), microCredits: terms.microCredits },
  ])
}

export interface Settlement {
  readonly state: 'COMPLETED' | 'FAILED' | 'CANCELLED'
  /** Of a completed job; without it, it costs what was reserved. */
  readonly microCredits?: bigint | undefined
}

/** Null for a job of before there was a ledger. */
export const reservedFor = async (db: Db, jobId: JobId): Promise<LedgerTransaction | null> =>
  (await transactionsOf(db, jobId)).find(({ kind }) => kind === 'reserve') ?? null

/** In the transaction that ends the job. Where nothing is reserved, nothing is settled. */
export async function settle(
  db: Db,
  jobId: JobId,
  reserved: LedgerTransaction | null,
  { state, microCredits }: Settlement,
): Promise<Settled | null> {
  if (reserved === null) return null
  const { projectId, day } = reserved
  const terms = termsOfDetail(reserved.detail)
  const { mode } = terms
  const price = state === 'COMPLETED' ? (microCredits ?? terms.microCredits) : 0n
  const [earned] = await Promise.all([earnedBy(db, jobId, state, terms), lockLedger(db, projectId, 'shared')])
  const earnings = [...earned.values()].reduce((sum, one) => sum + one, 0n)
  const isPaid = state === 'COMPLETED' && mode === 'billable'
  await book(db, { projectId, jobId, kind: 'settle', day }, { state, price: String(price) }, [
    { account: account.held(mode, projectId), microCredits: -terms.microCredits },
    { account: account.project(mode, projectId), microCredits: terms.microCredits - price },
    { account: account.income(mode), microCredits: isPaid ? price - earnings : price },
    { account: account.unbilled, microCredits: isPaid ? 0n : -earnings },
    ...[...earned].map(([identity, one]) => ({ account: account.agent(identity), microCredits: one })),
  ])
  return {
    mode,
    op: terms.op,
    priceMicroCredits: price,
    releasedMicroCredits: terms.microCredits - price,
    unbilledMicroCredits: isPaid ? 0n : earnings,
  }
}

/** What the project of a job that has ended pays. */
export const paidOf = (settled: Settled | null, state: Settlement['state']): bigint =>
  settled !== null && settled.mode === 'billable' && state === 'COMPLETED' ? settled.priceMicroCredits : 0n

export async function creditNote(
  db: Db,
  jobId: JobId,
  note: Parameters<LedgerStore['creditNote']>[1],
  attempt: number,
): Promise<boolean> {
  const { microCredits, reason, atMs } = note
  // First the job, then the ledger, as an end does: and of two notes at once the second sees the first.
  await lockJobs(db, [jobId])
  const [reserved, settled, credited] = await transactionsOf(db, jobId)
  if (reserved === undefined || settled === undefined) throw new StoreContradiction(`job ${jobId} was not settled`)
  if (credited !== undefined) return attempt > 1 && (await isOfNote(db, credited, note))
  const { projectId, day } = reserved
  const { mode } = termsOfDetail(reserved.detail)
  const paid = settledSchema.parse(JSON.parse(settled.detail)).price
  if (mode === 'test' || microCredits <= 0n || microCredits > paid) {
    throw new StoreContradiction(`job ${jobId} paid ${mode === 'test' ? 0n : paid} micro-credits, not ${microCredits}`)
  }
  await lockLedger(db, projectId, 'shared')
  await book(db, { projectId, jobId, kind: 'credit-note', day }, { reason }, [
    { account: account.project(mode, projectId), microCredits },
    { account: account.income(mode), microCredits: -microCredits },
  ])
  const detail = { micro_credits: String(microCredits), reason }
  await appendCreditNotice(db, jobId, detail, atMs)
  await appendAct(db, {
    chain: projectId,
    atMs,
    actor: 'operator',
    type: 'credit-note.issued',
    subject: jobId,
    data: detail,
  })
  return true
}

/** On a later attempt the note that is there is the one that the first attempt booked, when it is the same in every part. */
async function isOfNote(
  db: Db,
  { jobId, projectId, detail, entries }: LedgerTransaction,
  { microCredits, reason, atMs }: Parameters<LedgerStore['creditNote']>[1],
): Promise<boolean> {
  if (detail !== canonicalJson({ reason })) return false
  const given = entries.find((entry) => entry.account === account.project('billable', projectId))
  if (given?.microCredits !== microCredits) return false
  const told = (await noticesOf(db, [jobId])).get(jobId)?.find(({ kind }) => kind === 'credit-note')
  return told?.atMs === atMs
}

/** The caller holds the project's lock. */
async function book(
  db: Db,
  { projectId, jobId, kind, day }: Omit<typeof ledgerTransactions.$inferInsert, 'detail' | 'atMs'>,
  detail: object,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const moving = entries
    .filter(({ microCredits }) => microCredits !== 0n)
    .map((entry) => ({ account: entry.account, micro_credits: String(entry.microCredits) }))
  await db.execute(
    sql`with booked as (
        insert into ${ledgerTransactions} (project_id, job_id, kind, at_ms, day, detail)
          values (${projectId}, ${jobId}, ${kind}, ${bookingTime(projectId)}, ${day}, ${canonicalJson(detail)})
          returning id
      )
      insert into ${ledgerEntries} (transaction_id, account, micro_credits)
        select booked.id, entry.account, entry.micro_credits
          from booked, json_to_recordset(${JSON.stringify(moving)}::text::json) as entry (account text, micro_credits bigint)`,
  )
}

/** In their order: what was reserved comes first. */
const transactionsOf = async (db: Db, jobId: JobId): Promise<readonly LedgerTransaction[]> =>
  (await transactionsOfJobs(db, [jobId])).get(jobId) ?? []

const ofJobs = perHandle((db) =>
  db
    .select({ page: getTableColumns(ledgerTransactions), ledger_entries: getTableColumns(ledgerEntries) })
    .from(ledgerTransactions)
    .leftJoin(ledgerEntries, eq(ledgerEntries.transactionId, ledgerTransactions.id))
    .where(isAnyOf(ledgerTransactions.jobId, 'jobIds'))
    .orderBy(ledgerTransactions.id, ledgerEntries.account)
    .prepare('booked_of_jobs'),
)

/** Each job's in their order: what was reserved comes first. A job has three at the most. */
export async function transactionsOfJobs(
  db: Db,
  jobIds: readonly JobId[],
): Promise<ReadonlyMap<JobId, LedgerTransaction[]>> {
  const found = new Map<JobId, LedgerTransaction[]>(jobIds.map((id) => [id, []]))
  const booked = withEntries(await ofJobs(db).execute({ jobIds: textArray(jobIds) }))
  for (const transaction of booked) found.get(transaction.jobId)?.push(transaction)
  return found
}

/**
 * A number is taken under the project's lock and seen with the commit, in any order: so the lock is taken alone first. Then
 * none of a smaller number is still to come, and whoever goes on behind the last one of a page passes nobody by.
 */
export async function ledgerAfter(
  db: Db,
  projectId: ProjectId,
  after: number,
  limit: number = STORE_LIMITS.transactionsPerBatch,
): Promise<LedgerTransaction[]> {
  await lockLedger(db, projectId, 'alone')
  const own = and(eq(ledgerTransactions.projectId, projectId), sql`${ledgerTransactions.id} > ${after}`)
  return transactionsWhere(db, own, limit)
}

/** Backwards: under the same lock, so that none of a greater number than the first one's is half booked. */
export async function ledgerBefore(
  db: Db,
  projectId: ProjectId,
  before: number | null,
  limit: number,
): Promise<LedgerTransaction[]> {
  await lockLedger(db, projectId, 'alone')
  const older = before === null ? undefined : sql`${ledgerTransactions.id} < ${before}`
  return transactionsWhere(db, and(eq(ledgerTransactions.projectId, projectId), older), limit, desc)
}

async function transactionsWhere(
  db: Db,
  which: SQL | undefined,
  limit: number,
  order: typeof asc = asc,
): Promise<LedgerTransaction[]> {
  return withEntries(await pageOf(db, which, limit, order))
}

function pageOf(
  db: Db,
  which: SQL | undefined,
  limit: number = STORE_LIMITS.transactionsPerBatch,
  order: typeof asc = asc,
) {
  const page = db
    .select()
    .from(ledgerTransactions)
    .where(which)
    .orderBy(order(ledgerTransactions.id))
    .limit(Math.min(limit, STORE_LIMITS.transactionsPerBatch))
    .as('page')
  return db
    .select()
    .from(page)
    .leftJoin(ledgerEntries, eq(ledgerEntries.transactionId, page.id))
    .orderBy(order(page.id), ledgerEntries.account)
}

function withEntries(rows: Awaited<ReturnType<typeof pageOf>>): LedgerTransaction[] {
  const found = new Map<number, LedgerTransaction & { entries: LedgerEntry[] }>()
  for (const { page: transaction, ledger_entries: entry } of rows) {
    const known = found.get(transaction.id) ?? { ...transaction, entries: [] }
    found.set(transaction.id, known)
    if (entry !== null) known.entries.push({ account: entry.account, microCredits: entry.microCredits })
  }
  return [...found.values()]
}

const digits = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt)
const termsSchema = z.strictObject({
  mode: z.enum(['billable', 'test']),
  op: z.string(),
  price_list: z.string().transform((text) => text as Terms['priceList']),
  micro_credits: digits,
  shard_micro_credits: digits,
  last_shard_micro_credits: digits,
  shards_per_pass: z.int().positive(),
})
export const settledSchema = z.strictObject({ state: z.enum(['COMPLETED', 'FAILED', 'CANCELLED']), price: digits })

export function detailOf(terms: Terms): object {
  return {
    mode: terms.mode,
    op: terms.op,
    price_list: terms.priceList,
    micro_credits: String(terms.microCredits),
    shard_micro_credits: String(terms.shardMicroCredits),
    last_shard_micro_credits: String(terms.lastShardMicroCredits),
    shards_per_pass: terms.shardsPerPass,
  }
}

/** Of a reservation. */
export function termsOfDetail(detail: string): Terms {
  const read = termsSchema.parse(JSON.parse(detail))
  return {
    mode: read.mode,
    op: read.op,
    priceList: read.price_list,
    microCredits: read.micro_credits,
    shardMicroCredits: read.shard_micro_credits,
    lastShardMicroCredits: read.last_shard_micro_credits,
    shardsPerPass: read.shards_per_pass,
  }
}
