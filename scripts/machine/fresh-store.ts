// An empty embedded store in a temporary folder. Making one takes PGlite seconds, so one is made and migrated once a
// version and copied from then on.
import { createHash } from 'node:crypto'
import { cpSync, linkSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase, openStore } from '@forge/server/store/open-store.ts'
import { cached } from './cache.ts'

/** template1 and template0, half of all files: PGlite works in `postgres`, and neither reads nor writes them. */
const UNUSED = ['1', '4']
const MIGRATIONS = fileURLToPath(new URL('../../server/drizzle', import.meta.url))

/** A folder for FORGE_DATA_DIR; whoever asked for it removes it. */
export async function freshDataDir(): Promise<string> {
  return copyOf('store', async (folder) => {
    const store = await openStore({ dataDir: folder })
    await store.close()
  })
}

/** The same without our tables: PGlite alone has been there, in `pglite`. */
export async function bareDataDir(): Promise<string> {
  return copyOf('bare', async (folder) => {
    const { driver, release } = await openDatabase({ dataDir: folder })
    await driver.close()
    await release()
  })
}

async function copyOf(what: string, make: (folder: string) => Promise<void>): Promise<string> {
  const template = await cached(`${what}-${await versionOfStore()}`, make)
  const folder = await mkdtemp(path.join(tmpdir(), 'forge-store-'))
  // A thousand files: one by one without waiting takes a fifth of the processor time.
  const unused = UNUSED.map((database) => path.join(template, 'pglite', 'base', database))
  cpSync(template, folder, { recursive: true, filter: (file) => !unused.includes(file) })
  for (const database of unused) linkOrCopy(database, path.join(folder, path.relative(template, database)))
  return folder
}

/** The same files under another name too; copies, where the temporary folder lies in another file system. */
function linkOrCopy(from: string, to: string): void {
  mkdirSync(to, { mode: statSync(from).mode })
  try {
    for (const name of readdirSync(from)) linkSync(path.join(from, name), path.join(to, name))
  } catch {
    cpSync(from, to, { recursive: true })
  }
}

/** Changes with PGlite and with every migration. */
async function versionOfStore(): Promise<string> {
  const server = createRequire(new URL('../../server/package.json', import.meta.url))
  const hash = createHash('sha256').update(await readFile(server.resolve('@electric-sql/pglite')))
  for (const file of (await readdir(MIGRATIONS)).toSorted()) {
    if (file.endsWith('.sql')) hash.update(await readFile(path.join(MIGRATIONS, file)))
  }
  return hash.digest('hex').slice(0, 16)
}
