// GET /api/v0/jobs: a project's jobs in short, newest first.
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import type { JobSummary } from '../../store/job-reads.ts'
import { JOB_STATES } from '../../store/store.ts'
import { JOB_ID_TEXT } from '../job-view.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { answered, route } from '../routing/route.ts'
import { ulidSchema } from '../tenant-views.ts'
import { isoOf, isoOrNull, timeText } from '../times.ts'

const time = z.iso.datetime()

const jobSummarySchema = z.strictObject({
  job_id: JOB_ID_TEXT,
  client_job_id: z.string().nullable().describe('`ctx.job_id`'),
  op: z.string().nullable().describe('`mc/1/insurance.v1`'),
  status: z.enum(JOB_STATES),
  replay_of: z.string().nullable().describe('the job that it repeats'),
  reason: z.string().nullable(),
  problem: problemSchema.nullable(),
  billing: z.strictObject({ credits: z.number(), eur: z.number() }).nullable().describe('of a completed job'),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  deadline_at: time,
})
const billingSchema = jobSummarySchema.shape.billing

/** A page begins behind a job's creation, and among those of one millisecond behind its id. */
const cursorSchema = z.tuple([z.int().min(0), ulidSchema])

export const jobListRoute = route({
  method: 'GET',
  path: '/api/v0/jobs',
  scope: 'jobs:read',
  tag: 'jobs',
  operationId: 'listJobs',
  summary: 'The project’s jobs',
  description: 'Newest first, in short. Each filter narrows the list.',
  query: z.strictObject({
    ...pageQuery(cursorSchema),
    state: z.enum(JOB_STATES).optional(),
    client_job_id: z.string().min(1).max(200).optional().describe('the `ctx.job_id` that the client gave'),
    op: z
      .string()
      .regex(/^[^/]{1,64}\/\d{1,7}\/[^/]{1,128}$/, 'an op is written as mc/1/insurance.v1')
      .optional()
      .describe('op, version and profile: `mc/1/insurance.v1`'),
    created_from: timeText.optional().describe('created at this time or later'),
    created_before: timeText.optional(),
  }),
  responses: {
    200: {
      description: 'A page of them.',
      schema: z.strictObject({ ok: z.literal(true), jobs: z.array(jobSummarySchema), next_cursor: nextCursorSchema }),
    },
  },
  problems: [],
  examples: [
    { summary: 'The first page', status: 200 },
    { summary: 'What completed of an op', query: { state: 'COMPLETED', op: 'mc/1/insurance.v1' }, status: 200 },
    { summary: 'Since a day', query: { created_from: '2026-01-01T00:00:00Z', limit: '1' }, status: 200 },
    { summary: 'A limit that there is not', query: { limit: '1000' }, status: 422 },
  ],
  async handle({ caller, query }, { store }) {
    const { state, op, limit, cursor, client_job_id: clientJobId } = query
    const filter = { state, op, clientJobId, createdFromMs: query.created_from, createdBeforeMs: query.created_before }
    const rows = await store.jobsOf(caller.projectId, filter, { after: cursor ?? null, limit: limit + 1 })
    const { items, next_cursor } = pageOf(rows, limit, ({ createdAtMs, id }) => [createdAtMs, id])
    return answered(200, { ok: true, jobs: items.map(summaryView), next_cursor })
  },
})

function summaryView(row: JobSummary): z.input<typeof jobSummarySchema> {
  return {
    job_id: row.id,
    client_job_id: row.clientJobId,
    op: row.op,
    status: row.state,
    replay_of: row.replayOf,
    reason: row.reason,
    problem: row.problem,
    billing: billingSchema.parse(row.billing === null ? null : JSON.parse(row.billing)),
    created_at: isoOf(row.createdAtMs),
    started_at: isoOrNull(row.startedAtMs),
    finished_at: isoOrNull(row.finishedAtMs),
    deadline_at: isoOf(row.deadlineAtMs),
  }
}
