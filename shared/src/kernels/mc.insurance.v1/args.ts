// The arguments of `insurance.v1` with their ranges and defaults: SPEC section 5.
import { z } from 'zod'
import { CONTRACT_LIMITS } from '../../contract/envelope.ts'

const amount = z.number().min(0).max(1e15)
const limit = amount.nullable()
const mu = z.number().min(-50).max(50)
const sigma = z.number().min(0).max(5)

const sentArgs = z.strictObject({
  iterations: z.int().min(1).max(CONTRACT_LIMITS.iterationsMax),
  claim_freq: z.number().min(0).max(10_000),
  claim_severity_mu: mu,
  claim_severity_sig: sigma,
  cat_prob: z.number().min(0).max(1).default(0.02),
  cat_mu: mu.default(10),
  cat_sig: sigma.default(1.5),
  policy_limit: limit.default(50_000),
  aggregate_limit: limit.default(250_000),
  deductible: amount.default(0),
  aggregate_deductible: amount.default(0),
  cat_limit: limit.optional(),
})

/** As the contract digest sees them: every default filled in, `cat_limit` from `policy_limit`, -0 as 0. */
export const argsSchema = sentArgs.transform((args) => {
  const { cat_limit: catLimit = args.policy_limit } = args
  const filled = { ...args, cat_limit: catLimit }
  for (const [name, value] of Object.entries(filled)) if (Object.is(value, -0)) Object.assign(filled, { [name]: 0 })
  return filled
})
export type InsuranceArgs = z.infer<typeof argsSchema>
