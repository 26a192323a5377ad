// What PGlite and Postgres have in common: a driver gives two functions, and this file makes of them the handle that all
// queries run on, the same code for both. It refuses a query from inside a transaction that does not belong to it, which
// on one connection would wait for itself for ever, and tries again what the world interrupted.
import { AsyncLocalStorage } from 'node:async_hooks'
import { drizzle, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy'
import { inTime } from '../in-time.ts'
import { STORE_LIMITS } from './limits.ts'
import { UNOBSERVED, type StoreObserver } from './observer.ts'
import { retrying } from './retry.ts'
import { isPassing } from './sql-error.ts'

/** One statement; its rows as arrays in the order of the selected columns. */
export type Query = (text: string, params: readonly unknown[]) => Promise<unknown[][]>

/** A connection that is nobody else's, for what a connection holds: its locks end with it. */
export interface Session {
  /** Single statements; after a loss the next one opens the connection anew, which then holds nothing. */
  readonly query: Query
  close(): Promise<void>
}

export interface Driver {
  readonly query: Query
  /** Commits when `work` resolves, rolls back when it rejects or when any of its statements failed. */
  begin<T>(work: (query: Query) => Promise<T>): Promise<T>
  /** `lost` is told when its connection has ended, by `close` too. An embedded database has one connection for all. */
  session(lost: () => void): Session
  /** Transactions that it runs at once. */
  readonly lanes: number
  close(): Promise<void>
}

export type Db = PgRemoteDatabase

/** `attempt` counts from 1; a later one may follow a commit whose answer was lost, so work must be idempotent. */
export type Work<T> = (db: Db, attempt: number) => Promise<T>

export interface Engine {
  /** For work of a single statement. */
  run<T>(work: Work<T>): Promise<T>
  /** For work of several: SQL only, nothing else may be awaited inside. */
  transaction<T>(work: Work<T>): Promise<T>
  readonly session: Driver['session']
  /** Transactions at once; more wait. */
  readonly lanes: number
  ping(): Promise<void>
  close(): Promise<void>
}

export function createEngine(driver: Driver, observer: StoreObserver = UNOBSERVED): Engine {
  const inside = new AsyncLocalStorage<{ readonly query: Query; open: boolean }>()
  const closing = new AbortController()
  // One handle, so that a statement is built for it once: whose connection it is asked on follows from who asks. What goes
  // on behind the end of its transaction is refused by that transaction.
  const db = bind((text, params) => (inside.getStore()?.query ?? driver.query)(text, params))

  const attempts = async <T>(kind: 'read' | 'transaction', once: (attempt: number) => Promise<T>): Promise<T> => {
    if (inside.getStore()?.open) throw new Error('inside a transaction only its own handle may be used')
    const began = performance.now()
    try {
      return await retrying(once, closing.signal, observer.retried)
    } catch (error) {
      if (!closing.signal.aborted) observer.failed(error)
      throw error
    } finally {
      observer.done(kind, (performance.now() - began) / 1_000)
    }
  }

  return {
    run: (work) => attempts('read', (attempt) => work(db, attempt)),
    transaction: (work) =>
      attempts('transaction', (attempt) =>
        driver.begin(async (query) => {
          const mark = { query, open: true }
          try {
            // Awaited inside: a statement of drizzle's is asked where it is waited for.
            return await inside.run(mark, async () => await work(db, attempt))
          } finally {
            mark.open = false
          }
        }),
      ),
    session: (lost) => driver.session(lost),
    lanes: driver.lanes,
    ping: () => answersWithin(answered(driver), STORE_LIMITS.pingTimeoutMs),
    close() {
      closing.abort()
      return driver.close()
    },
  }
}

function bind(query: Query): Db {
  return drizzle(async (text, params) => ({ rows: await query(text, params) }))
}

/** Asked again where it came upon a connection that was just being changed for another. */
async function answered({ query }: Pick<Driver, 'query'>): Promise<void> {
  const ask = (): Promise<unknown> => query('select 1', [])
  await ask().catch((error: unknown) => (isPassing(error) ? ask() : Promise.reject(error)))
}

async function answersWithin(answer: Promise<void>, timeoutMs: number): Promise<void> {
  if ((await inTime(timeoutMs, answer)) === 'late')
    throw new Error(`the database did not answer within ${timeoutMs} ms`)
}
