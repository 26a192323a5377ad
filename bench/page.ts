// `pnpm bench:page`: whether a volunteer's tab can be left open. A tab works for an hour at a quarter of a processor while job
// follows job; what its page keeps is measured after a full collection, and every task of its main thread that takes more
// than 50 ms is counted. `--minutes N` for less. No result makes it fail.
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { CDPSession, Page } from 'playwright-core'
import { launchBrowser } from '../scripts/machine/browser.ts'
import { describeLoad, describeMachine } from './figures.ts'
import { agentPage, newTab, openServer, runLong, until, withFolder } from './pool.ts'

const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })

/** Between two lines. */
const EVERY_MINUTES = 5
/** Until everything has been used once: programs compiled, plots drawn, lists filled. */
const WARM_MS = 60_000
const JOB = { policy: { min_agents: 1, verify: 'none' }, args: { iterations: 10_000_000 } }

interface Kept {
  readonly heapMiB: number
  readonly nodes: number
  readonly listeners: number
}

await main(Number(options.minutes))
process.exit()

async function main(minutes: number): Promise<void> {
  if (!(minutes >= 1)) throw new Error('--minutes is a number from 1')
  console.log(`${describeMachine()}\n${describeLoad()}\n`)
  const browser = await launchBrowser()
  await withFolder(async (folder) => {
    const server = await openServer(folder)
    const { page } = await newTab(browser)
    await page.goto(agentPage(server.url).replace('preset=all', 'preset=quiet'))
    await until('the tab', async () => (await textOf(page, 'word')) === 'Idle')
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    let jobs = 0
    const over = new AbortController()
    const work = async (): Promise<void> => {
      for (; !over.signal.aborted; jobs++) await runLong(server.url, JOB)
    }
    const working = work()
    await pause(WARM_MS)
    await page.evaluate(`
      window.long = []
      new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
    `)
    const long: number[] = []
    const line = async (minute: number): Promise<void> => {
      // The collection is a long task by itself, so what came before it is taken first.
      long.push(...(await page.evaluate<number[]>('long.splice(0)')))
      const { heapMiB, nodes, listeners } = await keptBy(session)
      await page.evaluate('long.length = 0')
      const accepted = await textOf(page, 'accepted')
      console.log(
        `${String(minute).padStart(3)} min: heap ${heapMiB.toFixed(2)} MiB, ${nodes} nodes, ${listeners} listeners, ` +
          `${accepted} shards of ${jobs} jobs accepted, ${long.length} tasks above 50 ms`,
      )
    }
    await line(0)
    for (let minute = 0; minute < minutes;) {
      const step = Math.min(EVERY_MINUTES, minutes - minute)
      await pause(step * 60_000)
      minute += step
      await line(minute)
    }
    console.log(`tasks above 50 ms: ${JSON.stringify(long)}\n${describeLoad()}`)
    over.abort()
    await working
    await server.close()
  })
  await browser.close()
}

async function keptBy(session: CDPSession): Promise<Kept> {
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const valueOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
  return {
    heapMiB: valueOf('JSHeapUsedSize') / 2 ** 20,
    nodes: valueOf('Nodes'),
    listeners: valueOf('JSEventListeners'),
  }
}

async function textOf(page: Page, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent()) ?? ''
}
