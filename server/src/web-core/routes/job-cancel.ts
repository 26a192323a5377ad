// POST /api/v0/jobs/{id}/cancel: the job computes nothing from then on, and ends without a bill.
import { EXAMPLE } from '../examples.ts'
import { jobViewSchema, viewOfJob } from '../job-view.ts'
import { WEB_LIMITS } from '../limits.ts'
import { refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import type { JobRow } from '../../store/store.ts'
import type { WebStore } from '../deps.ts'
import { knownProject } from '../known-project.ts'
import { givenUpLimit, OPERATOR_RAISES } from '../limit-refusals.ts'
import { limitsOf } from '../tenant-views.ts'
import { jobParams, NO_JOB, ownJob } from './jobs.ts'

export const jobCancelRoute = route({
  method: 'POST',
  path: '/api/v0/jobs/{id}/cancel',
  scope: 'jobs:write',
  tag: 'jobs',
  operationId: 'cancelJob',
  summary: 'Cancel a job',
  description:
    'No agent works on it from then on, its end is durable when this is answered, and the client pays nothing. One that another server of the same database runs is stopped by that one, within some seconds, which this waits for. A job that has ended, also by an end that was just being written, is refused: finished is finished. A job that has begun counts against the project’s `cancelled_jobs_per_day`, since nobody pays for what was computed; so does one that had begun and timed out.',
  params: jobParams,
  missing: NO_JOB,
  responses: {
    200: { description: 'It is cancelled.', schema: jobViewSchema },
    202: {
      description:
        'It is to be cancelled, which is durable; its end is still being written, or the server that runs it has not looked yet.',
      schema: jobViewSchema,
      headers: { Location: 'of the job', 'Retry-After': 'seconds' },
    },
  },
  problems: ['JOB_ENDED', 'LIMIT_REACHED'],
  examples: [
    { summary: 'One that runs', params: { id: EXAMPLE.job }, status: 200 },
    { summary: 'One that has ended', params: { id: EXAMPLE.finishedJob }, status: 409 },
  ],
  async handle({ caller, params }, { store, hub, clock }) {
    const before = await ownJob(store, caller.projectId, params.id)
    if (before instanceof Refusal) return before
    if (before.finishedAtMs !== null) return ended(before)
    const beyond = await beyondCancelling(before, store, clock())
    if (beyond !== null) return beyond
    await hub.cancel(before.id)
    const row = await ownJob(store, caller.projectId, params.id)
    if (row instanceof Refusal) return row
    const view = await viewOfJob(row, { store, hub })
    if (row.state === 'CANCELLED') return answered(200, view)
    if (row.finishedAtMs !== null) return ended(row)
    const headers = { Location: `/api/v0/jobs/${row.id}`, 'Retry-After': String(WEB_LIMITS.retryAfterSeconds) }
    return answered(202, view, headers)
  },
})

async function beyondCancelling(job: JobRow, store: WebStore, nowMs: number): Promise<Refusal | null> {
  if (job.startedAtMs === null) return null
  const project = await knownProject(store, job.projectId)
  if (project instanceof Refusal) return project
  const beyond = await givenUpLimit(store, project.id, limitsOf(project), nowMs)
  if (beyond === null) return null
  const detail = `${beyond.detail} This one goes on, and may be cancelled from ${beyond.tomorrow} on. ${OPERATOR_RAISES}`
  return refuse('LIMIT_REACHED', detail, { job_id: job.id })
}

const ended = ({ id, state }: JobRow): Refusal =>
  refuse('JOB_ENDED', `The job ended as ${state} before it could be cancelled.`, { job_id: id })
