// Every public error, one row each: RFC 9457 documents with a stable code. A new refusal is a new row here.
import { z } from 'zod'

interface ProblemRow {
  readonly status: number
  /** Whether sending the same request again can help. */
  readonly retryable: boolean
  readonly title: string
}

export const PROBLEMS = {
  MALFORMED_JSON: { status: 400, retryable: false, title: 'The body is not JSON' },
  DUPLICATE_KEY: { status: 400, retryable: false, title: 'The body names a field twice' },
  INCOMPLETE_BODY: { status: 400, retryable: true, title: 'The body broke off before its end' },
  BODY_TOO_FRAGMENTED: { status: 400, retryable: false, title: 'The body comes in too many tiny chunks' },
  NOT_UTF8: { status: 400, retryable: false, title: 'The body is not UTF-8' },
  VALIDATION_FAILED: { status: 422, retryable: false, title: 'The request does not fit its schema' },
  CHECKSUM_MISMATCH: { status: 422, retryable: true, title: 'The bytes are not those of the checksum' },
  UNKNOWN_OP: { status: 422, retryable: false, title: 'There is no such op, version and profile' },
  KERNEL_DIGEST_MISMATCH: { status: 422, retryable: false, title: 'The pinned kernel is not the one that would run' },
  RANGE_NOT_SUPPORTED: {
    status: 422,
    retryable: false,
    title: 'The losses of this contract exceed the kernel’s integers',
  },
  REFERENCE_NOT_FOUND: { status: 422, retryable: false, title: 'The args refer to something that is not there' },
  REFERENCE_UNUSABLE: { status: 422, retryable: false, title: 'What the args refer to cannot stand in args' },
  UNREADABLE_REQUEST: { status: 400, retryable: false, title: 'The request’s address or Host header cannot be read' },
  BAD_PREFERENCE: { status: 400, retryable: false, title: 'The Prefer header cannot be read' },
  BAD_PRECONDITION: { status: 400, retryable: false, title: 'The If-Match or If-None-Match header cannot be read' },
  UNAUTHENTICATED: { status: 401, retryable: false, title: 'A valid project key is needed' },
  CONFLICTING_CREDENTIALS: { status: 400, retryable: false, title: 'Two different keys were sent' },
  FORBIDDEN: { status: 403, retryable: false, title: 'The key lacks the scope for this' },
  NOT_FOUND: { status: 404, retryable: false, title: 'There is no such thing here' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, title: 'This address does not take that method' },
  JOB_ID_REUSED: { status: 409, retryable: false, title: 'That ctx.job_id belongs to a job with another body' },
  NAME_TAKEN: { status: 409, retryable: false, title: 'There is one of that name already' },
  POOL_IN_USE: { status: 409, retryable: true, title: 'The pool has open tokens or unfinished jobs' },
  MEMORY_QUOTA_EXCEEDED: { status: 409, retryable: false, title: 'The project’s memory of this kind is full' },
  WEBHOOK_DISABLED: { status: 409, retryable: false, title: 'The webhook is disabled; enable it first' },
  LIMIT_REACHED: { status: 409, retryable: false, title: 'A limit of the project stands in the way' },
  JOB_ENDED: { status: 409, retryable: false, title: 'The job has ended, and finished is finished' },
  JOB_NOT_ENDED: { status: 409, retryable: true, title: 'The job has not ended yet' },
  JOB_NOT_COMPLETED: { status: 409, retryable: false, title: 'The job ended without a result' },
  KERNEL_MISSING: { status: 409, retryable: false, title: 'This server no longer has the kernel of that job' },
  CANCELLED: { status: 409, retryable: false, title: 'The job was cancelled' },
  PRECONDITION_FAILED: { status: 412, retryable: false, title: 'What is there is not what the condition asks for' },
  CREDIT_NOTE_EXISTS: { status: 409, retryable: false, title: 'The job has a credit note already' },
  CREDIT_LIMIT_REACHED: {
    status: 402,
    retryable: true,
    title: 'The job would go beyond what the project may spend',
  },
  BODY_TOO_SLOW: { status: 408, retryable: true, title: 'The body came too slowly' },
  BODY_TOO_LARGE: { status: 413, retryable: false, title: 'The body is too large' },
  VALUE_TOO_LARGE: { status: 413, retryable: false, title: 'The value is too large for KV; a blob can hold it' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, title: 'The body must be application/json' },
  RANGE_NOT_SATISFIABLE: { status: 416, retryable: false, title: 'There are no bytes in that range' },
  RATE_LIMITED: { status: 429, retryable: true, title: 'More requests come than may' },
  TOO_MANY_JOBS: { status: 429, retryable: true, title: 'The project has as many jobs at a time as it may' },
  TOO_MANY_STREAMS: { status: 429, retryable: true, title: 'The project has too many event streams open' },
  TOO_MANY_UPLOADS: { status: 429, retryable: true, title: 'The project has too many uploads under way' },
  NO_ELIGIBLE_AGENTS: { status: 503, retryable: true, title: 'Too few eligible agents came before the deadline' },
  NO_ELIGIBLE_CHECKER: { status: 503, retryable: true, title: 'No eligible checker came in time' },
  VERIFICATION_FAILED: { status: 502, retryable: true, title: 'The answers could not be verified; nothing was billed' },
  KERNEL_FAULT: { status: 500, retryable: false, title: 'The kernel failed on a shard' },
  TIMED_OUT: { status: 504, retryable: true, title: 'The job did not end before its deadline' },
  SERVER_STOPPING: { status: 503, retryable: true, title: 'The server is stopping; the job goes on when it is back' },
  STORE_FULL: { status: 503, retryable: true, title: 'The server’s store is full; jobs that were taken go on' },
  STORE_SLOW: { status: 503, retryable: true, title: 'The server’s store took too long over this' },
  STORE_UNAVAILABLE: { status: 503, retryable: true, title: 'The server’s store does not answer at the moment' },
  INTERNAL: { status: 500, retryable: true, title: 'The server failed; nothing was billed' },
} as const satisfies Record<string, ProblemRow>

export type ProblemCode = keyof typeof PROBLEMS

export const fieldErrorSchema = z.strictObject({ path: z.string(), message: z.string() })
export type FieldError = z.infer<typeof fieldErrorSchema>

/** What was found of the answers to a job that failed, so that it can be audited like one that completed. */
export const findingsSchema = z.strictObject({
  mode: z.enum(['none', 'spotcheck', 'full']),
  shards: z.int(),
  accepted: z.int(),
  executions: z.int().describe('answers and failures, those in vain included'),
  mismatches: z.int().describe('shards on which stored answers differ'),
  voided: z.int().describe('answers that do not count, since their author was found wrong'),
})
export type Findings = z.infer<typeof findingsSchema>

/** The document as sent: `application/problem+json`. */
export const problemSchema = z.strictObject({
  ok: z.literal(false),
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string(),
  retryable: z.boolean(),
  job_id: z.string().optional(),
  errors: z.array(fieldErrorSchema).optional(),
  verification: findingsSchema.describe('of a job that failed after it had begun').optional(),
})
export type Problem = z.infer<typeof problemSchema>

export function problem(
  code: ProblemCode,
  detail: string,
  extra: {
    readonly job_id?: string
    readonly errors?: readonly FieldError[]
    readonly verification?: Findings | undefined
  } = {},
): Problem {
  const { status, title, retryable } = PROBLEMS[code]
  return {
    ok: false,
    type: `urn:forge-pool:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code,
    detail,
    retryable,
    ...(extra.job_id === undefined ? {} : { job_id: extra.job_id }),
    ...(extra.errors === undefined ? {} : { errors: [...extra.errors] }),
    ...(extra.verification === undefined ? {} : { verification: extra.verification }),
  }
}
