// Tabs of a real browser: each in a context of its own, hence with an identity of its own, on the pool's page as a
// volunteer opens it. What a tab says is read from the page by role and label, as a person reads it.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchBrowser } from '../../scripts/machine/browser.ts'
import { eventuallySeen } from './eventually.ts'

export type OpenBrowser = Pick<Browser, 'newContext' | 'contexts' | 'newBrowserCDPSession' | 'close'>

export interface TabOptions {
  readonly engine: 'wasm' | 'webgpu'
  /** WASM workers; 1 unless said. */
  readonly threads?: number
}

export interface Tab {
  readonly page: Page
  /** Waits until its self-test has passed and the pool has taken it in. */
  ready(): Promise<void>
  /** Shards of this tab that the pool has accepted. */
  accepted(): Promise<number>
  /** It says nothing more from now on, and keeps what it was given. */
  hang(): Promise<void>
  /** Without a word to the pool, as when a person closes it. */
  close(): Promise<void>
}

/** Self-test and shader compilation on a software adapter and a busy machine. */
const READY_MS = 60_000

let launched: Promise<Browser> | null = null

/**
 * The browser of this process, which the files that run here share: each context is a profile of its own, and closing closes
 * those that were opened through it. It ends with the process.
 */
export async function openBrowser(): Promise<OpenBrowser> {
  if (launched !== null && !(await launched).isConnected()) launched = null
  launched ??= launchBrowser({ webgpu: true })
  const browser = await launched
  const opened = new Set<BrowserContext>()
  return {
    async newContext(options) {
      const context = await browser.newContext(options)
      opened.add(context)
      context.on('close', () => opened.delete(context))
      return context
    },
    contexts: () => [...opened],
    newBrowserCDPSession: () => browser.newBrowserCDPSession(),
    close: async () => void (await Promise.all([...opened].map((context) => context.close()))),
  }
}

export async function openTab(browser: OpenBrowser, url: string, { engine, threads = 1 }: TabOptions): Promise<Tab> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${url}/?autostart=1&preset=all&engine=${engine}&threads=${threads}`)
  const text = async (id: string): Promise<string> => (await page.locator(`#${id}`).textContent()) ?? ''
  return {
    page,
    async ready() {
      await eventuallySeen(
        'the tab’s state',
        () => text('word'),
        (word) => /^(Idle|Working)$/.test(word),
        READY_MS,
      )
      await eventuallySeen(
        'its connection',
        () => text('connection'),
        (said) => said.startsWith('connected'),
        READY_MS,
      )
      expect(await text('engine')).toMatch(engine === 'wasm' ? /^WASM/ : /^WebGPU/)
    },
    accepted: async () => Number((await text('accepted')).replaceAll(',', '')),
    async hang() {
      // The agent is a worker of its own, which a page that hangs does not hold up.
      const agents = page.workers().filter((worker) => worker.url().includes('agent-worker'))
      expect(agents).toHaveLength(1)
      await agents[0]?.evaluate(
        () =>
          void setTimeout(() => {
            for (;;);
          }),
      )
    },
    close: () => context.close(),
  }
}
