// Opens the store that the configuration asks for: Postgres when it names one, else PGlite in the data directory, locked
// against every other process. Either way its tables are brought up to date first.
import { access } from 'node:fs/promises'
import path from 'node:path'
import { lockDirectory, type DirectoryLock } from './directory-lock.ts'
import { createEngine, type Driver } from './engine.ts'
import { migrate, requireCurrent } from './migrate.ts'
import { openPglite } from './pglite-driver.ts'
import { openPostgres, openPostgresConnection } from './postgres-driver.ts'
import { UNOBSERVED, type StoreObserver } from './observer.ts'
import { createStoredRows, type StoredRows } from './stored-rows.ts'
import { retrying } from './retry.ts'
import { CannotRead } from './sql-error.ts'
import { createStore } from './sql-store.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  readonly databaseUrl?: string
  /** PGlite's files lie in `pglite` below it; unused with Postgres. */
  readonly dataDir: string
  /** Is told of every call; nobody unless said. */
  readonly observer?: StoreObserver
}

export async function openStore({ databaseUrl, dataDir, observer = UNOBSERVED }: StoreOptions): Promise<Store> {
  if (databaseUrl !== undefined) return storeOn(openPostgres(databaseUrl), () => Promise.resolve(), observer)
  const lock = await lockDirectory(dataDir)
  return storeOn(await driverOf(path.join(dataDir, 'pglite'), lock), () => lock.release(), observer)
}

/** What is in the store at one moment, for whoever verifies it. */
export interface Reading {
  readonly store: Store
  readonly rows: StoredRows
  close(): Promise<void>
}

/**
 * Read-only, and everything as of one moment: a server on the same Postgres may go on. An embedded store must not be in use.
 * What the operator can mend is refused with a sentence.
 */
export async function openForReading({ databaseUrl, dataDir }: StoreOptions): Promise<Reading> {
  if (databaseUrl !== undefined) return readingOn(openPostgresConnection(databaseUrl), () => Promise.resolve())
  const folder = path.join(dataDir, 'pglite')
  // Opening would make one where there is none.
  await access(path.join(folder, 'PG_VERSION')).catch(() => {
    throw new CannotRead(
      `There is no store in ${dataDir}: name its folder in FORGE_DATA_DIR, or its address in DATABASE_URL.`,
    )
  })
  const lock = await lockDirectory(dataDir)
  return readingOn(await driverOf(folder, lock), () => lock.release())
}

async function driverOf(folder: string, lock: DirectoryLock): Promise<Driver> {
  try {
    return await openPglite(folder)
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function readingOn(driver: Driver, release: () => Promise<void>): Promise<Reading> {
  try {
    await driver.query('begin isolation level repeatable read, read only', [])
    await requireCurrent(driver.query)
  } catch (error) {
    await driver.close().catch(() => undefined)
    await release()
    throw error
  }
  const engine = createEngine(driver)
  const store = createStore(engine, release)
  return { store, rows: createStoredRows(engine), close: () => store.close() }
}

async function storeOn(driver: Driver, release: () => Promise<void>, observer: StoreObserver): Promise<Store> {
  try {
    await retrying(() => migrate(driver), new AbortController().signal)
  } catch (error) {
    await driver.close().catch(() => undefined)
    await release()
    throw error
  }
  return createStore(createEngine(driver, observer), release, observer)
}
