// What a project is to its clients and to HQ: the scopes that its keys may have, and the limits that an operator sets.
// Who enforces which limit is the server's business; here is what they are called and what they mean.
import { z } from 'zod'
import { CONTRACT_LIMITS, VERIFY_MODES } from './envelope.ts'

/** What a project's key may do; a route names exactly one of these, or `public`, or `admin`. */
export const SCOPES = [
  'jobs:read',
  'jobs:write',
  'memory:read',
  'memory:write',
  'billing:read',
  'agents:read',
  'pools:manage',
  'keys:manage',
  'audit:read',
] as const
export const scopeSchema = z.enum(SCOPES)
export type Scope = z.infer<typeof scopeSchema>

export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  'jobs:read': 'see the project’s jobs, their shards, events and receipts, and estimate',
  'jobs:write': 'execute, cancel and replay',
  'memory:read': 'read KV, blobs and VMem',
  'memory:write': 'write and delete KV, blobs and VMem',
  'billing:read': 'see usage and ledger',
  'agents:read': 'see the project’s own agents, and who else worked on its jobs',
  'pools:manage': 'make and delete pools, and the node tokens of their agents',
  'keys:manage': 'make and revoke keys of the project, with no more scopes than this key has, and its webhooks',
  'audit:read': 'see who did what to the project, and check the chain of it',
}

export const TENANT_LIMITS = {
  nameCharactersMax: 80,
  /** Far more than any project rotates through; revoked and expired ones do not count. */
  keysPerProjectMax: 100,
  poolsPerProjectMax: 50,
  nodeTokensPerProjectMax: 1_000,
  /** Of the day's credits; each is looked at with every registration. */
  burnWarningsMax: 5,
} as const

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const spotcheckRate = z.number().min(CONTRACT_LIMITS.spotcheckRateMin).max(1)
const credits = z.number().min(0).max(1e9)

/** The limits of one project; null lifts one. Credits are counted as the price list has them, bytes as they lie at rest. */
export const projectLimitsSchema = z.strictObject({
  requests_per_minute: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .describe('of all its keys and all servers together; as many may come at once'),
  iterations_per_job: count.min(1).nullable(),
  concurrent_jobs: z.int().min(1).max(100_000).nullable().describe('that have not ended'),
  queued_jobs: z.int().min(1).max(100_000).nullable().describe('of those, that have not begun'),
  credits_per_day: credits.nullable(),
  credits_total: credits.nullable(),
  test_credits_per_day: credits
    .nullable()
    .describe('of jobs of mode `test`, which are free: counted in what they would cost'),
  burn_warnings: z
    .array(z.number().min(0.01).max(1e9))
    .max(TENANT_LIMITS.burnWarningsMax)
    .describe(
      'credits a day: each is told once a day, by the webhook event `billing.burn_warning`, when the jobs registered that day have reserved or spent as much',
    ),
  verify: z
    .array(z.enum(VERIFY_MODES))
    .min(1)
    .max(3)
    .describe('the verification policies that its contracts may ask for'),
  verify_min: z.enum(VERIFY_MODES).describe('the least that its contracts must ask for'),
  spotcheck_rate_min: spotcheckRate.nullable().describe('the least `policy.spotcheck_rate` of a spotcheck'),
  spotcheck_rate_max: spotcheckRate.nullable().describe('the greatest'),
  cancelled_jobs_per_day: count
    .nullable()
    .describe(
      'cancelled by the client or timed out after they had begun: nobody pays for what was computed. Beyond it, until the next day (UTC), no job that has begun is cancelled and none with a shorter `policy.timeout_ms` than the default is taken',
    ),
  kv_keys: count.nullable(),
  kv_bytes: count.nullable(),
  blob_bytes: count.nullable(),
  vmem_bytes: count.nullable(),
})
export type ProjectLimits = z.infer<typeof projectLimitsSchema>

/** Of a project of which the operator has said nothing else. */
export const DEFAULT_PROJECT_LIMITS: ProjectLimits = {
  requests_per_minute: 6_000,
  iterations_per_job: null,
  concurrent_jobs: 100,
  queued_jobs: 100,
  credits_per_day: null,
  credits_total: null,
  // About a hundred founding requests.
  test_credits_per_day: 150,
  burn_warnings: [],
  verify: [...VERIFY_MODES],
  verify_min: 'none',
  spotcheck_rate_min: null,
  spotcheck_rate_max: null,
  cancelled_jobs_per_day: 1_000,
  kv_keys: 100_000,
  kv_bytes: 64 * 1024 * 1024,
  blob_bytes: 1024 * 1024 * 1024,
  vmem_bytes: 1024 * 1024 * 1024,
}

/** Those that an operator names; the others stay as they are. */
export const limitsChangeSchema = projectLimitsSchema.partial()

export const tenantNameSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(TENANT_LIMITS.nameCharactersMax)
  .regex(/^\P{C}*$/u, 'a name has no control characters')
  .refine((name) => name.trim() === name, 'a name has no space at either end')
