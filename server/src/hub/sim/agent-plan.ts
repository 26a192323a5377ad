// The agents of a simulated world, as its seed draws them: honest, lying, colluding, hung or broken, with a word that counts
// or without; and the few worlds in which all of them are of a kind.
import type { EngineName, Identity } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { AgentToken } from '../core/state.ts'
import { KERNEL_DIGEST, OLD_KERNEL_DIGEST } from './kernel.ts'
import type { Random } from './random.ts'

export interface AgentPlan {
  readonly identity: Identity
  readonly network: string
  readonly referee: boolean
  readonly token: AgentToken | null
  /** The store knows it as one whose shards were checked and right. */
  readonly veteran: boolean
  readonly engine: EngineName
  /** Of answers after which its GPU is lost: it goes on with WASM. */
  readonly engineLossRate: number
  /** An agent of yesterday's release has another kernel under the same name. */
  readonly kernelDigest: Digest
  readonly unitsPerSecond: number
  /** What it claims when it is ready: a first guess, sometimes far off. */
  readonly claimed: number
  readonly sessions: number
  readonly joinsAtMs: number
  /** A liar's wrong digest is its own, a colluder's is that of all colluders. */
  readonly kind: 'honest' | 'liar' | 'colluder' | 'hung'
  readonly lieRate: number
  /** In a last pass that follows from others: who is found out there may have lied in what it was planned from. */
  readonly lastLieRate: number
  /** Hung, and it tells of progress. */
  readonly pretends: boolean
  /** Of shards it reports as failed. */
  readonly failRate: number
  /** Of pieces of work during which it freezes; afterwards it answers although the lease is gone. */
  readonly freezeRate: number
  /** Of answers that are sent twice, and of frames that name an epoch, assignment or shard that is not its own. */
  readonly doubleRate: number
  readonly forgeRate: number
  /** Mean time until it leaves and comes back as another session; 0: it stays. */
  readonly stayMs: number
}

const HONEST = {
  kind: 'honest',
  lieRate: 0,
  lastLieRate: 0,
  pretends: false,
  failRate: 0,
  freezeRate: 0,
  forgeRate: 0,
  stayMs: 0,
  engineLossRate: 0,
  kernelDigest: KERNEL_DIGEST,
} as const

export function otherAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const kind = random.pick(['honest', 'honest', 'liar', 'colluder', 'colluder', 'hung'] as const)
  const unitsPerSecond = random.int(100, 5_000)
  const faulty = faultsEndMs > 0
  const lieRate = kind === 'liar' || kind === 'colluder' ? random.pick([0.02, 0.2, 1]) : 0
  const failRate = random.pick([0, 0, 0.05, 0.5, 1])
  return {
    identity: `other-${n}` as Identity,
    network: `network-${random.int(0, 5)}`,
    referee: false,
    token: null,
    // Three veterans that fail are a fault of the shard, and here no shard has one.
    veteran: failRate === 0 && random.chance(0.5),
    engine: random.pick(['wasm', 'webgpu', 'reference']),
    engineLossRate: faulty ? random.pick([0, 0.3]) : 0,
    kernelDigest: random.chance(0.05) ? OLD_KERNEL_DIGEST : KERNEL_DIGEST,
    unitsPerSecond,
    claimed: unitsPerSecond * random.pick([1, 1, 0.01, 100]),
    sessions: random.pick([1, 1, 1, 2, 3]),
    joinsAtMs: random.int(0, 5_000),
    kind,
    lieRate,
    lastLieRate: lieRate > 0 ? random.pick([lieRate, 1]) : 0,
    pretends: kind === 'hung' && random.chance(0.5),
    failRate,
    freezeRate: faulty ? random.pick([0, 0, 0.05, 0.3]) : 0,
    doubleRate: random.pick([0, 0.2]),
    forgeRate: random.pick([0, 0.2]),
    stayMs: faulty ? random.pick([0, 1_000, 10_000]) : 0,
  }
}

/** It fails on every shard: free keys must not be able to kill a job. */
export function brokenAgent(random: Random, n: number): AgentPlan {
  return {
    ...steadyAgent(random, n, false),
    identity: `broken-${n}` as Identity,
    veteran: false,
    failRate: 1,
    joinsAtMs: 0,
  }
}

/** It lies seldom while the last pass is not planned, and is found out in it. */
export function patientAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const unitsPerSecond = random.int(1_000, 5_000)
  return {
    ...otherAgent(random, n, faultsEndMs),
    unitsPerSecond,
    claimed: unitsPerSecond,
    engine: 'reference',
    kernelDigest: KERNEL_DIGEST,
    kind: random.pick(['liar', 'colluder']),
    veteran: random.chance(0.5),
    failRate: 0,
    lieRate: random.pick([0.01, 0.03]),
    lastLieRate: random.pick([0.2, 1]),
  }
}

export function steadyAgent(random: Random, n: number, alone: boolean): AgentPlan {
  const unitsPerSecond = random.int(500, 3_000)
  return {
    ...HONEST,
    identity: `steady-${n}` as Identity,
    network: `steady-network-${n}`,
    referee: false,
    token: null,
    // One at least: without a referee a full job needs a word that counts.
    veteran: n === 0 || random.chance(0.5),
    // Admitted to every target.
    engine: 'reference',
    unitsPerSecond,
    claimed: unitsPerSecond,
    // Nobody else is there to run what it failed on but the referee.
    failRate: alone ? random.pick([0, 0.05]) : 0,
    sessions: random.pick([1, 1, 2]),
    joinsAtMs: random.int(0, 3_000),
    doubleRate: random.pick([0, 0.1]),
    // Even these blink: a tab that is reloaded now and then.
    stayMs: random.pick([0, 0, 8_000]),
  }
}

export function refereeAgent(random: Random, steady: boolean): AgentPlan {
  return {
    ...HONEST,
    identity: 'referee' as Identity,
    network: 'referee-network',
    referee: true,
    token: null,
    veteran: false,
    engine: 'wasm',
    unitsPerSecond: random.int(500, 3_000),
    claimed: 1_000,
    sessions: 1,
    // Late, or (where nothing is promised) never.
    joinsAtMs: random.pick([0, 0, 30_000, steady ? 60_000 : 1e9]),
    doubleRate: 0,
    stayMs: random.pick([0, 0, 15_000]),
  }
}
