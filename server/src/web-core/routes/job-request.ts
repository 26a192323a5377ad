// GET /api/v0/jobs/{id}/request: what a job was asked to do, what that is cut into, and what was reserved for it.
import { z } from 'zod'
import type { StoredContract } from '@forge/shared/contract/envelope.ts'
import { shardsOf, type KernelPlan } from '@forge/shared/kernels/kernel.ts'
import { priceListFor } from '../../billing/terms.ts'
import { priceOfContract } from '../../billing/price.ts'
import { KernelMissing, planOf } from '../../hub/edge/planning.ts'
import { EXAMPLE } from '../examples.ts'
import { JOB_ID_TEXT } from '../job-view.ts'
import { Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import type { JobRow } from '../../store/store.ts'
import { jobParams, NO_JOB, ownJob } from './jobs.ts'

const planSchema = z.strictObject({
  units: z.string().describe('of a pass, in decimal'),
  units_per_shard: z.int(),
  passes: z.int(),
  shards: z.int().describe('of all passes'),
})

export const jobRequestRoute = route({
  method: 'GET',
  path: '/api/v0/jobs/{id}/request',
  scope: 'jobs:read',
  tag: 'jobs',
  operationId: 'getJobRequest',
  summary: 'What a job was asked to do',
  description:
    'The contract as it was registered, with defaults filled in and references resolved: it can be sent to `execute` again. Beside it the plan in short, the digests that are known from the start, and the price that was reserved.',
  params: jobParams,
  missing: NO_JOB,
  responses: {
    200: {
      description: 'The request.',
      schema: z.strictObject({
        ok: z.literal(true),
        job_id: JOB_ID_TEXT,
        request: z.record(z.string(), z.unknown()).describe('the body of `execute`'),
        root_seed: z.string(),
        contract_digest: z.string(),
        kernel_digest: z.string(),
        plan_digest: z.string().nullable().describe('null until it is planned'),
        plan: planSchema.nullable().describe('null where this server no longer has the kernel'),
        reserved: z
          .strictObject({ credits: z.number(), eur: z.number() })
          .nullable()
          .describe('the most that it costs; null with `plan`'),
      }),
    },
  },
  problems: [],
  examples: [
    { summary: 'Of a job that runs', params: { id: EXAMPLE.job }, status: 200 },
    { summary: 'Nobody’s', params: { id: EXAMPLE.unknown }, status: 404 },
  ],
  async handle({ caller, params }, { store }) {
    const row = await ownJob(store, caller.projectId, params.id)
    if (row instanceof Refusal) return row
    // Written by us, from a contract that was parsed.
    const { references: _references, ...request }: StoredContract = JSON.parse(row.request)
    const planned = planIfThere(row)
    const price = planned === null ? null : priceOfContract(planned, await priceListFor(row.id, store))
    return answered(200, {
      ok: true,
      job_id: row.id,
      request,
      root_seed: row.rootSeed,
      contract_digest: row.contractDigest,
      kernel_digest: row.kernelDigest,
      plan_digest: row.planDigest,
      plan: planned === null ? null : planView(planned.plan),
      reserved: price === null ? null : { credits: price.credits, eur: price.eur },
    })
  },
})

const planView = ({ grid }: KernelPlan): z.input<typeof planSchema> => ({
  units: String(grid.units),
  units_per_shard: grid.unitsPerShard,
  passes: grid.passes,
  shards: shardsOf(grid),
})

function planIfThere(row: JobRow): ReturnType<typeof planOf> | null {
  try {
    return planOf(row)
  } catch (error) {
    if (error instanceof KernelMissing) return null
    throw error
  }
}
