// /api/v0/ops: what can be computed, and computing it.
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { EXAMPLE, FOUNDING_REQUEST } from '../examples.ts'
import { execute } from '../execute.ts'
import { jobViewSchema } from '../job-view.ts'
import { route } from '../routing/route.ts'

const PREFER = { description: 'RFC 7240: `wait=N` seconds (0 to 120) or `respond-async`', example: 'wait=10' }

export const opsRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/ops/execute',
    scope: 'jobs:write',
    tag: 'ops',
    operationId: 'execute',
    summary: 'Run a contract',
    description:
      'Registers the contract as a job and waits for its end, at most 120 s. The same `ctx.job_id` with the same body attaches to the same job, whatever its state, and is answered with `Forge-Attached: true`; with another body it is refused. If the client goes away the job goes on.',
    headers: { Prefer: PREFER },
    body: contractSchema,
    responses: {
      200: {
        description: 'The job has completed: the founding answer.',
        schema: jobViewSchema,
        headers: { 'Forge-Attached': '`true` where the job was there before', 'Preference-Applied': 'RFC 7240' },
      },
      202: {
        description: 'The job goes on; look at `Location` after `Retry-After` seconds.',
        schema: jobViewSchema,
        headers: { Location: 'of the job', 'Retry-After': 'seconds', 'Forge-Attached': 'as above' },
      },
    },
    problems: [
      'UNKNOWN_OP',
      'KERNEL_DIGEST_MISMATCH',
      'RANGE_NOT_SUPPORTED',
      'POLICY_NOT_SUPPORTED',
      'BAD_PREFERENCE',
      'JOB_ID_REUSED',
      'CANCELLED',
      'NO_ELIGIBLE_AGENTS',
      'NO_ELIGIBLE_CHECKER',
      'VERIFICATION_FAILED',
      'KERNEL_FAULT',
      'TIMED_OUT',
      'SERVER_STOPPING',
    ],
    examples: [
      { summary: 'The founding request', body: FOUNDING_REQUEST, status: 200 },
      {
        summary: 'Do not wait',
        headers: { Prefer: 'respond-async' },
        body: { ...FOUNDING_REQUEST, ctx: { job_id: `retry-of-${EXAMPLE.job}` } },
        status: 202,
      },
    ],
    handle: (input, deps) => execute(input, deps),
  }),
]
