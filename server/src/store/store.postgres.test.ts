// The store on a real Postgres, and what only a server can do to it: restart under load.
import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { ulid } from 'ulid'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startPostgres, type Postgres } from '../../../scripts/machine/postgres.ts'
import { invoiceOf } from '../billing/invoice.ts'
import { createEngine, type Driver } from './engine.ts'
import { account, DAY_MS, dayOf } from './ledger-store.ts'
import { AT_MS, fail, register } from './ledger.fixtures.ts'
import { openForReading, openStore } from './open-store.ts'
import { openPostgres } from './postgres-driver.ts'
import { LEDGER_LOCK_CLASS } from './queries/closings.ts'
import { createStore } from './sql-store.ts'
import { describeStore } from './store.case.ts'
import { accepted, aJob, acceptedOf, aPartial, aSubmission, complete, identityOf, noWrites } from './store.fixtures.ts'

const START_TIMEOUT_MS = 60_000
let server: Postgres
beforeAll(async () => {
  // With fsync, for a killed server must keep what it acknowledged.
  server = await startPostgres({ fsync: true })
}, START_TIMEOUT_MS)
afterAll(() => server.stop())

const openHere = async () => openStore({ databaseUrl: server.url, dataDir: path.join(os.tmpdir(), 'unused') })

describeStore('the store on Postgres', {
  async open() {
    const store = await openHere()
    const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
    return {
      store: { ...store, close: () => Promise.all([store.close(), tool.end()]).then(() => undefined) },
      sql: (text) => tool.unsafe(text),
    }
  },
  openTimeoutMs: START_TIMEOUT_MS,
  isLarge: true,
})

test('servers that start at once migrate once and agree', async () => {
  const stores = await Promise.all([openHere(), openHere(), openHere()])
  const projects = await Promise.all(stores.map((store) => store.defaultProject()))
  expect(new Set(projects).size).toBe(1)
  await Promise.all(stores.map((store) => store.close()))
})

test('sudden ends of the server are waited out, and nothing acknowledged is lost', { timeout: 30_000 }, async () => {
  const store = await openHere()
  const job = aJob(await store.defaultProject())
  await store.insertJob(job)
  const written: number[] = []
  const end = { come: false }
  const writer = (async () => {
    for (let shard = 0; !end.come; shard++) {
      await Promise.all([store.writeShards(accepted(job.id, [shard], 2_500)), store.job(job.id)])
      written.push(shard)
    }
  })()
  for (let round = 0; round < 4; round++) {
    const before = written.length
    await expect.poll(() => written.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(before + 5)
    if (round % 2 === 0) server.kill()
    await server.restart()
  }
  end.come = true
  await writer
  // Not at the first try, perhaps: a connection of the pool may still hold the old server's last words.
  await expect.poll(() => store.ping().then(() => 'up', String), { timeout: 5_000 }).toBe('up')
  expect((await store.verdicts(job.id)).map((row) => row.shard)).toEqual(written)
  expect(await acceptedOf(store, job.id)).toHaveLength(written.length)
  await store.close()
  await expect(store.job(job.id)).rejects.toThrow(/closed/)
})

test('an answer that is being written and an end of its job wait for each other', async () => {
  const store = await openHere()
  const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  const project = await store.defaultProject()
  const end = { state: 'COMPLETED', answer: '{}', finishedAtMs: 9 } as const
  const insert = (id: string) =>
    tool.unsafe(`insert into partials (job_id, shard, digest, bytes) values ('${id}', 0, 'x', '')`)

  const first = aJob(project)
  await store.insertJob(first)
  await tool.unsafe('begin')
  await insert(first.id)
  const ending = store.finishJob(first.id, end)
  expect(await Promise.race([ending, sleep(200, 'it waits')])).toBe('it waits')
  await tool.unsafe('commit')
  expect(await ending).toBe(true)

  const second = aJob(project)
  await store.insertJob(second)
  await tool.unsafe('begin')
  await tool.unsafe(`update jobs set state = 'COMPLETED', answer = '{}', finished_at_ms = 9 where id = '${second.id}'`)
  const writing = store.writeShards(accepted(second.id, [0])).then(
    () => 'written',
    (error: unknown) => String(error),
  )
  expect(await Promise.race([writing, sleep(200, 'it waits')])).toBe('it waits')
  await tool.unsafe('commit')
  expect(await writing).toMatch(/takes no further/)
  await Promise.all([store.close(), tool.end()])
})

test('two checks from one network at the same time: one is refused', async () => {
  const store = await openHere()
  const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  const job = aJob(await store.defaultProject())
  await store.insertJob(job)
  await store.writeShards({ ...noWrites, submissions: [aSubmission(job.id, 0)] })
  const check = { role: 'check', network: 'B', distinctNetwork: true } as const
  await tool.unsafe('begin')
  await tool.unsafe(
    `insert into submissions select job_id, shard, 'other', 'check', engine, trusted, 'B', digest, tier, true
      from submissions where job_id = '${job.id}'`,
  )
  const writing = store
    .writeShards({ ...noWrites, submissions: [aSubmission(job.id, 0, { ...check, executor: identityOf('second') })] })
    .catch(String)
  await sleep(100)
  await tool.unsafe('commit')
  expect(await writing).toMatch(/network of its checker/)
  await Promise.all([store.close(), tool.end()])
})

test('a notice waits for whoever else writes into the events of its job', async () => {
  const store = await openHere()
  const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  const job = aJob(await store.defaultProject())
  await store.insertJob(job)
  await complete(store, job.id, accepted(job.id, [0]))
  await tool.unsafe('begin')
  await tool.unsafe(`select 1 from jobs where id = '${job.id}' for no key update`)
  await tool.unsafe(`insert into events values ('${job.id}', 2, 1, 'notice', '{}', 'x', 'y')`)
  const noticing = store.noticeFinished(identityOf('first'), 'wrong', 1)
  expect(await Promise.race([noticing, sleep(200, 'it waits')])).toBe('it waits')
  await tool.unsafe('commit')
  expect(await noticing).toContain(job.id)
  expect((await store.eventsOf(job.id, 1)).map(({ number, previous }) => [number, previous])).toEqual([
    [2, 'x'],
    [3, 'y'],
  ])
  await Promise.all([store.close(), tool.end()])
})

test('a day is closed behind a booking that took its time in it and is committed after midnight', async () => {
  const store = await openHere()
  const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  const project = await store.defaultProject()
  const id = await register(store, project)
  const yesterday = dayOf(Date.now()) - 1
  await tool.unsafe('begin')
  await tool.unsafe(`select pg_advisory_xact_lock_shared(${LEDGER_LOCK_CLASS}, hashtext('${project}'))`)
  await tool.unsafe(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
    values ('${project}', '${id}', 'settle', ${(yesterday + 1) * DAY_MS - 1}, 1, '{"price":"7","state":"COMPLETED"}')`)
  const invoice = invoiceOf(store, project, yesterday, yesterday)
  await waitsForLock(tool, 1)
  await tool.unsafe('commit')
  expect(await invoice).toMatchObject({ final: true, lines: [{ jobs: 1 }], total: { micro_credits: '7' } })
  await Promise.all([store.close(), tool.end()])
})

test('a page of the ledger waits for a booking that took its number first and is committed last', async () => {
  const store = await openHere()
  const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  const project = await store.defaultProject()
  const [slow, quick] = [await register(store, project), await register(store, project)]
  const before = (await store.transactionsOf(quick))[0]?.id ?? 0
  await tool.unsafe('begin')
  await tool.unsafe(`select pg_advisory_xact_lock_shared(${LEDGER_LOCK_CLASS}, hashtext('${project}'))`)
  await tool.unsafe(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
    values ('${project}', '${slow}', 'settle', 1, 1, '{}')`)
  // It is there to be seen, with the greater number.
  expect(await fail(store, quick, 'FAILED')).toBe(true)
  const page = store.ledgerAfter(project, before)
  await waitsForLock(tool, 1)
  await tool.unsafe('commit')
  expect((await page).map(({ jobId }) => jobId)).toEqual([slow, quick])
  expect((await store.ledgerAfter(project, before, 1)).map(({ jobId }) => jobId)).toEqual([slow])
  await Promise.all([store.close(), tool.end()])
})

test('usage and balances are read by index, however much others have booked', async () => {
  await (await openHere()).close()
  const driver = openPostgres(server.url)
  const asked: (readonly [string, readonly unknown[]])[] = []
  const told: Driver['query'] = (text, params) => {
    asked.push([text, params])
    return driver.query(text, params)
  }
  const store = createStore(createEngine({ ...driver, query: told }), () => Promise.resolve())
  const tool = postgres(server.url, { max: 1, onnotice: () => undefined })
  const [project, other] = [ulid(), ulid()] as [ProjectId, ProjectId]
  for (const id of [project, other]) await store.insertProject({ id, name: id, createdAtMs: 1, limits: '{}' })
  const crowd = await register(store, other)
  await tool.unsafe(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
    select '${other}', '${crowd}', 'many ' || n, ${AT_MS} + n * 1000, ${dayOf(AT_MS)}, '{}' from generate_series(1, 30000) as n`)
  await tool.unsafe(`insert into ledger_entries select id, side, case side when 'revenue' then 1 else -1 end
    from ledger_transactions, (values ('revenue'), ('project/${other}')) as sides (side) where job_id = '${crowd}' and kind like 'many%'`)
  await fail(store, await register(store, project), 'FAILED')
  await tool.unsafe('analyze')
  asked.length = 0
  await store.usage(project, dayOf(AT_MS), dayOf(AT_MS))
  await store.balanceOf(project, account.project('billable', project))
  await store.usedOnDay(project, 'billable', dayOf(AT_MS))
  expect(asked.length).toBe(5)
  for (const [text, params] of asked) {
    const plan = (await driver.query(`explain ${text}`, params)).join('\n')
    if (text.includes('ledger_')) expect(plan).toContain('Index')
    expect(plan).not.toMatch(/Seq Scan on ledger/)
  }
  await Promise.all([store.close(), tool.end()])
})

test('whoever reads sees one moment, and can change nothing', async () => {
  const store = await openHere()
  const before = aJob(await store.defaultProject())
  await store.insertJob(before)
  const reading = await openForReading({ databaseUrl: server.url, dataDir: '' })
  const after = aJob(before.projectId)
  await store.insertJob(after)
  expect(await reading.store.job(before.id)).toMatchObject({ state: 'QUEUED' })
  expect(await reading.store.job(after.id)).toBeNull()
  expect(await reading.rows.jobIdsAfter('')).toContain(before.id)
  expect(await reading.rows.jobIdsAfter(before.id)).toEqual([])
  await expect(reading.store.settingOrPut('reading', 'x')).rejects.toThrow(/single statements/)
  await reading.close()
  const tool = await openForReading({ databaseUrl: server.url, dataDir: '' })
  await expect(tool.store.writeShards({ ...noWrites, partials: [aPartial(before.id, 0)] })).rejects.toThrow(Error)
  await Promise.all([tool.close(), store.close()])
})

test('a ping says at once that the server is gone', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'forge-store-'))
  const store = await openStore({ databaseUrl: server.url, dataDir: folder })
  server.kill()
  await expect(store.ping()).rejects.toThrow(Error)
  await store.close()
  await server.restart()
})

/** Until so many transactions of others wait for an advisory lock. */
const waitsForLock = (tool: postgres.Sql, waiters: number): Promise<void> =>
  vi.waitFor(async () => {
    const rows = await tool.unsafe("select 1 from pg_locks where locktype = 'advisory' and not granted")
    expect(rows).toHaveLength(waiters)
  }, 10_000)
