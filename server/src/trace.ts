// Trace ids (W3C Trace Context, level 1): taken from a caller's `traceparent` and from `ctx.trace_id`, put into log lines and
// events, sent back as `traceparent`. Nothing is sampled or exported here. Without a caller's id a request's is the bits of
// its ULID, and a job's those of its own: 128 random enough bits that need not be stored and are the same after a restart.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { z } from 'zod'

export interface TraceParent {
  /** 32 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string
  /** 16 of them: the caller's span. */
  readonly parentId: string
  readonly sampled: boolean
}

const VERSION_0 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
/** A version that we do not know is read as far as it is like ours; what it adds begins with another dash. */
const LATER = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const ZEROS = /^0+$/
const SAMPLED = 0x01

/** Null for what is none: as the standard says it is then passed over, and not refused. */
export function parseTraceParent(header: string | null): TraceParent | null {
  if (header === null) return null
  const [, traceId = '', parentId = '', flags = ''] = VERSION_0.exec(header) ?? LATER.exec(header) ?? []
  if (traceId === '' || ZEROS.test(traceId) || ZEROS.test(parentId)) return null
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 }
}

/** What log lines name a trace by. A trace id is the client's own text where it gave one that is no W3C id. */
export interface TraceLabels {
  readonly trace_id: string
  readonly span_id: string
}
export interface JobLabels extends TraceLabels {
  readonly job_id: JobId
}

/** Of one request: which trace it belongs to, and, once it is known, which job it is about. */
export class RequestTrace {
  /** The caller's, where it sent a valid one. */
  readonly given: TraceParent | null
  #traceId: string
  #w3cId: string
  readonly #spanId: string
  #jobId: JobId | undefined

  constructor(requestId: string, traceparent: string | null) {
    this.given = parseTraceParent(traceparent)
    const own = bitsOf(requestId)
    this.#spanId = spanOf(own)
    this.#w3cId = this.given?.traceId ?? own
    this.#traceId = this.#w3cId
  }

  /** `traceId` is what the request itself says by `ctx.trace_id`; without it, and without a caller's trace, the job's. */
  concerns(job: TracedJob, traceId: string | undefined): void {
    this.#jobId = job.id
    this.#traceId = traceId ?? this.given?.traceId ?? traceIdOfJob(job)
    if (isTraceId(this.#traceId)) this.#w3cId = this.#traceId
  }

  labels(): TraceLabels & { readonly job_id?: JobId } {
    const labels = { trace_id: this.#traceId, span_id: this.#spanId }
    return this.#jobId === undefined ? labels : { ...labels, job_id: this.#jobId }
  }

  /** For the answer: our span, in the trace that the caller may follow. */
  header(): string {
    return `00-${this.#w3cId}-${this.#spanId}-${this.given?.sampled === true ? '01' : '00'}`
  }
}

export interface TracedJob {
  readonly id: JobId
  /** Canonical JSON of its contract. */
  readonly request: string
}

const contextSchema = z.object({ ctx: z.object({ trace_id: z.string().optional() }) })

/** As its client named it at registration, or its own. */
export const traceIdOfJob = (job: TracedJob): string => labelsOfJob(job).trace_id

export const labelsOfJob = ({ id, request }: TracedJob): JobLabels =>
  jobLabels(id, contextSchema.safeParse(JSON.parse(request)).data?.ctx.trace_id)

/** `traceId` is `ctx.trace_id` of its contract. */
export function jobLabels(id: JobId, traceId: string | undefined): JobLabels {
  const bits = bitsOf(id)
  return { job_id: id, trace_id: traceId ?? bits, span_id: spanOf(bits) }
}

const isTraceId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text) && !ZEROS.test(text)

/** The later half of a ULID's bits is random. */
const spanOf = (bits: string): string => bits.slice(16)

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A ULID's 128 bits as 32 hexadecimal digits. */
function bitsOf(ulid: string): string {
  const value = [...ulid].reduce((sum, character) => sum * 32n + BigInt(CROCKFORD.indexOf(character)), 0n)
  return BigInt.asUintN(128, value).toString(16).padStart(32, '0')
}
