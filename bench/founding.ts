// The founding request end to end, as a client sees it, with its parts; and how soon a tab that has just opened brings
// its first shard home. Every run has another seed, so that nothing but tables is ever found ready.
import type { Browser } from 'playwright-core'
import type { RunningServer } from '@forge/server/server.ts'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { repeated, section, type Figure, type Section } from './figures.ts'
import {
  agentPage,
  beginFounding,
  newTab,
  openServer,
  readyTab,
  runFounding,
  statusOf,
  until,
  withFolder,
  type Founding,
  type OpenTab,
} from './pool.ts'

const NOTHING = {}

export function measureFounding(browser: Browser, runs: number, tell: (found: Section) => void): Promise<void> {
  return withFolder(async (folder) => {
    const server = await openServer(folder)
    try {
      await until('the referee', () => server.hub.refereeOnline)
      tell(await oneTab(server, browser, runs))
      const tabs = [await readyTab(browser, server.url), await readyTab(browser, server.url)]
      tell(await asPrinted(server, runs, 'spotcheck', 2_000))
      tell(await asPrinted(server, runs, 'full'))
      await leave(server, tabs)
      tell(await firstShard(server, browser, runs))
    } finally {
      await server.close()
    }
  })
}

async function oneTab(server: RunningServer, browser: Browser, runs: number): Promise<Section> {
  const tab = await readyTab(browser, server.url)
  const policy = { verify: 'none' }
  const first = await runFounding(server.url, { policy, args: NOTHING })
  // Tables that this server has never had: another median claim each time.
  const newTables = await repeated(runs, (run) =>
    runFounding(server.url, { policy, args: { claim_severity_mu: 6.001 + run / 1000 } }),
  )
  const warm = await repeated(runs, () => runFounding(server.url, { policy, args: NOTHING }))
  await leave(server, [tab])
  return section('Founding request, verify none, one tab', [
    ...figuresOf(warm, 1_000, 300),
    { what: 'the first of this server, its tables to be compiled', unit: 'ms', samples: [first.endToEndMs] },
    { what: 'with one new severity table', unit: 'ms', samples: newTables.map(({ endToEndMs }) => endToEndMs) },
    { what: '  its tables', unit: 'ms', samples: newTables.map(({ metrics }) => metrics.parts.tables) },
  ])
}

async function asPrinted(
  server: RunningServer,
  runs: number,
  verify: 'spotcheck' | 'full',
  target?: number,
): Promise<Section> {
  const found = await repeated(runs, () => runFounding(server.url, { policy: { verify }, args: NOTHING }))
  const checked = found.map(({ metrics }) => metrics.verified_shards)
  return section(`Founding request, verify ${verify}, two tabs`, figuresOf(found, target), [
    `checked ${Math.min(...checked)} to ${Math.max(...checked)} of ${found[0]?.metrics.shards} shards`,
  ])
}

function figuresOf(found: readonly Founding[], target?: number, kernelTarget?: number): Figure[] {
  const part = (what: string, of: (run: Founding) => number): Figure => ({ what, unit: 'ms', samples: found.map(of) })
  return [
    { ...part('end to end', ({ endToEndMs }) => endToEndMs), ...(target === undefined ? {} : { target }) },
    part('  plan', ({ metrics }) => metrics.parts.plan),
    part('  tables', ({ metrics }) => metrics.parts.tables),
    part('  dispatch, from the plan to the last verdict', ({ metrics }) => metrics.parts.dispatch),
    {
      ...part('    kernel in it, checks included, all agents added up', ({ metrics }) => metrics.kernel_ms),
      ...(kernelTarget === undefined ? {} : { target: kernelTarget }),
    },
    part('  reduce', ({ metrics }) => metrics.parts.reduce),
    part('  the rest: registering, storing and sending the answer', ({ endToEndMs, metrics }) =>
      Math.max(0, endToEndMs - metrics.wall_ms),
    ),
  ]
}

/** From opening the page until the first of its shards is durable, while a job waits for agents. */
async function firstShard(server: RunningServer, browser: Browser, runs: number): Promise<Section> {
  const samples = await repeated(runs, async () => {
    const job = await beginFounding(server.url, { policy: { verify: 'none' }, args: NOTHING })
    const id = jobIdSchema.parse(job.slice(job.lastIndexOf('/') + 1))
    await until('the plan', () => server.hub.progress(id) !== null)
    const tab = await newTab(browser)
    const started = performance.now()
    const opened = tab.page.goto(agentPage(server.url))
    await until('a shard', () => (server.hub.progress(id)?.answered ?? 1) > 0)
    const elapsed = performance.now() - started
    await opened
    await until('the end', async () => (await statusOf(job)) === 'COMPLETED')
    await leave(server, [tab])
    return elapsed
  })
  return section('A tab that has just opened while a job waits', [
    { what: 'until its first shards are stored', unit: 'ms', samples, target: 2_000 },
  ])
}

async function leave(server: RunningServer, tabs: readonly OpenTab[]): Promise<void> {
  await Promise.all(tabs.map((tab) => tab.close()))
  await until('their leaving', () => server.hub.agentsOnline === 0)
}
