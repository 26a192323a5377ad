// Postgres by postgres.js: connections for single statements and, beside them, lanes for transactions, each one connection
// with a queue before it. A lane knows when its connection was lost, so that no statement of a transaction can land on the
// next connection, where it would be committed alone.
import postgres, { type ParameterOrJSON } from 'postgres'
import type { Driver, Query, Session } from './engine.ts'
import { STORE_LIMITS } from './limits.ts'
import { isPassing } from './sql-error.ts'
import { queue, transaction } from './transaction.ts'

/** Queries in flight get this long; a server that has gone away would be waited for in vain. */
const CLOSE_TIMEOUT_SECONDS = 1

/** `silent`: as `Keeping` has it; null for whoever lets a statement take as long as it wants. */
export function openPostgres(url: string, { silent = 'silentMsMax' }: Pick<Keeping, 'silent'> = {}): Driver {
  const readers = Array.from({ length: STORE_LIMITS.postgresReadersMax }, () => openConnection(url, { silent }))
  const lanes = Array.from({ length: STORE_LIMITS.postgresLanes }, () => openConnection(url, { silent }))
  const sessions: Session[] = []
  return {
    query: (text, params) => leastBusy(readers).inTurn(({ query }) => query(text, params)),
    lanes: lanes.length,
    begin: (work) => leastBusy(lanes).inTurn(({ query, losses }) => transaction(onOneConnection(query, losses), work)),
    session(lost) {
      const session = openSession(url, lost)
      sessions.push(session)
      return session
    },
    async close() {
      await Promise.all([...readers, ...lanes, ...sessions].map((one) => one.close()))
    },
  }
}

/** One connection for single statements, which must not be another one halfway: of whoever reads all as of one moment. */
export function openPostgresConnection(url: string): Driver {
  const { query, losses, close } = openConnection(url, { lifetime: null, silent: null })
  return {
    query: onOneConnection(query, losses),
    begin: () => Promise.reject(new Error('this connection is for single statements')),
    session() {
      throw new Error('this connection is the only one')
    },
    lanes: 0,
    close,
  }
}

interface Connection {
  readonly query: Query
  /** How often it was lost so far. */
  losses(): number
  /** Those in its queue and the one at work. */
  waiting(): number
  inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * The database ends the session of a machine that has gone without a word after some 25 seconds, and not after hours: until
 * then its locks hold. Said by a statement, since a pooler refuses connections that ask for settings it does not know.
 */
const SEEN_TO_BE_GONE = `select set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`

function openSession(url: string, lost: () => void): Session {
  const { query, losses, close } = openConnection(url, { lost, lifetime: null, silent: 'sessionAnswerMsMax' })
  let lossesWhenSet = -1
  return {
    async query(text, params) {
      if (lossesWhenSet !== losses()) {
        await query(SEEN_TO_BE_GONE, [])
        lossesWhenSet = losses()
      }
      return query(text, params)
    },
    close,
  }
}

const leastBusy = (connections: readonly Connection[]): Connection =>
  connections.reduce((best, other) => (other.waiting() < best.waiting() ? other : best))

interface Keeping {
  readonly lost?: () => void
  /** Null: for ever. Left out, the library opens another connection every hour or so. */
  readonly lifetime?: null
  /** The limit for how long a statement waits for a connection that says nothing; null: for ever, as TCP does, some quarter of an hour. */
  readonly silent?: 'silentMsMax' | 'sessionAnswerMsMax' | null
}

function openConnection(url: string, { lost: told, lifetime, silent = 'silentMsMax' }: Keeping = {}): Connection {
  let losses = 0
  let waiting = 0
  let isClosed = false
  const ofLoss: (() => void)[] = []
  const asked = new Set<() => void>()
  const lost = (): void => {
    losses++
    for (const failed of asked) failed()
    asked.clear()
    if (!isClosed) client = open()
    for (const hear of ofLoss.splice(0)) hear()
    told?.()
  }
  // Another one for each connection. What the last bytes of a lost one began, rows or an error, the library gives to whoever
  // asks first on the next; and one that was asked something between a socket's error and its close takes the next
  // connection's first answer for that, or waits on it for answers to what it never sent.
  const open = (): postgres.Sql => {
    const opened = connect(url, () => opened === client && lost(), lifetime)
    return opened
  }
  let client = open()
  const ask = queryOn(() => client, asked)
  const turn = queue()
  /** What is on its way fails, and the next statement opens another. */
  const drop = (): void => {
    const dropped = client
    lost()
    void dropped.end({ timeout: 0 })
  }
  const connection: Connection = {
    async query(text, params) {
      const before = losses
      const late = silent === null ? undefined : setTimeout(drop, STORE_LIMITS[silent])
      try {
        return await ask(text, params)
      } catch (error) {
        // The library fails what is in flight when the socket errs. What is asked from then until the socket is closed, a moment
        // later, could only fail as well.
        if (isOfSystem(error) && losses === before) await new Promise<void>((resolve) => ofLoss.push(resolve))
        throw error
      } finally {
        clearTimeout(late)
      }
    },
    losses: () => losses,
    waiting: () => waiting,
    async inTurn(work) {
      waiting++
      try {
        return await turn(() => work(connection))
      } finally {
        waiting--
      }
    },
    close() {
      isClosed = true
      return client.end({ timeout: CLOSE_TIMEOUT_SECONDS })
    },
  }
  return connection
}

/** The socket's own: after it comes always its close. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/**
 * Refuses every statement, a transaction's `rollback` too, once the connection on which the first one ran is lost. What is
 * asked before the first one is answered fails with it.
 */
function onOneConnection(query: Query, losses: () => number): Query {
  let lossesAtBegin: number | null = null
  const isLost = (): boolean => lossesAtBegin !== null && lossesAtBegin !== losses()
  const lost = () =>
    Object.assign(new Error('the connection was lost during a transaction'), { code: 'CONNECTION_CLOSED' })
  return async (text, params) => {
    if (isLost()) throw lost()
    const rows = await query(text, params).catch((error: unknown) => {
      // It may be tried again, whatever the system calls it. An error that says so itself says more.
      throw isLost() && !isPassing(error) ? lost() : error
    })
    lossesAtBegin ??= losses()
    return rows
  }
}

function connect(url: string, onclose: () => void, lifetime: Keeping['lifetime']): postgres.Sql {
  return postgres(url, {
    max: 1,
    ...(lifetime === null ? { max_lifetime: null } : {}),
    onclose,
    connect_timeout: STORE_LIMITS.connectTimeoutSeconds,
    // Our own retry decides how long to wait; a second wait inside the client would only add to it.
    backoff: () => STORE_LIMITS.retryFirstMs / 1000,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'forge-pool', statement_timeout: STORE_LIMITS.statementTimeoutMs },
  })
}

/** `asked`: for each statement until it is answered, what makes it fail. Whoever hears of a loss calls them all. */
function queryOn(client: () => postgres.Sql, asked: Set<() => void>): Query {
  const isPrepared = againAndAgain(STORE_LIMITS.preparedPerConnection)
  let plannedAt = performance.now()
  return async (text, params) => {
    const prepare = params.length > 0 && isPrepared(text)
    if (prepare && performance.now() - plannedAt > STORE_LIMITS.planAgeMsMax) {
      plannedAt = performance.now()
      // Not waited for, so that nothing overtakes the statement; where it fails, the connection is gone.
      answered(client().unsafe('discard plans'), asked).catch(() => undefined)
    }
    return answered(client().unsafe(text, params.map(parameter), { prepare }), asked)
  }
}

/**
 * Fails with the connection in any case: the library leaves what it was asked when the socket had erred without an answer, and
 * what it has kept until then, which has no state yet, it would ask on the next connection, where a statement of a
 * transaction would be committed alone.
 */
function answered(asking: postgres.PendingQuery<postgres.Row[]>, asked: Set<() => void>): Promise<unknown[][]> {
  return new Promise((resolve, reject) => {
    const failed = (): void => {
      reject(Object.assign(new Error('the connection was lost before it answered'), { code: 'CONNECTION_CLOSED' }))
      if ('state' in asking && asking.state === null) asking.cancel()
    }
    asked.add(failed)
    asking.values().then(
      (rows) => {
        asked.delete(failed)
        resolve([...rows])
      },
      (error: unknown) => {
        asked.delete(failed)
        reject(error)
      },
    )
  })
}

/**
 * Whether a text was asked before: such a one is prepared, which saves the second round trip that its parameters would take
 * and most of its planning. What is asked once would only lie in the server's memory, so of those that came once no more
 * are kept in mind than may be prepared, and beyond that many nothing more is.
 */
function againAndAgain(most: number): (text: string) => boolean {
  const once = new Set<string>()
  const prepared = new Set<string>()
  return (text) => {
    if (prepared.has(text)) return true
    if (!once.delete(text)) {
      if (once.size === most) once.clear()
      once.add(text)
      return false
    }
    if (prepared.size === most) return false
    prepared.add(text)
    return true
  }
}

function parameter(value: unknown): ParameterOrJSON<never> {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`no column of ours takes a ${typeof value}`)
}
