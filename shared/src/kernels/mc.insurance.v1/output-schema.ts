// The output of `insurance.v1` as a schema: what catalogue and document show of it, and what the tests hold outputs to.
// README.md says what each figure means and how it is rounded.
import { z } from 'zod'

const probability = z.number().min(0).max(1)
const interval = z
  .strictObject({ lower: z.number(), upper: z.number() })
  .describe('at least `lower`, less than `upper`, in money')

const quantileInterval = z.strictObject({
  p: probability,
  var: interval,
  var_interval_95: interval.nullable(),
  tvar: interval,
  low_tail_count: z.boolean(),
})
const exactQuantile = z.strictObject({
  p: probability,
  var: z.number(),
  var_interval_95: interval.nullable(),
  tvar: z.number(),
  tvar_std_error: z.number().nullable(),
  low_tail_count: z.boolean().describe('fewer than 100 years lie beyond it'),
})
const exceedance = z.array(
  z.strictObject({ x: z.number(), p: probability, return_period: z.number().describe('1 / p, in years') }),
)
const severity = z.enum(['claim', 'catastrophe'])

export const outputSchema = z.strictObject({
  loss: z.strictObject({
    mean: z.number().describe('of the year’s loss, in money; all figures are of the simulated years'),
    variance: z.number().nullable().describe('divides by n - 1; null for one year'),
    variance_std_error: z.number().nullable(),
    std_dev: z.number().nullable(),
    std_error: z.number().nullable().describe('of the mean'),
    min: z.number(),
    max: z.number(),
    p_zero: probability.describe('of a year without loss'),
    p_at_aggregate_limit: probability,
    claims: z.int(),
    years: z.int(),
    quantum: z.number().describe('losses are whole multiples of it, in money'),
    quantiles: z
      .array(z.union([exactQuantile, quantileInterval]))
      .describe('exact where `args.quantiles` asks for it, else intervals'),
    aep: exceedance.describe('P(L > x) of the year’s loss').optional(),
    oep: exceedance.describe('of its greatest single event').optional(),
    truncation: z
      .array(z.strictObject({ severity, moment: z.enum(['mean', 'variance']), share: z.number() }))
      .describe('what lies beyond the generator’s tail, where it is more than 1e-6 of a moment')
      .optional(),
    claim_freq_error: z.number().optional(),
    coarse_quantum: z.array(severity).describe('severities for which the quantum is coarse').optional(),
  }),
})
