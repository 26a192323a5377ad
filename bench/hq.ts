// `pnpm bench:hq`: whether HQ answers at once where there is much: 10,000 jobs in the project, and a job of 10,000 shards,
// while it runs and when it has ended. Each key and click is measured by the browser itself (Event Timing: from the input to
// the next picture, in steps of 8 ms), beside the tasks of the page above 50 ms. PostgreSQL, two agents. No result makes it
// fail.
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import postgres from 'postgres'
import { startNodeAgent } from '@forge/agent-node/node-agent.ts'
import { loadConfig } from '@forge/server/config.ts'
import { createLogger } from '@forge/server/logger.ts'
import { startServer } from '@forge/server/server.ts'
import { launchBrowser } from '../scripts/machine/browser.ts'
import { startPostgres } from '../scripts/machine/postgres.ts'
import { describeLoad, describeMachine, median } from './figures.ts'
import { BENCH_KEY, beginFounding, statusOf, until } from './pool.ts'

const { values: options } = parseArgs({
  options: { jobs: { type: 'string', default: '10000' }, shards: { type: 'string', default: '10000' } },
})

/** The planner's, of the narrow profile. */
const YEARS_PER_SHARD = 131_072
const INTERACTION_MS_MAX = 100
const LONG_MS = 900_000

interface Seen {
  readonly interactions: number[]
  readonly tasks: number[]
}

const OBSERVED = `
  window.seen = { interactions: [], tasks: [] }
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries()) if (interactionId > 0) seen.interactions.push(duration)
  }).observe({ type: 'event', durationThreshold: 16 })
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.tasks.push(duration)
  }).observe({ type: 'longtask' })
`

await main(Number(options.jobs), Number(options.shards))
process.exit()

async function main(jobs: number, shards: number): Promise<void> {
  if (!(jobs >= 1) || !(shards >= 1)) throw new Error('--jobs and --shards are numbers from 1')
  console.log(`${describeMachine()}\n${describeLoad()}\n`)
  const database = await startPostgres()
  const settings = { PORT: '0', DATABASE_URL: database.url, FORGE_API_KEY: BENCH_KEY }
  const server = await startServer(loadConfig(settings), createLogger('error'))
  const agents = await Promise.all([1, 2].map(() => startNodeAgent({ url: server.url, engine: 'wasm', threads: 1 })))
  const browser = await launchBrowser()
  try {
    const first = await beginFounding(server.url, { policy: {}, args: {} })
    await until('its end', async () => (await statusOf(first)) === 'COMPLETED')
    await repeat(database.url, first.split('/').at(-1) ?? '', jobs)

    const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
    await page.addInitScript(OBSERVED)
    await page.goto(`${server.url}/hq`)
    await page.getByLabel('Project key or admin token').fill(BENCH_KEY)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('table').first().waitFor()
    await tell(page, `the list of ${jobs + 1} jobs`, () => inList(page))

    const args = { iterations: shards * YEARS_PER_SHARD }
    const big = await beginFounding(server.url, { policy: { verify: 'spotcheck', timeout_ms: LONG_MS }, args })
    await page.goto(`${server.url}/hq/jobs/${big.split('/').at(-1) ?? ''}`)
    await page.getByRole('listbox', { name: /^Shards/ }).waitFor()
    await tell(page, `a job of ${shards} shards while it runs`, () => inMap(page))
    await until('its end', async () => (await statusOf(big)) === 'COMPLETED', LONG_MS)
    await page.getByText('Completed', { exact: true }).first().waitFor()
    await tell(page, 'the same when it has ended', () => inMap(page))
    await page.reload()
    await page.getByRole('listbox', { name: /^Shards/ }).waitFor()
    await tell(page, 'the same loaded anew', () => inMap(page))
  } finally {
    await browser.close()
    await Promise.all(agents.map((agent) => agent.stop()))
    await server.close()
    await database.stop()
  }
  console.log(describeLoad())
}

/** The completed job so many times more, under ids of their own: what the list reads of a job. */
async function repeat(url: string, id: string, times: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  const columns = await sql<{ name: string }[]>`
    select column_name as name from information_schema.columns where table_name = 'jobs' and is_generated = 'NEVER'`
  const own: Record<string, string> = { id: `'01K' || lpad(n::text, 23, '0')`, client_job_id: 'null' }
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const values = columns.map(({ name }) => own[name] ?? `"${name}"`).join(', ')
  const series = `generate_series(1, ${times}) n`
  await sql.unsafe(`insert into jobs (${names}) select ${values} from jobs, ${series} where id = $1`, [id])
  await sql.end()
}

async function inList(page: Page): Promise<void> {
  const states = page.getByRole('navigation', { name: 'State' }).getByRole('link')
  for (const link of (await states.all()).toReversed()) {
    await link.click()
    await page.getByRole('heading').first().waitFor()
  }
  for (let n = 0; n < 5; n++) {
    await page.getByRole('link', { name: /older/i }).click()
    await page.getByRole('table').first().waitFor()
  }
  await page.getByRole('table').getByRole('link').first().click()
  await page.getByRole('listbox', { name: /^Shards/ }).waitFor()
}

async function inMap(page: Page): Promise<void> {
  const map = page.getByRole('listbox', { name: /^Shards/ })
  await map.focus()
  for (const key of [
    'End',
    'Home',
    ...Array.from({ length: 15 }, () => 'ArrowRight'),
    'ArrowDown',
    'ArrowDown',
    'ArrowUp',
  ]) {
    await page.keyboard.press(key)
  }
  for (const x of [20, 60, 100]) await map.click({ position: { x, y: 60 } })
}

async function tell(page: Page, what: string, work: () => Promise<void>): Promise<void> {
  await page.evaluate('Object.assign(seen, { interactions: [], tasks: [] })')
  await work()
  // Entries come a little after the picture.
  await page.evaluate('new Promise((drawn) => setTimeout(drawn, 500))')
  const { interactions, tasks } = await page.evaluate<Seen>('seen')
  const greatest = Math.max(0, ...interactions)
  console.log(
    `${what}: ${interactions.length} events of 16 ms and more, median ${interactions.length === 0 ? 0 : median(interactions)}, ` +
      `greatest ${greatest} ms (${greatest < INTERACTION_MS_MAX ? 'met' : 'NOT met'}: ${INTERACTION_MS_MAX}); ` +
      `${tasks.length} tasks above 50 ms, greatest ${Math.max(0, ...tasks)} ms`,
  )
}
