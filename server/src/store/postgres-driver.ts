// Postgres by postgres.js: a small pool for single statements, and beside it lanes for transactions, each a connection of
// its own with a queue before it. A lane knows when its connection was lost, so that no statement of a transaction can
// land on the next connection, where it would be committed alone.
import postgres, { type ParameterOrJSON } from 'postgres'
import type { Driver, Query } from './engine.ts'
import { STORE_LIMITS } from './limits.ts'
import { queue, transaction } from './transaction.ts'

/** Queries in flight get this long; a server that has gone away would be waited for in vain. */
const CLOSE_TIMEOUT_SECONDS = 1

interface Lane {
  waiting: number
  begin: Driver['begin']
  close(): Promise<void>
}

export function openPostgres(url: string): Driver {
  const pool = connect(url, STORE_LIMITS.postgresReadersMax, () => undefined)
  const lanes = Array.from({ length: STORE_LIMITS.postgresLanes }, () => openLane(url))
  return {
    query: queryOn(pool),
    lanes: lanes.length,
    async begin(work) {
      const lane = lanes.reduce((best, other) => (other.waiting < best.waiting ? other : best))
      lane.waiting++
      try {
        return await lane.begin(work)
      } finally {
        lane.waiting--
      }
    },
    async close() {
      await Promise.all([pool.end({ timeout: CLOSE_TIMEOUT_SECONDS }), ...lanes.map((lane) => lane.close())])
    },
  }
}

/** One connection for single statements, which must not be another one halfway: of whoever reads all as of one moment. */
export function openPostgresConnection(url: string): Driver {
  let losses = 0
  const sql = connect(url, 1, () => {
    losses++
  })
  return {
    query: onOneConnection(queryOn(sql), () => losses),
    begin: () => Promise.reject(new Error('this connection is for single statements')),
    lanes: 0,
    close: () => sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
  }
}

function openLane(url: string): Lane {
  let losses = 0
  const sql = connect(url, 1, () => {
    losses++
  })
  const inTurn = queue()
  return {
    waiting: 0,
    begin: (work) =>
      inTurn(() =>
        transaction(
          onOneConnection(queryOn(sql), () => losses),
          work,
        ),
      ),
    close: () => sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
  }
}

/** Refuses every statement, a transaction's `rollback` too, once the connection on which the first one ran is lost. */
function onOneConnection(query: Query, losses: () => number): Query {
  let lossesAtBegin: number | null = null
  const check = () => {
    if (lossesAtBegin === losses()) return
    throw Object.assign(new Error('the connection was lost during a transaction'), { code: 'CONNECTION_CLOSED' })
  }
  return async (text, params) => {
    if (lossesAtBegin !== null) check()
    const rows = await query(text, params)
    lossesAtBegin ??= losses()
    check()
    return rows
  }
}

function connect(url: string, max: number, onclose: () => void): postgres.Sql {
  return postgres(url, {
    max,
    onclose,
    connect_timeout: STORE_LIMITS.connectTimeoutSeconds,
    // Our own retry decides how long to wait; a second wait inside the client would only add to it.
    backoff: () => STORE_LIMITS.retryFirstMs / 1000,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'forge-pool', statement_timeout: STORE_LIMITS.statementTimeoutMs },
  })
}

// Not prepared: that saves a round trip for what is asked once, and poolers between us and the server may not keep it.
function queryOn(sql: postgres.Sql): Query {
  return async (text, params) => {
    const rows = await sql.unsafe(text, params.map(parameter), { prepare: false }).values()
    return [...rows]
  }
}

function parameter(value: unknown): ParameterOrJSON<never> {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`no column of ours takes a ${typeof value}`)
}
