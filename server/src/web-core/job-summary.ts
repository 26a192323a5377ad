// A job in a line of a list: what it is, where it stands, what it costs.
import { z } from 'zod'
import { priceOfMicroCredits } from '@forge/shared/billing/price.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { JobReads, JobSummary } from '../store/job-reads.ts'
import { JOB_STATES } from '../store/store.ts'
import { gridOf } from './grid-of-job.ts'
import { JOB_ID_TEXT, progressSchema, progressView } from './job-view.ts'
import { WEB_LIMITS } from './limits.ts'
import { isoOf, isoOrNull } from './times.ts'

const time = z.iso.datetime()
const priceSchema = z.strictObject({ credits: z.number(), eur: z.number() })
const metricsSchema = z.object({
  wall_ms: z.number(),
  shards: z.int().describe('of all passes'),
  units: z.number(),
  verified_shards: z.int(),
})

export const jobSummarySchema = z.strictObject({
  job_id: JOB_ID_TEXT,
  client_job_id: z.string().nullable().describe('`ctx.job_id`'),
  op: z.string().nullable().describe('`mc/1/insurance.v1`'),
  status: z.enum(JOB_STATES),
  replay_of: z.string().nullable().describe('the job that it repeats'),
  reason: z.string().nullable(),
  problem: problemSchema.nullable(),
  mode: z.enum(['billable', 'test']),
  billing: priceSchema.nullable().describe('of a completed job'),
  reserved: priceSchema.nullable().describe('of an unfinished job: the most that it will cost'),
  metrics: metricsSchema.nullable().describe('of a completed job'),
  asked: z
    .strictObject({ units: z.number().describe('of a pass'), shards: z.int().describe('of all passes') })
    .nullable()
    .describe('the size of what was asked for, however it ended; null where this server no longer has the kernel'),
  progress: progressSchema
    .nullable()
    .describe('of an unfinished job; null while it is being planned, or where another server has it'),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  deadline_at: time,
})

const jsonOrNull = <T>(schema: z.ZodType<T>, text: string | null): T | null =>
  text === null ? null : schema.parse(JSON.parse(text))

interface SummaryDeps {
  readonly store: Pick<JobReads, 'requestsOf'>
  readonly hub: Pick<Hub, 'progress'>
}

/**
 * Of rows of one project, in their order. The contracts of those whose sizes are not known yet are read from the store, once
 * each: rejects as that does.
 */
export async function summaryViews(
  rows: readonly JobSummary[],
  projectId: ProjectId,
  { store, hub }: SummaryDeps,
): Promise<z.input<typeof jobSummarySchema>[]> {
  const unknown = rows.filter(({ id, metrics }) => metrics === null && !known.has(id))
  const requests =
    unknown.length === 0
      ? new Map<JobId, string>()
      : await store.requestsOf(
          projectId,
          unknown.map(({ id }) => id),
        )
  return rows.map((row) => summaryView(row, requests.get(row.id) ?? null, hub))
}

function summaryView(
  row: JobSummary,
  request: string | null,
  hub: Pick<Hub, 'progress'>,
): z.input<typeof jobSummarySchema> {
  const isOpen = row.finishedAtMs === null
  const progress = isOpen ? hub.progress(row.id) : null
  const mode = row.terms?.mode ?? 'billable'
  const metrics = jsonOrNull(metricsSchema, row.metrics)
  const price = priceOfMicroCredits(mode === 'test' ? 0n : (row.terms?.microCredits ?? 0n))
  return {
    job_id: row.id,
    client_job_id: row.clientJobId,
    op: row.op,
    status: row.state,
    replay_of: row.replayOf,
    reason: progress?.reason ?? row.reason,
    problem: row.problem,
    mode,
    billing: jsonOrNull(priceSchema, row.billing),
    reserved: isOpen && row.terms !== null ? { credits: price.credits, eur: price.eur } : null,
    metrics,
    asked: metrics === null ? askedOf(row, request) : { units: metrics.units, shards: metrics.shards },
    progress: progress === null ? null : progressView(progress),
    created_at: isoOf(row.createdAtMs),
    started_at: isoOrNull(row.startedAtMs),
    finished_at: isoOrNull(row.finishedAtMs),
    deadline_at: isoOf(row.deadlineAtMs),
  }
}

type Asked = { readonly units: number; readonly shards: number }

/** What was registered never changes, and planning it anew for each look at a list would cost half a millisecond a row. */
const known = new Map<JobId, Asked | null>()

function askedOf({ id, kernelDigest }: JobSummary, request: string | null): Asked | null {
  const before = known.get(id)
  if (before !== undefined || request === null) return before ?? null
  const grid = gridOf({ request, kernelDigest })
  const asked = grid === null ? null : { units: Number(grid.units), shards: shardsOf(grid) }
  const [oldest] = known.keys()
  if (known.size >= WEB_LIMITS.jobSizesKept && oldest !== undefined) known.delete(oldest)
  known.set(id, asked)
  return asked
}
