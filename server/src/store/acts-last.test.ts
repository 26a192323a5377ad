// Two transactions that lock acts and something else in different orders would wait for each other for ever: acts are last.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { createEngine, type Driver } from './engine.ts'
import { openPglite } from './pglite-driver.ts'
import { createStore } from './sql-store.ts'
import { accepted, aJob, aSubmission, identityOf } from './store.fixtures.ts'

/** The tables and locks of a transaction's statements that wait for others, in their order. */
const touched = (statements: readonly string[]): string[] =>
  statements.flatMap(
    (text) => /(?:insert into|update|(?<=select )pg_advisory_xact_lock)\s*"?(\w*)/.exec(text)?.[1] ?? [],
  )

test('what is written of shards and identities locks acts behind all else', async () => {
  const folder = await freshDataDir()
  const driver = await openPglite(path.join(folder, 'pglite'))
  const begun: string[][] = []
  const recording: Driver = {
    ...driver,
    begin: (work) =>
      driver.begin((query) => {
        const statements: string[] = []
        begun.push(statements)
        return work((text, params) => {
          statements.push(text)
          return query(text, params)
        })
      }),
  }
  const store = createStore(createEngine(recording), () => Promise.resolve())
  const job = aJob(await store.defaultProject())
  await store.insertJob(job)
  const identity = identityOf('liar')
  await store.writeShards({
    ...accepted(job.id, [0]),
    submissions: [aSubmission(job.id, 0), aSubmission(job.id, 1, { executor: identity })],
    voids: [{ jobId: job.id, shard: 1, executor: identity, reason: 'wrong' }],
    quarantines: [{ identity, number: 1, reason: 'wrong', atMs: 1 }],
    releases: [{ identity, number: 1, atMs: 2, lastOrder: 0 }],
    standings: [{ identity, kernel: 'mc/1/insurance.v1', engine: 'wasm', valid: 0 }],
  })
  const tables = touched(begun.at(-1) ?? [])
  expect(new Set(tables)).toEqual(
    new Set([
      'voids',
      'events',
      'partials',
      'submissions',
      'verdicts',
      'quarantines',
      'releases',
      'standings',
      'acts',
      '',
    ]),
  )
  expect(tables.slice(tables.indexOf('acts')).filter((table) => table !== '' && table !== 'acts')).toEqual([])
  await store.close()
  await rm(folder, { recursive: true, force: true })
}, 60_000)
