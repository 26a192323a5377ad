// Opens the store that the configuration asks for: Postgres when it names one, else PGlite in the data directory, locked
// against every other process. Either way its tables are brought up to date first.
import path from 'node:path'
import { lockDirectory } from './directory-lock.ts'
import { createEngine, type Driver } from './engine.ts'
import { migrate } from './migrate.ts'
import { openPglite } from './pglite-driver.ts'
import { openPostgres } from './postgres-driver.ts'
import { retrying } from './retry.ts'
import { createStore } from './sql-store.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  readonly databaseUrl?: string
  /** PGlite's files lie in `pglite` below it; unused with Postgres. */
  readonly dataDir: string
}

export async function openStore({ databaseUrl, dataDir }: StoreOptions): Promise<Store> {
  if (databaseUrl !== undefined) return storeOn(openPostgres(databaseUrl), () => Promise.resolve())
  const lock = await lockDirectory(dataDir)
  let driver: Driver
  try {
    driver = await openPglite(path.join(dataDir, 'pglite'))
  } catch (error) {
    await lock.release()
    throw error
  }
  return storeOn(driver, () => lock.release())
}

async function storeOn(driver: Driver, release: () => Promise<void>): Promise<Store> {
  try {
    await retrying(() => migrate(driver), new AbortController().signal)
  } catch (error) {
    await driver.close().catch(() => undefined)
    await release()
    throw error
  }
  return createStore(createEngine(driver), release)
}
