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
  pool.agent({ token: REFEREE_TOKEN })
  await vi.waitFor(async () => expect(await store.quarantines()).toHaveLength(1), 10_000)
  pool.agent()
  const twice = await pool.submit()
  for (const id of [good, checked, twice]) expect(await pool.ended(id)).toMatchObject({ code: undefined })
  failed = await pool.submit({ shards: SHARDS }, { target: 'gpu', timeout_ms: 10 })
  expect(await pool.ended(failed)).toMatchObject({ answer: null })
  await pool.stop()
  const [exposed] = await store.quarantines()
  const [other] = await store.submissions(good)
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

const FIRST_ACT = "where chain = 'operator' and number = 0"
const OF_GOOD = 'where job_id = $good'
const inAnswer = (from: string, to: string) =>
  `update jobs set answer = regexp_replace(answer, '${from}', '${to}') where id = $good`

/** What is tampered with, what is found, and how. */
const TAMPERINGS: readonly (readonly [what: string, found: RegExp, statement: string])[] = [
  ['a request', /contract_digest is not that of its stored/, "update jobs set request = replace(request, '7', '8')"],
  ['a seed', /says root_seed seed, its row has other/, "update jobs set root_seed = 'other' where id = $good"],
  ['a key', /registered with other digests or another key/, "update jobs set sampling_key = '00' where id = $good"],
  ['a plan digest', /says plan_digest/, "update jobs set plan_digest = 'x' where id = $good"],
  ['a basis', /its basis is not/, "update jobs set basis = 'x' where id = $good"],
  ['a warning', /its end is not the one/, inAnswer('"warnings":\\[', '"warnings":["x",')],
  ['an output', /its output is not that of/, inAnswer('"above":', '"above":1')],
  ['an output digest', /says output_digest 00.* reduced again/, inAnswer('"output_digest":"..', '"output_digest":"00')],
  ['a Merkle root', /says merkle_root 00.* verdicts give/, inAnswer('"merkle_root":"..', '"merkle_root":"00')],
  ['a count', /record says checked 1\d+, counted again/, inAnswer('"checked":', '"checked":1')],
  ['the count of voids', /record says voided 9\d*, counted again/, inAnswer('"voided":', '"voided":9')],
  ['an answer without end', /its answer cannot be read/, "update jobs set answer = '{' where id = $good"],
  [
    'a code',
    /its end is not/,
    `update jobs set problem = regexp_replace(problem, '"code":"[A-Z_]*"', '"code":"INTERNAL"') where id = $failed`,
  ],
  ['a problem', /it cannot be read/, "update jobs set problem = '{}' where id = $failed"],
  ['an event', /event 1 is not what its hash/, `update events set at_ms = 7 ${OF_GOOD} and number = 1`],
  ['what an event says', /event 1 is not what/, `update events set data = data || ' ' ${OF_GOOD} and number = 1`],
  ['a link', /event 2 does not follow/, `update events set previous = 'x' ${OF_GOOD} and number = 2`],
  ['an event that is gone', /event 1 is missing/, `delete from events ${OF_GOOD} and number = 1`],
  ['a first event', /do not begin with its registration/, `update events set type = 'state' ${OF_GOOD} and number = 0`],
  ['a chain that is gone', /has no events/, `delete from events ${OF_GOOD}`],
  ['an end that is gone', /tell of no end/, `delete from events ${OF_GOOD} and type = 'completed'`],
  ['an end that is none', /tell of 2 ends/, `update events set type = 'failed' ${OF_GOOD} and number = 1`],
  [
    'a job that runs again',
    /tell of an end that its row does not have/,
    "update jobs set state = 'RUNNING', finished_at_ms = null, answer = null where id = $good",
  ],
  ['a partial', /shard 2 has a partial whose bytes/, `update partials set bytes = 'x' ${OF_GOOD} and shard = 2`],
  ['a partial that is gone', /shard 2 has a verdict without/, `delete from partials ${OF_GOOD} and shard = 2`],
  ['a partial of no verdict', /shard 3 has an answer without/, `delete from partials ${OF_GOOD} and bytes = '1 0'`],
  ['a verdict that is gone', /shard 2 has no verdict/, `delete from verdicts ${OF_GOOD} and shard = 2`],
  [
    'a verdict of nothing',
    /shard 99 has a verdict, and is none/,
    `update verdicts set shard = 99 ${OF_GOOD} and shard = 2`,
  ],
  ['a verdict’s digest', /merkle_root/, `update verdicts set digest = repeat('0', 64) ${OF_GOOD} and shard = 2`],
  ['confirmations', /shard 2 has fewer answers/, `update verdicts set confirmations = 9 ${OF_GOOD} and shard = 2`],
  [
    'a referee',
    /the referee stands behind it, who does not/,
    'update verdicts set trusted = true where job_id = $good',
  ],
  ['answers that are gone', /no answer stands behind/, `delete from submissions ${OF_GOOD} and shard = 2`],
  ['an executor', /its executors are not/, `delete from executors ${OF_GOOD}`],
  [
    'an executor’s count',
    /answers that stand, counted again there are/,
    `update executors set shards = shards + 1 ${OF_GOOD}`,
  ],
  [
    'a void more',
    /submissions are void, and its events tell of/,
    `insert into voids select job_id, shard, executor, 'x' from submissions ${OF_GOOD} and shard = 2 on conflict do nothing`,
  ],
  ['a void less', /submissions are void, and its events tell of/, `delete from voids ${OF_GOOD}`],
  ['an act', /operator: act 0 is not what its hash/, `update acts set actor = 'server' ${FIRST_ACT}`],
  ['data of an act that are no JSON', /operator: act 0 cannot be read/, `update acts set data = '{' ${FIRST_ACT}`],
  ['data of an act that are another thing', /act 0 is not what its hash/, `update acts set data = '5' ${FIRST_ACT}`],
  ['an act that is gone', /acts of operator: act 0 is missing/, `delete from acts ${FIRST_ACT}`],
  ['a quarantine', /its quarantine 1 is missing/, 'update quarantines set number = 2'],
  ['a release of nothing', /its release 1 ends no quarantine/, 'delete from quarantines'],
  ['a release', /its release 1 is earlier/, 'update releases set at_ms = 1'],
  ['a notice', /do not tell of notice 0/, "update notices set detail = replace(detail, 'lied', 'slept')"],
  ['whom a notice names', /notice 0 cannot be read/, "update notices set identity = 'x' where job_id = $good"],
  ['a notice that is gone', /tell of 1 notices, it has 0/, 'delete from notices'],
  ['the telling of a notice', /do not tell of notice 0/, "delete from events where type = 'notice'"],
  [
    'a credit note’s amount',
    /\(credit-note\) moves 9999 on/,
    `update ledger_entries set micro_credits = micro_credits - sign(micro_credits)
      where transaction_id = (select id from ledger_transactions where kind = 'credit-note')`,
  ],
  [
    'a credit note’s reason',
    /gives another reason/,
    `update ledger_transactions set detail = '{"reason":"as asked"}' where kind = 'credit-note'`,
  ],
  [
    'a credit note that is gone',
    /do not tell of the same credit notes/,
    "delete from ledger_transactions where kind = 'credit-note'",
  ],
  ['what a credit notice says', /it cannot be read/, "update notices set detail = '{}' where kind = 'credit-note'"],
  [
    'an amount',
    /sum to 1/,
    "update ledger_entries set micro_credits = micro_credits + 1 where account = 'revenue' and transaction_id = $settled",
  ],
  [
    'amounts that sum to zero',
    /\(settle\) moves -?\d+ on/,
    `update ledger_entries set micro_credits = micro_credits + case when account = 'revenue' then 1 else -1 end
      where transaction_id = $settled and (account = 'revenue' or account like 'held/%')`,
  ],
  [
    'who earned',
    /\(settle\) moves \d+ on agent\/x, it should move 0/,
    "update ledger_entries set account = 'agent/x' where account like 'agent/%' and transaction_id = $settled",
  ],
  [
    'a price',
    /its ledger says that it costs 1, its contract/,
    `update ledger_transactions set detail = '{"price":"1","state":"COMPLETED"}' where id = $settled`,
  ],
  [
    'terms',
    /its terms are not those of its contract/,
    `update ledger_transactions set detail = replace(detail, '"micro_credits":"', '"micro_credits":"1') ${OF_GOOD} and kind = 'reserve'`,
  ],
  ['a settlement that is gone', /its ledger has another end/, `delete from ledger_transactions where id = $settled`],
  ['a ledger that is gone', /its receipt says something else of billing/, `delete from ledger_transactions ${OF_GOOD}`],
  ['a day', /counts for another day/, 'update ledger_transactions set day = 7 where id = $settled'],
  [
    'what a failure costs',
    /is FAILED, and its ledger says that it costs 7/,
    `update ledger_transactions set detail = '{"price":"7","state":"FAILED"}' where job_id = $failed and kind = 'settle'`,
  ],
  [
    'a receipt that is gone',
    /its receipt 0 is not signed, and does not wait/,
    `delete from seals ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a receipt',
    /its receipt: its signature is not/,
    `update seals set document = replace(document, '"credits":', '"credits":1') ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a receipt of another job',
    /says something else of job_id/,
    `update seals set document = (select document from seals where job_id = $failed) ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a signed notice',
    /its signed notice 0 says something else/,
    `update seals set document = replace(document, 'lied', 'slept') ${OF_GOOD} and kind = 'notice'`,
  ],
  ['a link that is gone', /its log: link 0 is missing/, 'delete from receipt_log where place = 0'],
  [
    'a link',
    /its log: link 1: its signature/,
    `update receipt_log set document = replace(document, '"place":1', '"place":7') where place = 1`,
  ],
  ['where a link leads', /its log: link 1 does not follow/, "update receipt_log set previous = 'x' where place = 1"],
  ['a key', /which is not in the list of keys/, "update signing_periods set key_id = repeat('0', 64)"],
  ['a time of a key', /did not sign at/, 'update signing_periods set from_ms = 4000000000000'],
  [
    'partials taken before a receipt',
    /were deleted before it was signed/,
    `with gone as (delete from seals ${OF_GOOD})
    insert into retentions values ($good, 1)`,
  ],
  ['a snapshot', /the snapshot of revenue is not the sum/, "insert into balance_snapshots values ('revenue', 1, 77)"],
  ['a notice of a failure', /has notices, and is FAILED/, 'update notices set job_id = $failed where job_id = $good'],
]

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
