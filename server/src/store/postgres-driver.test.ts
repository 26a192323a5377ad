// What the driver says to a real Postgres beside our statements, and what becomes of those that are on their way when a
// connection is lost.
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startPostgres, type Postgres } from '../../../scripts/machine/postgres.ts'
import { STORE_LIMITS } from './limits.ts'
import { openDatabase } from './open-store.ts'
import { openPostgres, openPostgresConnection } from './postgres-driver.ts'

let server: Postgres
let tool: postgres.Sql
beforeAll(async () => {
  server = await startPostgres()
  tool = postgres(server.url, { max: 1, onnotice: () => undefined })
}, 60_000)
afterAll(async () => {
  await tool?.end()
  await server?.stop()
})

/** Not of the literal type that each of them has. */
const limits: { -readonly [L in 'planAgeMsMax' | 'silentMsMax' | 'sessionAnswerMsMax']: number } = STORE_LIMITS
afterEach(() => void vi.restoreAllMocks())

/** Postgres plans for the values it is given this often, and from then on for any. */
const PLANS_OF_THEIR_OWN = 5

test('a plan that was made while a table was small is not kept once it is too old', async () => {
  // Statistics that come by themselves would make it plan anew as well, a minute later. Without any it would take the table
  // for a larger one.
  await tool.unsafe('create table growing (id integer primary key, text text) with (autovacuum_enabled = off)')
  await tool.unsafe(`insert into growing values (0, 'the first')`)
  await tool.unsafe('analyze growing')
  const { query, close } = openPostgresConnection(server.url)
  const text = 'select text from growing where id = $1'
  const plan = async (): Promise<string> => {
    const [named] = await query(`select name from pg_prepared_statements where statement = '${text}'`, [])
    return (await query(`explain execute "${String(named?.[0])}" (0)`, [])).join('\n')
  }

  const age = vi.spyOn(limits, 'planAgeMsMax', 'get').mockReturnValue(Infinity)
  // The first time it is not prepared yet; the last time it has a plan that stays.
  for (let time = 0; time <= PLANS_OF_THEIR_OWN + 1; time++) expect(await query(text, [0])).toEqual([['the first']])
  expect(await plan()).toContain('Seq Scan')
  await tool.unsafe(`insert into growing select n, 'another' from generate_series(1, 20000) as n`)
  expect(await query(text, [0])).toEqual([['the first']])
  expect(await plan()).toContain('Seq Scan')

  age.mockReturnValue(0)
  expect(await query(text, [0])).toEqual([['the first']])
  expect(await plan()).toContain('Index Scan')
  await close()
})

test('the connection of a lock is seen to be gone within half a minute, one that is opened anew as well', async () => {
  const driver = openPostgres(server.url)
  let losses = 0
  const { query } = driver.session(() => void losses++)
  const kept = () =>
    query(
      `select pg_backend_pid(), current_setting('tcp_keepalives_idle')::integer,
        current_setting('tcp_keepalives_interval')::integer, current_setting('tcp_keepalives_count')::integer`,
      [],
    ).then(([row = []]) => row.map(Number))
  const silentSeconds = ([, idle = NaN, interval = NaN, count = NaN]: readonly number[]) => idle + interval * count

  const first = await kept()
  // None is 0, which would be the system's own: hours.
  expect(Math.min(...first)).toBeGreaterThan(0)
  expect(silentSeconds(first)).toBeLessThanOrEqual(30)

  await tool.unsafe(`select pg_terminate_backend(${first[0]}, 10000)`)
  await vi.waitFor(() => expect(losses).toBe(1), 10_000)
  const second = await kept()
  expect(second[0]).not.toBe(first[0])
  expect(second.slice(1)).toEqual(first.slice(1))
  await driver.close()
})

function socketOf(opened: { readonly mock: { readonly contexts: readonly unknown[] } }): net.Socket {
  const socket = opened.mock.contexts.at(-1)
  if (!(socket instanceof net.Socket)) throw new Error('there is no connection yet')
  return socket
}

/** As when the other side is gone. It is closed a moment later, and lost only then. */
async function erring(socket: net.Socket, code = 'ECONNRESET'): Promise<void> {
  socket.destroy(Object.assign(new Error(`read ${code}`), { code, syscall: 'read' }))
  await once(socket, 'error')
}

test('what a transaction asks behind the loss of its connection is not committed alone on the next', async () => {
  await tool.unsafe('create table written (number integer)')
  const opened = vi.spyOn(net.Socket.prototype, 'connect')
  const { begin, close } = openPostgres(server.url)
  const work = begin(async (query) => {
    await query('insert into written values (1)', [])
    const socket = socketOf(opened)
    socket.destroy()
    await once(socket, 'close')
    await query('insert into written values (2)', [])
  })
  await expect(work).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(await begin((query) => query('select number from written', []))).toEqual([])
  await close()
})

test('a statement that a lost connection left without an answer is not given one by the next', async () => {
  const opened = vi.spyOn(net.Socket.prototype, 'connect')
  const { begin, close } = openPostgres(server.url)
  let left: Promise<unknown> = Promise.resolve()
  const work = begin(async (query) => {
    await query('select 1', [])
    await erring(socketOf(opened))
    left = query('select $1::integer', [2]).catch((error: unknown) => error)
    await query('select $1::integer', [3])
  })
  await expect(work).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(await begin((query) => query('select 4', []))).toEqual([[4]])
  expect(opened).toHaveBeenCalledTimes(2)
  expect(await left).toMatchObject({ code: 'CONNECTION_CLOSED' })
  await close()
})

test('a transaction whose connection is lost under a statement may be tried again, whatever the system calls it', async () => {
  const opened = vi.spyOn(net.Socket.prototype, 'connect')
  const { begin, close } = openPostgres(server.url)
  const lostBy = (code: string) =>
    begin(async (query) => {
      await query('select 1', [])
      await Promise.all([query('select 2', []), erring(socketOf(opened), code)])
    })
  await expect(lostBy('ECONNRESET')).rejects.toMatchObject({ code: 'ECONNRESET' })
  await expect(lostBy('ECONNABORTED')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  await close()
})

test('what is asked of an idle connection that has just erred is not waited for without end, nor what comes later', async () => {
  // So that what throws away plans is asked along.
  vi.spyOn(limits, 'planAgeMsMax', 'get').mockReturnValue(0)
  const opened = vi.spyOn(net.Socket.prototype, 'connect')
  const { query, begin, close } = openPostgres(server.url)
  const asks = [query, (...asked: Parameters<typeof query>) => begin((own) => own(...asked))]
  for (const ask of asks) {
    const text = 'select $1::integer'
    for (const time of [1, 2]) expect(await ask(text, [time])).toEqual([[time]])
    await erring(socketOf(opened))
    await expect(ask(text, [3])).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    for (const time of [4, 5]) expect(await ask(text, [time])).toEqual([[time]])
  }
  expect(opened).toHaveBeenCalledTimes(2 * asks.length)
  await close()
})

/** The database behind a network that ends the connection once, `at` a byte of what comes from there. */
async function cutOnce(at: (chunk: Buffer) => number) {
  let isCut = false
  const proxy = net.createServer((client) => {
    const database = net.connect(Number(new URL(server.url).port), '127.0.0.1')
    client.on('data', (chunk) => database.write(chunk))
    database.on('data', (chunk) => {
      const end = isCut ? -1 : at(chunk)
      if (end === -1) return void client.write(chunk)
      isCut = true
      client.end(chunk.subarray(0, end))
      database.destroy()
    })
    for (const socket of [client, database]) {
      socket.on('error', () => undefined)
      socket.on('close', () => [client, database].map((one) => one.destroy()))
    }
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(server.url)
  url.hostname = '127.0.0.1'
  url.port = String((proxy.address() as AddressInfo).port)
  return { url: url.href, close: () => void proxy.close() }
}

test('rows that came before a loss are not in front of those of the next statement', async () => {
  const cut = await cutOnce((chunk) => chunk.indexOf('row 7'))
  const { query, close } = openPostgresConnection(cut.url)
  const rows = () => query(`select 'row ' || n from generate_series(1, 10) as n`, [])
  await expect(rows()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect((await rows()).flat()).toEqual(Array.from({ length: 10 }, (_, i) => `row ${i + 1}`))
  await close()
  cut.close()
})

test('an error that came with the last bytes of a connection is told to nobody else', async () => {
  // Behind it comes ReadyForQuery, with it or in a chunk of its own.
  const [readyForQuery, bytes] = ['Z', 6]
  const cut = await cutOnce((chunk) => {
    if (!chunk.includes('division by zero')) return -1
    const end = chunk.length - bytes
    return chunk.toString('latin1', end, end + 1) === readyForQuery ? end : chunk.length
  })
  const { begin, close } = openPostgres(cut.url)
  const asking = (text: string, ...params: number[]) => begin((own) => own(text, params))
  await expect(asking('select 1 / $1::integer', 0)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(await asking('select 1')).toEqual([[1]])
  await close()
  cut.close()
})

test('a statement on a connection whose network has gone silent fails in time, and the next one has another', async () => {
  const opened = vi.spyOn(net.Socket.prototype, 'connect')
  const { query, begin, close } = openPostgres(server.url)
  const asks = [query, (...asked: Parameters<typeof query>) => begin((own) => own(...asked))]
  for (const ask of asks) {
    await ask('select 1', [])
    socketOf(opened).pause()
    const limit = vi.spyOn(limits, 'silentMsMax', 'get').mockReturnValue(50)
    await expect(ask('select 2', [])).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    limit.mockRestore()
    expect(await ask('select 3', [])).toEqual([[3]])
  }
  await close()
})

test('a whole store is put there, and read, by statements that may take as long as they want', async () => {
  vi.spyOn(limits, 'silentMsMax', 'get').mockReturnValue(50)
  const { driver } = await openDatabase({ databaseUrl: server.url, dataDir: '' })
  const slow = ['select 1 from pg_sleep(0.3)', []] as const
  expect(await driver.begin((own) => own(...slow))).toEqual([[1]])
  await driver.close()
  const { query, close } = openPostgresConnection(server.url)
  expect(await query(...slow)).toEqual([[1]])
  await close()
})

test('a session whose network has gone silent is opened anew, and whoever holds a lock on it hears that it is lost', async () => {
  const opened = vi.spyOn(net.Socket.prototype, 'connect')
  const driver = openPostgres(server.url)
  let losses = 0
  const { query } = driver.session(() => void losses++)
  const pid = () => query('select pg_backend_pid()', []).then(([row]) => Number(row?.[0]))
  const before = await pid()
  const silent = socketOf(opened)
  silent.pause()
  const limit = vi.spyOn(limits, 'sessionAnswerMsMax', 'get').mockReturnValue(50)
  await expect(pid()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  limit.mockRestore()
  expect(await pid()).not.toBe(before)
  // Its end, which is heard later, is no loss of the next one.
  silent.destroy()
  await once(silent, 'close')
  expect(losses).toBe(1)
  await driver.close()
})
