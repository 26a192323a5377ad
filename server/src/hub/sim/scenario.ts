// What a seed stands for: which agents there are and how they misbehave, which jobs come when, how the store and the
// referee behave, and when the Hub is killed.
import type { EngineName, Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { JobSpec } from '../core/state.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { faultsOf, type FaultPlan } from './faults.ts'
import {
  KERNEL,
  KERNEL_DIGEST,
  OLD_KERNEL_DIGEST,
  simKernel,
  UNITS_PER_SHARD,
  type SimArgs,
  type SimPlan,
} from './kernel.ts'
import { Random } from './random.ts'

export interface AgentPlan {
  readonly identity: Identity
  readonly network: string
  readonly referee: boolean
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

export interface JobPlan {
  readonly spec: JobSpec
  readonly args: SimArgs
  readonly plan: SimPlan
  readonly rootSeed: string
  readonly arrivesAtMs: number
}

export interface Scenario {
  readonly seed: number
  readonly agents: readonly AgentPlan[]
  readonly jobs: readonly JobPlan[]
  readonly referee: boolean
  readonly distinctNetwork: boolean
  /** A day in the world: how long an exposed identity stays away. */
  readonly quarantineMs: number
  readonly storeDelayMs: number
  readonly storeFailRate: number
  readonly crashesAtMs: readonly number[]
  /** Of exposures after which the Hub is killed within seconds: while what was taken back runs again. */
  readonly exposureCrashRate: number
  readonly faults: FaultPlan
  /** From here on nothing freezes, leaves, fails or crashes; liars go on lying. */
  readonly faultsEndMs: number
  /** Honest agents stay and there is time enough: every job must complete. */
  readonly mustComplete: boolean
}

export function jobOf({ jobs }: Scenario, jobId: JobId): JobPlan {
  const job = jobs.find(({ spec }) => spec.id === jobId)
  if (job === undefined) throw new Error(`there is no job ${jobId}`)
  return job
}

export const specOf = (scenario: Scenario, jobId: JobId): JobSpec => jobOf(scenario, jobId).spec

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed)
  const faultsEndMs = random.pick([0, 20_000, 60_000])
  const quarantineMs = random.pick([3_000, 86_400_000])
  // A real day is longer than any job lives: who comes back within a job does not meet one that was interrupted.
  const isKilled = faultsEndMs > 0 && quarantineMs > 3_000
  // One tab and the referee must finish any job but a full one.
  const alone = random.chance(0.1)
  const steady = alone || random.chance(0.6)
  // Its own source of chance: few worlds, and the others stay as they are.
  const crowded = !alone && new Random(seed + 4_000_037).chance(0.1)
  const referee = alone || (random.chance(0.6) && !crowded)
  const broken = random.chance(0.15)
  const patient = !alone && random.chance(0.15)
  const others = Array.from({ length: alone ? 0 : random.int(steady ? 0 : 1, 6) }, (_, n) =>
    crowded
      ? crowdedAgent(random, n, faultsEndMs)
      : broken
        ? brokenAgent(random, n)
        : patient
          ? patientAgent(random, n, faultsEndMs)
          : otherAgent(random, n, faultsEndMs),
  )
  const honest = steady ? Array.from({ length: alone ? 1 : 3 }, (_, n) => steadyAgent(random, n, alone)) : []
  const agents = shuffled(random, [...others, ...honest])
  if (referee) agents.splice(random.int(0, agents.length), 0, refereeAgent(random, steady))
  // Without a referee nobody can settle what a liar leaves behind.
  const settled = referee || !others.some(({ lieRate }) => lieRate > 0)
  return {
    seed,
    agents,
    jobs: Array.from({ length: random.int(1, 3) }, (_, n) => jobPlan(random, n, { seed, steady, alone, patient })),
    referee,
    distinctNetwork: random.chance(0.5),
    quarantineMs,
    storeDelayMs: random.pick([5, 50, 2_000]),
    storeFailRate: random.pick([0, 0, 0.02, 0.2]),
    crashesAtMs:
      isKilled && random.chance(0.7)
        ? Array.from({ length: random.int(1, 4) }, () => random.int(100, faultsEndMs))
        : [],
    exposureCrashRate: isKilled ? random.pick([0, 0.5, 1]) : 0,
    faults: faultsOf(seed, { endMs: faultsEndMs, mustComplete: steady && settled, isKilled }),
    faultsEndMs,
    mustComplete: steady && settled,
  }
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

function otherAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
  const kind = random.pick(['honest', 'honest', 'liar', 'colluder', 'colluder', 'hung'] as const)
  const unitsPerSecond = random.int(100, 5_000)
  const faulty = faultsEndMs > 0
  const lieRate = kind === 'liar' || kind === 'colluder' ? random.pick([0.02, 0.2, 1]) : 0
  const failRate = random.pick([0, 0, 0.05, 0.5, 1])
  return {
    identity: `other-${n}` as Identity,
    network: `network-${random.int(0, 5)}`,
    referee: false,
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

/** It fails on every shard: free keys must not be able to kill a job. */
function brokenAgent(random: Random, n: number): AgentPlan {
  return {
    ...steadyAgent(random, n, false),
    identity: `broken-${n}` as Identity,
    veteran: false,
    failRate: 1,
    joinsAtMs: 0,
  }
}

/** It lies seldom while the last pass is not planned, and is found out in it. */
function patientAgent(random: Random, n: number, faultsEndMs: number): AgentPlan {
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

function steadyAgent(random: Random, n: number, alone: boolean): AgentPlan {
  const unitsPerSecond = random.int(500, 3_000)
  return {
    ...HONEST,
    identity: `steady-${n}` as Identity,
    network: `steady-network-${n}`,
    referee: false,
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

function refereeAgent(random: Random, steady: boolean): AgentPlan {
  return {
    ...HONEST,
    identity: 'referee' as Identity,
    network: 'referee-network',
    referee: true,
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

interface JobSetting {
  readonly seed: number
  readonly steady: boolean
  readonly alone: boolean
  readonly patient: boolean
}

function jobPlan(random: Random, n: number, { seed, steady, alone, patient }: JobSetting): JobPlan {
  const sizes = [1, 2, random.int(3, 12), random.int(10, 60), random.int(60, 300)]
  const shards = patient ? random.int(20, 200) : random.pick(sizes)
  const passes = patient ? 2 : random.pick([1, 1, 2, 2, 3])
  const arrivesAtMs = random.int(0, 10_000)
  const timeoutMs = steady ? 1_800_000 : random.int(5_000, 240_000)
  const minAgents = alone ? 1 : random.int(1, 3)
  const policy: JobSpec['policy'] = {
    target: random.pick(['cpu', 'gpu', 'any']),
    min_agents: minAgents,
    max_agents: random.int(minAgents, 6),
    verify: random.pick(['none', 'spotcheck', 'spotcheck', alone ? 'none' : 'full']),
    timeout_ms: timeoutMs,
    spotcheck_rate: patient ? 0.05 : random.pick([0.05, 0.1, 0.5, 1]),
    on_unverified: random.pick(['degrade', 'fail']),
  }
  const id = `job-${n}` as JobId
  const rootSeed = `${seed} ${id}`
  const refines = passes > 1 && random.chance(0.8)
  const args = { units: unitsOf(new Random(seed + 5_000_011 + n), shards), passes, refines }
  const plan = simKernel.plan(args)
  const spec: JobSpec = {
    id,
    projectId: random.pick(['one', 'other']) as ProjectId,
    kernel: KERNEL,
    kernelDigest: KERNEL_DIGEST,
    grid: plan.grid,
    refines: plan.refines,
    policy,
    deadlineMs: arrivesAtMs + timeoutMs,
    samplingKey: Uint8Array.from({ length: 32 }, () => random.int(0, 255)),
  }
  return { spec, args, plan, rootSeed, arrivesAtMs }
}

/** The last shard is often a shorter one. */
const unitsOf = (random: Random, shards: number): number =>
  shards * UNITS_PER_SHARD - (random.chance(0.5) ? random.int(1, UNITS_PER_SHARD - 1) : 0)

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
