// Colluders that claim speed: one executes at the pace of the honest and lies, the other claims to be far faster than it
// is, to be given the checks of those lies. Counted is the share of them that it got: no more than that of its keys.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { PROBATION_SHARDS } from '../core/limits.ts'
import { AttackPool, honest, type Asked, type Member } from './attack-pool.ts'

export interface SpeedAttack {
  readonly name: string
  /** Shards a second of everybody; the accomplice computes at `really` and says `claims`. */
  readonly pace: number
  readonly really: number
  readonly claims: number
}

export const SPEED_ATTACKS: readonly SpeedAttack[] = [
  { name: 'claims nothing', pace: 0.1, really: 0.1, claims: 0.1 },
  { name: 'claims to be fast', pace: 0.1, really: 0.1, claims: 1e6 },
  { name: 'is fast and claims more', pace: 0.1, really: 10, claims: 1e6 },
  { name: 'claims to be slow', pace: 1, really: 1, claims: 1e-3 },
]

const AGENTS = 20
/** Of the other agents, who may all check the liar's shards, one is its accomplice. */
export const FAIR_SHARE = 1 / (AGENTS - 1)
const LIE_RATE = 0.3

export interface SpeedResult {
  /** First checks of lies, and those of them by the accomplice. */
  readonly checks: number
  readonly byAccomplice: number
  readonly meanMs: number
}

export function runSpeed({ pace, really, claims }: SpeedAttack, jobs: number, seed: number): SpeedResult {
  let [checks, byAccomplice, tookMs] = [0, 0, 0]
  for (let n = 0; n < jobs; n++) {
    const lies = new Set<number>()
    const pool: AttackPool = new AttackPool(seed * 100_000 + n, true)
    const part = (asked: Asked): Digest => {
      const { shard, role, identity } = asked
      if (role === 'first' && identity === LIAR && pool.random.chance(LIE_RATE)) lies.add(shard)
      if (role === 'check' && lies.has(shard)) {
        checks++
        if (identity === ACCOMPLICE) byAccomplice++
      }
      const lied = identity === LIAR || identity === ACCOMPLICE
      return lied && lies.has(shard) ? (`together|${asked.jobId}|${shard}` as Digest) : honest(asked)
    }
    const join = (name: string, more: Partial<Member> = {}): void =>
      pool.join({ name, shardsPerSecond: pace, valid: PROBATION_SHARDS, part, ...more })
    for (let one = 2; one < AGENTS; one++) join(`honest-${one}`)
    join(LIAR)
    join(ACCOMPLICE, { shardsPerSecond: really, claims })
    join('referee', { valid: 0, referee: true })
    tookMs += pool.run({ shards: 64, verify: 'full' }).tookMs
  }
  return { checks, byAccomplice, meanMs: tookMs / jobs }
}

const LIAR = 'liar' as Identity
const ACCOMPLICE = 'accomplice' as Identity
