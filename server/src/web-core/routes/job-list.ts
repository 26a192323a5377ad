// GET /api/v0/jobs: a project's jobs in short, newest first; and /api/v0/jobs/events, the first page of them as it changes.
import { z } from 'zod'
import { JOB_STATES } from '../../store/store.ts'
import { whileAdmitted } from '../event-stream.ts'
import { streamOf } from '../sent-stream.ts'
import { jobSummarySchema, summaryViews } from '../job-summary.ts'
import { followList } from '../job-list-stream.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { answered, route } from '../routing/route.ts'
import { ulidSchema } from '../tenant-views.ts'
import { timeText } from '../times.ts'
import { STREAM_HEADERS, tooManyStreams } from './job-events.ts'

/** A page begins behind a job's creation, and among those of one millisecond behind its id. */
const cursorSchema = z.tuple([z.int().min(0), ulidSchema])
const { limit, cursor } = pageQuery(cursorSchema)

const filterQuery = z.strictObject({
  limit,
  state: z.enum(JOB_STATES).optional(),
  client_job_id: z.string().min(1).max(200).optional().describe('the `ctx.job_id` that the client gave'),
  op: z
    .string()
    .regex(/^[^/]{1,64}\/\d{1,7}\/[^/]{1,128}$/, 'an op is written as mc/1/insurance.v1')
    .optional()
    .describe('op, version and profile: `mc/1/insurance.v1`'),
  created_from: timeText.optional().describe('created at this time or later'),
  created_before: timeText.optional(),
})

const filterOf = (query: z.output<typeof filterQuery>) => ({
  state: query.state,
  op: query.op,
  clientJobId: query.client_job_id,
  createdFromMs: query.created_from,
  createdBeforeMs: query.created_before,
})

export const jobListRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/jobs',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'listJobs',
    summary: 'The project’s jobs',
    description: 'Newest first, in short. Each filter narrows the list.',
    query: filterQuery.extend({ cursor }),
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
    async handle({ caller, query }, { store, hub }) {
      const page = { after: query.cursor ?? null, limit: query.limit + 1 }
      const rows = await store.jobsOf(caller.projectId, filterOf(query), page)
      const { items, next_cursor } = pageOf(rows, query.limit, ({ createdAtMs, id }) => [createdAtMs, id])
      return answered(200, { ok: true, jobs: await summaryViews(items, caller.projectId, { store, hub }), next_cursor })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/jobs/events',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'streamJobs',
    summary: 'The list as it changes',
    description:
      'Server-sent events about the first page of `listJobs` with the same filters. Each event is called `jobs` and has `ids`, the page’s jobs in their order, and `changed`, those of them that are new or different since the last event, as the list has them. The first event has all of them. The stream ends after five minutes, and an EventSource opens it again.',
    query: filterQuery,
    responses: { 200: { description: 'The events.', mediaTypes: ['text/event-stream'] } },
    problems: ['TOO_MANY_STREAMS'],
    examples: [
      { summary: 'Of the first page', status: 200 },
      { summary: 'Of what runs', query: { state: 'RUNNING' }, status: 200 },
    ],
    async handle({ caller, query, request }, deps) {
      // Of a HEAD nobody reads the stream, nor ends it.
      if (request.method === 'HEAD') return new Response(null, { headers: STREAM_HEADERS })
      const giveBack = deps.streams.take(caller.projectId)
      if (giveBack === null) return tooManyStreams()
      const over = new AbortController()
      const signal = AbortSignal.any([over.signal, deps.stopping, request.signal])
      const frames = followList(
        { projectId: caller.projectId, filter: filterOf(query), limit: query.limit },
        deps,
        signal,
      )
      const close = (): void => {
        over.abort()
        giveBack()
      }
      return new Response(
        streamOf(whileAdmitted(frames, request, deps), { close, cut: deps.cut, idleMs: deps.bodyPace.idleMs }),
        { headers: STREAM_HEADERS },
      )
    },
  }),
]
