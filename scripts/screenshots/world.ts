// What the pictures are of: a server on an empty store, tabs and a Node agent that work, and a project with a day behind it:
// jobs of every end, a replay, keys, a webhook, a pool and something in each memory. All of it has really run.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { startNodeAgent } from '@forge/agent-node/node-agent.ts'
import { loadConfig } from '@forge/server/config.ts'
import { createLogger } from '@forge/server/logger.ts'
import { startServer } from '@forge/server/server.ts'
import { freshDataDir } from '../machine/fresh-store.ts'

const FOUNDING_REQUEST = new URL('../../test/fixtures/founding-request.json', import.meta.url)
const POLL_MS = 100
const POOL = 'our-own'
const PATIENCE_MS = 120_000

export interface World {
  readonly url: string
  readonly projectKey: string
  readonly adminToken: string
  /** Completed, with exact quantiles and the chance of the greatest event. */
  readonly job: string
  /** A volunteer's page at work. */
  readonly volunteer: Page
  /** Long enough that every picture of work has some. */
  beginLong(): Promise<string>
  /** By which a tab joins the project's pool. */
  linkOfPool(): Promise<string>
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown>
  close(): Promise<void>
}

export async function openWorld(browser: Browser): Promise<World> {
  const undo: (() => Promise<unknown> | void)[] = []
  const close = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step()
  }
  try {
    return { ...(await filled(browser, undo)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function filled(browser: Browser, undo: (() => Promise<unknown> | void)[]): Promise<Omit<World, 'close'>> {
  const projectKey = `pictures-${randomBytes(16).toString('hex')}`
  const adminToken = `operator-of-${projectKey}`
  const dataDir = await freshDataDir()
  undo.push(() => rm(dataDir, { recursive: true, force: true }))
  const settings = {
    PORT: '0',
    FORGE_DATA_DIR: dataDir,
    FORGE_API_KEY: projectKey,
    FORGE_ADMIN_TOKEN: adminToken,
    FORGE_WEBHOOK_PRIVATE: 'true',
  }
  const server = await startServer(loadConfig(settings), createLogger('error'))
  undo.push(() => server.close())
  const call = caller(server.url, projectKey)

  const context = await browser.newContext({ locale: 'en-GB' })
  undo.push(() => context.close())
  const volunteer = await context.newPage()
  await volunteer.goto(`${server.url}/?autostart=1&preset=all&engine=wasm&threads=1&name=Kitchen+laptop`)
  const token = secretOf(await call('POST', '/api/v0/node-tokens', { name: 'Office servers' }))
  const agent = await startNodeAgent({ url: server.url, engine: 'wasm', threads: 1, name: 'Office server', token })
  undo.push(() => agent.stop())
  await until('the tab', async () => (await volunteer.locator('#word').textContent()) === 'Idle')

  const founding: Contract = JSON.parse(await readFile(FOUNDING_REQUEST, 'utf8'))
  const begin = async (change: Partial<Contract>): Promise<string> => {
    const seed = { mode: 'explicit', value: randomBytes(8).toString('hex') }
    const body = { ...founding, seed, ...change, ctx: { billing: { mode: 'billable' } } }
    return idOf(await call('POST', '/api/v0/ops/execute', body, { prefer: 'respond-async' }))
  }
  const withArgs = (args: object): Partial<Contract> => ({ args: { ...founding.args, ...args } })
  const withPolicy = (policy: object): Partial<Contract> => ({ policy: { ...founding.policy, ...policy } })
  const ended = async (id: string): Promise<string> => {
    await until(`job ${id}`, async () => /COMPLETED|FAILED|CANCELLED/.test(await statusOf(call, id)))
    return id
  }

  await remember(call, await openReceiver(undo))
  await ended(await begin({}))
  await ended(await begin({ ...withPolicy({ verify: 'full' }), ...withArgs({ iterations: 1_000_000 }) }))
  await ended(await begin({ ...withPolicy({ target: 'gpu', timeout_ms: 1000 }) }))
  const cancelled = await begin(withArgs({ iterations: 1_000_000_000 }))
  await until('some of it', async () => (await statusOf(call, cancelled)) === 'RUNNING')
  await call('POST', `/api/v0/jobs/${cancelled}/cancel`)
  const job = await ended(await begin(withArgs({ quantiles: true, oep: true, iterations: 5_000_000 })))
  await ended(idOf(await call('POST', `/api/v0/jobs/${job}/replay`, undefined, { prefer: 'respond-async' })))
  return {
    url: server.url,
    projectKey,
    adminToken,
    job,
    volunteer,
    linkOfPool: async () => {
      const link = secretOf(await call('POST', '/api/v0/node-tokens', { name: 'A link', pool: POOL }))
      return `${server.url}/?pool=${POOL}#token=${link}`
    },
    beginLong: () => begin(withArgs({ iterations: 10_000_000_000 })),
    call,
  }
}

type Call = World['call']

/** Takes what webhooks send. */
async function openReceiver(undo: (() => Promise<unknown> | void)[]): Promise<string> {
  const receiver = createServer((_, reply) => void reply.writeHead(204).end()).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  undo.push(() => void receiver.close())
  const address = receiver.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return `http://127.0.0.1:${address.port}/forge-pool`
}

async function remember(call: Call, receiver: string): Promise<void> {
  const scopes = ['jobs:read', 'jobs:write']
  await call('POST', '/api/v0/keys', { name: 'Pricing service', scopes })
  await call('POST', '/api/v0/webhooks', {
    url: receiver,
    events: ['job.completed', 'job.failed'],
    description: 'Tells the pricing service that a job has ended',
  })
  await call('POST', '/api/v0/pools', { name: POOL })
  await call('POST', '/api/v0/node-tokens', { name: 'Rack 7', pool: POOL })
  await call('PUT', '/api/v0/kv/portfolios/motor-2026', { value: { currency: 'EUR', policies: 12_400 } })
  await call('PUT', '/api/v0/kv/portfolios/property-2026', { value: { currency: 'EUR', policies: 3_150 } })
}

interface Contract {
  readonly seed: object
  readonly policy: object
  readonly args: object
}

const caller =
  (url: string, key: string): Call =>
  async (method, path, body, headers = {}) => {
    const reply = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path} was answered ${reply.status}: ${text}`)
    return JSON.parse(text)
  }

function secretOf(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'secret' in answer) return String(answer.secret)
  throw new Error('a token that was made has a secret')
}

function idOf(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'job_id' in answer) return String(answer.job_id)
  throw new Error(`a job has an id, this has none: ${JSON.stringify(answer)}`)
}

async function statusOf(call: Call, id: string): Promise<string> {
  const answer = await call('GET', `/api/v0/jobs/${id}`)
  return typeof answer === 'object' && answer !== null && 'status' in answer ? String(answer.status) : ''
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${PATIENCE_MS / 1000} s`)
    await pause(POLL_MS)
  }
}
