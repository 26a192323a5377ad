// What a benchmark measures against: a server in this process on a temporary embedded store, referee on as by default,
// tabs of headless Chromium as volunteers, and a client that posts the founding request under ever new seeds.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { loadConfig } from '@forge/server/config.ts'
import type { StoredAnswer } from '@forge/server/hub/edge/hub-interface.ts'
import { createLogger } from '@forge/server/logger.ts'
import { startServer, type RunningServer } from '@forge/server/server.ts'

const FOUNDING_REQUEST = new URL('../test/fixtures/founding-request.json', import.meta.url)
const POLL_MS = 5
/** What takes longer will not come. */
const PATIENCE_MS = 60_000
const LONG_MS = 600_000
export const BENCH_KEY = `bench-${randomBytes(16).toString('hex')}`

/** A server on the store in `dataDir`; the caller closes it. */
export async function openServer(dataDir: string): Promise<RunningServer> {
  const config = loadConfig({ PORT: '0', FORGE_DATA_DIR: dataDir, FORGE_API_KEY: BENCH_KEY })
  return startServer(config, createLogger('error'))
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forge-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${patienceMs / 1000} s`)
    await pause(POLL_MS)
  }
}

export interface OpenTab {
  readonly page: Page
  close(): Promise<void>
}

/** An empty page in a browser profile of its own: its own key, hence another identity, and no cache. */
export async function newTab(browser: Browser): Promise<OpenTab> {
  const context = await browser.newContext()
  return { page: await context.newPage(), close: () => context.close() }
}

/** A tab that has passed its self-test, been taken in, and waits for work. */
export async function readyTab(browser: Browser, url: string, threads = 1): Promise<OpenTab> {
  const tab = await newTab(browser)
  await tab.page.goto(agentPage(url, threads))
  const text = async (id: string): Promise<string> => (await tab.page.locator(`#${id}`).textContent()) ?? ''
  await until(
    'the tab',
    async () => (await text('word')) === 'Idle' && (await text('connection')).startsWith('connected'),
  )
  return tab
}

/** WASM workers, each a core. */
export const agentPage = (url: string, threads = 1): string =>
  `${url}/?autostart=1&preset=all&engine=wasm&threads=${threads}`

type Changes = Readonly<Record<'policy' | 'args', object>>

/** The founding request under a seed that no job has had. */
async function foundingRequest({ policy, args }: Changes): Promise<string> {
  const printed: Record<string, object> = JSON.parse(await readFile(FOUNDING_REQUEST, 'utf8'))
  return JSON.stringify({
    ...printed,
    ctx: { billing: { mode: 'billable' } },
    seed: { mode: 'explicit', value: randomBytes(8).toString('hex') },
    policy: { ...printed['policy'], ...policy },
    args: { ...printed['args'], ...args },
  })
}

export interface Founding {
  /** From the request's first byte to the parsed answer, as the client sees it. */
  readonly endToEndMs: number
  readonly metrics: StoredAnswer['hub']['metrics']
}

export async function runFounding(url: string, changes: Changes): Promise<Founding> {
  const body = await foundingRequest(changes)
  const started = performance.now()
  const reply = await post(url, body, {})
  const answer: StoredAnswer = JSON.parse(await accepted(reply, 200))
  return { endToEndMs: performance.now() - started, metrics: answer.hub.metrics }
}

/** Registers the job and returns its address without waiting for its end. */
export async function beginFounding(url: string, changes: Changes): Promise<string> {
  const reply = await post(url, await foundingRequest(changes), { prefer: 'respond-async' })
  await accepted(reply, 202)
  return `${url}${reply.headers.get('location') ?? ''}`
}

export const statusOf = async (job: string): Promise<string> => (await look(job)).status

async function look(job: string): Promise<{ status: string } & Partial<StoredAnswer>> {
  const reply = await fetch(job, { headers: { authorization: `Bearer ${BENCH_KEY}` } })
  return JSON.parse(await accepted(reply, 200))
}

/** The same for a job that outlasts any call. */
export async function runLong(url: string, changes: Changes): Promise<Founding> {
  const started = performance.now()
  const job = await beginFounding(url, changes)
  await until('the end', async () => !['QUEUED', 'RUNNING', 'VERIFYING'].includes(await statusOf(job)), LONG_MS)
  const endToEndMs = performance.now() - started
  const { status, hub } = await look(job)
  if (hub === undefined) throw new Error(`the job ended as ${status}`)
  return { endToEndMs, metrics: hub.metrics }
}

const post = (url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${url}/api/v0/ops/execute`, {
    method: 'POST',
    headers: { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json', ...headers },
    body,
  })

async function accepted(reply: Response, status: number): Promise<string> {
  const text = await reply.text()
  if (reply.status !== status) throw new Error(`the pool answered ${reply.status}: ${text}`)
  return text
}
