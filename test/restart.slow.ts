// The same story as restart.e2e.ts with the data in a real Postgres.
import { afterAll, beforeAll, test } from 'vitest'
import { startPostgres, type Postgres } from '../scripts/machine/postgres.ts'
import { killAndRestart } from './support/restart.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

let browser: OpenBrowser
let postgres: Postgres

beforeAll(async () => {
  ;[browser, postgres] = await Promise.all([openBrowser(), startPostgres()])
})
afterAll(async () => {
  await browser?.close()
  await postgres?.stop()
})

test('killed and started again on Postgres, with a tab and a Node agent', () =>
  killAndRestart({ DATABASE_URL: postgres.url }, browser))
