// What a completed job's `hub` holds, as the API describes it: the founding shape and what came beside it. The answer itself is
// the stored text; a later version may have more in it, and one of before lack what is optional here.
import { z } from 'zod'

const count = z.int().min(0)
const digest = z.string().describe('SHA-256, 64 hexadecimal digits')

const metricsSchema = z.looseObject({
  wall_ms: z.number(),
  agents_used: count,
  shards: count.describe('of all passes'),
  units: z.number(),
  kernel_ms: z.number().describe('over all agents'),
  verified_shards: count,
  engines: z.array(z.string()).readonly(),
  parts: z
    .looseObject({ plan: z.number(), tables: z.number(), dispatch: z.number(), reduce: z.number() })
    .describe('of `wall_ms`: `dispatch` goes to the last verdict')
    .optional(),
})

const replaySchema = z.looseObject({
  root_seed: z.string(),
  contract_digest: digest,
  kernel_digest: digest,
  plan_digest: digest,
  merkle_root: digest,
  output_digest: digest,
})

const boundSchema = z.object({
  confidence: z.number(),
  assumed_collusion: z.string().describe('how many of all checks an accomplice made, as a fraction'),
  max_wrong_shards: count,
  max_wrong_fraction: z.number(),
})

const verificationSchema = z.looseObject({
  mode: z.enum(['none', 'spotcheck', 'full']),
  status: z.enum(['clean', 'escalated', 'degraded']),
  shards: count,
  checked: count,
  checked_by_trusted: count,
  mismatches: count,
  voided: count,
  authors: count,
  networks: count,
  executions: count,
  bound: z.array(boundSchema).readonly().nullable().describe('how many wrong shards the checks do not exclude'),
})

export const hubSchema = z.looseObject({
  metrics: metricsSchema,
  output: z.record(z.string(), z.unknown()).describe('of the profile’s `output_schema`'),
  replay: replaySchema,
  verification: verificationSchema,
})
