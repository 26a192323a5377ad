// A store that a real Hub has written is found good, and each way of tampering with it is found. The triggers that would
// refuse it are switched off first, and each tampering is taken back.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { tinyKernel, tinyPartial } from '../hub/edge/tiny-kernel.fixtures.ts'
import { REFEREE_TOKEN, SHARDS, TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { createEngine, type Driver } from '../store/engine.ts'
import { openForReading, openStore } from '../store/open-store.ts'
import { openPglite } from '../store/pglite-driver.ts'
import { createStoredRows } from '../store/stored-rows.ts'
import { createStore } from '../store/sql-store.ts'
import { digestOf, noWrites } from '../store/store.fixtures.ts'
import type { Store } from '../store/store.ts'
import { createLogger } from '../logger.ts'
import { createSealer } from '../receipt/sealer.ts'
import { openSigner } from '../receipt/signing-key.ts'
import { TAMPERINGS } from './tamperings.fixtures.ts'
import { verifyStore } from './verify-store.ts'

const TABLES = ['jobs', 'submissions', 'partials', 'verdicts', 'voids', 'executors', 'quarantines', 'releases', 'acts']
TABLES.push('notices', 'events', 'ledger_transactions', 'ledger_entries', 'balance_snapshots')
TABLES.push('signing_periods', 'seals', 'receipt_log', 'retentions')

/** More than two assignments. */
const MANY = 40

let folder: string
let driver: Driver
/** Completed without checks; the first who worked on it was exposed on the way, the other one later. */
let good: JobId
/** Completed under `full`: where the first one was exposed, who is released later. */
let checked: JobId
let failed: JobId

beforeAll(async () => {
  folder = await freshDataDir()
  const store = await openStore({ dataDir: folder })
  await written(store)
  await store.close()
  const reading = await openForReading({ dataDir: folder })
  const lines: string[] = []
  const verified = await verifyStore(reading, (line) => lines.push(line))
  await reading.close()
  expect(lines).toEqual([])
  expect(verified).toEqual({ jobs: 4, shards: MANY + 3 * SHARDS, problems: 0, notReduced: 0, dropped: 0 })
  driver = await openPglite(path.join(folder, 'pglite'))
  // From here on it is tampered with: nothing refuses it any more.
  for (const table of TABLES) await driver.query(`alter table ${table} disable trigger all`, [])
}, 120_000)

/** By a Hub and its agents, all but what is learned later. */
async function written(store: Store): Promise<void> {
  const pool = new TinyPool(store)
  await pool.start()
  // It has done all of one job but one assignment, when its lie in the other one is found out.
  const lie = (shard: number, partial: Uint8Array): Uint8Array => (shard === 3 ? tinyPartial(1, 0) : partial)
  const isHeld = ({ shards }: { readonly shards: readonly number[] }): boolean => shards.includes(MANY - 1)
  const liar = pool.agent({ lie, holds: isHeld })
  good = await pool.submit({ shards: MANY, twice: false })
  await vi.waitFor(() => expect(liar.assigned.some(isHeld)).toBe(true), 10_000)
  checked = await pool.submit({ shards: SHARDS, twice: false }, { verify: 'full' })
  // Somebody else is there to run again what is taken back, or the referee would.
  pool.agent()
  pool.agent({ token: REFEREE_TOKEN })
  await vi.waitFor(async () => expect(await store.quarantines()).toHaveLength(1), 10_000)
  const twice = await pool.submit()
  for (const id of [good, checked, twice]) expect(await pool.ended(id)).toMatchObject({ code: undefined })
  failed = await pool.submit({ shards: SHARDS }, { target: 'gpu', timeout_ms: 10 })
  expect(await pool.ended(failed)).toMatchObject({ answer: null })
  await pool.stop()
  const [exposed] = await store.quarantines()
  const other = (await store.submissions(good)).find(({ trusted }) => !trusted)
  if (exposed === undefined || other === undefined) throw new Error('nobody was exposed, or nobody worked')
  const releases = [{ identity: exposed.identity, number: 1, atMs: exposed.lastAtMs + 1, lastOrder: 0 }]
  await store.writeShards({ ...noWrites, releases })
  expect(await store.noticeFinished(other.executor, 'it lied elsewhere', Date.now())).toEqual([good, twice].toSorted())
  const note = { microCredits: 10_000n, reason: 'it came late', atMs: Date.now() }
  expect(await store.creditNote(checked, note)).toBe(true)
  const signer = await openSigner({ store, configuredKey: null, nowMs: Date.now(), randomBytes })
  const sealer = createSealer({ store, signer, logger: createLogger('silent'), clock: Date.now })
  sealer.wake()
  await sealer.idle()
  await sealer.close()
}

afterAll(async () => {
  await driver.close()
  await rm(folder, { recursive: true, force: true })
})

/** What is found after a statement, which is then taken back; unless `isWhole`, of jobs that are tampered with alone. */
async function foundAfter(statement: string, isWhole = false): Promise<string[]> {
  const engine = createEngine(driver)
  await driver.query('begin', [])
  try {
    await driver.query(statement, [])
    const jobIdsAfter = async (id: string): Promise<JobId[]> => (id === '' ? [good, checked, failed] : [])
    const rows = isWhole ? createStoredRows(engine) : { ...createStoredRows(engine), jobIdsAfter }
    const reading = { store: createStore(engine, () => Promise.resolve()), rows }
    const lines: string[] = []
    const { problems } = await verifyStore(reading, (line) => lines.push(line))
    expect(problems).toBe(lines.length)
    return lines
  } finally {
    await driver.query('rollback', [])
  }
}

test('what the tamperings need is there', async () => {
  const rows = async (text: string) => Number((await driver.query(`select count(*) from ${text}`, []))[0]?.[0])
  expect(await rows(`voids where job_id = '${good}'`)).toBeGreaterThan(0)
  expect(await rows('quarantines')).toBe(1)
  expect(await rows('releases')).toBe(1)
  expect(await rows('notices')).toBe(3)
  expect(await foundAfter('select 1')).toEqual([])
})

// Each takes a quarter of a second.
const tried = process.env['FORGE_TEST_ALL'] === '1' ? TAMPERINGS : TAMPERINGS.filter((_, n) => n % 2 === 0)

test.each(tried)('%s', async (_, found, statement) => {
  const settled = `(select id from ledger_transactions where job_id = '${good}' and kind = 'settle')`
  const named = Object.entries({ good: `'${good}'`, failed: `'${failed}'`, settled }).reduce(
    (text, [name, is]) => text.replaceAll(`$${name}`, is),
    statement,
  )
  expect((await foundAfter(named)).join('\n')).toMatch(found)
})

// Not only those that somebody names: whoever can write rows can add jobs, or take one away with all that is its own.
test('a job that was added is found, and one that is gone', async () => {
  const [[columns] = []] = await driver.query(
    `select string_agg(column_name, ', ') from information_schema.columns
      where table_name = 'jobs' and is_generated = 'NEVER' and column_name not in ('id', 'client_job_id')`,
    [],
  )
  const id = 'Z'.repeat(26)
  const added = `insert into jobs (id, ${columns}) select '${id}', ${columns} from jobs where id = '${good}'`
  expect((await foundAfter(added, true)).join('\n')).toMatch(/^job Z{26}: .*has no events/m)
  expect(await foundAfter(`delete from jobs where id = '${good}'`, true)).toContain(
    `job ${good}: its row is gone, and something that speaks of it is not`,
  )
  // Each of the tables that speak of it is enough.
  const tables = ['events', 'ledger_transactions', 'receipt_log']
  for (const left of tables) {
    await driver.query('begin', [])
    for (const table of ['jobs', ...tables]) {
      if (table !== left)
        await driver.query(`delete from ${table} where ${table === 'jobs' ? 'id' : 'job_id'} = '${good}'`, [])
    }
    const lost = await createStoredRows(createEngine(driver)).lostJobs()
    await driver.query('rollback', [])
    expect(lost, left).toEqual([good])
  }
})

test('partials that retention took are no problem, and are said', async () => {
  const engine = createEngine(driver)
  const reading = { store: createStore(engine, () => Promise.resolve()), rows: createStoredRows(engine) }
  await driver.query('begin', [])
  try {
    await driver.query(`insert into retentions values ('${good}', 1)`, [])
    await driver.query(`delete from partials where job_id = '${good}'`, [])
    expect(await verifyStore(reading, () => undefined)).toMatchObject({ problems: 0, notReduced: 0, dropped: 1 })
  } finally {
    await driver.query('rollback', [])
  }
})

test('a kernel that this version lacks is no problem, and is said', async () => {
  const engine = createEngine(driver)
  const reading = { store: createStore(engine, () => Promise.resolve()), rows: createStoredRows(engine) }
  const { digest } = tinyKernel
  tinyKernel.digest = digestOf('another')
  const looking = verifyStore(reading, () => undefined).finally(() => (tinyKernel.digest = digest))
  expect(await looking).toMatchObject({ problems: 0, notReduced: 3 })
})
