// An empty embedded store in a temporary folder. Making one takes PGlite seconds, so one is made and migrated once a
// version and copied from then on.
import { createHash } from 'node:crypto'
import { copyFileSync, linkSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase, openStore } from '@forge/server/store/open-store.ts'
import { cached } from './cache.ts'

/** template1 and template0, half of all files: PGlite works in `postgres`, and neither reads nor writes them. */
const UNUSED = /pglite\/base\/[14]$/
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
  copyFolder(template, folder)
  return folder
}

/** A thousand files. One by one without waiting takes a fifth of the processor time, and `cpSync` twice as much as this. */
function copyFolder(from: string, to: string, isUnused = false): void {
  mkdirSync(to, { recursive: true, mode: statSync(from).mode })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, copy] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) copyFolder(source, copy, UNUSED.test(source))
    else if (isUnused) linkOrCopy(source, copy)
    else copyFileSync(source, copy)
  }
}

/** The same file under another name too; a copy, where the temporary folder lies in another file system. */
function linkOrCopy(source: string, copy: string): void {
  try {
    linkSync(source, copy)
  } catch {
    copyFileSync(source, copy)
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
