// POST /api/v0/jobs/{id}/credit-note: the operator gives back a part of what a job cost, and its client is told by a signed
// notice beside the job.
import { z } from 'zod'
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import { creditsOf } from '../../billing/ledger-view.ts'
import { settledSchema, termsOfDetail } from '../../store/queries/ledger.ts'
import type { LedgerTransaction } from '../../store/ledger-store.ts'
import { EXAMPLE } from '../examples.ts'
import { JOB_ID_TEXT } from '../job-view.ts'
import { invalid, refuse } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { notCompleted } from './job-receipt.ts'
import { jobParams } from './jobs.ts'

const MISSING = 'There is no job of that id.'
const REASON_CHARACTERS_MAX = 200

export const creditNoteRoute = route({
  method: 'POST',
  path: '/api/v0/jobs/{id}/credit-note',
  scope: 'admin',
  tag: 'billing',
  operationId: 'giveCreditNote',
  summary: 'Give back what a job cost',
  description:
    'Or a part of it, once a job. It is booked for its project, listed in usage and invoice on the day on which it is given, and told to the client by a signed notice with the reason.',
  params: jobParams,
  missing: MISSING,
  body: z.strictObject({
    credits: z.number().min(0.01).max(1e9).describe('counted to the micro-credit'),
    reason: z
      .string()
      .min(1)
      .max(REASON_CHARACTERS_MAX)
      .regex(/^\P{C}+$/u, 'a reason has no control characters')
      .describe('for the client to read'),
  }),
  responses: {
    201: {
      description: 'It is booked.',
      schema: z.strictObject({
        ok: z.literal(true),
        job_id: JOB_ID_TEXT,
        credits: z.number(),
        micro_credits: z.string(),
        notices: z.string().describe('where its client sees it'),
      }),
    },
  },
  problems: ['JOB_NOT_ENDED', 'JOB_NOT_COMPLETED', 'CREDIT_NOTE_EXISTS'],
  examples: [
    {
      summary: 'A part',
      params: { id: EXAMPLE.finishedJob },
      body: { credits: 0.42, reason: 'The answer came late.' },
      status: 201,
    },
    {
      summary: 'Once more',
      params: { id: EXAMPLE.finishedJob },
      body: { credits: 0.42, reason: 'The answer came late.' },
      status: 409,
    },
    {
      summary: 'More than it cost',
      params: { id: EXAMPLE.finishedJob },
      body: { credits: 10, reason: 'A gift.' },
      status: 422,
    },
  ],
  async handle({ params, body }, { store, clock }) {
    const row = await store.job(params.id)
    if (row === null) return refuse('NOT_FOUND', MISSING)
    if (row.state !== 'COMPLETED') return notCompleted(row)
    const microCredits = BigInt(Math.round(body.credits * Number(MICRO_PER_CREDIT)))
    const paid = paidFor(await store.transactionsOf(row.id))
    if (microCredits > paid) {
      return invalid([{ path: 'credits', message: `the job cost ${creditsOf(paid)} credits` }])
    }
    const isNew = await store.creditNote(row.id, { microCredits, reason: body.reason, atMs: clock() })
    if (!isNew) {
      const detail = 'A job has at most one credit note; its notices say what was given back.'
      return refuse('CREDIT_NOTE_EXISTS', detail, { job_id: row.id })
    }
    return answered(201, {
      ok: true,
      job_id: row.id,
      credits: creditsOf(microCredits),
      micro_credits: String(microCredits),
      notices: `/api/v0/jobs/${row.id}/notices`,
    })
  },
})

/** Nothing for a test job, and for one of before there was a ledger. */
function paidFor([reserved, settled]: readonly LedgerTransaction[]): bigint {
  if (reserved?.kind !== 'reserve' || settled?.kind !== 'settle') return 0n
  if (termsOfDetail(reserved.detail).mode === 'test') return 0n
  return settledSchema.parse(JSON.parse(settled.detail)).price
}
