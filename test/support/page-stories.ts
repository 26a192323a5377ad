// The stage of the stories about the volunteer's page: one browser a file, a pool of its own for each story, and whatever a
// page threw or its policy forbade fails the story that it happened in.
import type { BrowserContext } from 'playwright-core'
import { launchBrowser } from '../../scripts/machine/browser.ts'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { API_KEY } from './client.ts'
import { smallContract, type Contract } from './contract.ts'
import { eventually } from './eventually.ts'
import { startPool, type Pool } from './pool.ts'
import type { OpenBrowser } from './tabs.ts'
import { visit, type Volunteer } from './volunteer.ts'

/** The page's address for one WASM worker. */
export const WASM = '/?engine=wasm&threads=1'

/** A battery that `charge(false)` unplugs. */
export const BATTERY = `
  const battery = Object.assign(new EventTarget(), { charging: true })
  navigator.getBattery = async () => battery
  window.charge = (charging) => Object.assign(battery, { charging }).dispatchEvent(new Event('chargingchange'))
`

export interface PageStories {
  readonly browser: OpenBrowser
  readonly pool: Pool
  /** Opens the page, in a new profile unless `context` is one; `url` is another way to the pool. */
  come(address?: string, context?: BrowserContext, url?: string): Promise<Volunteer>
  /** Waits until so many agents are with the pool. */
  online(agents: number): Promise<unknown>
  cancel(jobId: string): Promise<unknown>
}

/** Registers the hooks of a file; what it returns is there from the first hook on. */
export function pageStories(): PageStories {
  let browser: OpenBrowser
  let pool: Pool
  let visited: Volunteer[] = []
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  beforeEach(async () => {
    pool = await startPool()
  })
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
    await pool?.close()
    const failures = visited.flatMap((tab) => tab.failures)
    visited = []
    expect(failures, 'errors in the page').toEqual([])
  })
  afterAll(() => browser?.close())
  return {
    get browser() {
      return browser
    },
    get pool() {
      return pool
    },
    async come(address = WASM, context, url = pool.url) {
      const tab = await visit(context ?? (await browser.newContext()), new URL(address, url).href)
      visited.push(tab)
      return tab
    },
    online: (wanted) =>
      eventually(
        'agents online',
        () => pool.server.hub.agentsOnline,
        (agents) => agents === wanted,
      ),
    cancel: (id) =>
      fetch(`${pool.url}/api/v0/jobs/${id}/cancel`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}` },
      }),
  }
}

/** A job whose shards count at the first answer. */
export const years = (iterations: number, target: 'cpu' | 'gpu' = 'cpu'): Contract =>
  smallContract({ policy: { verify: 'none', target }, args: { iterations } })
