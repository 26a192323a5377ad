// Brings a database to the schema of this version, in one transaction: several servers may start at once, and a failed
// migration leaves nothing behind. Making the migrations is drizzle-kit's work, from schema.ts.
import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Driver, Query } from './engine.ts'
import { CannotRead } from './sql-error.ts'

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url))
/** Any number will do that no other program on this database takes; it spells "forge". */
const ADVISORY_LOCK = 0x66_6f_72_67

export async function migrate(driver: Driver): Promise<void> {
  await driver.begin((query) => migrateTo(query, Infinity))
}

/** Within a transaction: applies what is missing of the first `count` migrations. Returns how many were there before. */
export async function migrateTo(query: Query, count: number): Promise<number> {
  const known = knownMigrations()
  await query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
  await query('create table if not exists migrations (position integer primary key, hash text not null)', [])
  const applied = await query('select hash from migrations order by position', [])
  refuseForeign(applied, known)
  for (const [position, migration] of known.entries()) {
    if (position < applied.length || position >= count) continue
    for (const statement of migration.sql) await query(statement, [])
    await query('insert into migrations (position, hash) values ($1, $2)', [position, migration.hash])
  }
  return applied.length
}

/** Of this version, in their order. */
export const migrationHashes = (): string[] => knownMigrations().map(({ hash }) => hash)

/** For whoever only reads: refuses a database that is not of this very version, with a sentence for the operator. */
export async function requireCurrent(query: Query): Promise<void> {
  const known = knownMigrations()
  const [table] = await query("select to_regclass('migrations') is not null", [])
  if (table?.[0] !== true) throw new CannotRead('There is no store of Forge Pool in this database.')
  const applied = await query('select hash from migrations order by position', [])
  refuseForeign(applied, known)
  if (applied.length === known.length) return
  throw new CannotRead(
    'This store was last used by an earlier version: start the server once, which brings it up to date.',
  )
}

const knownMigrations = () => readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER })

function refuseForeign(applied: unknown[][], known: readonly { readonly hash: string }[]): void {
  if (applied.every(([hash], position) => known[position]?.hash === hash)) return
  throw new CannotRead(
    'This database was made by another version of Forge Pool: its migrations are not those known here.',
  )
}
