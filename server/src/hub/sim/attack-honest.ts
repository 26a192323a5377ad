// What verification costs where nobody lies: executions a shard in a pool of veterans, and how long the smallest pools
// take, against the time that the work alone would.
import { PROBATION_SHARDS } from '../core/limits.ts'
import type { JobSpec } from '../core/state.ts'
import { AttackPool, honest } from './attack-pool.ts'

type Verify = JobSpec['policy']['verify']

export interface Overhead {
  readonly jobs: number
  readonly mean: number
  readonly median: number
  /** 95 and 99 of 100 jobs cost at most this. */
  readonly most95: number
  readonly most99: number
  readonly most: number
}

export const VETERANS = 6

/** Executions a shard of jobs of 64 shards, one after another in one pool of six veterans and the referee. */
export function overhead(verify: Verify, jobs: number, seed: number): Overhead {
  const pool = new AttackPool(seed, true)
  pool.join({ name: 'referee', shardsPerSecond: 10, valid: 0, part: honest, referee: true })
  for (let n = 0; n < VETERANS; n++) {
    const shardsPerSecond = pool.random.int(5, 20)
    pool.join({ name: `veteran-${n}`, shardsPerSecond, valid: PROBATION_SHARDS, part: honest })
  }
  const shards = 64
  const costs = Array.from({ length: jobs }, () => {
    const end = pool.run({ shards, verify })
    if (end.how === 'failed') throw new Error(`an honest job failed with ${end.code}`)
    return end.record.executions / shards
  }).toSorted((a, b) => a - b)
  const at = (share: number): number => costs[Math.min(jobs - 1, Math.ceil(share * jobs) - 1)] ?? 0
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / jobs
  return { jobs, mean, median: at(0.5), most95: at(0.95), most99: at(0.99), most: at(1) }
}

export interface Young {
  readonly verify: Verify
  readonly shards: number
  readonly shardsPerSecond: number
  /** How many times as fast as a tab. */
  readonly referee: number
}

/** One tab and the referee, in `full` two tabs: fresh keys all. Took how many times what the tabs alone would. */
export function youngPool({ verify, shards, shardsPerSecond, referee }: Young, seed: number): number {
  const pool = new AttackPool(seed, true)
  pool.join({
    name: 'referee',
    shardsPerSecond: shardsPerSecond * referee,
    valid: 0,
    part: honest,
    referee: true,
  })
  const tabs = verify === 'full' ? 2 : 1
  for (let n = 0; n < tabs; n++) pool.join({ name: `tab-${n}`, shardsPerSecond, valid: 0, part: honest })
  const end = pool.run({ shards, verify, timeoutMs: 24 * 3_600_000 })
  if (end.how === 'failed') throw new Error(`a young pool's job failed with ${end.code}`)
  // Two executions of each shard by two tabs take as long as one by one.
  return end.tookMs / ((shards * 1_000) / shardsPerSecond)
}
