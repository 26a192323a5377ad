// What a contract would take: the plan in short, its price, and the limits that it meets beside what is used of them.
// Nothing is stored and no table is compiled.
import { z } from 'zod'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { toNumber } from '@forge/shared/exact/rational.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { usedCredits, type UsedCredits } from '../billing/invoice.ts'
import { creditsOf } from '../billing/ledger-view.ts'
import { listPrice, priceOfContract } from '../billing/price.ts'
import type { JobLimits } from '../store/ledger-store.ts'
import { unknownPool, type Accepted } from './contract.ts'
import { CREDIT_LIMIT_NAMES, creditLimitsOf } from './credit-limits.ts'
import type { RouteDeps } from './deps.ts'
import { knownProject } from './known-project.ts'
import { expectedMs, fewWarning, lateWarning } from './expected-time.ts'
import { WEB_LIMITS } from './limits.ts'
import { contractLimits, givenUpMet, jobLimitsMet } from './limit-refusals.ts'
import { Refusal } from './refusal.ts'
import { limitsOf } from './tenant-views.ts'

const limitSchema = z.strictObject({
  name: z.string().describe('as the project’s limits call it'),
  limit: z.union([z.number(), z.string(), z.array(z.string())]).describe('what the project may'),
  used: z
    .number()
    .nullable()
    .describe(
      'of it now, by other jobs: how many there are, or what they reserved and spent; null where a contract meets the limit by itself',
    ),
  asked: z.union([z.number(), z.string()]),
  exceeded: z.boolean().describe('`execute` would refuse the contract now'),
})

export const estimateSchema = z.strictObject({
  ok: z.literal(true),
  plan: z.strictObject({
    op: z.string().describe('`mc/1/insurance.v1`'),
    kernel_digest: z.string(),
    contract_digest: z.string().nullable().describe('null for a derived seed, which is not known before the job is'),
    units: z.int(),
    passes: z.int(),
    shards: z.int().describe('of all passes'),
    units_per_shard: z.int(),
    draws_per_unit: z.number().describe('expected, of one pass'),
  }),
  billing: z
    .strictObject({ credits: z.number(), eur: z.number() })
    .describe('what the job costs if it completes with the verification that it asks for; else less, or nothing'),
  limits: z.array(limitSchema),
  agents: z.strictObject({
    eligible: z.int().describe('online now that could work on it'),
    needed: z.int().describe('`policy.min_agents`'),
    enough: z.boolean(),
    expected_ms: z
      .int()
      .max(WEB_LIMITS.expectedMsMax)
      .nullable()
      .describe(
        'what they would take at their speeds if they did nothing else, the maximum for that or more; null where there are none',
      ),
  }),
  warnings: z
    .array(z.string())
    .describe('as that too few agents are online, or that the job would not end within `policy.timeout_ms`'),
})
export type Estimate = z.input<typeof estimateSchema>

export interface Standing {
  readonly limits: ProjectLimits
  readonly used: UsedCredits
  /** Of its jobs, those that have not ended, and those that have not begun. */
  readonly jobs: Readonly<Record<keyof JobLimits, number>>
  /** Agents online that could work on it. */
  readonly eligible: number
  /** Of those, how many milliseconds they would take; null where there are none. */
  readonly expected: number | null
  /** Jobs that were given up today, up to the limit. */
  readonly givenUp: number
}

/** What an estimate says beside the plan, as it is now. */
export async function standingFor(
  accepted: Accepted,
  projectId: ProjectId,
  { store, hub, clock }: Pick<RouteDeps, 'store' | 'hub' | 'clock'>,
): Promise<Standing | Refusal> {
  const project = await knownProject(store, projectId)
  if (project instanceof Refusal) return project
  const { contract, kernel } = accepted
  const foreign = await unknownPool(store, projectId, contract)
  if (foreign !== null) return foreign
  const limits = limitsOf(project)
  const most = limits.cancelled_jobs_per_day
  return {
    limits,
    expected: expectedMs(accepted, projectId, hub),
    givenUp: most === null ? 0 : await store.givenUpOnDay(projectId, clock(), most),
    used: await usedCredits(store, projectId, clock()),
    jobs: await store.jobsAtATime(projectId),
    eligible: hub.eligible(kernelName(kernel.id), { projectId, policy: contract.policy }),
  }
}

export function estimateOf(accepted: Accepted, standing: Standing): Estimate {
  const { contract, kernel, plan, args, references } = accepted
  const { policy, seed } = contract
  const { eligible, expected } = standing
  const { grid, drawsPerUnit } = plan
  const { credits, eur } = priceOfContract({ kernel, plan, contract })
  return {
    ok: true,
    plan: {
      op: kernelName(kernel.id),
      kernel_digest: kernel.digest,
      contract_digest: seed.mode === 'explicit' ? contractDigest(kernel, args, seed.value, references) : null,
      units: Number(grid.units),
      passes: grid.passes,
      shards: shardsOf(grid),
      units_per_shard: grid.unitsPerShard,
      draws_per_unit: toNumber(drawsPerUnit),
    },
    billing: { credits, eur },
    limits: limitsMet(accepted, standing),
    agents: { eligible, needed: policy.min_agents, enough: eligible >= policy.min_agents, expected_ms: expected },
    warnings: [fewWarning(accepted, eligible), lateWarning(accepted, expected)].filter((warning) => warning !== null),
  }
}

/** Of the limits that are set, all but requests a minute, of which every answer has a header. */
function limitsMet(accepted: Accepted, { limits, used, jobs, expected, givenUp }: Standing): Estimate['limits'] {
  const isTest = accepted.contract.ctx.billing.mode === 'test'
  const { microCredits: asked } = listPrice(accepted)
  const most = creditLimitsOf(limits)
  const ofCredits = (isTest ? (['testPerDay'] as const) : (['perDay', 'total'] as const)).flatMap((name) => {
    const limit = most[name]
    if (limit === null) return []
    return {
      name: CREDIT_LIMIT_NAMES[name],
      limit: creditsOf(limit),
      used: creditsOf(used[name]),
      asked: creditsOf(asked),
      exceeded: used[name] + asked > limit,
    }
  })
  return [
    ...contractLimits(accepted, limits).map(({ name, limit, asked: sent, exceeded }) => ({
      name,
      limit: typeof limit === 'object' ? [...limit] : limit,
      used: null,
      asked: sent,
      exceeded,
    })),
    ...jobLimitsMet(limits, jobs),
    ...givenUpMet(accepted, limits, expected, givenUp),
    ...ofCredits,
  ]
}
