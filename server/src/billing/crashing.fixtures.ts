// A database whose clients die: a crash is set for a statement, before it or behind it, and from then on nothing of that process
// reaches the database, which rolls back what it had open. What starts next finds what is durable.
import { PGlite } from '@electric-sql/pglite'
import { createEngine, type Driver, type Engine, type Query } from '../store/engine.ts'
import { migrate } from '../store/migrate.ts'
import { openPostgresConnection } from '../store/postgres-driver.ts'
import { createStore } from '../store/sql-store.ts'
import type { Store } from '../store/store.ts'
import { queue, transaction } from '../store/transaction.ts'

/** `at` counts statements from now on. */
export interface Crash {
  readonly at: number
  /** The process dies before the statement, behind it, or lives and hears of a lost connection. */
  readonly how: 'before' | 'behind' | 'lost'
}

/** Nobody hears of it but whoever starts the next process. */
export class Died extends Error {
  override readonly name = 'Died'
}

/** One connection to a database, and processes that use it one after another. */
export class Crashing {
  readonly #query: Query
  readonly #close: () => Promise<void>
  readonly #inTurn = queue()
  /** One for all: each has an asynchronous context of its own, which Node carries on for ever. */
  readonly #engine: Engine
  #crash: Crash | null = null
  #statements = 0
  deaths = 0
  lost = 0

  private constructor(query: Query, close: () => Promise<void>) {
    this.#query = query
    this.#close = close
    this.#engine = createEngine(this.#driver())
  }

  static async inMemory(): Promise<Crashing> {
    const db = await PGlite.create()
    const query: Query = async (text, params) => {
      const { rows } = await db.query<unknown[]>(text, [...params], { rowMode: 'array' })
      return rows
    }
    return Crashing.#migrated(query, () => db.close())
  }

  /** An empty database, which is used up. */
  static async onPostgres(url: string): Promise<Crashing> {
    const { query, close } = openPostgresConnection(url)
    return Crashing.#migrated(query, close)
  }

  static async #migrated(query: Query, close: () => Promise<void>): Promise<Crashing> {
    const world = new Crashing(query, close)
    await migrate(world.#driver())
    return world
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** What was there, as no process of the history sees it. */
  sql(text: string): Promise<unknown[][]> {
    return this.#inTurn(() => this.#query(text, []))
  }

  /** A process that starts: whatever was begun before it has come to its end by then. */
  start(): Store {
    if (this.#crash === DEAD) this.#crash = null
    return createStore(this.#engine, () => Promise.resolve())
  }

  /** The next one that is due. */
  arm(crash: Crash | null): void {
    this.#crash = crash
    this.#statements = 0
  }

  #driver(): Driver {
    const query: Query = (text, params) => this.#asked(text, params)
    return {
      query: (text, params) => this.#inTurn(() => query(text, params)),
      lanes: 1,
      begin: (work) =>
        this.#inTurn(async () => {
          try {
            return await transaction(query, work)
          } finally {
            // Whatever a dead process had open, the database rolls back; after a commit there is nothing to.
            if (this.#crash === DEAD) await this.#query('rollback', [])
          }
        }),
      session: () => ({ query: (text, params) => this.#inTurn(() => query(text, params)), close: nothing }),
      close: nothing,
    }
  }

  async #asked(text: string, params: readonly unknown[]): Promise<unknown[][]> {
    if (this.#crash === DEAD) throw new Died('this process is dead')
    const crash = this.#crash
    if (crash === null || this.#statements++ !== crash.at) return this.#query(text, params)
    this.#crash = null
    if (crash.how === 'before') return this.#die()
    await this.#query(text, params)
    if (crash.how === 'behind') return this.#die()
    this.lost++
    throw Object.assign(new Error('the connection is lost'), { code: 'CONNECTION_CLOSED' })
  }

  #die(): never {
    this.deaths++
    this.#crash = DEAD
    throw new Died('the process dies')
  }
}

const DEAD: Crash = { at: -1, how: 'before' }

const nothing = (): Promise<void> => Promise.resolve()
