// What a client sees of its job: the founding shape for a completed one, state and progress before, the problem after a
// failure. Pure functions of the stored row and the Hub's progress; routes decide the HTTP status.
import { z } from 'zod'
import { problem, problemSchema, type Problem } from '@forge/shared/contract/problem.ts'
import type { Hub, JobProgress } from '../hub/edge/hub-interface.ts'
import { signedNoticeSchema, type SignedNotice } from '@forge/shared/receipt/notice.ts'
import type { Comparison } from '@forge/shared/receipt/replay.ts'
import { samplingKeySha256 } from '@forge/shared/verifier/sample.ts'
import { comparisonOf } from '../receipt/reads.ts'
import { JOB_STATES, type JobRow, type NoticeRow, type Store } from '../store/store.ts'
import { hubSchema } from './hub-schema.ts'
import { isoOf, isoOrNull } from './times.ts'

const ctxIdsSchema = z.object({
  job_id: z.string().optional(),
  trace_id: z.string().optional(),
  run_id: z.string().optional(),
  stage_id: z.string().optional(),
})
export type CtxIds = z.infer<typeof ctxIdsSchema>

const storedRequestSchema = z.object({ ctx: ctxIdsSchema })
const billingSchema = z.strictObject({ credits: z.number(), eur: z.number() })
/** Written by us; what is in `hub` is not looked at again. */
const storedAnswerSchema = z.object({
  hub: z.custom<z.input<typeof hubSchema>>((hub) => typeof hub === 'object' && hub !== null),
  billing: billingSchema,
  warnings: z.array(z.string()),
})

export const JOB_ID_TEXT = z.string().describe('a ULID of ours')
const time = z.iso.datetime()

export const progressSchema = z.strictObject({
  shards: z.int().describe('of all passes'),
  answered: z.int().describe('with at least one stored answer'),
  accepted: z.int(),
  to_check: z.int().describe('that wait for a check or a judgement'),
  agents_now: z.int().describe('that hold shards of the job now'),
  eligible_agents: z.int(),
})

const comparisonSchema = z.discriminatedUnion('identical', [
  z.strictObject({ identical: z.literal(true) }),
  z.strictObject({
    identical: z.literal(false),
    differences: z.array(z.strictObject({ path: z.string(), original: z.unknown(), replay: z.unknown() })),
    more: z.int().describe('differences that are not listed'),
  }),
])

export const jobViewSchema = z.strictObject({
  ok: z.literal(true),
  job_id: JOB_ID_TEXT,
  status: z.enum(JOB_STATES),
  notices: z
    .strictObject({ count: z.int(), href: z.string() })
    .describe('what was learned after the end, if anything')
    .optional(),
  replay_of: z.string().describe('the job that this one repeats').optional(),
  replay: comparisonSchema.describe('of a completed replay: whether it gave the same, or what differed').optional(),
  hub: hubSchema.describe('of a completed job').optional(),
  billing: billingSchema.describe('of a completed job').optional(),
  warnings: z.array(z.string()).optional(),
  problem: problemSchema.describe('of a failed or cancelled job').optional(),
  reason: z.string().nullable().describe('why an unfinished job does not move, if it does not').optional(),
  progress: progressSchema
    .nullable()
    .describe('of an unfinished job; null while it is being planned, or where another server has it')
    .optional(),
  verification: z
    .strictObject({ sampling_key: z.string().optional(), sampling_key_sha256: z.string() })
    .describe(
      'of an unfinished job: the commitment to which shards will be checked; of one that ended without a result the key as well',
    )
    .optional(),
  ctx: ctxIdsSchema.describe('the client’s own ids'),
  times: z.strictObject({
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    deadline_at: time,
  }),
})
export type JobView = z.input<typeof jobViewSchema>

export const noticesViewSchema = z.strictObject({
  ok: z.literal(true),
  job_id: JOB_ID_TEXT,
  notices: z.array(
    z.strictObject({
      number: z.int(),
      kind: z.enum(['integrity', 'credit-note']),
      at: time,
      detail: z.record(z.string(), z.unknown()),
      advice: z.string().describe('what its owner can do'),
      signed: signedNoticeSchema
        .nullable()
        .describe('the same as a signed document; null for the moment before it is signed'),
    }),
  ),
})

interface ViewDeps {
  readonly store: Pick<Store, 'job' | 'noticesOf'>
  readonly hub: Pick<Hub, 'progress' | 'isElsewhere'>
}

/** With all that is read beside the row; nothing was learned yet of a job that has ended just now. */
export async function viewOfJob(
  row: JobRow,
  { store, hub }: ViewDeps,
  { ctx, endedJustNow = false }: { readonly ctx?: CtxIds; readonly endedJustNow?: boolean } = {},
): Promise<JobView> {
  const notices = row.finishedAtMs === null || endedJustNow ? [] : await store.noticesOf(row.id)
  const progress = hub.progress(row.id)
  const isElsewhere = progress === null && hub.isElsewhere(row)
  return jobView(row, progress, notices, { ctx, comparison: await comparisonWith(row, store), isElsewhere })
}

/** Null for what is no replay, or has no result. Neither row changes any more, so this is always the same. */
export async function comparisonWith(row: JobRow, store: Pick<Store, 'job'>): Promise<Comparison | null> {
  if (row.replayOf === null || row.answer === null) return null
  const original = await store.job(row.replayOf)
  return original === null ? null : comparisonOf(original, row)
}

export const comparisonView = (comparison: Comparison): z.input<typeof comparisonSchema> =>
  comparison.identical ? comparison : { ...comparison, differences: [...comparison.differences] }

const ADVICE: Readonly<Record<NoticeRow['kind'], string>> = {
  /** It says that a shard rests on one word that is worth nothing now, not that the shard is wrong. */
  integrity:
    'A shard rests on the word of an agent that was found wrong elsewhere; whether it is wrong is not known. To find out, run ' +
    'the contract again with the same seed (replay.root_seed) and policy.verify "full", and compare replay.output_digest. ' +
    'If it differs, ask the operator for a credit note for this job.',
  'credit-note': 'Nothing is to be done: the amount is in the ledger, and the next invoice has it.',
}

/** The client's own ids among the fields of `ctx`. */
export const ctxIdsOf = (ctx: object): CtxIds => ctxIdsSchema.parse(ctx)

/** A row that has ended is kept and looked at again and again, and what was registered never changes. */
const registered = new WeakMap<JobRow, CtxIds>()
function registeredCtxOf(row: JobRow): CtxIds {
  const known = registered.get(row)
  if (known !== undefined) return known
  const { ctx } = storedRequestSchema.parse(JSON.parse(row.request))
  registered.set(row, ctx)
  return ctx
}

interface Beside {
  readonly ctx: CtxIds | undefined
  readonly comparison: Comparison | null
  readonly isElsewhere: boolean
}

/**
 * `ctx` is that of the call that asks, or else the registered one. A failed or cancelled job is shown with `problem`
 * inside an `ok: true` view, because looking at it succeeded; only a call that waits for a result answers the problem.
 */
function jobView(
  row: JobRow,
  progress: JobProgress | null,
  notices: readonly NoticeRow[],
  { ctx, comparison, isElsewhere }: Beside,
): JobView {
  return {
    ok: true,
    job_id: row.id,
    status: row.state,
    // What was learned after the end stands beside it, and never in it.
    ...(notices.length === 0 ? {} : { notices: { count: notices.length, href: `/api/v0/jobs/${row.id}/notices` } }),
    ...(row.replayOf === null ? {} : { replay_of: row.replayOf }),
    ...stateView(row, progress, isElsewhere),
    ...(comparison === null ? {} : { replay: comparisonView(comparison) }),
    ctx: ctx ?? registeredCtxOf(row),
    times: {
      created_at: isoOf(row.createdAtMs),
      started_at: isoOrNull(row.startedAtMs),
      finished_at: isoOrNull(row.finishedAtMs),
      deadline_at: isoOf(row.deadlineAtMs),
    },
  }
}

export const noticesView = (
  row: JobRow,
  notices: readonly NoticeRow[],
  signed: readonly SignedNotice[],
): z.input<typeof noticesViewSchema> => ({
  ok: true,
  job_id: row.id,
  notices: notices.map(({ number, kind, atMs, detail }) => ({
    number,
    kind,
    at: isoOf(atMs),
    detail: z.record(z.string(), z.unknown()).parse(JSON.parse(detail)),
    advice: ADVICE[kind],
    signed: signed.find(({ body }) => body.number === number) ?? null,
  })),
})

/** Why a job ended without a result. */
export function jobProblem(row: JobRow): Problem {
  const stored = row.problem ?? problem('INTERNAL', 'The job ended without a result and without a reason.')
  return { ...stored, job_id: row.id }
}

/**
 * How it goes its owner alone knows; why it waits it writes down, and a job that moves has no reason of its own. Whether the owner
 * still lives is not asked for that: where it does not, another one takes the job soon.
 */
const ELSEWHERE = 'it is with another server of this pool; how far it is can be seen there alone'

function stateView(row: JobRow, progress: JobProgress | null, isElsewhere: boolean): Partial<JobView> {
  switch (row.state) {
    case 'COMPLETED': {
      if (row.answer === null) throw new Error(`job ${row.id} is completed and has no answer`)
      return storedAnswerSchema.parse(JSON.parse(row.answer))
    }
    case 'FAILED':
    case 'CANCELLED':
      // Nothing more is drawn with it: whoever looks into why the job failed can draw again.
      return {
        problem: jobProblem(row),
        verification: { sampling_key: row.samplingKey, sampling_key_sha256: samplingKeySha256(row.samplingKey) },
      }
    case 'QUEUED':
    case 'RUNNING':
    case 'VERIFYING':
      return {
        reason: progress?.reason ?? row.reason ?? (isElsewhere ? ELSEWHERE : null),
        progress: progress === null ? null : progressView(progress),
        // The key itself comes with the answer.
        verification: { sampling_key_sha256: samplingKeySha256(row.samplingKey) },
      }
  }
}

export function progressView(progress: JobProgress): z.input<typeof progressSchema> {
  return {
    shards: progress.shards,
    answered: progress.answered,
    accepted: progress.accepted,
    to_check: progress.toCheck,
    agents_now: progress.agentsNow,
    eligible_agents: progress.eligibleAgents,
  }
}
