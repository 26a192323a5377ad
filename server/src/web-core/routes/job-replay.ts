// POST /api/v0/jobs/{id}/replay: the same contract once more, as a job of its own that ends with whether it gave the same.
import { z } from 'zod'
import { contractSchema, policySchema } from '@forge/shared/contract/envelope.ts'
import { KernelMissing, planOf } from '../../hub/edge/planning.ts'
import type { JobRow } from '../../store/store.ts'
import { acceptContract, type Accepted } from '../contract.ts'
import type { WebStore } from '../deps.ts'
import { estimateOf, estimateSchema, standingFor } from '../estimate.ts'
import { EXAMPLE } from '../examples.ts'
import { attachReplay, submitAccepted } from '../execute.ts'
import { fieldErrors, invalid, parse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'
import { kernelMissing, notCompleted } from './job-receipt.ts'
import { jobParams, NO_JOB, ownJob } from './jobs.ts'
import { AS_EXECUTE, NOT_RUNNABLE } from './ops.ts'

const replayBody = z
  .strictObject({
    ctx: contractSchema.shape.ctx
      .optional()
      .describe('as in `execute`; a replay is `billable` unless this says otherwise'),
    policy: policyChange().describe('what is to differ from the original’s policy; the result never depends on it'),
  })
  .partial()
  .default({})
type ReplayBody = z.output<typeof replayBody>

/** Without the schema's defaults: what is not named stays as the original had it. */
function policyChange() {
  const { shape } = policySchema
  return z.strictObject({
    target: shape.target.optional(),
    min_agents: shape.min_agents.optional(),
    max_agents: shape.max_agents.optional(),
    verify: shape.verify.optional(),
    timeout_ms: shape.timeout_ms.unwrap().optional(),
    pool: shape.pool,
    region: shape.region,
    spotcheck_rate: shape.spotcheck_rate.unwrap().optional(),
    on_unverified: shape.on_unverified.unwrap().optional(),
  })
}

const NOT_REPLAYABLE = ['JOB_NOT_ENDED', 'JOB_NOT_COMPLETED', 'KERNEL_MISSING', ...NOT_RUNNABLE] as const
const FINISHED = { id: EXAMPLE.finishedJob }

export const jobReplayRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/jobs/{id}/replay',
    scope: 'jobs:write',
    tag: 'jobs',
    operationId: 'replayJob',
    summary: 'Run a completed job again',
    description:
      'A new job with `replay_of`: the same op, kernel digest, args and root seed, also where the seed was derived, billed like any other. Its shards go to agents that did not answer the original, as long as such are online and can do it in time (fresh keys only for the first ten seconds); checks may come from any. When it has completed, `replay` says whether it is `identical`, or what differs. Answers as `execute` does; the body may be left out.',
    headers: AS_EXECUTE.headers,
    params: jobParams,
    missing: NO_JOB,
    body: replayBody,
    responses: AS_EXECUTE.responses,
    problemHeaders: AS_EXECUTE.problemHeaders,
    problems: [...NOT_REPLAYABLE, ...AS_EXECUTE.problems],
    examples: [
      {
        summary: 'Do not wait',
        params: FINISHED,
        headers: { Prefer: 'respond-async' },
        body: {},
        status: 202,
      },
      {
        summary: 'With every shard checked',
        params: FINISHED,
        headers: { Prefer: 'respond-async' },
        body: { ctx: { job_id: 'second-look' }, policy: { verify: 'full' } },
        status: 202,
      },
      { summary: 'One that runs', params: { id: EXAMPLE.job }, body: {}, status: 409 },
    ],
    async handle({ caller, params, body, sent, request }, deps) {
      const row = await ownJob(deps.store, caller.projectId, params.id)
      if (row instanceof Refusal) return row
      const accepted = await acceptReplay(row, body, { sent, store: deps.store })
      if (!(accepted instanceof Refusal)) return submitAccepted({ caller, accepted, request }, deps)
      const { ctx } = body
      return attachReplay({ caller, ctx, sent, request, refused: accepted, replayOf: row.id }, deps)
    },
  }),
  route({
    method: 'POST',
    path: '/api/v0/jobs/{id}/replay/estimate',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'estimateReplay',
    summary: 'What a replay would take',
    description: 'The body of `replay`, the answer of `estimate`. Nothing is stored.',
    params: jobParams,
    missing: NO_JOB,
    body: replayBody,
    responses: { 200: { description: 'The estimate.', schema: estimateSchema } },
    problems: NOT_REPLAYABLE,
    examples: [{ summary: 'As the original was', params: FINISHED, body: {}, status: 200 }],
    async handle({ caller, params, body, sent }, deps) {
      const { store } = deps
      const row = await ownJob(store, caller.projectId, params.id)
      if (row instanceof Refusal) return row
      const accepted = await acceptReplay(row, body, { sent, store })
      if (accepted instanceof Refusal) return accepted
      const standing = await standingFor(accepted, caller.projectId, deps)
      return standing instanceof Refusal ? standing : answered(200, estimateOf(accepted, standing))
    },
  }),
]

interface ReplayInput {
  readonly sent: JsonValue
  readonly store: Pick<WebStore, 'referencesOf' | 'pool'>
}

/**
 * The contract of a completed job with its kernel pinned and its seed said, whatever mode it had. What its args referred to
 * stands in the stored contract, and no name is looked up again.
 */
async function acceptReplay(
  row: JobRow,
  { ctx, policy }: ReplayBody,
  { sent, store }: ReplayInput,
): Promise<Accepted | Refusal> {
  if (row.state !== 'COMPLETED') return notCompleted(row)
  try {
    const { contract } = planOf(row)
    const deleted = await deletedPool(row, contract.policy.pool, policy?.pool, store)
    if (deleted !== null) return deleted
    const { name, version, profile } = contract.op
    const again = parse(contractSchema, {
      ctx: ctx ?? {},
      op: { name, version, profile, kernel_digest: row.kernelDigest },
      seed: { mode: 'explicit', value: row.rootSeed },
      policy: { ...contract.policy, ...policy },
      args: contract.args,
    })
    if (!again.success) return invalid(fieldErrors(again.error))
    const resolved = { args: again.data.args, references: await store.referencesOf(row.id) }
    return acceptContract(again.data, sent, resolved, row.id)
  } catch (error) {
    if (error instanceof KernelMissing) return kernelMissing(row)
    throw error
  }
}

/** The original's pool may be gone by now, which its client did not say: without these words it would be told of a field unsent. */
async function deletedPool(
  { projectId }: JobRow,
  pool: string | undefined,
  instead: string | undefined,
  store: ReplayInput['store'],
): Promise<Refusal | null> {
  if (pool === undefined || instead !== undefined || (await store.pool(projectId, pool)) !== null) return null
  const message = `the job ran in pool ${pool}, which was deleted; make a pool of that name to replay it, or name another one here`
  return invalid([{ path: 'policy.pool', message }])
}
