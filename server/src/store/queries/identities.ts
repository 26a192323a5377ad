// What becomes known of identities beyond one job: how often in a row they were right, and their exposures with what ended them.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { eq, sql } from 'drizzle-orm'
import { OPERATOR_CHAIN, type NewAct } from '../acts.ts'
import type { Db } from '../engine.ts'
import { quarantines, releases, standings } from '../schema.ts'
import type { QuarantineRow, ReleaseRow, ShardWrites, Standing } from '../store.ts'
import { appendAct } from './acts.ts'
import { endOrder, lockOrders } from './agent-orders.ts'
import { insertAll, rowsOf } from './rows.ts'

export async function writeIdentities(db: Db, writes: ShardWrites): Promise<void> {
  // Orders are locked before acts, everywhere, and acts behind everything else.
  if (writes.releases.length > 0) await lockOrders(db)
  const told: NewAct[] = []
  for (const row of writes.quarantines) {
    const isNew = (await insertAll(db, quarantines, [row])) > 0
    // Repeated, it is the same act.
    if (isNew) told.push(actOf('agent.exposed', row, { reason: row.reason }))
  }
  for (const row of writes.releases) {
    if (await comesBack(db, row)) told.push(actOf('agent.requalified', row, {}))
  }
  await putStandings(db, writes.standings)
  for (const act of told) await appendAct(db, act)
}

/** From its last exposure, and from what the operator ordered; false where it was back already. */
async function comesBack(db: Db, row: ReleaseRow): Promise<boolean> {
  const { identity, number, atMs } = row
  const isReleased = number > 0 && (await insertAll(db, releases, [{ identity, number, atMs }])) > 0
  const isOrdered = await endOrder(db, row)
  return isReleased || isOrdered
}

const actOf = (
  type: 'agent.exposed' | 'agent.requalified',
  { identity: subject, number, atMs }: Omit<QuarantineRow, 'reason'>,
  data: { readonly reason?: string },
): NewAct => {
  const chain = OPERATOR_CHAIN
  return { chain, atMs, actor: 'verification', type, subject, data: { ...data, exposure: number } }
}

async function putStandings(db: Db, rows: ShardWrites['standings']): Promise<void> {
  if (rows.length === 0) return
  const keyOf = ({ identity, kernel, engine }: (typeof rows)[number]): string => `${identity} ${engine} ${kernel}`
  // One statement may touch a row once, and all statements touch rows in one order, so that none waits in a circle.
  const last = new Map(rows.map((row) => [keyOf(row), row]))
  const ordered = [...last].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  await db.execute(
    sql`insert into ${standings} select * from ${rowsOf(standings, ordered)}
      on conflict on constraint standings_once do update set valid = excluded.valid
      where ${standings.valid} <> excluded.valid`,
  )
}

export function standingsOf(db: Db, identity: Identity): Promise<Standing[]> {
  return db
    .select({ kernel: standings.kernel, engine: standings.engine, valid: standings.valid })
    .from(standings)
    .where(eq(standings.identity, identity))
    .orderBy(standings.kernel, standings.engine)
}
