// What a client sees of its job: the founding shape for a completed one, state and progress before, the problem after a
// failure. Pure functions of the stored row and the Hub's progress; routes decide the HTTP status.
import { z } from 'zod'
import { problem, type Problem } from '@forge/shared/contract/problem.ts'
import type { JobProgress } from '../hub/edge/hub-interface.ts'
import { samplingKeySha256 } from '@forge/shared/verifier/sample.ts'
import type { JobRow, NoticeRow } from '../store/store.ts'

const ctxIdsSchema = z.object({
  job_id: z.string().optional(),
  trace_id: z.string().optional(),
  run_id: z.string().optional(),
  stage_id: z.string().optional(),
})
export type CtxIds = z.infer<typeof ctxIdsSchema>

const storedRequestSchema = z.object({ ctx: ctxIdsSchema })
const storedAnswerSchema = z.object({
  hub: z.record(z.string(), z.unknown()),
  billing: z.record(z.string(), z.unknown()),
  warnings: z.array(z.string()),
})

/** The client's own ids among the fields of `ctx`. */
export const ctxIdsOf = (ctx: object): CtxIds => ctxIdsSchema.parse(ctx)

/**
 * `ctx` is that of the call that asks, or else the registered one. A failed or cancelled job is shown with `problem`
 * inside an `ok: true` view, because looking at it succeeded; only a call that waits for a result answers the problem.
 */
export function jobView(
  row: JobRow,
  progress: JobProgress | null,
  notices: readonly NoticeRow[],
  ctx?: CtxIds,
): Record<string, unknown> {
  return {
    ok: true,
    job_id: row.id,
    status: row.state,
    // What was learned after the end stands beside it, and never in it.
    ...(notices.length === 0 ? {} : { notices: { count: notices.length, href: `/api/v0/jobs/${row.id}/notices` } }),
    ...stateView(row, progress),
    ctx: ctx ?? storedRequestSchema.parse(JSON.parse(row.request)).ctx,
    times: {
      created_at: iso(row.createdAtMs),
      started_at: iso(row.startedAtMs),
      finished_at: iso(row.finishedAtMs),
      deadline_at: iso(row.deadlineAtMs),
    },
  }
}

export const noticesView = (row: JobRow, notices: readonly NoticeRow[]): Record<string, unknown> => ({
  ok: true,
  job_id: row.id,
  notices: notices.map(({ number, kind, atMs, detail }): Record<string, unknown> => ({
    number,
    kind,
    at: iso(atMs),
    detail: z.record(z.string(), z.unknown()).parse(JSON.parse(detail)),
  })),
})

/** Why a job ended without a result. */
export function jobProblem(row: JobRow): Problem {
  const stored = row.problem ?? problem('INTERNAL', 'The job ended without a result and without a reason.')
  return { ...stored, job_id: row.id }
}

function stateView(row: JobRow, progress: JobProgress | null): Record<string, unknown> {
  switch (row.state) {
    case 'COMPLETED': {
      if (row.answer === null) throw new Error(`job ${row.id} is completed and has no answer`)
      return storedAnswerSchema.parse(JSON.parse(row.answer))
    }
    case 'FAILED':
    case 'CANCELLED':
      return { problem: jobProblem(row) }
    case 'QUEUED':
    case 'RUNNING':
    case 'VERIFYING':
      return {
        reason: progress?.reason ?? row.reason,
        progress: progress === null ? null : progressView(progress),
        // The key itself comes with the answer.
        verification: { sampling_key_sha256: samplingKeySha256(row.samplingKey) },
      }
  }
}

function progressView(progress: JobProgress): Record<string, number> {
  return {
    shards: progress.shards,
    answered: progress.answered,
    accepted: progress.accepted,
    to_check: progress.toCheck,
    agents_now: progress.agentsNow,
    eligible_agents: progress.eligibleAgents,
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
