// A database of an earlier version, with its rows, brought up to date: nothing is lost and what is new about it is sensible.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { expect, test } from 'vitest'
import { bareDataDir } from '../../../scripts/machine/fresh-store.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { createEngine, type Driver } from './engine.ts'
import { eventHash } from './event-chain.ts'
import { migrate, MIGRATIONS_FOLDER, requireCurrent } from './migrate.ts'
import { openPglite } from './pglite-driver.ts'
import { createStore } from './sql-store.ts'
import { accepted, aJob, aSubmission, digestOf, identityOf, noWrites } from './store.fixtures.ts'

/** The first version that was put on a server: without tiers, numbers of quarantines, and events. */
const BEFORE = 4

/** As the version did that knew so many migrations. */
async function migrateUpTo({ query }: Driver, end: number): Promise<void> {
  await query('create table migrations (position integer primary key, hash text not null)', [])
  for (const [position, { sql, hash }] of readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).entries()) {
    if (position >= end) break
    for (const statement of sql) await query(statement, [])
    await query('insert into migrations values ($1, $2)', [position, hash])
  }
}

/** The last one that did not write down who made a token. */
const BEFORE_MAKERS = 18

test('of the tokens of before the trusted ones are the operator’s, and none can be changed by hand afterwards', async () => {
  const folder = await bareDataDir()
  const driver = await openPglite(path.join(folder, 'pglite'))
  await migrateUpTo(driver, BEFORE_MAKERS)
  await driver.query("insert into projects (id, name, created_at_ms, limits) values ('p', 'x', 1, '{}')", [])
  for (const trusted of [true, false]) {
    const insert = `insert into node_tokens (id, project_id, name, trusted, hash, prefix, created_at_ms)
      values ('${trusted}', 'p', 'rack', ${trusted}, '${digestOf(String(trusted))}', 'ntk_', 1)`
    await driver.query(insert, [])
  }
  await migrate(driver)
  const rows = await driver.query('select trusted, made_by_operator from node_tokens order by id', [])
  expect(rows).toEqual([
    [false, false],
    [true, true],
  ])
  await expect(driver.query('update node_tokens set made_by_operator = true', [])).rejects.toThrow(/revocation alone/)
  await driver.close()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('rows of before are exposures of number 1, submissions of probation, and jobs with an adopted chain', async () => {
  const folder = await bareDataDir()
  const driver = await openPglite(path.join(folder, 'pglite'))
  await expect(requireCurrent(driver.query)).rejects.toThrow(/no store of Forge Pool/)
  await migrateUpTo(driver, BEFORE)
  const answer = '{"name":"ü \\" 1"}'
  const [done, running] = [aJob('p' as ProjectId).id, aJob('p' as ProjectId).id]
  const liar = identityOf('liar')
  await driver.query("insert into projects values ('p', 'default')", [])
  const jobs = (id: JobId, end: string) =>
    `insert into jobs select '${id}', 'p', null, '${digestOf('request')}', '{}', 's', '${digestOf('contract')}',
      '${digestOf('kernel')}', '07', 1, 2, ${end}`
  await driver.query(jobs(done, "'COMPLETED', null, null, null, 3, $1, null"), [answer])
  await driver.query(jobs(running, "'RUNNING', null, null, 3, null, null, null"), [])
  const submitted = (executor: string, role: string, trusted: boolean) =>
    driver.query(
      `insert into submissions values ('${done}', 0, '${executor}', '${role}', 'wasm', ${trusted}, 'n', 'd')`,
      [],
    )
  await submitted(identityOf('first'), 'first', false)
  await submitted(identityOf('referee'), 'referee', true)
  await driver.query(`insert into quarantines values ('${liar}', 'shard 3', 7)`, [])

  await expect(requireCurrent(driver.query)).rejects.toThrow(/an earlier version: start the server once/)
  await migrate(driver)
  await requireCurrent(driver.query)
  const store = createStore(createEngine(driver), () => rm(folder, { recursive: true, force: true }))
  const exposed = { identity: liar, exposures: 1, lastAtMs: 7, previousAtMs: null, reason: 'shard 3', released: false }
  expect(await store.quarantines()).toEqual([exposed])
  const tiers = (await store.submissions(done)).map(({ role, tier, distinctNetwork }) => [role, tier, distinctNetwork])
  expect(tiers.toSorted()).toEqual([
    ['first', 'probation', false],
    ['referee', 'trusted', false],
  ])
  for (const [id, found] of [
    [done, { state: 'COMPLETED', answer: digest('answer.v1', utf8(answer)) }],
    [running, { state: 'RUNNING' }],
  ] as const) {
    const [event, ...more] = await store.eventsOf(id, -1)
    if (event === undefined) throw new Error('a job without a chain')
    expect(more).toEqual([])
    expect(event.hash).toBe(eventHash(event))
    const named = { contractDigest: digestOf('contract'), requestDigest: digestOf('request') }
    expect(JSON.parse(event.data)).toEqual({ ...found, ...named, kernelDigest: digestOf('kernel') })
  }
  // It goes on from there.
  await store.writeShards({ ...accepted(running, [0]), quarantines: [{ ...exposed, number: 2, atMs: 8 }] })
  expect(await store.submissions(running)).toEqual([aSubmission(running, 0)])
  expect(await store.updateJob(running, { state: 'VERIFYING', reason: null })).toBe(true)
  expect((await store.eventsOf(running, 0)).map(({ type, number }) => [type, number])).toEqual([['state', 1]])
  await store.writeShards(noWrites)
  expect(await store.noticeFinished(identityOf('first'), 'wrong', 9), 'no verdict rests on it').toEqual([])
  await driver.query("update migrations set hash = 'x' where position = 1", [])
  await expect(requireCurrent(driver.query)).rejects.toThrow(/another version/)
  await store.close()
}, 60_000)
