// Postgres by postgres.js: connections for single statements and, beside them, lanes for transactions, each one connection
// with a queue before it. A lane knows when its connection was lost, so that no statement of a transaction can land on the
// next connection, where it would be committed alone.
import postgres, { type ParameterOrJSON } from 'postgres'
import type { Driver, Query, Session } from './engine.ts'
import { STORE_LIMITS } from './limits.ts'
import { codeOf, isPassing } from './sql-error.ts'
import { queue, transaction } from './transaction.ts'

/** Queries in flight get this long; a server that has gone away would be waited for in vain. */
const CLOSE_TIMEOUT_SECONDS = 1

export function openPostgres(url: string): Driver {
  const readers = Array.from({ length: STORE_LIMITS.postgresReadersMax }, () => openConnection(url))
  const lanes = Array.from({ length: STORE_LIMITS.postgresLanes }, () => openConnection(url))
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
  const { query, losses, close } = openConnection(url, { lifetime: null })
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
  const { query, losses, close } = openConnection(url, { lost, lifetime: null })
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
}

function openConnection(url: string, { lost: told, lifetime }: Keeping = {}): Connection {
  let losses = 0
  let waiting = 0
  const ofLoss: (() => void)[] = []
  const asked = new Set<Asked>()
  const lost = (): void => {
    losses++
    // What the library has sent has failed by now; what it has kept, it would ask on the next connection, where a statement of
    // a transaction would be committed alone.
    for (const one of asked) if (one.state === null) one.cancel()
    for (const hear of ofLoss.splice(0)) hear()
    told?.()
  }
  const sql = connect(url, lost, lifetime)
  const ask = queryOn(sql, asked)
  const turn = queue()
  const connection: Connection = {
    async query(text, params) {
      const before = losses
      try {
        return await ask(text, params)
      } catch (error) {
        // The library fails what is in flight when the socket errs, but forgets what is asked from then until the socket is
        // closed, a moment later: that would never be answered, and the answers of the next connection would be shifted.
        if (isOfSystem(error) && losses === before) await new Promise<void>((resolve) => ofLoss.push(resolve))
        throw losses > before && codeOf(error) === CANCELLED ? lostBefore() : error
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
    close: () => sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
  }
  return connection
}

/** A statement from when it is given to the library until it is answered; without a state it was not sent yet. */
type Asked = Pick<postgres.PendingQuery<postgres.Row[]>, 'cancel'> & { readonly state: unknown }

const CANCELLED = '57014'

/** What a server says of a statement, and not of a connection that it refuses or ends. */
const isOfStatement = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && !/^(?:08|28|3D|53|57|58|XX)/.test(error.code)

const lostBefore = () =>
  Object.assign(new Error('the connection was lost before the statement was sent'), { code: 'CONNECTION_CLOSED' })

/** The socket's own: after it comes always its close. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/**
 * Refuses every statement, a transaction's `rollback` too, once the connection on which the first one ran is lost. What is
 * asked before the first one is answered may find another connection, when that one is lost meanwhile.
 */
function onOneConnection(query: Query, losses: () => number): Query {
  let lossesAtBegin: number | null = null
  const isLost = (): boolean => lossesAtBegin !== null && lossesAtBegin !== losses()
  const lost = () =>
    Object.assign(new Error('the connection was lost during a transaction'), { code: 'CONNECTION_CLOSED' })
  return async (text, params) => {
    if (isLost()) throw lost()
    const rows = await query(text, params).catch((error: unknown) => {
      // Why it was lost says more; what the next connection says of a statement that is none of its own says nothing.
      throw isLost() && !isPassing(error) ? lost() : error
    })
    lossesAtBegin ??= losses()
    if (isLost()) throw lost()
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

function queryOn(sql: postgres.Sql, asked: Set<Asked>): Query {
  const isPrepared = againAndAgain(STORE_LIMITS.preparedPerConnection)
  let plannedAt = performance.now()
  return async (text, params) => {
    const prepare = params.length > 0 && isPrepared(text)
    if (prepare && performance.now() - plannedAt > STORE_LIMITS.planAgeMsMax) {
      plannedAt = performance.now()
      // Not waited for, so that nothing overtakes the statement; where it fails, the connection is gone.
      sql.unsafe('discard plans').catch(() => undefined)
    }
    const asking = sql.unsafe(text, params.map(parameter), { prepare })
    const one = asking as typeof asking & Asked
    asked.add(one)
    try {
      return [...(await asking.values())]
    } catch (error) {
      // The library keeps an error that came with the last bytes of a lost connection, and gives it to what is asked next.
      throw one.state === null && isOfStatement(error) ? lostBefore() : error
    } finally {
      asked.delete(one)
    }
  }
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
