// A server that is stopped while its database has gone silent: it ends by itself, before whoever stops it loses patience.
import { expect, onTestFinished, test } from 'vitest'
import { startPostgres } from '../scripts/machine/postgres.ts'
import { API_KEY, clientOf } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { startAgentProcess, startServerProcess } from './support/processes.ts'
import { resettingProxy } from './support/resetting-proxy.ts'

/** What compose.yaml gives it. */
const PATIENCE_MS = 30_000

test('a server whose database has gone silent under its work stops within half a minute', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  const way = await resettingProxy(postgres.url)
  onTestFinished(() => way.close())
  const server = await startServerProcess({ DATABASE_URL: way.url })
  onTestFinished(() => server.signal('SIGKILL'))
  const agent = startAgentProcess(server.url)
  onTestFinished(() => agent.signal('SIGKILL'))
  const client = clientOf(server.url, API_KEY)
  await client.run(smallContract({ policy: { verify: 'none' } }))
  // Its answers, its receipts, a webhook's look and a client's reads are on their way to a database that says nothing.
  const id = await client.begin(smallContract({ policy: { verify: 'none' }, args: { iterations: 500_000_000 } }))
  await client.until(id, ({ progress }) => (progress?.answered ?? 0) > 0)
  way.cut('silent')
  const reading = client.job(id).catch(() => null)
  const since = performance.now()
  server.signal('SIGTERM')
  expect(await server.exit, server.said.join('')).toBeTypeOf('number')
  const tookMs = performance.now() - since
  console.log(`stopped after ${Math.round(tookMs)} ms`)
  expect(tookMs).toBeLessThan(PATIENCE_MS)
  await reading
})
