// A backup put into an empty store, of either kind: tables by the migrations that the backup had, rows as they were, then
// the migrations since. One transaction: it is there whole or not at all. The triggers that guard what is recorded are off
// within it and on again at its end, and every reference is checked.
import type { ObjectStore } from '../memory/blob/object-store.ts'
import type { Query } from '../store/engine.ts'
import { migrateTo, migrationHashes } from '../store/migrate.ts'
import { openDatabase, type StoreOptions } from '../store/open-store.ts'
import { CannotRead } from '../store/sql-error.ts'
import { columnsOf, countersOf, referencesOf, setCounter, tablesOf, triggersOf } from './catalog.ts'
import { BACKUP_LIMITS } from './limits.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { putObjects } from './object-files.ts'
import { factsOf, fileOfTable, readTableFile } from './table-file.ts'

export interface RestoreOptions {
  readonly store: StoreOptions
  readonly objects: ObjectStore
  readonly folder: string
}

/** What the operator can mend is refused with a sentence, before anything is written. */
export async function restore({ store, objects, folder }: RestoreOptions): Promise<Manifest> {
  const manifest = await readManifest(folder)
  const known = migrationHashes()
  if (manifest.migrations.some((hash, position) => known[position] !== hash)) {
    throw new CannotRead('This backup is of another or a later version of Forge Pool: restore it with that one.')
  }
  for (const [table, facts] of Object.entries(manifest.tables)) await requireWhole(folder, table, facts)
  const { driver, release } = await openDatabase(store)
  try {
    await requireEmpty(driver.query)
    if (manifest.objects !== null) await putObjects(folder, objects)
    await driver.begin(async (query) => {
      await query('set local statement_timeout = 0', [])
      // Another one may have come first, since the look above.
      if ((await migrateTo(query, manifest.migrations.length)) > 0) throw occupied()
      await load(query, folder, manifest)
      await migrateTo(query, Infinity)
    })
    return manifest
  } finally {
    await driver.close()
    await release()
  }
}

async function requireWhole(folder: string, table: string, facts: Manifest['tables'][string]): Promise<void> {
  const found = await factsOf(fileOfTable(folder, table)).catch(() => null)
  if (found?.rows === facts.rows && found.sha256 === facts.sha256) return
  throw new CannotRead(`The backup in ${folder} is broken: its table ${table} is not what its manifest says.`)
}

const occupied = (): CannotRead =>
  new CannotRead('There is a store already: restore into an empty database, or an empty FORGE_DATA_DIR.')

async function requireEmpty(query: Query): Promise<void> {
  const [row] = await query("select to_regclass('migrations') is not null", [])
  if (row?.[0] === true) throw occupied()
}

async function load(query: Query, folder: string, manifest: Manifest): Promise<void> {
  const tables = await tablesOf(query)
  if (tables.join() !== Object.keys(manifest.tables).toSorted().join()) {
    throw new CannotRead('This backup has other tables than its migrations make.')
  }
  const [triggers, references] = [await triggersOf(query), await referencesOf(query)]
  for (const statement of [...references.off, ...triggers.off]) await query(statement, [])
  for (const table of tables) {
    // Some migrations write rows of their own.
    await query(`delete from "${table}"`, [])
    const columns = (await columnsOf(query, table)).join(', ')
    const insert = `insert into "${table}" (${columns}) overriding system value
      select ${columns} from json_populate_recordset(null::"${table}", $1::text::json)`
    for await (const rows of batches(readTableFile(fileOfTable(folder, table))))
      await query(insert, [`[${rows.join()}]`])
  }
  const counters = await countersOf(query)
  for (const [name, last] of Object.entries(manifest.counters)) {
    if (name in counters) await setCounter(query, name, last)
  }
  for (const statement of [...references.on, ...triggers.on]) await query(statement, [])
}

async function* batches(lines: AsyncIterable<string>): AsyncIterable<string[]> {
  let [batch, length]: [string[], number] = [[], 0]
  for await (const line of lines) {
    batch.push(line)
    length += line.length
    if (length < BACKUP_LIMITS.insertBytes && batch.length < BACKUP_LIMITS.batchRowsMax) continue
    yield batch
    ;[batch, length] = [[], 0]
  }
  if (batch.length > 0) yield batch
}
