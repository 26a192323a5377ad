// The server is killed in a loop while twenty jobs run: what it acknowledged is there when it comes back, every job ends,
// and with the bits of the reference. Once on each store.
import { rm } from 'node:fs/promises'
import { onTestFinished, test } from 'vitest'
import { freshDataDir } from '../scripts/machine/fresh-store.ts'
import { startPostgres } from '../scripts/machine/postgres.ts'
import { killLoop } from './support/kill-loop.ts'

test('killed again and again on the embedded store: nothing acknowledged is lost', { timeout: 240_000 }, async () => {
  const folder = await freshDataDir()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await killLoop('kill-embedded', { FORGE_DATA_DIR: folder }, 8)
})

test('killed again and again on Postgres: nothing acknowledged is lost', { timeout: 240_000 }, async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  await killLoop('kill-postgres', { DATABASE_URL: postgres.url }, 5)
})
