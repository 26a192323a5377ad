// The contract that a client posts: one strict schema for the envelope of every workload. Args are the kernel's own,
// validated by its schema once op and profile are known.
import { z } from 'zod'
import { digestSchema } from './ids.ts'
import { MEMORY_LIMITS, vmemNameSchema, namespaceSchema, type Reference } from './memory.ts'
import { poolNameSchema, regionSchema } from './places.ts'

export const CONTRACT_LIMITS = {
  /** Bytes of a request body: the largest planned args (an empirical severity) with room to spare. */
  bodyBytesMax: 1024 * 1024,
  seedCharactersMax: 256,
  idCharactersMax: 200,
  metadataPairsMax: 16,
  metadataCharactersMax: 200,
  timeoutMsMin: 1_000,
  timeoutMsMax: 24 * 60 * 60 * 1000,
  timeoutMsDefault: 600_000,
  agentsMax: 10_000,
  /** Jobs of more years than this are refused before planning. */
  iterationsMax: 1_000_000_000_000,
  spotcheckRateMin: 0.05,
  spotcheckRateDefault: 0.1,
} as const

/** From the least to the most. */
export const VERIFY_MODES = ['none', 'spotcheck', 'full'] as const

const id = z.string().min(1).max(CONTRACT_LIMITS.idCharactersMax)
const shortText = z.string().max(CONTRACT_LIMITS.metadataCharactersMax)

const ctxSchema = z.strictObject({
  job_id: id.optional(),
  trace_id: id.optional(),
  run_id: id.optional(),
  stage_id: id.optional(),
  billing: z
    .strictObject({ mode: z.enum(['billable', 'test']).default('billable'), reason: shortText.optional() })
    .default({ mode: 'billable' }),
  metadata: z
    .record(shortText.min(1), shortText)
    .refine((pairs) => Object.keys(pairs).length <= CONTRACT_LIMITS.metadataPairsMax, {
      message: `at most ${CONTRACT_LIMITS.metadataPairsMax} pairs`,
    })
    .optional(),
})

const opSchema = z.strictObject({
  name: z.string().min(1).max(64),
  version: z.int().min(1).max(1_000_000),
  profile: z.string().min(1).max(128),
  kernel_digest: digestSchema.optional(),
})

const seedSchema = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('explicit'),
    value: z.string().min(1).max(CONTRACT_LIMITS.seedCharactersMax).refine(isWellFormed, {
      message: 'the text has half a surrogate pair, which UTF-8 cannot say',
    }),
  }),
  z.strictObject({ mode: z.literal('derived') }),
])

export const policySchema = z
  .strictObject({
    target: z.enum(['cpu', 'gpu', 'any']),
    min_agents: z.int().min(1).max(CONTRACT_LIMITS.agentsMax),
    max_agents: z.int().min(1).max(CONTRACT_LIMITS.agentsMax),
    verify: z.enum(VERIFY_MODES),
    timeout_ms: z
      .int()
      .min(CONTRACT_LIMITS.timeoutMsMin)
      .max(CONTRACT_LIMITS.timeoutMsMax)
      .default(CONTRACT_LIMITS.timeoutMsDefault),
    pool: poolNameSchema.optional().describe('one of the project’s own: its agents alone work on it, and the referee'),
    region: regionSchema
      .optional()
      .describe(
        'agents whose node token says that they are there: one that the operator made, or one of the project’s own',
      ),
    spotcheck_rate: z
      .number()
      .min(CONTRACT_LIMITS.spotcheckRateMin)
      .max(1)
      .default(CONTRACT_LIMITS.spotcheckRateDefault),
    on_unverified: z.enum(['degrade', 'fail']).default('degrade'),
  })
  .refine((policy) => policy.min_agents <= policy.max_agents, {
    path: ['min_agents'],
    message: 'min_agents must not exceed max_agents',
  })

const artifactsSchema = z.strictObject({
  persist: z.boolean().optional(),
  include: z
    .array(z.enum(['result_json', 'executions_json', 'metrics_json']))
    .max(3)
    .optional(),
  kv_namespace: namespaceSchema.optional(),
  /** Arrays of the output, which the profile names, as new versions of arrays in VMem. */
  vmem: z
    .array(z.strictObject({ array: z.string().min(1).max(64), name: vmemNameSchema }))
    .max(MEMORY_LIMITS.artifactArraysMax)
    .optional(),
})

export const contractSchema = z.strictObject({
  ctx: ctxSchema,
  op: opSchema,
  seed: seedSchema,
  policy: policySchema,
  args: z.record(z.string(), z.unknown()),
  artifacts: artifactsSchema.optional(),
})

/** A contract after parsing: defaults are in, args still as sent. */
export type Contract = z.infer<typeof contractSchema>
/** As a job keeps it: references are resolved, once and for all, and their values stand in the args. */
export type StoredContract = Contract & { readonly references?: readonly Reference[] }
export type Policy = Contract['policy']

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text)
}
