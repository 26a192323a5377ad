// GET /api/v0/jobs/{id}/shards: who ran what, and what was made of it.
import { z } from 'zod'
import { passOf, shardRange, shardsOf, type ShardGrid } from '@forge/shared/kernels/kernel.ts'
import type { ShardStatus } from '../../hub/edge/hub-interface.ts'
import type { ShardAttempt } from '../../store/job-reads.ts'
import type { JobRow } from '../../store/store.ts'
import { EXAMPLE } from '../examples.ts'
import { JOB_ID_TEXT } from '../job-view.ts'
import { WEB_LIMITS } from '../limits.ts'
import { gridOf } from '../grid-of-job.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { jobParams, NO_JOB, ownJob } from './jobs.ts'

const STATUSES = ['open', 'leased', 'storing', 'to-check', 'checking', 'disputed', 'refereeing', 'accepted'] as const
const VERDICTS = [...STATUSES, 'planning', 'unsettled'] as const satisfies readonly (ShardStatus | string)[]

const shardSchema = z.strictObject({
  shard: z.int(),
  pass: z.int().describe('from 0'),
  units: z
    .strictObject({ first: z.string().describe('in decimal'), count: z.int() })
    .nullable()
    .describe('null where this server no longer has the kernel'),
  verdict: z
    .enum(VERDICTS)
    .describe(
      'where it stands; `planning` before the job is dealt out, `unsettled` where the job ended without a verdict',
    ),
  digest: z.string().nullable().describe('that was accepted'),
  attempts: z
    .array(
      z.strictObject({
        agent: z.string().describe('an opaque name, the same in all jobs of the project and in no other project’s'),
        role: z.enum(['first', 'check', 'referee']),
        engine: z.string(),
        trusted: z.boolean(),
        digest: z.string(),
        void: z.boolean().describe('no longer counts: its agent was exposed'),
      }),
    )
    .describe('every stored answer'),
})

export const jobShardsRoute = route({
  method: 'GET',
  path: '/api/v0/jobs/{id}/shards',
  scope: 'jobs:read',
  tag: 'jobs',
  operationId: 'getJobShards',
  summary: 'The shards of a job',
  description: 'Which units each shard has, every stored answer to it, and where it stands; in the order of shards.',
  params: jobParams,
  missing: NO_JOB,
  query: z.strictObject(
    pageQuery(z.int().min(0).max(65_535), {
      most: WEB_LIMITS.shardsPerPageMax,
      usual: WEB_LIMITS.shardsPerPageDefault,
    }),
  ),
  responses: {
    200: {
      description: 'A page of them.',
      schema: z.strictObject({
        ok: z.literal(true),
        job_id: JOB_ID_TEXT,
        total: z.int(),
        shards: z.array(shardSchema),
        next_cursor: nextCursorSchema,
      }),
    },
  },
  problems: [],
  examples: [
    { summary: 'Of a job that runs', params: { id: EXAMPLE.job }, status: 200 },
    { summary: 'The first two', params: { id: EXAMPLE.finishedJob }, query: { limit: '2' }, status: 200 },
  ],
  async handle({ caller, params, query }, { store, hub, agentAlias }) {
    const row = await ownJob(store, caller.projectId, params.id)
    if (row instanceof Refusal) return row
    const grid = gridOf(row)
    const total = grid === null ? shardsOfAnswer(row) : shardsOf(grid)
    const first = query.cursor === undefined ? 0 : query.cursor + 1
    const end = Math.min(total, first + query.limit + 1)
    const [attempts, verdicts, alias] = await Promise.all([
      store.attemptsOf(row.id, first, end),
      store.verdictsOf(row.id, first, end),
      agentAlias(caller.projectId),
    ])
    const states = hub.shardStates(row.id, first, end)
    const digests = new Map(verdicts.map(({ shard, digest }) => [shard, digest]))
    const unknown = row.finishedAtMs === null ? 'planning' : 'unsettled'
    const view = (shard: number): z.input<typeof shardSchema> => ({
      shard,
      pass: grid === null ? 0 : passOf(grid, shard),
      units: grid === null ? null : unitsOf(grid, shard),
      verdict: digests.has(shard) ? 'accepted' : (states?.[shard - first] ?? unknown),
      digest: digests.get(shard) ?? null,
      attempts: attempts.filter((attempt) => attempt.shard === shard).map((attempt) => attemptView(attempt, alias)),
    })
    const numbers = Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n)
    const { items, next_cursor } = pageOf(numbers, query.limit, (shard) => shard)
    return answered(200, { ok: true, job_id: row.id, total, shards: items.map(view), next_cursor })
  },
})

const attemptView = (
  { executor, role, engine, trusted, digest, isVoid }: ShardAttempt,
  alias: (identity: ShardAttempt['executor']) => string,
) => ({ agent: alias(executor), role, engine, trusted, digest, void: isVoid })

function unitsOf(grid: ShardGrid, shard: number): { first: string; count: number } {
  const { firstUnit, units } = shardRange(grid, shard)
  return { first: firstUnit.toString(), count: units }
}

const answerSchema = z.object({ hub: z.object({ metrics: z.object({ shards: z.int() }) }) })

const shardsOfAnswer = ({ answer }: JobRow): number =>
  answer === null ? 0 : answerSchema.parse(JSON.parse(answer)).hub.metrics.shards
