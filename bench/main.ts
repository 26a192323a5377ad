// `pnpm bench`: how long the founding request takes and where the time goes, on this machine as it is. It prints medians
// with their spread beside the targets; `--json FILE` keeps every sample. No result makes it fail.
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { findChromium } from '../scripts/machine/chromium.ts'
import { launchBrowser } from '../scripts/machine/browser.ts'
import { measureEngines, measurePlanning, measureReduction, planOnce } from './alone.ts'
import { describeLoad, describeMachine, told, type Section } from './figures.ts'
import { measureFounding } from './founding.ts'
import { measureLarge } from './large.ts'
import { measurePeers } from './peers.ts'
import { measureDemo, measureServer } from './starts.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    /** Samples of each figure. */
    runs: { type: 'string', default: '5' },
    /** Of the part `large`. */
    years: { type: 'string', default: '1000000000' },
    /** Only these parts: founding, large, server, demo, engines, peers, planning, reduction. */
    only: { type: 'string', multiple: true, default: [] },
    /** What a process is started with that measures its own first plan. */
    'plan-once': { type: 'boolean', default: false },
  },
})

if (options['plan-once']) console.log(planOnce())
else await main()
process.exit()

async function main(): Promise<void> {
  const runs = Number(options.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs is a whole number from 1')
  const machine = describeMachine()
  const loadBefore = loadavg()
  console.log(`${machine}\n${describeLoad()}\n`)
  const sections: Section[] = []
  const tell = (found: Section): void => {
    sections.push(found)
    console.log(told(found))
  }
  const parts: Record<string, () => Promise<void>> = {
    founding: () => inBrowser((browser) => measureFounding(browser, runs, tell)),
    large: () => inBrowser(async (browser) => tell(await measureLarge(browser, Number(options.years)))),
    server: async () => tell(await measureServer(runs)),
    demo: async () => tell(await measureDemo(runs)),
    engines: async () => tell(await measureEngines()),
    peers: async () => {
      const { found, pasted } = await measurePeers(runs)
      tell(found)
      console.log(pasted)
    },
    planning: async () => tell(await measurePlanning(runs)),
    reduction: async () => tell(await measureReduction(runs)),
  }
  for (const [name, measure] of Object.entries(parts)) {
    if (options.only.length === 0 || options.only.includes(name)) await measure()
  }
  if (options.json === undefined) return
  const report = { at: new Date().toISOString(), machine, load_before: loadBefore, sections }
  await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
}

async function inBrowser(measure: (browser: Browser) => Promise<void>): Promise<void> {
  if ((await findChromium((line) => console.log(line))) === null) return
  const browser = await launchBrowser()
  try {
    console.log(`Chromium ${browser.version()}, headless\n`)
    await measure(browser)
  } finally {
    await browser.close()
  }
}
