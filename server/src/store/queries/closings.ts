// When a booking is, and the lock under which that is decided. A booking's time is taken in its own transaction, behind the
// project's lock, and lies in no day that was closed before: so what an invoice of closed days has read stays all there is.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { and, eq, gte, sql, type SQL } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { ledgerClosings } from '../ledger-schema.ts'
import { DAY_MS } from '../ledger-store.ts'

/** Any number will do that no other lock here has; it spells "led". */
export const LEDGER_LOCK_CLASS = 0x6c_65_64

/** Whoever books holds it, shared or alone, until the end of its transaction: who has it alone sees nothing half booked. */
export async function lockLedger(db: Db, projectId: ProjectId, how: 'alone' | 'shared'): Promise<void> {
  const lock = sql.raw(how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared')
  await db.execute(sql`select ${lock}(${LEDGER_LOCK_CLASS}::integer, hashtext(${projectId}))`)
}

/** Milliseconds since 1970 on the database's clock, which all servers share; not of the transaction's beginning. */
const NOW_MS = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`.mapWith(Number)

/**
 * For the row of a booking, in a statement after `lockLedger`: now, or the beginning of the first day that is still open.
 * They differ when the database's clock was set back across midnight.
 */
export const bookingTime = (projectId: ProjectId): SQL<number> => sql<number>`greatest(${NOW_MS}, (
  select (max(${ledgerClosings.day}) + 1) * ${DAY_MS}::bigint from ${ledgerClosings}
    where ${ledgerClosings.projectId} = ${projectId}))`

/** Whether the day and all before it are closed already, and whether it is over. */
export async function stateOfDay(db: Db, projectId: ProjectId, day: number): Promise<'closed' | 'over' | 'open'> {
  const closed = db
    .select({ day: ledgerClosings.day })
    .from(ledgerClosings)
    .where(and(eq(ledgerClosings.projectId, projectId), gte(ledgerClosings.day, day)))
  const [row] = await db
    .select({ isClosed: sql<boolean>`exists (${closed})`, nowMs: NOW_MS })
    .from(sql`(select 1) as one`)
  if (row === undefined) throw new Error('a row without a table is always one')
  if (row.isClosed) return 'closed'
  return row.nowMs >= (day + 1) * DAY_MS ? 'over' : 'open'
}

/** Waits for whoever is booking: those took their time before; whoever books from then on sees the closing. */
export async function closeDay(db: Db, projectId: ProjectId, day: number): Promise<void> {
  await lockLedger(db, projectId, 'alone')
  await db.insert(ledgerClosings).values({ projectId, day }).onConflictDoNothing()
}
