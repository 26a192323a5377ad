// GET /api/v0/jobs/{id}/events: state and progress of a job as they come.
import { traceIdOfJob } from '../../trace.ts'
import { EXAMPLE } from '../examples.ts'
import { follow, whileAdmitted } from '../event-stream.ts'
import { streamOf } from '../sent-stream.ts'
import { comparisonWith } from '../job-view.ts'
import { WEB_LIMITS } from '../limits.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { API_HEADERS } from '../reply.ts'
import { route } from '../routing/route.ts'
import { jobParams, NO_JOB, ownJob } from './jobs.ts'

export const STREAM_HEADERS = {
  ...API_HEADERS,
  'Content-Type': 'text/event-stream; charset=utf-8',
  // Else nginx keeps the events until there are many.
  'X-Accel-Buffering': 'no',
}

export const jobEventsRoute = route({
  method: 'GET',
  path: '/api/v0/jobs/{id}/events',
  scope: 'jobs:read',
  tag: 'jobs',
  operationId: 'streamJobEvents',
  summary: 'State and progress as they come',
  description:
    'Server-sent events. Those of the job’s hash chain have their number as `id`, and `registered`, `state`, `voided`, `completed`, `failed`, `cancelled`, `notice` and their like as `event`; `progress` comes between them and has no id. All of them have the job’s `trace_id`. The stream ends with the job, or after five minutes: an EventSource opens it again with `Last-Event-ID` and misses nothing. When there is nothing more to come the answer is 204, and it stops.',
  headers: {
    'Last-Event-ID': {
      description: 'the last `id` that came; one that the job has not reached is refused',
      example: '3',
    },
  },
  params: jobParams,
  missing: NO_JOB,
  responses: {
    200: { description: 'The events.', mediaTypes: ['text/event-stream'] },
    204: { description: 'The job has ended, and everything was told.', mediaTypes: [] },
  },
  problems: ['TOO_MANY_STREAMS'],
  examples: [
    { summary: 'From the beginning', params: { id: EXAMPLE.finishedJob }, status: 200 },
    {
      summary: 'Everything is known',
      params: { id: EXAMPLE.finishedJob },
      headers: { 'Last-Event-ID': '1' },
      status: 204,
    },
  ],
  async handle({ caller, params, request }, deps) {
    const { store, streams, stopping, agentAlias } = deps
    const row = await ownJob(store, caller.projectId, params.id)
    if (row instanceof Refusal) return row
    const after = lastEventOf(request.headers)
    if (after instanceof Refusal) return after
    // The last one that the client has, and what came after it.
    const known = await store.eventsOf(row.id, after - 1)
    if (after >= 0 && known.length === 0) return beyondAll(after)
    const ended = row.finishedAtMs !== null
    if (ended && known.at(-1)?.number === after) {
      return new Response(null, { status: 204, headers: API_HEADERS })
    }
    // Of a HEAD nobody reads the stream, nor ends it.
    if (request.method === 'HEAD') return new Response(null, { headers: STREAM_HEADERS })
    const alias = await agentAlias(caller.projectId)
    const giveBack = streams.take(caller.projectId)
    if (giveBack === null) return tooManyStreams()
    const comparison = async () => {
      const now = row.replayOf === null ? null : await store.job(row.id)
      return now === null ? null : comparisonWith(now, store)
    }
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, stopping, request.signal])
    const frames = follow({ id: row.id, traceId: traceIdOfJob(row), ended, after, alias, comparison }, deps, signal)
    const close = (): void => {
      over.abort()
      giveBack()
    }
    return new Response(
      streamOf(whileAdmitted(frames, request, deps), { close, cut: deps.cut, idleMs: deps.bodyPace.idleMs }),
      { headers: STREAM_HEADERS },
    )
  },
})

function lastEventOf(headers: Headers): number | Refusal {
  const sent = headers.get('last-event-id')?.trim() ?? ''
  if (sent === '') return -1
  if (/^\d{1,9}$/.test(sent)) return Number(sent)
  return invalid([{ path: 'header.Last-Event-ID', message: 'is not the id of an event, which is a whole number' }])
}

/** To wait for its number would be to keep silent about all that comes before it. */
function beyondAll(after: number): Refusal {
  const message = `this job has no event ${after} yet; send the id of the last event that came, or leave the header out for all of them`
  return invalid([{ path: 'header.Last-Event-ID', message }])
}

export function tooManyStreams(): Refusal {
  const detail = `A project has at most ${WEB_LIMITS.streamsPerProjectMax} event streams open; close one, or ask for the job itself.`
  return new Refusal(refuse('TOO_MANY_STREAMS', detail).problem, {
    'Retry-After': String(WEB_LIMITS.retryPlaceSeconds),
  })
}
