// /api/v0/jobs: what became of the contracts of a project.
import { z } from 'zod'
import { jobIdSchema, type JobId, type ProjectId } from '@forge/shared/contract/ids.ts'
import type { JobRow } from '../../store/store.ts'
import type { WebStore } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { jobViewSchema, noticesView, noticesViewSchema, viewOfJob } from '../job-view.ts'
import { refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'

export const NO_JOB = 'This project has no job of that id.'
export const jobParams = z.strictObject({ id: jobIdSchema.describe('the `job_id` of an answer') })

export const jobsRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/jobs/{id}',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'getJob',
    summary: 'One job',
    description:
      'State and progress of an unfinished job, the founding answer of a completed one, the problem of one that failed or was cancelled: this call answers 200 for it, because looking succeeded.',
    params: jobParams,
    missing: NO_JOB,
    responses: { 200: { description: 'The job as it is now.', schema: jobViewSchema } },
    problems: [],
    examples: [
      { summary: 'A job that runs', params: { id: EXAMPLE.job }, status: 200 },
      { summary: 'A completed one', params: { id: EXAMPLE.finishedJob }, status: 200 },
      { summary: 'Nobody’s, or another project’s', params: { id: EXAMPLE.unknown }, status: 404 },
    ],
    async handle({ caller, params }, { store, hub }) {
      const row = await ownJob(store, caller.projectId, params.id)
      if (row instanceof Refusal) return row
      return answered(200, await viewOfJob(row, { store, hub }))
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/jobs/{id}/notices',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'getJobNotices',
    summary: 'What was learned after the end',
    description:
      'A job that has ended never changes. That an agent whose work it rests on was later found to answer wrong is said here, once for each agent. Each notice is there as a signed document too, which names the receipt that it stands beside.',
    params: jobParams,
    missing: NO_JOB,
    responses: { 200: { description: 'The notices in their order.', schema: noticesViewSchema } },
    problems: [],
    examples: [{ summary: 'Of a completed job', params: { id: EXAMPLE.finishedJob }, status: 200 }],
    async handle({ caller, params }, { store, sealer }) {
      const row = await ownJob(store, caller.projectId, params.id)
      if (row instanceof Refusal) return row
      const signed = await sealer.noticesOf(row.id)
      return answered(200, noticesView(row, await store.noticesOf(row.id), signed))
    },
  }),
]

/** Another project's job and no job at all answer alike. */
export async function ownJob(store: Pick<WebStore, 'job'>, projectId: ProjectId, id: JobId): Promise<JobRow | Refusal> {
  const row = await store.job(id)
  return row?.projectId === projectId ? row : refuse('NOT_FOUND', NO_JOB)
}
