// What a webhook was sent and is to be sent: the list, a test, and once more.
import { z } from 'zod'
import { WEBHOOK_LIMITS } from '@forge/shared/contract/webhooks.ts'
import { EXAMPLE } from '../examples.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { refuse } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { deliverySchema, deliveryView } from '../webhook-views.ts'
import { NO_WEBHOOK, OWN, webhookParams } from './webhooks.ts'

const ONE = { id: EXAMPLE.webhook }
const NO_DELIVERY = 'This project has no such webhook, or it has no delivery of that id.'
const DISABLED = 'Nothing is sent to a webhook that is disabled. Enable it: PATCH /api/v0/webhooks/{id}.'
const eventId = z
  .string()
  .regex(/^evt_\w{1,120}$/)
  .describe('of a delivery')
const answerSchema = z.strictObject({ ok: z.literal(true), delivery: deliverySchema })
const TAKEN = { 202: { description: 'It is sent in a moment.', schema: answerSchema } } as const

export const webhookDeliveryRoutes = [
  route({
    ...OWN,
    method: 'GET',
    path: '/api/v0/webhooks/{id}/deliveries',
    operationId: 'listWebhookDeliveries',
    summary: 'What it was sent, and is to be sent',
    description: 'Newest first, for as long as the server keeps them after their end.',
    params: webhookParams,
    missing: NO_WEBHOOK,
    query: z.strictObject(pageQuery(z.int().min(0))),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({
          ok: z.literal(true),
          deliveries: z.array(deliverySchema),
          next_cursor: nextCursorSchema,
        }),
      },
    },
    problems: [],
    examples: [
      { summary: 'The first page', params: ONE, status: 200 },
      { summary: 'The newest', params: ONE, query: { limit: '1' }, status: 200 },
    ],
    async handle({ caller, params, query }, { store, clock }) {
      const page = { after: query.cursor ?? null, limit: query.limit + 1 }
      const rows = await store.webhookDeliveries(caller.projectId, params.id, page)
      if (rows === null) return refuse('NOT_FOUND', NO_WEBHOOK)
      const { items, next_cursor } = pageOf(rows, query.limit, ({ number }) => number)
      const nowMs = clock()
      return answered(200, { ok: true, deliveries: items.map((row) => deliveryView(row, nowMs)), next_cursor })
    },
  }),
  route({
    ...OWN,
    method: 'POST',
    path: '/api/v0/webhooks/{id}/test',
    operationId: 'testWebhook',
    summary: 'Send it a test',
    description:
      'An event `webhook.test`, signed and tried again like every other one; look at its deliveries for what became of it.',
    params: webhookParams,
    missing: NO_WEBHOOK,
    responses: TAKEN,
    problems: ['WEBHOOK_DISABLED', 'LIMIT_REACHED'],
    examples: [{ summary: 'A test', params: ONE, status: 202 }],
    async handle({ caller, params }, { store, clock, newUlid, webhooks }) {
      const { testsWaitingMax } = WEBHOOK_LIMITS
      const nowMs = clock()
      const id = `evt_${newUlid()}_test`
      const put = await store.putTestDelivery(caller.projectId, params.id, id, nowMs, testsWaitingMax)
      if (put === 'absent') return refuse('NOT_FOUND', NO_WEBHOOK)
      if (put === 'disabled') return refuse('WEBHOOK_DISABLED', DISABLED)
      if (put === 'too-many') {
        return refuse('LIMIT_REACHED', `${testsWaitingMax} tests of this webhook wait to arrive: look at those first.`)
      }
      webhooks.wake()
      return answered(202, { ok: true, delivery: deliveryView(put, nowMs) })
    },
  }),
  route({
    ...OWN,
    method: 'POST',
    path: '/api/v0/webhooks/{id}/deliveries/{delivery}/redeliver',
    operationId: 'redeliver',
    summary: 'Send it once more',
    description:
      'With the same id and the same body, so that a receiver that had it can tell. One that had ended gets all its attempts again; one that waits is sent at once; one that is just being sent stays as it is.',
    params: z.strictObject({ ...webhookParams.shape, delivery: eventId }),
    missing: NO_DELIVERY,
    responses: TAKEN,
    problems: ['WEBHOOK_DISABLED'],
    examples: [
      { summary: 'The end of a job', params: { ...ONE, delivery: EXAMPLE.delivery }, status: 202 },
      { summary: 'None', params: { ...ONE, delivery: 'evt_none' }, status: 404 },
    ],
    async handle({ caller, params }, { store, clock, webhooks }) {
      const nowMs = clock()
      const row = await store.redeliver(caller.projectId, params.id, params.delivery, nowMs)
      if (row === 'absent') return refuse('NOT_FOUND', NO_DELIVERY)
      if (row === 'disabled') return refuse('WEBHOOK_DISABLED', DISABLED)
      webhooks.wake()
      return answered(202, { ok: true, delivery: deliveryView(row, nowMs) })
    },
  }),
]
