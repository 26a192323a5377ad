// One measurement: a crowd at a pace for some seconds, with jobs posted before they run short, and what the server, the
// load and PostgreSQL used meanwhile.
import { setTimeout as pause } from 'node:timers/promises'
import { BENCH_KEY } from '../pool.ts'
import { emptyTally, type Crowd, type Tally } from './agents.ts'
import { SHARDS_PER_JOB } from './no-op-kernel.ts'
import { cpuSeconds, memory, postgresCpuSeconds, type Memory, type Server } from './processes.ts'

/** Shards that are posted ahead of the acknowledged ones: the next job waits before the last one ends. */
const AHEAD = 2 * SHARDS_PER_JOB
const SUPPLY_MS = 20
const WARM_UP_MS = 2_000

export interface Watched {
  readonly seconds: number
  /** Acknowledged shards in each second. */
  readonly shardsPerSecond: readonly number[]
  readonly tally: Tally
  /** Of one core each. */
  readonly cores: Readonly<Record<'server' | 'load' | 'postgres', number>>
  readonly memory: Memory
}

/** Posts jobs until it is told to stop. */
export function supply(url: string, crowd: Crowd): { stop(): Promise<void> } {
  const over = new AbortController()
  const posting = (async () => {
    for (let posted = 0; !over.signal.aborted;) {
      if (posted - crowd.acknowledged >= AHEAD) await pause(SUPPLY_MS)
      else {
        await postJob(url)
        posted += SHARDS_PER_JOB
      }
    }
  })()
  // Told when it is waited for.
  posting.catch(() => undefined)
  return {
    stop() {
      over.abort()
      return posting
    },
  }
}

async function postJob(url: string): Promise<void> {
  const contract = {
    ctx: { billing: { mode: 'billable' } },
    op: { name: 'mc', version: 1, profile: 'insurance.v1' },
    seed: { mode: 'derived' },
    policy: { target: 'any', min_agents: 1, max_agents: 10_000, verify: 'none' },
    args: { shards: SHARDS_PER_JOB },
  }
  const reply = await fetch(`${url}/api/v0/ops/execute`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${BENCH_KEY}`,
      'content-type': 'application/json',
      prefer: 'respond-async',
    },
    body: JSON.stringify(contract),
  })
  const text = await reply.text()
  if (reply.status !== 202) throw new Error(`the pool answered ${reply.status}: ${text}`)
}

/** After a warm-up. */
export async function watch({ pid }: Server, crowd: Crowd, seconds: number): Promise<Watched> {
  await pause(WARM_UP_MS)
  crowd.tally = emptyTally()
  const before = used(pid)
  const shardsPerSecond: number[] = []
  for (let second = 0; second < seconds; second++) {
    const [shards, began] = [crowd.acknowledged, performance.now()]
    await pause(1_000)
    shardsPerSecond.push(((crowd.acknowledged - shards) * 1_000) / (performance.now() - began))
  }
  const { tally } = crowd
  crowd.tally = emptyTally()
  const after = used(pid)
  const took = after.at - before.at
  return {
    seconds: took,
    shardsPerSecond,
    tally,
    cores: {
      server: (after.server - before.server) / took,
      load: (after.load - before.load) / took,
      postgres: (after.postgres - before.postgres) / took,
    },
    memory: memory(pid),
  }
}

const used = (pid: number): Record<'at' | 'server' | 'load' | 'postgres', number> => ({
  at: performance.now() / 1_000,
  server: cpuSeconds(pid),
  load: cpuSeconds(process.pid),
  postgres: postgresCpuSeconds(),
})

/** The p-th part of the samples, nearest rank. */
export function quantile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
