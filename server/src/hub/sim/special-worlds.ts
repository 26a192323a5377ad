// Worlds in which what is rare elsewhere meets, so that each guard of the core has some seed that needs it. One in ten each;
// what a kind of world leaves open is drawn as everywhere.
import { otherAgent, type AgentPlan } from './agent-plan.ts'
import type { JobSpec } from '../core/state.ts'
import { KERNEL_DIGEST } from './kernel.ts'
import { Random } from './random.ts'

type Policy = Partial<JobSpec['policy']>

export interface Special {
  readonly agentOf: (random: Random, n: number, faultsEndMs: number) => AgentPlan
  /** How many of them. */
  readonly agents?: number
  /** From the start, or never; a slow one lets others give up in the meantime what it is settling. */
  readonly referee?: boolean
  readonly refereeUnitsPerSecond?: (seed: number) => number
  /** Nobody else is there, or the jobs need not complete for another reason. */
  readonly isSteady?: false
  readonly mustComplete?: false
  readonly faultsEndMs?: number
  readonly storeDelayMs?: number
  readonly storeFailRates?: readonly number[]
  readonly jobs?: number
  readonly jobsWithinMs?: number
  readonly shards?: readonly [least: number, most: number]
  readonly passes?: number
  /** Of the n-th job. */
  readonly policyOf?: (n: number) => Policy
}

const WIDE = { target: 'any', max_agents: 6 } as const
const full = (): Policy => ({ ...WIDE, verify: 'full' })

const SPECIAL: readonly Special[] = [
  { agentOf: crowdedAgent, referee: false },
  {
    agentOf: clumsyAgent,
    agents: 7,
    referee: true,
    // Others' leases end while it runs a shard, or while its answer is stored.
    refereeUnitsPerSecond: (seed) => (seed % 2 === 0 ? 200 : 2_000),
    mustComplete: false,
    faultsEndMs: 120_000,
    storeDelayMs: 8_000,
    storeFailRates: [0, 0.02, 0.2, 0.9],
    shards: [40, 120],
    policyOf: (n) => ({ ...WIDE, verify: n === 2 ? 'full' : 'none' }),
  },
  {
    agentOf: hastyAgent,
    storeDelayMs: 2_000,
    jobs: 3,
    jobsWithinMs: 30_000,
    shards: [3, 12],
    policyOf: () => ({ ...WIDE, verify: 'spotcheck' }),
  },
  { agentOf: uniformAgent, agents: 7, referee: true, policyOf: full },
  { agentOf: youngAgent, agents: 7, referee: false, mustComplete: false, faultsEndMs: 120_000, policyOf: full },
  { agentOf: splitAgent, agents: 7, referee: false, policyOf: full },
  {
    agentOf: loneAgent,
    agents: 4,
    referee: false,
    isSteady: false,
    jobs: 1,
    shards: [20, 40],
    passes: 2,
    policyOf: () => ({
      ...WIDE,
      min_agents: 1,
      verify: 'spotcheck',
      on_unverified: 'degrade',
      timeout_ms: 240_000,
    }),
  },
]
const SPECIAL_OF = 10

/** Its own source of chance: the others stay as they are. */
export const specialOf = (seed: number): Special | undefined =>
  SPECIAL[Math.floor(new Random(seed + 4_000_037).next() * SPECIAL_OF)]

/** A veteran with three tabs that freeze, in a pool without a referee: backups, votes and its own other tabs meet. */
function crowdedAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const agent = otherAgent(random, n, faultsEndMs)
  return {
    ...agent,
    ...(agent.kind === 'hung' ? { kind: 'honest', pretends: false } : {}),
    engine: 'reference',
    kernelDigest: KERNEL_DIGEST,
    veteran: true,
    failRate: 0,
    sessions: 3,
    freezeRate: faultsEndMs > 0 ? 0.3 : 0,
    lieRate: agent.lieRate > 0 ? 0.2 : 0,
  }
}

/** Agents that freeze and fail, with a referee: it settles shards that others still have. Veterans fail without a rest. */
function clumsyAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  return {
    ...otherAgent(random, n, faultsEndMs),
    kind: 'honest',
    lieRate: 0,
    lastLieRate: 0,
    pretends: false,
    engine: 'reference',
    kernelDigest: KERNEL_DIGEST,
    unitsPerSecond: 1_000,
    claimed: 1_000,
    sessions: 1,
    veteran: random.chance(0.7),
    failRate: 0.85,
    freezeRate: 0.5,
    stayMs: 0,
  }
}

/** Fresh keys alone, that freeze: what two of them agree on is worth nothing in a full job. */
function youngAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  return { ...clumsyAgent(random, n, faultsEndMs), veteran: false, failRate: 0 }
}

/** Veterans of networks of their own, almost half of them in league, without a referee: votes are close. */
function splitAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const isInLeague = n % 2 === 1
  return {
    ...clumsyAgent(random, n, faultsEndMs),
    network: `split-${n}`,
    kind: isInLeague ? 'colluder' : 'honest',
    lieRate: isInLeague ? 0.7 : 0,
    lastLieRate: isInLeague ? 0.7 : 0,
    veteran: true,
    failRate: 0,
    freezeRate: 0,
  }
}

/** Veterans whose engine has a fault: no two of them agree, and the referee contradicts them all. */
function uniformAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  return {
    ...otherAgent(random, n, faultsEndMs),
    network: `uniform-${n}`,
    kind: 'liar',
    lieRate: 0.5,
    lastLieRate: 0.5,
    pretends: false,
    engine: 'webgpu',
    engineLossRate: 0,
    kernelDigest: KERNEL_DIGEST,
    veteran: true,
    failRate: 0,
  }
}

/** Veterans that lie now and then and are in several jobs when one of their lies is found. */
function hastyAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const lieRate = random.pick([0, 0.2])
  return {
    ...otherAgent(random, n, faultsEndMs),
    kind: lieRate > 0 ? 'liar' : 'honest',
    lieRate,
    lastLieRate: lieRate,
    pretends: false,
    engine: 'reference',
    kernelDigest: KERNEL_DIGEST,
    unitsPerSecond: 1_000,
    claimed: 1_000,
    veteran: true,
    failRate: 0,
  }
}

/**
 * A liar by itself until its job has given up on checkers; then others come and contradict it in the last pass, where only
 * its own lies fit its lies.
 */
function loneAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const isFirst = n === 0
  return {
    ...clumsyAgent(random, n, faultsEndMs),
    network: `lone-${n}`,
    kind: isFirst ? 'liar' : 'honest',
    lieRate: isFirst ? 0.1 : 0,
    lastLieRate: isFirst ? 0.7 : 0,
    unitsPerSecond: isFirst ? 300 : 1_000,
    claimed: 1_000,
    joinsAtMs: isFirst ? 0 : random.int(15_000, 50_000),
    veteran: true,
    failRate: 0,
    freezeRate: 0,
  }
}
