// A backup of a whole store in a folder: every table as of one moment, and the objects that those rows speak of. On Postgres
// the server may go on meanwhile. What it holds includes secrets, the signing key among them; the folder is its owner's alone.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ObjectStore } from '../memory/blob/object-store.ts'
import { holdObjects } from '../store/backup-lock.ts'
import type { Query } from '../store/engine.ts'
import { migrationHashes } from '../store/migrate.ts'
import { openSnapshot, type StoreOptions } from '../store/open-store.ts'
import { CannotRead } from '../store/sql-error.ts'
import { countersOf, longestRow, tablesOf } from './catalog.ts'
import { BACKUP_LIMITS } from './limits.ts'
import { MANIFEST, type Manifest } from './manifest.ts'
import { writeObjects } from './object-files.ts'
import { fileOfTable, writeTableFile } from './table-file.ts'

export interface BackupOptions {
  readonly store: StoreOptions
  /** Null leaves them out. */
  readonly objects: ObjectStore | null
  /** Made if it is missing; must be empty. */
  readonly folder: string
  readonly nowMs: number
}

/** What the operator can mend is refused with a sentence; a folder without a manifest is what is left then. */
export async function backUp({ store, objects, folder, nowMs }: BackupOptions): Promise<Manifest> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new CannotRead(`${folder} is not empty: name a new folder.`)
  const { driver, release } = await openSnapshot(store, holdObjects)
  try {
    await mkdir(path.join(folder, 'tables'), { mode: 0o700 })
    await driver.query("set local bytea_output = 'hex'", [])
    await driver.query('set local statement_timeout = 0', [])
    const tables: Manifest['tables'] = {}
    const write = async (table: string): Promise<void> => {
      tables[table] = await writeTableFile(fileOfTable(folder, table), rowsOf(driver.query, table))
    }
    const names = await tablesOf(driver.query)
    // The sweeper stands still until their bytes are copied: they come first.
    await write('objects')
    const copied = objects === null ? null : await writeObjects(folder, objects)
    for (const table of names) if (table !== 'objects') await write(table)
    const manifest: Manifest = {
      format: 'forge-pool/backup.v1',
      created_at: new Date(nowMs).toISOString(),
      migrations: migrationHashes(),
      tables,
      // They run ahead of the rows of that moment, which does no harm.
      counters: await countersOf(driver.query),
      objects: copied,
    }
    const text = `${JSON.stringify(manifest, null, 2)}\n`
    await writeFile(path.join(folder, MANIFEST), text, { flag: 'wx', mode: 0o600, flush: true })
    return manifest
  } finally {
    await driver.close()
    await release()
  }
}

/** Each row as Postgres writes it in JSON; as many at a time as memory should hold. */
async function* rowsOf(query: Query, table: string): AsyncIterable<string> {
  const { batchBytes, batchRowsMax } = BACKUP_LIMITS
  const atOnce = Math.min(batchRowsMax, Math.max(1, Math.floor(batchBytes / (1 + (await longestRow(query, table))))))
  await query(`declare rows_of_table no scroll cursor for select row_to_json(t)::text from "${table}" t`, [])
  for (;;) {
    const rows = await query(`fetch ${atOnce} from rows_of_table`, [])
    for (const [row] of rows) yield String(row)
    if (rows.length < atOnce) break
  }
  await query('close rows_of_table', [])
}
