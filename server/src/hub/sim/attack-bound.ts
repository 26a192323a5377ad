// Attacks on the bound itself: in each job every checker of a wrong shard confirms it with a given probability, as the
// bound assumes of c, and the authors lie as it suits them best. Counted is how often more is wrong than the record says.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { AssumedCollusion } from '@forge/shared/verifier/bound.ts'
import { PROBATION_SHARDS } from '../core/limits.ts'
import type { JobSpec } from '../core/state.ts'
import { validShards } from '../core/standing.ts'
import { AttackPool, honest, type Asked, type Member } from './attack-pool.ts'
import { KERNEL } from './kernel.ts'

export interface BoundAttack {
  readonly name: string
  readonly verify: Exclude<JobSpec['policy']['verify'], 'none'>
  /** How many shards each author makes wrong, of those it runs first. */
  readonly liesEach: number
  /** Who lies at all. */
  readonly liars: number
  /** In a pool of so many. */
  readonly agents?: number
  /** Liars are fresh keys, and true until their word counts: all that was checked of them till then is right. */
  readonly sleeps?: boolean
  /** Liars stall on a true shard near the end, so that the Hub gives it to a second agent. */
  readonly stalls?: boolean
}

const AGENTS = 10

export const BOUND_ATTACKS: readonly BoundAttack[] = [
  { name: 'one author, all its shards', verify: 'spotcheck', liesEach: Infinity, liars: 1 },
  { name: 'each author one shard', verify: 'spotcheck', liesEach: 1, liars: AGENTS },
  { name: 'each author two shards', verify: 'spotcheck', liesEach: 2, liars: AGENTS },
  { name: 'each author four shards', verify: 'spotcheck', liesEach: 4, liars: AGENTS },
  { name: 'true until a veteran', verify: 'spotcheck', liesEach: 17, liars: 1, agents: 2, sleeps: true },
  { name: 'a backup for a true shard', verify: 'spotcheck', liesEach: 9, liars: 1, agents: 2, stalls: true },
  { name: 'one lie', verify: 'full', liesEach: 1, liars: 1 },
  { name: 'half the authors one lie each', verify: 'full', liesEach: 1, liars: AGENTS / 2 },
]

export interface BoundResult {
  readonly jobs: number
  /** Jobs in which nothing was found wrong. */
  readonly clean: number
  readonly failed: number
  /** More was wrong than the record's bound for this c; and of those, in jobs where nothing was found. */
  readonly exceeded: number
  readonly exceededClean: number
  readonly wrong: number
}

export const COLLUSION: Record<AssumedCollusion, number> = { '1/20': 1 / 20, '1/10': 1 / 10, '1/5': 1 / 5 }

/** `confirms`: how often a checker really confirms a wrong shard. */
export function runBound(
  attack: BoundAttack,
  assumed: AssumedCollusion,
  { jobs, confirms = COLLUSION[assumed], seed }: { jobs: number; confirms?: number; seed: number },
): BoundResult {
  let [clean, failed, exceeded, exceededClean, wrong] = [0, 0, 0, 0, 0]
  for (let n = 0; n < jobs; n++) {
    const end = poolOf(attack, confirms, seed * 100_000 + n).run({ shards: 64, verify: attack.verify })
    if (end.how === 'failed') {
      failed++
      continue
    }
    const { record } = end
    const isClean = record.mismatches === 0 && record.voided === 0
    const bound = record.bound?.find(({ assumed_collusion }) => assumed_collusion === assumed)
    if (bound === undefined) throw new Error(`the record has no bound for ${assumed}`)
    wrong += end.wrong
    if (isClean) clean++
    if (end.wrong <= bound.max_wrong_shards) continue
    exceeded++
    if (isClean) exceededClean++
  }
  return { jobs, clean, failed, exceeded, exceededClean, wrong }
}

/** A new pool for each job: what one job finds out must not help the next. */
function poolOf(attack: BoundAttack, confirms: number, seed: number): AttackPool {
  const lies = new Set<number>()
  const by = new Map<Identity, number>()
  let found = false
  const pool: AttackPool = new AttackPool(seed, true, () => {
    // Who is left lies no more: whatever is run again is true.
    found = true
  })
  const wrong = ({ jobId, shard }: Asked): Digest => `wrong|${jobId}|${shard}` as Digest
  const confirm = (asked: Asked): Digest =>
    lies.has(asked.shard) && pool.random.chance(confirms) ? wrong(asked) : honest(asked)
  const lie = (asked: Asked): Digest => {
    const { role, identity, shard } = asked
    if (role !== 'first') return confirm(asked)
    const sleeping = validShards(pool.hub, identity, KERNEL, 'wasm') < PROBATION_SHARDS
    const own = by.get(identity) ?? 0
    const isOver = found || sleeping || own >= attack.liesEach
    if (isOver || lies.has(shard) || stalled.has(shard)) return honest(asked)
    by.set(identity, own + 1)
    lies.add(shard)
    return wrong(asked)
  }
  const stalled = new Set<number>()
  const stall = (jobId: JobId, shards: readonly number[]): number => {
    const job = pool.hub.jobs.get(jobId)
    // Enough is answered for backups, and nothing is left to hand out: what it holds now it was slow with.
    if (job === undefined || job.open.size > 0 || stalled.size > 0) return 0
    for (const shard of shards) stalled.add(shard)
    return STALL_MS
  }
  pool.join({ name: 'referee', shardsPerSecond: 20, valid: 0, part: honest, referee: true })
  const members: Member[] = Array.from({ length: attack.agents ?? AGENTS }, (_, n) => {
    const isLiar = n < attack.liars
    const sleeps = attack.sleeps === true
    return {
      name: `agent-${n}`,
      // One that sleeps needs more shards than those that are all checked; one that stalls must be the slower.
      shardsPerSecond: sleeps ? (isLiar ? 100 : 5) : attack.stalls === true && isLiar ? 6 : 8,
      valid: sleeps && isLiar ? 0 : PROBATION_SHARDS,
      part: isLiar ? lie : confirm,
      ...(attack.stalls === true && isLiar ? { stallMs: stall } : {}),
    }
  })
  for (const member of members) pool.join(member)
  return pool
}

/** Just longer than the Hub waits before it gives a slow shard to another. */
const STALL_MS = 1_860
