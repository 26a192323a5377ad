// /api/v0/usage, /ledger, /invoice and /price-lists: what a project spent, and by what it is reckoned. All of it is read from
// the ledger; amounts are in credits, and exactly in micro-credits where they are booked.
import { parseAccept } from 'hono/utils/accept'
import { z } from 'zod'
import { PRICE_LIST, priceListDigest, priceListOf, priceListSchema } from '@forge/shared/billing/price-list.ts'
import { digestSchema } from '@forge/shared/contract/ids.ts'
import { dateOf, invoiceCsv, invoiceOf, linesOf, spendingOf } from '../../billing/invoice.ts'
import { creditsOf, transactionView } from '../../billing/ledger-view.ts'
import { account, DAY_MS, dayOf } from '../../store/ledger-store.ts'
import { CREDIT_LIMIT_NAMES, creditLimitsOf } from '../credit-limits.ts'
import { WEB_LIMITS } from '../limits.ts'
import { cursorOf, nextCursorSchema, pageOf, pageQuery, wholeNumber } from '../paging.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { API_HEADERS } from '../reply.ts'
import { answered, JSON_TYPE, route } from '../routing/route.ts'
import { limitsOf } from '../tenant-views.ts'
import { knownProject } from '../known-project.ts'

const { billingDaysMax: DAYS_MAX, billingDaysDefault: DAYS_DEFAULT } = WEB_LIMITS

const date = z.iso.date()
const lineSchema = z.strictObject({
  date: date.describe('UTC, of the booking'),
  kind: z.enum(['settle', 'credit-note']),
  op: z.string(),
  mode: z.enum(['billable', 'test']),
  jobs: z.int(),
  credits: z.number().describe('negative for credit notes; test jobs cost nothing'),
  eur: z.number(),
})
const warningSchema = z.strictObject({
  limit: z.enum(CREDIT_LIMIT_NAMES),
  used_credits: z.number(),
  limit_credits: z.number(),
})
const usedLimitSchema = z.strictObject({ ...warningSchema.shape, limit_credits: z.number().nullable() })
const usageSchema = z.strictObject({
  ok: z.literal(true),
  first_date: date,
  last_date: date,
  lines: z.array(lineSchema).describe('by day, op and mode'),
  balance: z.strictObject({
    spent_credits: z.number().describe('in all, without what is reserved'),
    reserved_credits: z.number().describe('for jobs that have not ended'),
  }),
  spending: z.strictObject({
    today_credits: z.number().describe('reserved or spent for jobs that were registered today, UTC'),
    daily_credits: z.number().describe('a day, on average over the seven days before'),
    days_left: z.int().nullable().describe('until `credits_total` is reached at that pace; null when it is far'),
    limits: z
      .array(usedLimitSchema)
      .describe('of the project’s credits: what is reserved or spent of each; a limit of null is none'),
    warnings: z.array(warningSchema).describe('limits that are used to 80 % and more'),
    burn_warnings: z
      .array(z.strictObject({ threshold_credits: z.number(), reached: z.boolean() }))
      .describe('the project’s `burn_warnings` of a day, and whether `today_credits` is as much'),
  }),
})
const transactionSchema = z.strictObject({
  id: z.int(),
  job_id: z.string(),
  kind: z.enum(['reserve', 'settle', 'credit-note']),
  at: z.iso.datetime(),
  detail: z.record(z.string(), z.unknown()),
  entries: z
    .array(z.strictObject({ account: z.string(), credits: z.number(), micro_credits: z.string() }))
    .describe('of the project’s own accounts'),
})
const invoiceSchema = z.strictObject({
  ok: z.literal(true),
  project_id: z.string(),
  first_date: date,
  last_date: date,
  final: z
    .boolean()
    .describe('whether the last day is over, on the clock of the store: then nothing is booked in these days any more'),
  lines: z.array(lineSchema),
  total: z.strictObject({ credits: z.number(), eur: z.number(), micro_credits: z.string() }),
  price_list_digest: z.string(),
})

const CSV_TYPE = 'text/csv'
/** As the document shows it. */
const CSV_SAMPLE = invoiceCsv({
  last_date: '2026-11-30',
  final: true,
  lines: [
    {
      date: '2026-11-02',
      kind: 'settle',
      op: 'mc/1/insurance.v1',
      mode: 'billable',
      jobs: 2,
      credits: 2.84,
      eur: 0.34,
    },
  ],
  total: { credits: 2.84, eur: 0.34, micro_credits: '2840000' },
})

const ledgerOrder = z.enum(['oldest', 'newest'])

const day = date
  .transform((text) => Date.parse(text) / DAY_MS)
  .refine((since) => since >= 0, 'must not lie before 1970')

export const billingRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/usage',
    scope: 'billing:read',
    tag: 'billing',
    operationId: 'getUsage',
    summary: 'What the project used',
    description:
      'Settled jobs by day, op and mode; what was spent and is reserved in all; the pace, and which limits are nearly used.',
    query: z.strictObject({
      days: wholeNumber(1, DAYS_MAX).default(DAYS_DEFAULT).describe(`up to today, UTC: 1 to ${DAYS_MAX}`),
    }),
    responses: { 200: { description: 'The usage.', schema: usageSchema } },
    problems: [],
    examples: [
      { summary: 'Of the last 30 days', status: 200 },
      { summary: 'Of today', query: { days: '1' }, status: 200 },
      { summary: 'Of too many', query: { days: '1000' }, status: 422 },
    ],
    async handle({ caller, query }, { store, clock }) {
      const project = await knownProject(store, caller.projectId)
      if (project instanceof Refusal) return project
      const nowMs = clock()
      const today = dayOf(nowMs)
      const first = today - query.days + 1
      const lines = await linesOf(store, project.id, first, today)
      const limits = limitsOf(project)
      const {
        limits: usedLimits,
        warnings,
        ...pace
      } = await spendingOf(store, project.id, creditLimitsOf(limits), nowMs)
      const [used, held] = [
        -(await store.balanceOf(project.id, account.project('billable', project.id))),
        await store.balanceOf(project.id, account.held('billable', project.id)),
      ]
      return answered(200, {
        ok: true,
        first_date: dateOf(first),
        last_date: dateOf(today),
        lines,
        balance: { spent_credits: creditsOf(used - held), reserved_credits: creditsOf(held) },
        spending: {
          ...pace,
          limits: usedLimits.map((one) => ({ ...one, limit: CREDIT_LIMIT_NAMES[one.limit] })),
          warnings: warnings.map((one) => ({ ...one, limit: CREDIT_LIMIT_NAMES[one.limit] })),
          burn_warnings: limits.burn_warnings.map((threshold) => ({
            threshold_credits: threshold,
            reached: pace.today_credits >= threshold,
          })),
        },
      })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/ledger',
    scope: 'billing:read',
    tag: 'billing',
    operationId: 'listLedger',
    summary: 'Every booking',
    description:
      'The project’s transactions, in the order in which they were booked unless `order` says otherwise, with the entries of its own accounts: `project` and `held`, `test` and `test-held`.',
    query: z.strictObject({
      ...pageQuery(z.tuple([ledgerOrder, z.int().min(0)])),
      order: ledgerOrder
        .default('oldest')
        .describe(
          'which comes first; a `cursor` counts for the order that it was answered in, and is refused in the other',
        ),
    }),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({
          ok: z.literal(true),
          transactions: z.array(transactionSchema),
          next_cursor: nextCursorSchema,
        }),
      },
    },
    problems: [],
    examples: [
      { summary: 'The first page', status: 200 },
      { summary: 'One', query: { limit: '1' }, status: 200 },
      { summary: 'The newest ones', query: { order: 'newest' }, status: 200 },
      {
        summary: 'On from a page of the other order',
        query: { order: 'newest', cursor: cursorOf(['oldest', 7]) },
        status: 422,
      },
    ],
    async handle({ caller, query: { limit, order, cursor } }, { store }) {
      const [cursorOrder, last] = cursor ?? [order, null]
      if (cursorOrder !== order) {
        const message = `was answered to order=${cursorOrder}; go on in that order, or begin this one without a cursor`
        return invalid([{ path: 'query.cursor', message }])
      }
      const rows = await (order === 'newest'
        ? store.ledgerBefore(caller.projectId, last, limit + 1)
        : store.ledgerAfter(caller.projectId, last ?? 0, limit + 1))
      const { items, next_cursor } = pageOf(rows, limit, ({ id }) => [order, id])
      const transactions = items.map((row) => transactionView(row, caller.projectId))
      return answered(200, { ok: true, transactions, next_cursor })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/invoice',
    scope: 'billing:read',
    tag: 'billing',
    operationId: 'getInvoice',
    summary: 'What some days cost',
    description:
      'Both days included, UTC. It is `final` once the last day is over: reading it then closes its days, and they never change. With `format=csv` or `Accept: text/csv` it is CSV (RFC 4180) with the columns date, kind, op, mode, jobs, credits, eur and a line with the total, whose kind is `total`, and `total-so-far` where the invoice is not final.',
    headers: { Accept: { description: '`text/csv` or `application/json`', example: 'text/csv' } },
    query: z.strictObject({
      from: day.describe('the first day: `2026-11-01`'),
      to: day.describe('the last day'),
      format: z.enum(['json', 'csv']).optional().describe('comes before `Accept`'),
    }),
    responses: {
      200: {
        description: 'The invoice.',
        schema: invoiceSchema,
        mediaTypes: [JSON_TYPE, CSV_TYPE],
        samples: { [CSV_TYPE]: CSV_SAMPLE },
        headers: { 'Content-Disposition': 'of CSV: an attachment with a name' },
      },
    },
    problems: [],
    examples: [
      { summary: 'Of a month', query: { from: '2026-11-01', to: '2026-11-30' }, status: 200 },
      { summary: 'Of a month, as CSV', query: { from: '2026-11-01', to: '2026-11-30', format: 'csv' }, status: 200 },
      { summary: 'Backwards', query: { from: '2026-11-30', to: '2026-11-01' }, status: 422 },
    ],
    async handle({ caller, query: { from, to, format }, request }, { store }) {
      if (to < from) return invalid([{ path: 'query.to', message: `must not lie before from, ${dateOf(from)}` }])
      if (to - from >= DAYS_MAX) return invalid([{ path: 'query.to', message: `at most ${DAYS_MAX} days at once` }])
      const { lines, total, ...rest } = await invoiceOf(store, caller.projectId, from, to)
      if (!(format === undefined ? prefersCsv(request.headers) : format === 'csv')) {
        return answered(200, { ok: true, ...rest, lines, total })
      }
      const name = `invoice-${rest.first_date}-${rest.last_date}.csv`
      const headers = {
        ...API_HEADERS,
        'Content-Type': `${CSV_TYPE}; charset=utf-8`,
        'Content-Disposition': `attachment; filename="${name}"`,
      }
      return new Response(invoiceCsv({ ...rest, lines, total }), { headers })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/price-lists/{digest}',
    scope: 'public',
    tag: 'billing',
    operationId: 'getPriceList',
    summary: 'A price list',
    description: 'By the digest that receipts and reservations name. A published list never changes.',
    params: z.strictObject({ digest: digestSchema.describe('SHA-256 of the list’s canonical form') }),
    missing: 'There is no price list of that digest.',
    responses: { 200: { description: 'The list.', schema: priceListSchema } },
    problems: [],
    examples: [
      { summary: 'Today’s', params: { digest: priceListDigest(PRICE_LIST) }, status: 200 },
      { summary: 'None', params: { digest: '00'.repeat(32) }, status: 404 },
    ],
    async handle({ params }) {
      const list = priceListOf(params.digest)
      return list === null ? refuse('NOT_FOUND', 'There is no price list of that digest.') : answered(200, list)
    },
  }),
]

/** It is JSON unless CSV is asked for by name, and JSON is not, or less. A weight of 0 says that it is not wanted. */
function prefersCsv(headers: Headers): boolean {
  const asked = parseAccept(headers.get('accept') ?? '')
  const weightOf = (wanted: string): number => asked.find(({ type }) => type.toLowerCase() === wanted)?.q ?? 0
  return weightOf(CSV_TYPE) > weightOf(JSON_TYPE)
}
