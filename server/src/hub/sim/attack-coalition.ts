// Attackers who act as one: they give the same wrong digest for a shard, confirm each other's lies and nobody else's, and
// know which of their assignments are checks. No real coalition knows more, so that what it leaves is the most.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { PROBATION_SHARDS } from '../core/limits.ts'
import { validShards } from '../core/standing.ts'
import { honest, type AttackPool, type Asked, type Member } from './attack-pool.ts'
import { KERNEL } from './kernel.ts'

export interface Attack {
  readonly name: string
  /** Of the shards that it runs first, once it attacks. */
  readonly lieRate: number
  /** It answers truly until its word counts. */
  readonly sleeps: boolean
  /** Whoever is exposed comes back at once under a new key, from a new network. */
  readonly comesBack: boolean
}

export const ATTACKS = {
  always: { name: 'cheat always', lieRate: 1, sleeps: false, comesBack: false },
  sleepers: { name: 'sleepers', lieRate: 1, sleeps: true, comesBack: false },
  slow: { name: 'slow sleepers, 2 %', lieRate: 0.02, sleeps: true, comesBack: false },
  fresh: { name: 'cheat always, fresh keys', lieRate: 1, sleeps: false, comesBack: true },
  freshSleepers: { name: 'sleepers, fresh keys', lieRate: 1, sleeps: true, comesBack: true },
  patient: { name: 'patient 2 %, fresh keys', lieRate: 0.02, sleeps: true, comesBack: true },
} as const satisfies Record<string, Attack>

const lieOf = (jobId: JobId, shard: number): Digest => `together|${jobId}|${shard}` as Digest

export class Coalition {
  readonly #attack: Attack
  /** job|shard */
  readonly #lies = new Set<string>()
  #keys = 0

  constructor(attack: Attack) {
    this.#attack = attack
  }

  member(pool: AttackPool, shardsPerSecond: number, valid = 0): Member {
    return {
      name: `colluder-${++this.#keys}`,
      shardsPerSecond,
      valid,
      part: (asked) => this.#answer(pool, asked),
    }
  }

  /** What the pool calls when somebody was exposed. */
  replace(pool: AttackPool, { part, shardsPerSecond }: Member): void {
    if (part === honest || !this.#attack.comesBack) return
    pool.after(COMES_BACK_MS, () => pool.join(this.member(pool, shardsPerSecond)))
  }

  #answer(pool: AttackPool, asked: Asked): Digest {
    const { jobId, shard, role, identity } = asked
    const key = `${jobId}|${shard}`
    if (role === 'first' && this.#attacks(pool, identity) && pool.random.chance(this.#attack.lieRate)) {
      this.#lies.add(key)
    }
    return this.#lies.has(key) ? lieOf(jobId, shard) : honest(asked)
  }

  #attacks(pool: AttackPool, identity: Identity): boolean {
    return !this.#attack.sleeps || validShards(pool.hub, identity, KERNEL, 'wasm') >= PROBATION_SHARDS
  }
}

const COMES_BACK_MS = 1_000
