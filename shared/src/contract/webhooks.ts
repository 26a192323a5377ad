// What a webhook is told: the types of events, and the body of each as it is sent. A receiver parses by these; the names in
// the headers and the signature are those of the Standard Webhooks convention.
import { z } from 'zod'
import type { Scope } from './tenants.ts'

export const WEBHOOK_EVENTS = [
  'job.completed',
  'job.failed',
  'job.cancelled',
  'job.notice',
  'billing.burn_warning',
  'webhook.test',
] as const
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number]

/** Those that a webhook subscribes to; a test is sent to whichever it is asked for. */
export const SUBSCRIBED_EVENTS = WEBHOOK_EVENTS.filter((type) => type !== 'webhook.test')
export const subscribedEventSchema = z.enum(SUBSCRIBED_EVENTS)
export type SubscribedEvent = z.infer<typeof subscribedEventSchema>

/** What a key must be allowed to see itself before it may have it sent anywhere. */
export const SCOPE_OF_EVENT: Readonly<Record<SubscribedEvent, Scope>> = {
  'job.completed': 'jobs:read',
  'job.failed': 'jobs:read',
  'job.cancelled': 'jobs:read',
  'job.notice': 'jobs:read',
  'billing.burn_warning': 'billing:read',
}

export const WEBHOOK_LIMITS = {
  urlCharactersMax: 2_000,
  descriptionCharactersMax: 200,
  /** One for each system that listens, and room to move; each makes the end of a job a row longer. */
  perProjectMax: 20,
  /** An old secret may sign beside the new one for a week at most: long enough for any roll-out. */
  overlapSecondsMax: 7 * 86_400,
  overlapSecondsDefault: 86_400,
  /** Tests that wait to be sent, so that nobody makes a stream of requests of them. */
  testsWaitingMax: 10,
} as const

const link = z.string().describe('a path on the server of the key: what to ask for more')
const ofJob = {
  project_id: z.string(),
  job_id: z.string(),
  client_job_id: z.string().nullable().describe('`ctx.job_id` of its contract'),
  op: z.string().nullable().describe('`mc/1/insurance.v1`'),
  credits: z.number(),
  link,
}
const ended = <Type extends WebhookEventType, Data extends z.ZodRawShape>(type: Type, data: Data) =>
  z.strictObject({ type: z.literal(type), timestamp: z.iso.datetime(), data: z.strictObject(data) })

export const webhookPayloadSchema = z.discriminatedUnion('type', [
  ended('job.completed', { ...ofJob, state: z.literal('COMPLETED') }),
  ended('job.failed', { ...ofJob, state: z.literal('FAILED'), problem: z.string().describe('its code') }),
  ended('job.cancelled', { ...ofJob, state: z.literal('CANCELLED'), problem: z.string() }),
  ended('job.notice', {
    ...ofJob,
    credits: z.number().describe('given back by a credit note; 0 of others'),
    state: z.literal('COMPLETED'),
    kind: z.enum(['integrity', 'credit-note']),
    number: z.int(),
  }),
  ended('billing.burn_warning', {
    project_id: z.string(),
    date: z.iso.date().describe('UTC'),
    threshold_credits: z.number(),
    used_credits: z.number().describe('reserved or spent for jobs that were registered on that day'),
    link,
  }),
  ended('webhook.test', { project_id: z.string(), webhook_id: z.string(), link }),
])
export type WebhookPayload = z.infer<typeof webhookPayloadSchema>
