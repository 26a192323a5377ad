// A job's events as server-sent events (WHATWG HTML, section 9.2): those of its chain with their numbers as ids, so that a
// stream can be taken up again, and between them its progress, which has no id. Who worked and what other jobs had to do
// with it is left out.
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Comparison } from '@forge/shared/receipt/replay.ts'
import type { EventRow, EventType } from '../store/store.ts'
import type { RouteDeps } from './deps.ts'
import { Refusal } from './refusal.ts'
import { comparisonView, progressView } from './job-view.ts'
import { WEB_LIMITS } from './limits.ts'
import { isoOf } from './times.ts'

const ENDS: ReadonlySet<EventType> = new Set(['completed', 'failed', 'cancelled'])

export interface Followed {
  readonly id: JobId
  readonly traceId: string
  /** Whether its end is behind us already. */
  readonly ended: boolean
  /** The number of the last event that the client has; -1 for none. */
  readonly after: number
  readonly alias: (identity: Identity) => string
  /** Of a replay that has completed: whether it gave the same. */
  readonly comparison: () => Promise<Comparison | null>
}

type FollowDeps = Pick<RouteDeps, 'store' | 'hub' | 'clock'>

/** Ends with the job, after {@link WEB_LIMITS.streamMsMax}, or when `signal` aborts. */
export async function* follow(job: Followed, deps: FollowDeps, signal: AbortSignal): AsyncGenerator<string> {
  const { store, hub, clock } = deps
  const beganMs = clock()
  let { after, ended } = job
  let saidMs = beganMs
  let progress = ''
  yield `retry: ${WEB_LIMITS.streamRetryMs}\n\n`
  while (!signal.aborted) {
    for (let batch = await store.eventsOf(job.id, after); batch.length > 0;) {
      for (const event of batch) {
        const comparison = event.type === 'completed' ? await job.comparison() : null
        yield eventFrame(event, job, comparison)
        after = event.number
        ended ||= ENDS.has(event.type)
        saidMs = clock()
      }
      batch = await store.eventsOf(job.id, after)
    }
    if (ended || clock() - beganMs >= WEB_LIMITS.streamMsMax) return
    const now = hub.progress(job.id)
    // The Hub holds no job that has ended. Its end was written with its last event, so that is asked for once more; it may be
    // the very one that the client has.
    ended = now === null && ((await store.job(job.id))?.finishedAtMs ?? null) !== null
    if (ended) continue
    const text = now === null ? '' : JSON.stringify({ trace_id: job.traceId, reason: now.reason, ...progressView(now) })
    if (text !== '' && text !== progress) {
      progress = text
      saidMs = clock()
      yield `event: progress\ndata: ${text}\n\n`
    } else if (clock() - saidMs >= WEB_LIMITS.streamHeartbeatMs) {
      saidMs = clock()
      yield ': the job goes on\n\n'
    }
    // The Hub wakes us at the end, of another server's job soon after; one that is not there wakes at once, and must not
    // make us spin.
    await Promise.all([
      hub.ended(job.id, WEB_LIMITS.streamPollMs, signal),
      pause(WEB_LIMITS.streamPauseMs, undefined, { signal }).catch(() => undefined),
    ])
  }
}

/** Those frames, until the caller's key is no longer good: it is looked at again every `streamKeyMs`, as there is something to say. */
export async function* whileAdmitted(
  frames: AsyncGenerator<string>,
  request: Request,
  { authenticate, clock }: Pick<RouteDeps, 'authenticate' | 'clock'>,
): AsyncGenerator<string> {
  let askedMs = clock()
  for await (const frame of frames) {
    if (clock() - askedMs >= WEB_LIMITS.streamKeyMs) {
      if ((await authenticate(request)) instanceof Refusal) return
      askedMs = clock()
    }
    yield frame
  }
}

function eventFrame(
  { number, type, atMs, data, hash }: EventRow,
  { alias, traceId }: Pick<Followed, 'alias' | 'traceId'>,
  comparison: Comparison | null,
): string {
  const replay = comparison === null ? {} : { replay: comparisonView(comparison) }
  const told = { number, at: isoOf(atMs), hash, trace_id: traceId, ...viewOf(type, JSON.parse(data), alias), ...replay }
  return `id: ${number}\nevent: ${type}\ndata: ${JSON.stringify(told)}\n\n`
}

const stateSchema = z.object({ state: z.string(), reason: z.string().nullable() })
const voidedSchema = z.object({ executor: z.string(), shards: z.number() })
const failedSchema = z.object({ code: z.string() })
const registeredSchema = z.object({
  contractDigest: z.string(),
  kernelDigest: z.string(),
  samplingKeyHash: z.string(),
  replayOf: z.string().optional(),
})
const noticeSchema = z.object({ number: z.number(), kind: z.string() })

/** What its project may know of an event; a reason for voids may speak of another job, and is left out. */
function viewOf(type: EventType, data: unknown, alias: Followed['alias']): object {
  switch (type) {
    case 'registered': {
      const { contractDigest, kernelDigest, samplingKeyHash, replayOf } = registeredSchema.parse(data)
      return {
        contract_digest: contractDigest,
        kernel_digest: kernelDigest,
        sampling_key_sha256: samplingKeyHash,
        ...(replayOf === undefined ? {} : { replay_of: replayOf }),
      }
    }
    case 'state':
      return stateSchema.parse(data)
    case 'voided': {
      const { executor, shards } = voidedSchema.parse(data)
      // Written by us from the identity of a submission.
      return { agent: alias(executor as Identity), shards }
    }
    case 'failed':
    case 'cancelled':
      return failedSchema.parse(data)
    case 'notice': {
      const { number, kind } = noticeSchema.parse(data)
      return { notice: number, kind }
    }
    case 'basis':
    case 'completed':
    case 'adopted':
      return {}
  }
}
