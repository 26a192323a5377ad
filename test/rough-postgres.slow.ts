// Postgres goes away under load, in order, as after a crash, with SIGKILL, and for longer than the store tries again. The
// server stays up and says that it is not ready, the agents stay connected, and nothing that anybody was told is lost.
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '@forge/server/store/open-store.ts'
import { openPostgres } from '@forge/server/store/postgres-driver.ts'
import { startPostgres, type Postgres } from '../scripts/machine/postgres.ts'
import { API_KEY, clientOf } from './support/client.ts'
import { diceOf } from './support/dice.ts'
import { eventually } from './support/eventually.ts'
import { History } from './support/history.ts'
import { startServerProcess } from './support/processes.ts'
import { resettingProxy } from './support/resetting-proxy.ts'
import { roughJobs } from './support/rough-jobs.ts'
import { lostAnswers, startWatchedAgent } from './support/watched-agent.ts'

/** More than there is time for: the clients stop asking for new ones when the outages are over. */
const JOBS_MAX = 400
const CLIENTS = 6
const AGENTS = 2

interface Outage {
  readonly what: string
  readonly end: (postgres: Postgres) => unknown
  /** It lasts until the store has given up and the Hub tries again by itself: some ten seconds. */
  readonly long?: true
}

const OUTAGES: readonly Outage[] = [
  { what: 'stopped in order', end: (postgres) => postgres.end('fast') },
  { what: 'stopped as by a crash', end: (postgres) => postgres.end('immediate') },
  { what: 'killed', end: (postgres) => postgres.kill() },
  { what: 'stopped as by a crash, for long', end: (postgres) => postgres.end('immediate'), long: true },
  { what: 'killed again', end: (postgres) => postgres.kill() },
]

test('Postgres goes away and comes back under load', { timeout: 240_000 }, async () => {
  // Whoever kills a database that does not wait for the disk may lose what it acknowledged; that would be no fault of ours.
  const postgres = await startPostgres({ fsync: true })
  onTestFinished(() => postgres.stop())
  const server = await startServerProcess({ DATABASE_URL: postgres.url })
  onTestFinished(async () => {
    server.signal('SIGKILL')
    await server.exit
  })
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => startWatchedAgent(server.url)))
  onTestFinished(async () => void (await Promise.all(agents.map((agent) => agent.stop()))))

  const history = new History(clientOf(server.url, API_KEY))
  const jobs = roughJobs(diceOf('postgres: jobs'), 'postgres', JOBS_MAX, { agents: AGENTS, yearsMax: 4_000_000 })
  let over = false
  const following = history.followAll(
    jobs,
    CLIENTS,
    (client) => diceOf(`postgres: client ${client}`),
    () => over,
  )
  // Its failure is told below, where it is awaited.
  following.catch(() => undefined)

  const dice = diceOf('postgres: outages')
  for (const { what, end, long } of OUTAGES) {
    const { answered } = history
    const shards = dice.int(1, 30)
    await eventually(
      'work between two outages',
      () => history.answered,
      (now) => now >= answered + shards,
    )
    expect(history.ended, 'an outage without load tells nothing').toBeLessThan(history.begun)
    await end(postgres)
    const since = performance.now()
    expect(await readiness(server.url, 503)).toMatchObject({ ok: false })
    const already = server.said.length
    await eventually(
      'a write that the Hub tries again',
      () => long !== true || server.said.slice(already).join('').includes('failed; trying again'),
      Boolean,
    )
    await postgres.restart()
    console.log(
      `Postgres ${what} ${shards} shards later, and away for ${Math.round(performance.now() - since)} ms; ` +
        `${history.ended} of ${history.begun} jobs had ended`,
    )
    expect(await readiness(server.url, 200)).toMatchObject({ ok: true, agents_online: AGENTS, referee_online: true })
  }
  over = true
  await following
  console.log(`${history.ended} jobs ended; problems answered: ${JSON.stringify(Object.fromEntries(history.problems))}`)
  await history.expectNothingLost()
  // A call may have been given up with a problem that says it may be sent again; the connections of agents never were.
  for (const { frames } of agents) expect(frames.filter(([event]) => event === 'hello')).toHaveLength(1)

  const store = await openStore({ databaseUrl: postgres.url, dataDir: '' })
  onTestFinished(() => store.close())
  expect(await lostAnswers(store, history.ids, agents)).toEqual([])
})

test('connections are reset under transactions: the next ones are answered', { timeout: 60_000 }, async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  const proxy = await resettingProxy(postgres.url)
  onTestFinished(() => proxy.close())
  const driver = openPostgres(proxy.url)
  onTestFinished(() => driver.close())
  // As many at a time as there can be, so that no connection is left over.
  const many = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 8 }, work))
  const ask = (): Promise<unknown> => driver.begin((query) => query('select 7', []))
  await many(ask)

  const asleep = driver.begin((query) => query('select pg_sleep(60)', [])).catch((error: unknown) => String(error))
  await eventually(
    'a statement in flight',
    () => driver.query("select count(*)::int from pg_stat_activity where query like 'select pg_sleep%'", []),
    (rows) => Number(rows[0]?.[0]) > 0,
  )
  proxy.reset()
  expect(await soon(asleep)).toContain('ECONNRESET')
  expect(await soon(many(ask))).toEqual(Array.from({ length: 8 }, () => [[7]]))
})

/** Whatever never settles is told apart from what only takes its time. */
async function soon<T>(work: Promise<T>): Promise<T | 'never'> {
  return Promise.race([work, once(AbortSignal.timeout(10_000), 'abort').then(() => 'never' as const)])
}

/** What `/readyz` says once it has this status. */
async function readiness(url: string, wanted: number): Promise<unknown> {
  const { body } = await eventually(
    'readiness',
    async () => {
      const response = await fetch(`${url}/readyz`)
      const said: unknown = await response.json()
      return { status: response.status, body: said }
    },
    ({ status }) => status === wanted,
  )
  return body
}
