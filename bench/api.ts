// `pnpm bench:api`: what the API itself costs, over real HTTP and on PostgreSQL, beside a bare Hono route that answers the
// same bytes: looking at a finished job, and a whole `execute` of a job that is nothing to compute. The servers are
// processes of their own; this one is the load. No result makes it fail.
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'
import { Crowd } from './dispatch/agents.ts'
import { cpuSeconds, postgresCpuSeconds, startBare, startPool, type Server } from './dispatch/processes.ts'
import { greatestFunctions } from './dispatch/profile.ts'
import { quantile } from './dispatch/watch.ts'
import { describeLoad, describeMachine, repeated, section, timed, told } from './figures.ts'
import { BENCH_KEY, until } from './pool.ts'

const { values: options } = parseArgs({
  options: {
    /** Of each measurement. */
    seconds: { type: 'string', default: '5' },
    /** Measurements of each figure, the two sides in turns. */
    runs: { type: 'string', default: '3' },
    /** A folder for the server's CPU profile; the functions that took most are printed. */
    profile: { type: 'string' },
    /** What the bare server's process is started with. */
    'bare-server': { type: 'boolean', default: false },
  },
})

const ADMIN_TOKEN = `operator-of-${BENCH_KEY}`
/** Kept-alive connections, each with one request on its way. */
const CONNECTIONS = 16
const EXECUTES = 200
const LOOKS_PER_SECOND_MIN = 2_000
const EXECUTE_MS_MAX = 15
/** The limit stays on, so that what holding it costs is measured; this one is never reached. */
const REQUESTS_PER_MINUTE = 1_000_000

if (options['bare-server']) serveBare()
else {
  await main(Number(options.seconds), Number(options.runs))
  process.exit()
}

/** Answers every body that it was sent last, at every path: a client says which bytes those are. */
function serveBare(): void {
  let body = '{}'
  const app = new Hono()
  app.put('/', async (c) => {
    body = await c.req.text()
    return c.body(null, 204)
  })
  app.get('*', (c) => c.body(body, 200, { 'content-type': 'application/json' }))
  serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }: AddressInfo) => {
    console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, msg: 'listening' }))
  })
  process.on('SIGTERM', () => process.exit(0))
}

async function main(seconds: number, runs: number): Promise<void> {
  if (!(seconds >= 1) || !(runs >= 1)) throw new Error('--seconds and --runs are numbers from 1')
  console.log(`${describeMachine()}\n${describeLoad()}\nServer, load and PostgreSQL share the cores.\n`)
  const { profile } = options
  const pool = await startPool({ profileFolder: profile, env: { FORGE_ADMIN_TOKEN: ADMIN_TOKEN } })
  const bare = await startBare('bench/api.ts')
  try {
    await liftRate(pool)
    const headers = { authorization: `Bearer ${await newKey(pool)}` }
    const crowd = new Crowd({ shardsPerAnswer: 1, shardsPerSecond: 1_000 })
    await crowd.join(pool.url)
    crowd.at({ kind: 'full', window: 1 })
    const executes = await measureExecute(pool, headers, runs)
    // The receipts of all jobs before it are sealed by then, and the server has nothing else to do.
    await until('the last receipt', async () => {
      return (await fetch(`${pool.url}/api/v0/jobs/${executes.lastJob}/receipt`, { headers })).ok
    })
    await measureLooks({ pool, bare, path: `/api/v0/jobs/${executes.lastJob}`, headers, seconds, runs })
    crowd.leave()
  } finally {
    await bare.close()
    await pool.close()
    if (profile !== undefined) console.log(greatestFunctions(profile))
  }
}

type Headers = Readonly<Record<string, string>>

/** A key of the store's, as projects have them, and not the one of the configuration. */
async function newKey({ url }: Server): Promise<string> {
  const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ name: 'bench', scopes: ['jobs:read', 'jobs:write'] })
  const made = await fetch(`${url}/api/v0/keys`, { method: 'POST', headers, body })
  const text = await made.text()
  if (made.status !== 201) throw new Error(`no key was made: ${made.status} ${text}`)
  return (JSON.parse(text) as { secret: string }).secret
}

async function liftRate({ url }: Server): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const listed = await fetch(`${url}/api/v0/projects`, { headers })
  const { projects } = (await listed.json()) as { projects: { id: string }[] }
  for (const { id } of projects) {
    const body = JSON.stringify({ limits: { requests_per_minute: REQUESTS_PER_MINUTE } })
    const changed = await fetch(`${url}/api/v0/projects/${id}`, { method: 'PATCH', headers, body })
    if (!changed.ok) throw new Error(`the limit was not lifted: ${changed.status} ${await changed.text()}`)
  }
}

/** From the request's first byte to the answer's last: parsing, planning, registering, one shard there and back, the end. */
async function measureExecute(
  { url, pid }: Server,
  authorised: Headers,
  runs: number,
): Promise<{ readonly lastJob: string }> {
  const contract = {
    ctx: { billing: { mode: 'billable' } },
    op: { name: 'mc', version: 1, profile: 'insurance.v1' },
    seed: { mode: 'derived' },
    policy: { target: 'any', min_agents: 1, max_agents: 1, verify: 'none' },
    args: { shards: 1 },
  }
  let lastJob = ''
  const execute = async (): Promise<void> => {
    const headers = { ...authorised, 'content-type': 'application/json' }
    const reply = await fetch(`${url}/api/v0/ops/execute`, { method: 'POST', headers, body: JSON.stringify(contract) })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`the pool answered ${reply.status}: ${text}`)
    lastJob = (JSON.parse(text) as { job_id: string }).job_id
  }
  await repeated(EXECUTES / 4, execute)
  const medians: number[] = []
  const slow: number[] = []
  const busy: number[] = []
  const ofPostgres: number[] = []
  for (let run = 0; run < runs; run++) {
    const [before, postgresBefore] = [cpuSeconds(pid), postgresCpuSeconds()]
    const took = await repeated(EXECUTES, () => timed(execute))
    medians.push(quantile(took, 0.5))
    slow.push(quantile(took, 0.99))
    busy.push(((cpuSeconds(pid) - before) * 1000) / EXECUTES)
    ofPostgres.push(((postgresCpuSeconds() - postgresBefore) * 1000) / EXECUTES)
  }
  const title = `execute of one shard that takes no time, one after the other, ${EXECUTES} a run`
  const figures = [
    { what: 'from request to answer, median of a run', unit: 'ms', samples: medians, target: EXECUTE_MS_MAX },
    { what: 'the slowest of a hundred', unit: 'ms', samples: slow },
    { what: 'the server’s processor time for one, its receipt included', unit: 'ms', samples: busy },
    { what: 'PostgreSQL’s', unit: 'ms', samples: ofPostgres },
  ] as const
  console.log(
    told(section(title, figures, ['with the agent’s signature and its round trip; every write waits for the disk'])),
  )
  return { lastJob }
}

interface Looking {
  readonly pool: Server
  readonly bare: Server
  readonly path: string
  readonly headers: Headers
  readonly seconds: number
  readonly runs: number
}

async function measureLooks({ pool, bare, path, headers, seconds, runs }: Looking): Promise<void> {
  const body = await (await fetch(pool.url + path, { headers })).text()
  await fetch(bare.url, { method: 'PUT', body })
  await looks(pool, path, headers, 1)
  await looks(bare, path, headers, 1)
  const [ours, theirs]: [Looks[], Looks[]] = [[], []]
  for (let run = 0; run < runs; run++) {
    ours.push(await looks(pool, path, headers, seconds))
    theirs.push(await looks(bare, path, headers, seconds))
  }
  const perCore = ours.map((look) => look.perCoreSecond)
  const ratios = ours.map((look, run) => look.perCoreSecond / (theirs[run]?.perCoreSecond ?? Number.NaN))
  console.log(
    told(
      section(`GET /jobs/{id} with a key, ${body.length} bytes, ${CONNECTIONS} connections`, [
        {
          what: 'requests a second of the server’s processor time',
          unit: '/s',
          samples: perCore,
          target: LOOKS_PER_SECOND_MIN,
        },
        { what: 'requests a second by the clock', unit: '/s', samples: ours.map((look) => look.perSecond) },
        { what: 'latency, median', unit: 'ms', samples: ours.map((look) => look.medianMs) },
        { what: 'latency, 99 of 100', unit: 'ms', samples: ours.map((look) => look.p99Ms) },
        { what: 'PostgreSQL, of one core', unit: 'cores', samples: ours.map((look) => look.postgresCores) },
        {
          what: 'bare Hono, same bytes, a second of its processor time',
          unit: '/s',
          samples: theirs.map((look) => look.perCoreSecond),
        },
        { what: 'bare Hono by the clock', unit: '/s', samples: theirs.map((look) => look.perSecond) },
        { what: 'ours to bare, by processor time', unit: 'times', samples: ratios },
      ]),
    ),
  )
}

interface Looks {
  readonly perSecond: number
  /** What it would be if the server had a core to itself. */
  readonly perCoreSecond: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly postgresCores: number
}

async function looks({ url, pid }: Server, path: string, headers: Headers, seconds: number): Promise<Looks> {
  const [cpuBefore, postgresBefore] = [cpuSeconds(pid), postgresCpuSeconds()]
  const found = await autocannon({ url: url + path, headers, connections: CONNECTIONS, duration: seconds })
  const cpu = cpuSeconds(pid) - cpuBefore
  const bad = found.non2xx + found.errors + found.timeouts
  if (bad > 0) throw new Error(`${bad} of ${found.requests.total} requests were not answered with 2xx`)
  return {
    perSecond: found.requests.total / found.duration,
    perCoreSecond: found.requests.total / cpu,
    medianMs: found.latency.p50,
    p99Ms: found.latency.p99,
    postgresCores: (postgresCpuSeconds() - postgresBefore) / found.duration,
  }
}
