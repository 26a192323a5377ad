// `pnpm demo`: the founding example on this machine. A server on a fresh embedded store, two headless browser tabs as
// volunteers, the founding document's request as printed, and its answer. `--stay` leaves it all running.
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { startNodeAgent } from '@forge/agent-node/node-agent.ts'
import { loadConfig } from '@forge/server/config.ts'
import { createLogger } from '@forge/server/logger.ts'
import { startServer } from '@forge/server/server.ts'
import { findChromium } from './machine/chromium.ts'
import { launchBrowser } from './machine/browser.ts'
import { freshDataDir } from './machine/fresh-store.ts'

/** The founding document's request, to the letter. */
const FOUNDING_REQUEST = new URL('../test/fixtures/founding-request.json', import.meta.url)
const TABS = 2
const POLL_MS = 100
/** A demo that hangs helps nobody. */
const PATIENCE_MS = 120_000

const { values: options } = parseArgs({
  options: { stay: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
})
const key = `demo-${randomBytes(16).toString('hex')}`
const started = performance.now()
const undo: (() => Promise<unknown> | void)[] = []

/** Ctrl-C ends it at any moment, and leaves nothing behind. */
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
})

try {
  await Promise.race([demonstrate(), interrupted])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  for (const step of undo.toReversed()) await step()
}
process.exit()

async function demonstrate(): Promise<void> {
  const [url, browser] = await Promise.all([openPool(), openBrowser()])
  console.log(`A Forge Pool is open at ${url}, with an empty store of its own.`)
  await (browser === null ? openNodeAgents(url) : openTabs(url, browser))
  const { answer, location } = await run(url)
  console.log(`\n${JSON.stringify(answer, null, 2)}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`The founding document waited 37.3 s for this answer; this demo took ${seconds} s, start included.`)
  console.log(urls(url, location))
  if (!options.stay) return
  console.log('It stays open until Ctrl-C.')
  await interrupted
}

async function openPool(): Promise<string> {
  const dataDir = await freshDataDir()
  undo.push(() => rm(dataDir, { recursive: true, force: true }))
  const config = loadConfig({ PORT: options.port, FORGE_DATA_DIR: dataDir, FORGE_API_KEY: key })
  const server = await startServer(config, createLogger('warn'))
  undo.push(() => server.close())
  return server.url
}

async function openBrowser(): Promise<Browser | null> {
  if ((await findChromium((line) => console.log(line))) === null) return null
  try {
    const browser = await launchBrowser()
    undo.push(() => browser.close())
    return browser
  } catch (error) {
    // Playwright's message goes on with all flags of the command line.
    const [why = 'for no reason it gave'] = (error instanceof Error ? error.message : String(error)).split('\n')
    console.log(`A browser was found, but it does not start: ${why}`)
    return null
  }
}

async function openTabs(url: string, browser: Browser): Promise<void> {
  for (let tab = 1; tab <= TABS; tab++) {
    // A context is a browser profile: its own key, hence another identity.
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${url}/?autostart=1&preset=all&threads=1&name=Tab+${tab}`)
  }
  console.log(`${TABS} tabs of headless Chromium ${browser.version()} have it open and lend this machine.`)
}

/** They run the same core as a tab. */
async function openNodeAgents(url: string): Promise<void> {
  console.log(`No browser can be had on this machine, so ${TABS} Node agents stand in for the tabs.`)
  for (let agent = 1; agent <= TABS; agent++) {
    const running = await startNodeAgent({ url, engine: 'wasm', threads: 1, name: `Agent ${agent}` })
    undo.push(() => running.stop())
  }
}

interface JobAnswer {
  readonly status: string
  readonly reason?: string | null
  readonly progress?: { readonly shards: number; readonly accepted: number } | null
}

async function run(url: string): Promise<{ answer: JobAnswer; location: string }> {
  console.log('The founding request: the losses of 10,000,000 years, spot-checked.')
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'respond-async' }
  const registered = await fetch(`${url}/api/v0/ops/execute`, {
    method: 'POST',
    headers,
    body: await readFile(FOUNDING_REQUEST),
  })
  const location = registered.headers.get('location')
  if (registered.status !== 202 || location === null)
    throw new Error(`the request was refused: ${await registered.text()}`)
  const deadline = performance.now() + PATIENCE_MS
  const tell = teller()
  while (performance.now() < deadline) {
    const answer = await jobAt(`${url}${location}`, headers.authorization)
    tell(answer)
    if (answer.status === 'COMPLETED') return { answer, location }
    if (answer.status === 'FAILED') throw new Error(`the job failed: ${JSON.stringify(answer)}`)
    await pause(POLL_MS)
  }
  throw new Error(`the job had not ended after ${PATIENCE_MS / 1000} s`)
}

async function jobAt(address: string, authorization: string): Promise<JobAnswer> {
  const reply = await fetch(address, { headers: { authorization } })
  return JSON.parse(await reply.text())
}

/** One line in a terminal, rewritten; elsewhere a line when something has changed. */
function teller(): (answer: JobAnswer) => void {
  let last = ''
  return ({ status, progress, reason }) => {
    const done = progress
      ? ` ${bar(progress.accepted / progress.shards)} ${progress.accepted} of ${progress.shards} shards`
      : ''
    const line = `${status}${done}${reason ? ` (${reason})` : ''}`
    if (line === last) return
    if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K${line}${status === 'COMPLETED' ? '\n' : ''}`)
    else console.log(line)
    last = line
  }
}

function bar(share: number): string {
  const characters = 24
  return '█'.repeat(Math.round(share * characters)).padEnd(characters, '░')
}

function urls(url: string, location: string): string {
  const open = options.stay ? '' : ' once `npx --yes pnpm@10.34.9 demo --stay` keeps it open'
  return [
    `To open${open}:`,
    `  ${url}/              lend this machine to the pool`,
    `  ${url}/readyz        whether it is ready, and who is online`,
    `  curl -H 'Authorization: Bearer ${key}' ${url}${location}`,
  ].join('\n')
}
