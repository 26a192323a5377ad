// The server is killed in the middle of a job and started again on the same data: the agents come back by themselves, the
// job goes on where it was, and the client that asks again with its own id gets the same bits. restart.slow.ts tells it of
// Postgres as well.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, test } from 'vitest'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'
import { killAndRestart } from './support/restart.ts'

let browser: OpenBrowser | undefined
afterAll(() => browser?.close())

test('killed and started again on the embedded store, with a tab and a Node agent', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'forge-restart-'))
  try {
    browser = await openBrowser()
    await killAndRestart({ FORGE_DATA_DIR: folder }, browser)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
