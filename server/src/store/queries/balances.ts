// Sums of entries: of an account, or of an account for the jobs of a day. A snapshot keeps a sum up to a transaction, so that
// only what is newer is added up, and never more of it than a statement may take.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { desc, eq, sql, type SQL } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { balanceSnapshots, ledgerEntries, ledgerTransactions } from '../ledger-schema.ts'
import { account, dayOf } from '../ledger-store.ts'
import { STORE_LIMITS } from '../limits.ts'
import { lockLedger } from './closings.ts'

/** Entries that are added up; they are booked under the lock of this project alone. */
export interface Scope {
  readonly projectId: ProjectId
  readonly name: string
  /** `micro_credits` and `transaction_id` of those behind a transaction; a transaction has at most one. */
  readonly newer: (after: number) => SQL
}

export const ofAccount = (projectId: ProjectId, of: string): Scope => ({ projectId, name: of, newer: entriesOf(of) })

const entriesOf =
  (of: string): Scope['newer'] =>
  (after) =>
    sql`select micro_credits, transaction_id from ${ledgerEntries} where account = ${of} and transaction_id > ${after}`

/**
 * For the jobs that were registered on the day. `offset 0` keeps the planner to one look into the key for each transaction:
 * of a day that has just begun its statistics know nothing, and whatever it believes of an account may be far off.
 */
export const ofDay = (projectId: ProjectId, of: string, day: number): Scope => ({
  projectId,
  name: `${of}@${day}`,
  newer: (after) => sql`select entry.micro_credits, entry.transaction_id from ${ledgerTransactions} as booked
    cross join lateral (
      select micro_credits, transaction_id from ${ledgerEntries}
        where transaction_id = booked.id and account = ${of} offset 0
    ) as entry
    where booked.project_id = ${projectId} and booked.day = ${day} and booked.id > ${after}`,
})

export interface Sum {
  readonly microCredits: bigint
  /** Entries behind the last snapshot that are in it: all, unless they are `entriesPerSum`. */
  readonly added: number
  /** The last transaction that is in it. */
  readonly through: number
}

export async function summed(db: Db, { name, newer }: Scope): Promise<Sum> {
  const [last] = await db
    .select()
    .from(balanceSnapshots)
    .where(eq(balanceSnapshots.scope, name))
    .orderBy(desc(balanceSnapshots.through))
    .limit(1)
  return onwards(db, newer, last ?? NOTHING)
}

const NOTHING = { microCredits: 0n, through: 0 }

/** One step: as many as a statement may take. */
async function onwards(
  db: Db,
  newer: Scope['newer'],
  { microCredits: before, through }: Pick<Sum, 'microCredits' | 'through'>,
): Promise<Sum> {
  const [row] = await db
    .select({
      sum: sql<string>`coalesce(sum(micro_credits), 0)::text`,
      added: sql<number>`count(*)`.mapWith(Number),
      through: sql<number>`coalesce(max(transaction_id), ${through})`.mapWith(Number),
    })
    .from(sql`(${newer(through)} order by transaction_id limit ${STORE_LIMITS.entriesPerSum}) as newer`)
  if (row === undefined) throw new Error('a sum is always one row')
  return { microCredits: before + BigInt(row.sum), added: row.added, through: row.through }
}

/** The caller holds the project's lock alone, so none that is older is still to come. */
async function snapshot(db: Db, { name }: Scope, { added, through, microCredits }: Sum): Promise<void> {
  if (added < STORE_LIMITS.entriesPerSnapshot) return
  await db.insert(balanceSnapshots).values({ scope: name, through, microCredits }).onConflictDoNothing()
}

/** One step of what is newer becomes a snapshot. */
export async function keepSum(db: Db, scope: Scope): Promise<void> {
  await lockLedger(db, scope.projectId, 'alone')
  await snapshot(db, scope, await summed(db, scope))
}

/** The exact sum. The caller holds the project's lock alone; so it is kept on the way. */
export async function allOf(db: Db, scope: Scope): Promise<bigint> {
  for (;;) {
    const sum = await summed(db, scope)
    await snapshot(db, scope, sum)
    if (sum.added < STORE_LIMITS.entriesPerSum) return sum.microCredits
  }
}

/** Of an account that jobs of several projects book on: no one lock is over them all, so no snapshot may keep the sum. */
export async function sumOfMany(db: Db, of: string): Promise<bigint> {
  for (let sum: Pick<Sum, 'microCredits' | 'through'> = NOTHING; ;) {
    const next = await onwards(db, entriesOf(of), sum)
    if (next.added < STORE_LIMITS.entriesPerSum) return next.microCredits
    sum = next
  }
}

/** What the jobs that were registered on the day of `atMs` have reserved or spent. The caller holds the lock alone. */
export const billableOn = async (db: Db, projectId: ProjectId, atMs: number): Promise<bigint> =>
  -(await allOf(db, ofDay(projectId, account.project('billable', projectId), dayOf(atMs))))
