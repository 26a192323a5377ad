// Connections that are cut at any byte and ended by the server, under transactions whose statements travel together: of each
// transaction all or nothing is there, what was acknowledged is there, and nobody gets another one's answer.
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type Postgres } from '../../../scripts/machine/postgres.ts'
import { createEngine, type Db, type Engine } from './engine.ts'
import { openPostgres } from './postgres-driver.ts'

const RUN_MS = 20_000
const TRANSACTIONS_AT_ONCE = 12
const PARTS = 6
/** Of the chunks that pass, one in so many is cut somewhere, and its connection with it. */
const CHUNKS_PER_CUT = 250
const TERMINATE_EVERY_MS = 400

let server: Postgres
let tool: postgres.Sql
let proxy: net.Server
let engine: Engine
/** Cheap and repeatable as far as time lets anything be: its seed is that of the run. */
let state = (fc.readConfigureGlobal().seed ?? 1) >>> 0
const chance = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}

beforeAll(async () => {
  server = await startPostgres()
  tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  await tool.unsafe('create table parts (txn integer, attempt integer, part integer, primary key (txn, attempt, part))')
  proxy = cutting(Number(new URL(server.url).port)).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const through = new URL(server.url)
  through.hostname = '127.0.0.1'
  through.port = String((proxy.address() as AddressInfo).port)
  engine = createEngine(openPostgres(through.href))
}, 60_000)
afterAll(async () => {
  await engine.close()
  proxy.close()
  await tool.end()
  await server.stop()
})

function cutting(port: number): net.Server {
  return net.createServer((client) => {
    const database = net.connect(port, '127.0.0.1')
    const end = (): void => {
      client.destroy()
      database.destroy()
    }
    const forward = (from: net.Socket, to: net.Socket): void => {
      from.on('data', (chunk) => {
        if (chance() * CHUNKS_PER_CUT >= 1) return void to.write(chunk)
        to.write(chunk.subarray(0, Math.floor(chance() * chunk.length)))
        from.pause()
        // With a goodbye or without one.
        if (chance() < 0.5) client.resetAndDestroy()
        end()
      })
      from.on('close', end)
      from.on('error', end)
    }
    forward(client, database)
    forward(database, client)
  })
}

/** Six inserts, some together, some behind a read; `isBad`: one of them fails. */
async function write(db: Db, id: number, attempt: number, isBad: boolean): Promise<void> {
  const insert = async (part: number) => {
    await db.execute(sql`insert into parts values (${id}, ${attempt}, ${part})`)
  }
  const behindRead = async (...parts: readonly number[]) => {
    const rows = await db.execute(sql`select ${id}::integer`)
    expect(JSON.stringify(rows)).toContain(String(id))
    await Promise.all(parts.map(insert))
  }
  const last = isBad ? db.execute(sql`select 1 / ${0}::integer`) : insert(5)
  await Promise.all([insert(0), insert(1), behindRead(2, 3), behindRead(4), last])
}

test('of each transaction all is there or nothing', { timeout: 4 * RUN_MS }, async () => {
  const endMs = performance.now() + RUN_MS
  const acknowledged = new Map<number, number>()
  let next = 0
  const writer = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const [id, isBad] = [next++, chance() < 0.1]
      let last = 0
      const done = engine.transaction((db, attempt) => write(db, id, (last = attempt), isBad))
      await done.then(
        () => acknowledged.set(id, last),
        (error: unknown) => {
          const { message } = ((error as Error).cause ?? error) as Error
          expect({ id, isBad, message }).toEqual({ id, isBad: true, message: 'division by zero' })
        },
      )
    }
  }
  const terminating = setInterval(() => {
    const some = `application_name = 'forge-pool' and random() < 0.3`
    void tool.unsafe(`select pg_terminate_backend(pid) from pg_stat_activity where ${some}`).catch(() => undefined)
  }, TERMINATE_EVERY_MS)
  await Promise.all(Array.from({ length: TRANSACTIONS_AT_ONCE }, writer))
  clearInterval(terminating)
  const rows = await tool.unsafe('select txn, attempt, count(*)::integer as parts from parts group by 1, 2')
  const committed = new Set(rows.map(({ txn, attempt }) => `${txn} ${attempt}`))
  expect(rows.filter(({ parts }) => parts !== PARTS)).toEqual([])
  expect([...acknowledged].filter(([txn, attempt]) => !committed.has(`${txn} ${attempt}`))).toEqual([])
  // Enough was cut for it to mean something: attempts that came back although they had been committed, or not.
  expect([...acknowledged.values()].filter((attempt) => attempt > 1).length).toBeGreaterThan(20)
  expect(acknowledged.size).toBeGreaterThan(500)
})
