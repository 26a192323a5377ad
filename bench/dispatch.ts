// `pnpm bench:dispatch`: how fast the Hub hands out shards and takes answers in when computing them costs nothing, over
// real sockets and with every answer durable in PostgreSQL, beside bare socket.io round trips of the same run. This
// process is the load; the server, the bare one and PostgreSQL are others. No result makes it fail.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as pause } from 'node:timers/promises'
import { Crowd, type Habit } from './dispatch/agents.ts'
import { measureBare, serveBare } from './dispatch/bare.ts'
import { greatestFunctions } from './dispatch/profile.ts'
import { memory, startPool, type Memory, type Server } from './dispatch/processes.ts'
import { latencies, toldMode, troubles, uses, type Loads, type Mode } from './dispatch/told.ts'
import { supply, watch } from './dispatch/watch.ts'
import { describeLoad, describeMachine, section, told, type Figure, type Section } from './figures.ts'

const { values: options } = parseArgs({
  options: {
    /** Of each measurement. */
    seconds: { type: 'string', default: '10' },
    /** Only these parts: batched, single, many. */
    only: { type: 'string', multiple: true, default: [] },
    /** A folder for the server's CPU profile of each part; the functions that took most are printed. */
    profile: { type: 'string' },
    /** What the bare server's process is started with. */
    'bare-server': { type: 'boolean', default: false },
  },
})

const MODES: Readonly<Record<'batched' | 'single', Mode>> = {
  // Few agents, so that the Hub, which shares out half of what is left, gives each more than a frame's worth.
  batched: {
    title: 'Batched: assignments up to 512 shards, answers up to 64',
    agents: 16,
    habit: { shardsPerAnswer: 64, shardsPerSecond: 512 },
    window: 2,
    target: 0.3,
  },
  // As where a shard takes a second: each costs an assignment, a frame, a signature and an acknowledgement.
  single: {
    title: 'Single: assignments and answers of one shard',
    agents: 64,
    habit: { shardsPerAnswer: 1, shardsPerSecond: 1 },
    window: 2,
    target: 0.1,
  },
}
const MANY = { agents: 2_000, shardSeconds: 10, memoryMib: 1_024 }
const IDLE_MS = 3_000
const JOINING_AT_ONCE = 50

if (options['bare-server']) await serveBare()
else {
  await main(Number(options.seconds))
  process.exit()
}

async function main(seconds: number): Promise<void> {
  if (!(seconds >= 1)) throw new Error('--seconds is a number from 1')
  console.log(`${describeMachine()}\n${describeLoad()}\nServer, load and PostgreSQL share the cores.\n`)
  const wanted = (part: string): boolean => options.only.length === 0 || options.only.includes(part)
  const bare = [await measureBare()]
  for (const part of ['batched', 'single'] as const) {
    if (!wanted(part)) continue
    const measured = await inPart(part, (pool) => measureMode(MODES[part], pool, seconds))
    bare.push(await measureBare())
    // Before and after, so that whatever else the machine does hits both sides.
    console.log(
      told(
        toldMode(
          MODES[part],
          measured,
          bare.slice(-2).map(({ small }) => small),
        ),
      ),
    )
  }
  const perCore = bare.map(({ small }) => small.perCoreSecond)
  const figures: Figure[] = [
    { what: 'round trips of a small frame', unit: '/s', samples: bare.map(({ small }) => small.perSecond) },
    { what: 'the same for a second of the server’s processor time', unit: '/s', samples: perCore },
    {
      what: 'round trips of a frame like a one-shard answer',
      unit: '/s',
      samples: bare.map(({ answer }) => answer.perSecond),
    },
  ]
  console.log(told(section('Bare socket.io, 64 sockets, two frames of each on their way', figures)))
  if (wanted('many')) console.log(told(await inPart('many', (pool) => measureMany(pool, seconds))))
}

/** On a fresh server and a fresh database. */
async function inPart<T>(part: string, measure: (pool: Server) => Promise<T>): Promise<T> {
  const folder = options.profile === undefined ? undefined : path.resolve(options.profile, part)
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const pool = await startPool({ profileFolder: folder })
  try {
    return await measure(pool)
  } finally {
    await pool.close()
    if (folder !== undefined) console.log(greatestFunctions(folder))
  }
}

async function measureMode({ agents, habit, window }: Mode, pool: Server, seconds: number): Promise<Loads> {
  const crowd = await joined(pool, agents, habit)
  crowd.at({ kind: 'full', window })
  const jobs = supply(pool.url, crowd)
  const full = await watch(pool, crowd, seconds)
  crowd.at({ kind: 'rate', shardsPerSecond: full.tally.shards / full.seconds / 2 })
  const half = await watch(pool, crowd, seconds)
  await jobs.stop()
  crowd.leave()
  return { full, half }
}

async function joined(pool: Server, agents: number, habit: Habit): Promise<Crowd> {
  const crowd = new Crowd(habit)
  while (crowd.size < agents) {
    const next = Math.min(JOINING_AT_ONCE, agents - crowd.size)
    await Promise.all(Array.from({ length: next }, () => crowd.join(pool.url)))
  }
  return crowd
}

/** Very many agents that do little: what they hold of the server, and whether it keeps up with them. */
async function measureMany(pool: Server, seconds: number): Promise<Section> {
  const { agents, shardSeconds, memoryMib } = MANY
  const began = performance.now()
  const crowd = await joined(pool, agents, { shardsPerAnswer: 1, shardsPerSecond: 1 / shardSeconds })
  const joiningMs = performance.now() - began
  await pause(IDLE_MS)
  const idle: Memory = memory(pool.pid)
  crowd.at({ kind: 'each', answerMs: shardSeconds * 1_000 })
  const jobs = supply(pool.url, crowd)
  // Until each has had its first shard for as long as it takes.
  await pause(shardSeconds * 1_000)
  const working = await watch(pool, crowd, seconds)
  await jobs.stop()
  crowd.leave()
  const offered = agents / shardSeconds
  const perSecond = working.tally.shards / working.seconds
  return section(
    `${agents} agents, ${shardSeconds} s a shard: ${offered} shards a second when the Hub keeps up`,
    [
      { what: 'until all are connected and ready', unit: 'ms', samples: [joiningMs] },
      { what: 'the server’s memory, all connected, no job', unit: 'MiB', samples: [idle.now] },
      { what: 'shards acknowledged a second', unit: '/s', samples: [perSecond], target: offered * 0.9 },
      ...latencies('so many agents', working),
      ...uses(working).map((figure) => (figure.unit === 'MiB' ? { ...figure, target: memoryMib } : figure)),
    ],
    [troubles(working)],
  )
}
