// What a seed stands for: which agents there are and how they misbehave, which jobs come when, how the store and the
// referee behave, and when the Hub is killed.
import type { EngineName, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { AgentToken, JobSpec } from '../core/state.ts'
import { brokenAgent, otherAgent, patientAgent, refereeAgent, steadyAgent, type AgentPlan } from './agent-plan.ts'
import { decisionsOf, type Decision } from './decisions.ts'
import { faultsOf, type FaultPlan } from './faults.ts'
import { KERNEL, KERNEL_DIGEST, simKernel, UNITS_PER_SHARD, type SimArgs, type SimPlan } from './kernel.ts'
import { Random } from './random.ts'
import { specialOf, type Special } from './special-worlds.ts'

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
  /** Of identities, beside the Hub's core. */
  readonly decisions: readonly Decision[]
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

/** The reference engine is a test engine, admitted to any target. */
const TARGETS: Record<JobSpec['policy']['target'], readonly EngineName[]> = {
  cpu: ['wasm', 'reference'],
  gpu: ['webgpu', 'reference'],
  any: ['webgpu', 'wasm', 'reference'],
}

export const fits = (target: JobSpec['policy']['target'], engine: EngineName): boolean =>
  TARGETS[target].includes(engine)

/** Whether the operator or the job's own project says that the agent is where the job may run. */
export function isWithin(job: Pick<JobSpec, 'projectId' | 'policy'>, token: AgentToken | null): boolean {
  const { region } = job.policy
  if (region === undefined) return true
  if (token === null || token.region !== region) return false
  return token.madeByOperator ? true : token.owner === job.projectId
}

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed)
  const someMs = random.pick([0, 20_000, 60_000])
  const quarantineMs = random.pick([3_000, 86_400_000])
  // One tab and the referee must finish any job but a full one.
  const alone = random.chance(0.1)
  const special = alone ? undefined : specialOf(seed)
  const faultsEndMs = special?.faultsEndMs ?? someMs
  // A real day is longer than any job lives: who comes back within a job does not meet one that was interrupted.
  const isKilled = faultsEndMs > 0 && quarantineMs > 3_000
  const isSteady = random.chance(0.6) || alone
  const steady = isSteady && special?.isSteady !== false
  const hasReferee = random.chance(0.6) || alone
  const referee = special?.referee ?? hasReferee
  const broken = random.chance(0.15)
  const patient = random.chance(0.15) && !alone && special === undefined
  const otherOf = special?.agentOf ?? (broken ? brokenAgent : patient ? patientAgent : otherAgent)
  const some = alone ? 0 : random.int(steady ? 0 : 1, 6)
  const others = Array.from({ length: special?.agents ?? some }, (_, n) => otherOf(random, n, faultsEndMs))
  const honest = steady ? Array.from({ length: alone ? 1 : 3 }, (_, n) => steadyAgent(random, n, alone)) : []
  const agents = shuffled(random, [...others, ...honest])
  if (referee) {
    const drawn = refereeAgent(random, steady)
    const joinsAtMs = special?.referee === true ? 0 : drawn.joinsAtMs
    const own = { ...drawn, joinsAtMs, unitsPerSecond: special?.refereeUnitsPerSecond?.(seed) ?? drawn.unitsPerSecond }
    agents.splice(random.int(0, agents.length), 0, own)
  }
  // Without a referee nobody can settle what a liar leaves behind.
  const settled = referee || !others.some(({ lieRate }) => lieRate > 0)
  const mustComplete = steady && settled && special?.mustComplete !== false
  return {
    seed,
    agents: mustComplete ? agents : withRegions(withTokens(agents, seed), seed),
    jobs: Array.from({ length: special?.jobs ?? random.int(1, 3) }, (_, n) => {
      const job = jobPlan(random, n, { seed, steady, alone, patient, special })
      return mustComplete ? job : inRegion(job, seed)
    }),
    referee,
    distinctNetwork: random.chance(0.5),
    quarantineMs,
    storeDelayMs: special?.storeDelayMs ?? random.pick([5, 50, 2_000]),
    storeFailRate: random.pick(special?.storeFailRates ?? [0, 0, 0.02, 0.2]),
    crashesAtMs:
      isKilled && random.chance(0.7)
        ? Array.from({ length: random.int(1, 4) }, () => random.int(100, faultsEndMs))
        : [],
    exposureCrashRate: isKilled ? random.pick([0, 0.5, 1]) : 0,
    decisions: decisionsOf({ seed, agents, mustComplete }),
    faults: faultsOf(seed, { endMs: faultsEndMs, mustComplete, isKilled }),
    faultsEndMs,
    mustComplete,
  }
}

/**
 * Half of the worlds in which not every job must complete have agents with owners, and some that the operator trusts. Its own
 * source of chance too.
 */
function withTokens(agents: readonly AgentPlan[], seed: number): readonly AgentPlan[] {
  const random = new Random(seed + 7_000_003)
  if (random.chance(0.5)) return agents
  return agents.map((plan) => {
    const owner = `owner-${random.int(0, 2)}` as ProjectId
    const trusted = random.chance(0.2) && plan.kind === 'honest'
    const isOwned = random.chance(0.6) && !plan.referee
    return isOwned ? { ...plan, token: { owner, pool: null, region: null, madeByOperator: false, trusted } } : plan
  })
}

const REGIONS_FROM = 8_000_009
const hasRegions = (random: Random): boolean => random.chance(0.15)

/** In some of these worlds tokens say regions: the operator's, those of a job's own project, and outsiders' with the same word. */
function withRegions(agents: readonly AgentPlan[], seed: number): readonly AgentPlan[] {
  const random = new Random(seed + REGIONS_FROM)
  if (!hasRegions(random)) return agents
  return agents.map((plan) => {
    const drawn = { owner: random.pick(['one', 'other', 'outsider']) as ProjectId, madeByOperator: random.chance(0.4) }
    const region = random.pick(['west', 'west', 'east', null])
    if (plan.referee) return plan
    return { ...plan, token: { pool: null, trusted: plan.token?.trusted ?? false, region, ...drawn } }
  })
}

function inRegion(job: JobPlan, seed: number): JobPlan {
  if (!hasRegions(new Random(seed + REGIONS_FROM))) return job
  return { ...job, spec: { ...job.spec, policy: { ...job.spec.policy, region: 'west' } } }
}

interface JobSetting {
  readonly seed: number
  readonly steady: boolean
  readonly alone: boolean
  readonly patient: boolean
  readonly special: Special | undefined
}

function jobPlan(random: Random, n: number, { seed, steady, alone, patient, special }: JobSetting): JobPlan {
  const sizes = [1, 2, random.int(3, 12), random.int(10, 60), random.int(60, 300)]
  const usual = patient ? random.int(20, 200) : random.pick(sizes)
  const shards = special?.shards === undefined ? usual : random.int(...special.shards)
  const passes = special?.passes ?? (patient ? 2 : random.pick([1, 1, 2, 2, 3]))
  const arrivesAtMs = random.int(0, special?.jobsWithinMs ?? 10_000)
  const drawnMs = steady ? 1_800_000 : random.int(5_000, 240_000)
  const minAgents = alone ? 1 : random.int(1, 3)
  const drawn: JobSpec['policy'] = {
    target: random.pick(['cpu', 'gpu', 'any']),
    min_agents: minAgents,
    max_agents: random.int(minAgents, 6),
    verify: random.pick(['none', 'spotcheck', 'spotcheck', alone ? 'none' : 'full']),
    timeout_ms: drawnMs,
    spotcheck_rate: patient ? 0.05 : random.pick([0.05, 0.1, 0.5, 1]),
    on_unverified: random.pick(['degrade', 'fail']),
  }
  const policy = { ...drawn, ...special?.policyOf?.(n) }
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
    deadlineMs: arrivesAtMs + policy.timeout_ms,
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
