// 5,000 random job histories with failures, cancels and crashes between any two statements, on Postgres; histories-more.slow.ts
// lives as many others, so that two cores share them.
import { afterAll, beforeAll, test } from 'vitest'
import { startPostgres, type Postgres } from '../../../scripts/machine/postgres.ts'
import { testHistories } from './histories.case.ts'
import { Crashing } from './crashing.fixtures.ts'

let server: Postgres
beforeAll(async () => {
  // Processes die here, and never the database: nothing waits for the disk.
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

test('5,000 histories', { timeout: 560_000 }, async () => {
  await testHistories(await Crashing.onPostgres(server.url), 5_000, 1)
})
