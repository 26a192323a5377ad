// The server is killed in the middle of a job and started again on the same data, embedded or in a real Postgres: the agents
// come back by themselves, the job goes on where it was, and the client that asks again with its own id gets the same bits.
// What a kill leaves in the store and what the Hub makes of it has quicker tests beside the code.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, test } from 'vitest'
import { freshDataDir } from '../scripts/machine/fresh-store.ts'
import { startPostgres, type Postgres } from '../scripts/machine/postgres.ts'
import { killAndRestart } from './support/restart.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

let browser: OpenBrowser
let postgres: Postgres
let folder: string

beforeAll(async () => {
  ;[browser, postgres, folder] = await Promise.all([openBrowser(), startPostgres(), freshDataDir()])
})
afterAll(async () => {
  await browser?.close()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('killed and started again on the embedded store, with a tab and a Node agent', () =>
  killAndRestart({ FORGE_DATA_DIR: folder }, browser))

test('killed and started again on Postgres, with a tab and a Node agent', () =>
  killAndRestart({ DATABASE_URL: postgres.url }, browser))
