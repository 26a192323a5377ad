// What whoever meets a problem can do about it, a sentence for each code of problem.ts: the documentation and the OpenAPI
// document say it. A problem's own `detail` says more where the case is known.
import type { ProblemCode } from './problem.ts'

export const REMEDIES: Readonly<Record<ProblemCode, string>> = {
  MALFORMED_JSON: 'Mend the body at the place that `detail` names, or let a JSON library write it.',
  DUPLICATE_KEY: 'Leave one of the two out: nobody can tell which of them was meant.',
  INCOMPLETE_BODY: 'Send it again, whole: as many bytes as `Content-Length` says.',
  BODY_TOO_FRAGMENTED: 'Send the body in larger pieces, best with a `Content-Length`.',
  NOT_UTF8: 'Encode the body as UTF-8, without a byte order mark.',
  VALIDATION_FAILED: 'Mend each field that `errors` names; its message says what would be right.',
  CHECKSUM_MISMATCH: 'Send the bytes again; where it comes again, the digest was made of other bytes.',
  UNKNOWN_OP: 'Take name, version and profile from `GET /api/v0/ops`.',
  KERNEL_DIGEST_MISMATCH:
    'Pin the digest of `GET /api/v0/ops`, or none, if other bits than those of the pinned kernel will do; else ask a server that has it.',
  RANGE_NOT_SUPPORTED: 'Make one of the changes that `errors` lists; each by itself is enough.',
  REFERENCE_NOT_FOUND:
    'Look at the name and version that `errors` names: write the array or the value first, then send the job.',
  REFERENCE_UNUSABLE: 'Refer to something of the kind and size that the message in `errors` asks for.',
  UNREADABLE_REQUEST:
    'Send a `Host` header and an address that a URL may have: what is no letter or digit percent-encoded.',
  BAD_PREFERENCE: 'Say `Prefer: wait=N` with whole seconds, `Prefer: respond-async`, or nothing.',
  BAD_PRECONDITION: 'Say one version in quotes, as `If-Match: "7"`, or `If-None-Match: *`.',
  UNAUTHENTICATED: 'Send a key that is neither revoked nor expired as `Authorization: Bearer <key>`.',
  CONFLICTING_CREDENTIALS: 'Send one key once: in `Authorization`, in `X-FORGE-API-KEY`, or the same in both.',
  FORBIDDEN: 'Use a key with the scope that `detail` names; whoever holds `keys:manage`, or the operator, makes one.',
  NOT_FOUND: 'Look at the address and at whose key it is: what belongs to another project is not there either.',
  METHOD_NOT_ALLOWED: 'Use a method that the `Allow` header names.',
  JOB_ID_REUSED: 'Choose a new `ctx.job_id` for the new body; to attach to the job, send its body as it was.',
  NAME_TAKEN: 'Choose another name, or use what is there.',
  POOL_IN_USE: 'Revoke the pool’s node tokens and let its jobs end, or cancel them; then delete it.',
  MEMORY_QUOTA_EXCEEDED: 'Delete what nobody needs, let things expire, or ask the operator for a greater quota.',
  WEBHOOK_DISABLED: 'Mend its receiver, then enable the webhook and send it again.',
  LIMIT_REACHED:
    'Stay within the limit that `detail` names, free what counts against it, or ask the operator where it is theirs to raise.',
  JOB_ENDED: 'Read how it ended with `GET /api/v0/jobs/{id}`; to compute it again, replay it or send a new job.',
  JOB_NOT_ENDED: 'Wait for its end, with the events of the job or a webhook, and ask then.',
  JOB_NOT_COMPLETED: 'Read why in the job’s `problem`; send the contract again with a new `ctx.job_id`.',
  KERNEL_MISSING:
    'Ask a server of a version that has the kernel, or send the contract as a new job for the kernel that is here.',
  CANCELLED: 'Send it with a new `ctx.job_id` if it is to run after all.',
  PRECONDITION_FAILED: 'Read what is there now, decide again, and send its version along.',
  CREDIT_NOTE_EXISTS: 'Nothing is left to do: a job is credited once, and `detail` names the note.',
  CREDIT_LIMIT_REACHED:
    'Wait for the next day (UTC) where it is a day’s limit, ask for less, or ask the operator to raise it.',
  BODY_TOO_SLOW: 'Send it again without long pauses; over a bad line, less at a time.',
  BODY_TOO_LARGE:
    'Send less than the limit that `detail` names; large data goes to a blob or to VMem, which args refer to.',
  VALUE_TOO_LARGE: 'Put it into a blob and keep its name in KV.',
  UNSUPPORTED_MEDIA_TYPE: 'Send `Content-Type: application/json` and the body without compression.',
  RANGE_NOT_SATISFIABLE: 'Ask for bytes within the length that `Content-Range` says.',
  RATE_LIMITED:
    'Wait for as long as `Retry-After` says; spread requests out, and wait for a job with its events instead of asking.',
  TOO_MANY_JOBS: 'Send it again after `Retry-After`, when a job of the project has ended or begun, or cancel one.',
  TOO_MANY_STREAMS: 'Close a stream, or ask for the job itself now and then.',
  TOO_MANY_UPLOADS: 'Let one end and send it again after `Retry-After`.',
  NO_ELIGIBLE_AGENTS:
    'Bring agents with that engine online, ask for fewer `min_agents`, another `target`, `pool` or `region`, or a longer `timeout_ms`.',
  NO_ELIGIBLE_CHECKER:
    'Have an agent online whose word counts (a veteran, or one with a trusted token), ask for a longer `timeout_ms`, or for `spotcheck` that may degrade.',
  VERIFICATION_FAILED:
    'Send it again with a new `ctx.job_id`: whoever answered wrongly gets no more work; where it comes again, tell the operator.',
  KERNEL_FAULT: 'Tell the operator, with the `job_id`: the same contract would fail again.',
  TIMED_OUT:
    'Ask `estimate` what it would take, then send it with a longer `policy.timeout_ms`, or less work, and a new `ctx.job_id`.',
  SERVER_STOPPING: 'Send it again after `Retry-After`, with the same `ctx.job_id`.',
  STORE_FULL: 'Send it again after `Retry-After`; the operator must make room.',
  STORE_SLOW: 'Send it again after `Retry-After`; where it comes again, ask for fewer days or a shorter page.',
  STORE_UNAVAILABLE: 'Send it again after `Retry-After`, with the same `ctx.job_id`: it attaches if the job was taken.',
  INTERNAL: 'Send it again; where it comes again, tell the operator what `detail` says.',
}
