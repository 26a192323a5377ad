// Opens the store that the configuration asks for: Postgres when it names one, else PGlite in the data directory, locked
// against every other process. Either way its tables are brought up to date first.
import { access } from 'node:fs/promises'
import path from 'node:path'
import { lockDirectory, type DirectoryLock } from './directory-lock.ts'
import { createEngine, type Driver, type Query } from './engine.ts'
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

export async function openStore(options: StoreOptions): Promise<Store> {
  return storeOn(await openAny(options), options.observer ?? UNOBSERVED)
}

/** What is in the store at one moment, for whoever verifies it. */
export interface Reading {
  readonly store: Store
  readonly rows: StoredRows
  close(): Promise<void>
}

/** Read-only, and everything as of one moment: see {@link openSnapshot}. */
export async function openForReading(options: StoreOptions): Promise<Reading> {
  const { driver, release } = await openSnapshot(options)
  const engine = createEngine(driver)
  const store = createStore(engine, release)
  return { store, rows: createStoredRows(engine), close: () => store.close() }
}

export interface Opened {
  readonly driver: Driver
  /** After the driver's own close: lets others have the folder. */
  release(): Promise<void>
}

/** What the connection does before its transaction begins. */
type First = (query: Query) => Promise<void>

/**
 * One connection within a read-only transaction: a server on the same Postgres may go on. An embedded store must not be in
 * use. What the operator can mend is refused with a sentence.
 */
export async function openSnapshot({ databaseUrl, dataDir }: StoreOptions, first: First = nothing): Promise<Opened> {
  if (databaseUrl !== undefined) {
    return snapshotOn({ driver: openPostgresConnection(databaseUrl), release: nothing }, first)
  }
  const folder = embeddedFolder(dataDir)
  // Opening would make one where there is none.
  await access(path.join(folder, 'PG_VERSION')).catch(() => {
    throw new CannotRead(
      `There is no store in ${dataDir}: name its folder in FORGE_DATA_DIR, or its address in DATABASE_URL.`,
    )
  })
  return snapshotOn(await openEmbedded(dataDir), first)
}

/** The database itself, whatever is in it: for whoever puts a whole store there, by statements that may take minutes. */
export const openDatabase = (options: StoreOptions): Promise<Opened> => openAny(options, { silent: null })

async function openAny(
  { databaseUrl, dataDir }: StoreOptions,
  keeping?: Parameters<typeof openPostgres>[1],
): Promise<Opened> {
  if (databaseUrl === undefined) return openEmbedded(dataDir)
  return { driver: openPostgres(databaseUrl, keeping), release: nothing }
}

/** Where PGlite's files are. */
export const embeddedFolder = (dataDir: string): string => path.join(dataDir, 'pglite')

const nothing = (): Promise<void> => Promise.resolve()

async function openEmbedded(dataDir: string): Promise<Opened> {
  const lock = await lockDirectory(dataDir)
  return { driver: await driverOf(embeddedFolder(dataDir), lock), release: () => lock.release() }
}

async function driverOf(folder: string, lock: DirectoryLock): Promise<Driver> {
  try {
    return await openPglite(folder)
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function snapshotOn(opened: Opened, first: First): Promise<Opened> {
  const { driver, release } = opened
  try {
    await first(driver.query)
    await driver.query('begin isolation level repeatable read, read only', [])
    await requireCurrent(driver.query)
    return opened
  } catch (error) {
    await driver.close().catch(() => undefined)
    await release()
    throw error
  }
}

async function storeOn({ driver, release }: Opened, observer: StoreObserver): Promise<Store> {
  try {
    await retrying(() => migrate(driver), new AbortController().signal)
  } catch (error) {
    await driver.close().catch(() => undefined)
    await release()
    throw error
  }
  return createStore(createEngine(driver, observer), release, observer)
}
