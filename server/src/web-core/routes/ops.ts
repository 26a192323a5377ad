// /api/v0/ops: what can be computed, what it would take, and computing it.
import { z } from 'zod'
import { PRICE_LIST, priceListDigest, priceListSchema } from '@forge/shared/billing/price-list.ts'
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { kernelName, kernels } from '@forge/shared/kernels/registry.gen.ts'
import { resolveReferences } from '../../memory/references.ts'
import { acceptContract } from '../contract.ts'
import { mayRefer } from '../contract-scopes.ts'
import { ignoredPolicy } from '../policy-words.ts'
import { estimateOf, estimateSchema, standingFor } from '../estimate.ts'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { EXAMPLE } from '../examples.ts'
import { execute } from '../execute.ts'
import { jobViewSchema } from '../job-view.ts'
import { jsonSchemaOf } from '../openapi/schemas.ts'
import { Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'

const NO_SUCH_OP = { name: 'mc', version: 1, profile: 'nothing.v1' }
const PREFER = { description: 'RFC 7240: `wait=N` seconds (0 to 120) or `respond-async`', example: 'wait=10' }

export const NOT_RUNNABLE = [
  'UNKNOWN_OP',
  'KERNEL_DIGEST_MISMATCH',
  'RANGE_NOT_SUPPORTED',
  'REFERENCE_NOT_FOUND',
  'REFERENCE_UNUSABLE',
] as const

const HOW_ANSWERED = {
  'Forge-Attached': '`true` where the job was there before',
  'Preference-Applied': 'RFC 7240: what of `Prefer` was followed',
}

/** What every route has that registers a job and waits for it. */
export const AS_EXECUTE = {
  headers: { Prefer: PREFER },
  // Also where what it waited for has failed.
  problemHeaders: HOW_ANSWERED,
  responses: {
    200: {
      description: 'The job has completed: the founding answer.',
      schema: jobViewSchema,
      headers: HOW_ANSWERED,
    },
    202: {
      description: 'The job goes on; look at `Location` after `Retry-After` seconds.',
      schema: jobViewSchema,
      headers: { Location: 'of the job', 'Retry-After': 'seconds', ...HOW_ANSWERED },
    },
  },
  problems: [
    'BAD_PREFERENCE',
    'JOB_ID_REUSED',
    'LIMIT_REACHED',
    'TOO_MANY_JOBS',
    'CREDIT_LIMIT_REACHED',
    'CANCELLED',
    'NO_ELIGIBLE_AGENTS',
    'NO_ELIGIBLE_CHECKER',
    'VERIFICATION_FAILED',
    'KERNEL_FAULT',
    'TIMED_OUT',
    'SERVER_STOPPING',
  ],
} as const

const schemaText = z.record(z.string(), z.unknown()).describe('JSON Schema, draft 2020-12')
const catalogueSchema = z.strictObject({
  ok: z.literal(true),
  ops: z.array(
    z.strictObject({
      op: z.string().describe('`mc/1/insurance.v1`'),
      name: z.string(),
      version: z.int(),
      profile: z.string(),
      aliases: z.array(z.string()).describe('other names of the profile'),
      kernel_digest: z.string().describe('pin it as `op.kernel_digest`, and no other code will run'),
      args_schema: schemaText,
      output_schema: schemaText.describe('of `hub.output`'),
    }),
  ),
  price_list: priceListSchema.describe('by which every job is priced'),
  price_list_digest: z.string().describe('as receipts name it'),
})

const catalogue = (): z.input<typeof catalogueSchema>['ops'] =>
  [...kernels.values()].map(({ id, aliases, digest, argsSchema, outputSchema }) => ({
    op: kernelName(id),
    name: id.op,
    version: id.version,
    profile: id.profile,
    aliases: [...aliases],
    kernel_digest: digest,
    args_schema: jsonSchemaOf(argsSchema),
    output_schema: jsonSchemaOf(outputSchema, 'output'),
  }))

export const opsRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/ops',
    scope: 'jobs:read',
    tag: 'ops',
    operationId: 'listOps',
    summary: 'What can be computed',
    description:
      'Every op, version and profile, with the schemas of its arguments and output, the digest of the code that runs, and the price list.',
    responses: { 200: { description: 'The catalogue.', schema: catalogueSchema } },
    problems: [],
    examples: [{ summary: 'All of it', status: 200 }],
    handle: async () =>
      answered(200, {
        ok: true,
        ops: catalogue(),
        price_list: PRICE_LIST,
        price_list_digest: priceListDigest(PRICE_LIST),
      }),
  }),
  route({
    method: 'POST',
    path: '/api/v0/ops/estimate',
    scope: 'jobs:read',
    tag: 'ops',
    operationId: 'estimate',
    summary: 'What a contract would take',
    description:
      'The body of `execute`. Says the plan in short, the price, which of the project’s limits it meets, and how many agents could work on it now. Nothing is stored, and no table is compiled. References in `args` need `memory:read` as well.',
    body: contractSchema,
    responses: { 200: { description: 'The estimate.', schema: estimateSchema } },
    problems: NOT_RUNNABLE,
    examples: [
      { summary: 'The founding request', body: FOUNDING_REQUEST, status: 200 },
      {
        summary: 'With a derived seed and exact quantiles',
        body: {
          ...FOUNDING_REQUEST,
          ctx: {},
          seed: { mode: 'derived' },
          args: { ...FOUNDING_REQUEST.args, quantiles: true },
        },
        status: 200,
      },
      { summary: 'An op that there is not', body: { ...FOUNDING_REQUEST, op: NO_SUCH_OP }, status: 422 },
    ],
    async handle({ caller, body, sent }, deps) {
      const barred = mayRefer(caller, body) ?? ignoredPolicy(body, sent)
      if (barred !== null) return barred
      const resolved = await resolveReferences(body.args, caller.projectId, deps)
      if (resolved instanceof Refusal) return resolved
      const accepted = acceptContract(body, sent, resolved)
      if (accepted instanceof Refusal) return accepted
      const standing = await standingFor(accepted, caller.projectId, deps)
      return standing instanceof Refusal ? standing : answered(200, estimateOf(accepted, standing))
    },
  }),
  route({
    method: 'POST',
    path: '/api/v0/ops/execute',
    scope: 'jobs:write',
    tag: 'ops',
    operationId: 'execute',
    summary: 'Run a contract',
    description:
      'Registers the contract as a job and waits for its end, at most 120 s. The same `ctx.job_id` with the same body attaches to the same job, whatever its state, and is answered with `Forge-Attached: true`; with another body it is refused. If the client goes away the job goes on. A new job whose `args` refer to memory needs `memory:read` as well, one with `artifacts.persist` `memory:write`.',
    headers: AS_EXECUTE.headers,
    body: contractSchema,
    responses: AS_EXECUTE.responses,
    problemHeaders: AS_EXECUTE.problemHeaders,
    problems: [...NOT_RUNNABLE, ...AS_EXECUTE.problems],
    examples: [
      { summary: 'The founding request', body: FOUNDING_REQUEST, status: 200 },
      {
        summary: 'Do not wait',
        headers: { Prefer: 'respond-async' },
        body: { ...FOUNDING_REQUEST, ctx: { job_id: `retry-of-${EXAMPLE.job}` } },
        status: 202,
      },
    ],
    handle: (input, deps) => execute(input, deps),
  }),
]
