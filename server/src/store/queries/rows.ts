// Many rows in one statement. They travel as one JSON text that Postgres reads as rows: an insert with a parameter a value
// would be built and parsed for longer than it takes, 128 shards in 34 ms on Postgres and 79 on PGlite, not 10 and 25.
import { getTableColumns, sql, type SQL } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Db } from '../engine.ts'

/** The number of rows that were not there before. */
export async function insertAll<T extends PgTable>(
  db: Db,
  table: T,
  rows: readonly T['$inferInsert'][],
): Promise<number> {
  if (rows.length === 0) return 0
  const added = await db.execute(
    sql`insert into ${table} select * from ${rowsOf(table, rows)} on conflict do nothing returning 1`,
  )
  return added.length
}

/** As `insertAll`, of rows of which none may be there. */
export async function insertNew<T extends PgTable>(
  db: Db,
  table: T,
  rows: readonly T['$inferInsert'][],
): Promise<void> {
  if (rows.length > 0) await db.execute(sql`insert into ${table} select * from ${rowsOf(table, rows)}`)
}

const namesOf = new WeakMap<PgTable, ReadonlyMap<string, string>>()

/** Columns as the database calls them, by what they are called here. */
function columnNames(table: PgTable): ReadonlyMap<string, string> {
  const known = namesOf.get(table)
  if (known !== undefined) return known
  const names = new Map(Object.entries(getTableColumns(table)).map(([property, column]) => [property, column.name]))
  namesOf.set(table, names)
  return names
}

/** What stands for a table in a `from`. */
export function rowsOf<T extends PgTable>(table: T, rows: readonly T['$inferInsert'][]): SQL {
  const names = columnNames(table)
  const named = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [names.get(key), value])),
  )
  return sql`json_populate_recordset(null::${table}, ${JSON.stringify(named)}::text::json)`
}
