// What a project may, beside what it uses of it now: /api/v0/limits for its own keys, and the operator's of any project.
import { z } from 'zod'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { projectLimitsSchema, type ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { usedCredits } from '../../billing/invoice.ts'
import { creditsOf } from '../../billing/ledger-view.ts'
import type { RouteDeps, WebStore } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { knownProject, NO_PROJECT } from '../known-project.ts'
import { WEB_LIMITS } from '../limits.ts'
import { Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { limitsOf } from '../tenant-views.ts'
import { projectParams } from './projects.ts'

/** Of limits that fill up; the others a request or a contract meets by itself. */
const usedSchema = z.strictObject({
  concurrent_jobs: z.int(),
  queued_jobs: z.int(),
  credits_per_day: z.number().describe('reserved or spent today, UTC'),
  credits_total: z.number().describe('reserved or spent'),
  test_credits_per_day: z.number(),
  cancelled_jobs_per_day: z
    .int()
    .describe(`today, UTC; where there is no limit at most ${WEB_LIMITS.givenUpCountedMax} are counted`),
  kv_keys: z.int(),
  kv_bytes: z.int(),
  blob_bytes: z.int(),
  vmem_bytes: z.int(),
} satisfies { [name in keyof ProjectLimits]?: z.ZodType })

const answerSchema = z.strictObject({
  ok: z.literal(true),
  limits: projectLimitsSchema.describe('`null`: there is none'),
  used: usedSchema.describe('of those that fill up; how many requests are left, every answer says in `RateLimit`'),
})
const ANSWERED = { 200: { description: 'As it is now.', schema: answerSchema } } as const
const DESCRIPTION =
  'Every limit, and what is used of those that fill up. The operator alone changes them: `PATCH /api/v0/projects/{id}`.'

export const limitsRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/limits',
    scope: 'jobs:read',
    tag: 'limits',
    operationId: 'getLimits',
    summary: 'What the project may',
    description: DESCRIPTION,
    responses: ANSWERED,
    problems: ['NOT_FOUND'],
    examples: [{ summary: 'All of them', status: 200 }],
    handle: ({ caller }, deps) => answer(caller.projectId, deps),
  }),
  route({
    method: 'GET',
    path: '/api/v0/projects/{id}/limits',
    scope: 'admin',
    tag: 'limits',
    operationId: 'getLimitsOfProject',
    summary: 'What a project may',
    description: DESCRIPTION,
    params: projectParams,
    missing: NO_PROJECT,
    responses: ANSWERED,
    problems: [],
    examples: [
      { summary: 'Of one', params: { id: EXAMPLE.project }, status: 200 },
      { summary: 'Of none', params: { id: EXAMPLE.unknown }, status: 404 },
    ],
    handle: ({ params }, deps) => answer(params.id as ProjectId, deps),
  }),
]

async function answer(id: ProjectId, { store, clock }: RouteDeps) {
  const project = await knownProject(store, id)
  if (project instanceof Refusal) return project
  const limits = limitsOf(project)
  return answered(200, { ok: true, limits, used: await usedOf(store, project.id, limits, clock()) })
}

async function usedOf(
  store: WebStore,
  id: ProjectId,
  { cancelled_jobs_per_day }: ProjectLimits,
  nowMs: number,
): Promise<z.input<typeof usedSchema>> {
  const [open, credits, memory, givenUp] = await Promise.all([
    store.jobsAtATime(id),
    usedCredits(store, id, nowMs),
    store.memoryUsage(id),
    store.givenUpOnDay(id, nowMs, cancelled_jobs_per_day ?? WEB_LIMITS.givenUpCountedMax),
  ])
  return {
    concurrent_jobs: open.concurrent,
    queued_jobs: open.queued,
    credits_per_day: creditsOf(credits.perDay),
    credits_total: creditsOf(credits.total),
    test_credits_per_day: creditsOf(credits.testPerDay),
    cancelled_jobs_per_day: givenUp,
    kv_keys: memory.kvKeys,
    kv_bytes: memory.kvBytes,
    blob_bytes: memory.blobBytes,
    vmem_bytes: memory.vmemBytes,
  }
}
