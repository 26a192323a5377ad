// What a contract would take, worked out from the contract alone: the plan in short, its price, the limits that it meets.
// Nothing is stored and no table is compiled.
import { z } from 'zod'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { toNumber } from '@forge/shared/exact/rational.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { listPrice, priceOfContract } from '../billing/price.ts'
import type { Accepted } from './contract.ts'
import { contractLimits } from './limit-refusals.ts'

const limitSchema = z.strictObject({
  name: z.string().describe('as the project’s limits call it'),
  limit: z.union([z.number(), z.string(), z.array(z.string())]).describe('what the project may'),
  asked: z.union([z.number(), z.string()]),
  exceeded: z.boolean(),
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
  }),
})
export type Estimate = z.input<typeof estimateSchema>

export function estimateOf(accepted: Accepted, limits: ProjectLimits, eligible: number): Estimate {
  const { contract, kernel, plan, args, references } = accepted
  const { policy, seed } = contract
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
    limits: limitsMet(accepted, limits, credits),
    agents: { eligible, needed: policy.min_agents, enough: eligible >= policy.min_agents },
  }
}

/** Of the limits that are set, those that a single contract can exceed by itself. */
function limitsMet(accepted: Accepted, limits: ProjectLimits, credits: number): Estimate['limits'] {
  const { contract, kernel, plan } = accepted
  const isTest = contract.ctx.billing.mode === 'test'
  const numbers: readonly [keyof ProjectLimits & string, number | null, number][] = [
    ['credits_per_day', isTest ? null : limits.credits_per_day, credits],
    ['credits_total', isTest ? null : limits.credits_total, credits],
    [
      'test_credits_per_day',
      isTest ? limits.test_credits_per_day : null,
      listPrice({ kernel, plan, contract }).credits,
    ],
  ]
  return [
    ...contractLimits(accepted, limits).map(({ name, limit, asked, exceeded }) => ({
      name,
      limit: typeof limit === 'object' ? [...limit] : limit,
      asked,
      exceeded,
    })),
    ...numbers.flatMap(([name, limit, asked]) =>
      limit === null ? [] : [{ name, limit, asked, exceeded: asked > limit }],
    ),
  ]
}
