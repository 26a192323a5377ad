// /api/v0/webhooks: where a project wants to be told of what. An address is looked at when it is given, and again whenever
// something is sent there; a key has nothing sent that it may not see.
import { z } from 'zod'
import {
  SCOPE_OF_EVENT,
  SUBSCRIBED_EVENTS,
  subscribedEventSchema,
  WEBHOOK_LIMITS,
  type SubscribedEvent,
} from '@forge/shared/contract/webhooks.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Scope } from '@forge/shared/contract/tenants.ts'
import { newSecret } from '../../webhooks/signature.ts'
import { EXAMPLE } from '../examples.ts'
import { atMost } from '../limit-refusals.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { actorOf } from '../auth.ts'
import type { RouteDeps } from '../deps.ts'
import { WEB_LIMITS } from '../limits.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { ulidSchema } from '../tenant-views.ts'
import { webhookSchema, webhookView } from '../webhook-views.ts'

export const webhookParams = z.strictObject({ id: ulidSchema.describe('of a webhook') })
export const NO_WEBHOOK = 'This project has no webhook of that id.'
export const OWN = { scope: 'keys:manage', tag: 'webhooks' } as const
const ONE = { id: EXAMPLE.webhook }

const urlSchema = z
  .string()
  .min(1)
  .max(WEBHOOK_LIMITS.urlCharactersMax)
  .regex(/^\P{C}+$/u, 'an address has no control characters')
  .describe('https, on the public internet, without user, password or fragment')
const descriptionSchema = z
  .string()
  .max(WEBHOOK_LIMITS.descriptionCharactersMax)
  .regex(/^\P{C}*$/u, 'a description has no control characters')
const eventsSchema = z
  .array(subscribedEventSchema)
  .min(1)
  .max(SUBSCRIBED_EVENTS.length)
  .refine((types) => new Set(types).size === types.length, 'names a type twice')
  .describe('what it is told of; the key must have `jobs:read` for jobs and `billing:read` for money')
const secretSchema = z.string().describe('signs what is sent: `whsec_` and base64; it is shown here once')
const answerSchema = z.strictObject({ ok: z.literal(true), webhook: webhookSchema })
const secretAnswerSchema = z.strictObject({ ...answerSchema.shape, secret: secretSchema })

const createRoute = route({
  ...OWN,
  method: 'POST',
  path: '/api/v0/webhooks',
  operationId: 'createWebhook',
  summary: 'Make a webhook',
  description: 'It is enabled at once. What is sent is signed by the Standard Webhooks convention.',
  body: z.strictObject({ url: urlSchema, events: eventsSchema, description: descriptionSchema.default('') }),
  responses: {
    201: {
      description: 'The new webhook, with its secret.',
      schema: secretAnswerSchema,
      headers: { Location: 'of it' },
    },
  },
  problems: ['LIMIT_REACHED'],
  examples: [
    {
      summary: 'Told of ends',
      body: {
        url: 'https://hooks.example.com/forge',
        events: ['job.completed', 'job.failed', 'job.cancelled'],
        description: 'nightly run',
      },
      status: 201,
    },
    {
      summary: 'Into a private network',
      body: { url: 'https://10.0.0.7/forge', events: ['job.completed'] },
      status: 422,
    },
  ],
  async handle({ caller, body }, deps) {
    const { store, clock, newUlid, randomBytes } = deps
    const lacking = lackingScopes(body.events, caller.scopes) ?? (await refusedUrl(body.url, caller.projectId, deps))
    if (lacking !== null) return lacking
    const secret = newSecret(randomBytes)
    const made = { ...body, id: newUlid(), projectId: caller.projectId, createdAtMs: clock() }
    if (!(await store.insertWebhook({ ...made, secret }, WEBHOOK_LIMITS.perProjectMax, actorOf(caller)))) {
      return atMost('webhooks_per_project', WEBHOOK_LIMITS.perProjectMax, 'webhooks', 'delete one that nobody needs')
    }
    const row = await store.webhook(caller.projectId, made.id)
    if (row === null) return refuse('NOT_FOUND', NO_WEBHOOK)
    const headers = { Location: `/api/v0/webhooks/${row.id}` }
    return answered(201, { ok: true, webhook: webhookView(row), secret }, headers)
  },
})

const listRoute = route({
  ...OWN,
  method: 'GET',
  path: '/api/v0/webhooks',
  operationId: 'listWebhooks',
  summary: 'The project’s webhooks',
  description: 'Newest first, without their secrets.',
  query: z.strictObject(pageQuery(ulidSchema)),
  responses: {
    200: {
      description: 'A page of them.',
      schema: z.strictObject({ ok: z.literal(true), webhooks: z.array(webhookSchema), next_cursor: nextCursorSchema }),
    },
  },
  problems: [],
  examples: [{ summary: 'The first page', status: 200 }],
  async handle({ caller, query }, { store }) {
    const rows = await store.webhooks(caller.projectId, { after: query.cursor ?? null, limit: query.limit + 1 })
    const { items, next_cursor } = pageOf(rows, query.limit, ({ id }) => id)
    return answered(200, { ok: true, webhooks: items.map(webhookView), next_cursor })
  },
})

const getRoute = route({
  ...OWN,
  method: 'GET',
  path: '/api/v0/webhooks/{id}',
  operationId: 'getWebhook',
  summary: 'One webhook',
  description: 'Whether it is enabled, and whether what is sent there arrives.',
  params: webhookParams,
  missing: NO_WEBHOOK,
  responses: { 200: { description: 'The webhook.', schema: answerSchema } },
  problems: [],
  examples: [
    { summary: 'One', params: ONE, status: 200 },
    { summary: 'None of this project', params: { id: EXAMPLE.unknown }, status: 404 },
  ],
  async handle({ caller, params }, { store }) {
    const row = await store.webhook(caller.projectId, params.id)
    if (row === null) return refuse('NOT_FOUND', NO_WEBHOOK)
    return answered(200, { ok: true, webhook: webhookView(row) })
  },
})

const changeRoute = route({
  ...OWN,
  method: 'PATCH',
  path: '/api/v0/webhooks/{id}',
  operationId: 'changeWebhook',
  summary: 'Change, disable or enable a webhook',
  description:
    'What is not named stays. Disabling drops what waits to be sent, and nothing is kept for it meanwhile; enabling forgets past failures. What waits goes to the new address.',
  params: webhookParams,
  missing: NO_WEBHOOK,
  body: z.strictObject({
    url: urlSchema.optional(),
    events: eventsSchema.optional(),
    description: descriptionSchema.optional(),
    enabled: z.boolean().optional(),
  }),
  responses: { 200: { description: 'The webhook after the change.', schema: answerSchema } },
  problems: [],
  examples: [
    { summary: 'Other events', params: ONE, body: { events: ['job.completed', 'job.notice'] }, status: 200 },
    { summary: 'Disable it', params: ONE, body: { enabled: false }, status: 200 },
    { summary: 'Enable it', params: ONE, body: { enabled: true }, status: 200 },
  ],
  async handle({ caller, params, body }, deps) {
    const { store, clock } = deps
    const before = await store.webhook(caller.projectId, params.id)
    if (before === null) return refuse('NOT_FOUND', NO_WEBHOOK)
    const sendsMore = body.url !== undefined || body.events !== undefined || body.enabled === true
    const lacking = sendsMore ? lackingScopes(body.events ?? before.events, caller.scopes) : null
    if (lacking !== null) return lacking
    const refused = body.url === undefined ? null : await refusedUrl(body.url, caller.projectId, deps)
    if (refused !== null) return refused
    const { url, events, description, enabled } = body
    const change = {
      ...(url === undefined ? {} : { url }),
      ...(events === undefined ? {} : { events }),
      ...(description === undefined ? {} : { description }),
      ...(enabled === undefined ? {} : { enabled }),
    }
    const row = await store.updateWebhook(caller.projectId, params.id, change, clock(), actorOf(caller))
    if (row === null) return refuse('NOT_FOUND', NO_WEBHOOK)
    return answered(200, { ok: true, webhook: webhookView(row) })
  },
})

const rotateRoute = route({
  ...OWN,
  method: 'POST',
  path: '/api/v0/webhooks/{id}/rotate-secret',
  operationId: 'rotateWebhookSecret',
  summary: 'Give it a new secret',
  description:
    'For the overlap both secrets sign, so that a receiver may change over in between. Rotating again within it lets the older one go at once; an overlap of 0 does too.',
  params: webhookParams,
  missing: NO_WEBHOOK,
  body: z
    .strictObject({
      overlap_seconds: z
        .int()
        .min(0)
        .max(WEBHOOK_LIMITS.overlapSecondsMax)
        .default(WEBHOOK_LIMITS.overlapSecondsDefault),
    })
    .prefault({}),
  responses: { 200: { description: 'The webhook, with its new secret.', schema: secretAnswerSchema } },
  problems: [],
  examples: [
    { summary: 'With a day of both', params: ONE, body: {}, status: 200 },
    { summary: 'At once', params: ONE, body: { overlap_seconds: 0 }, status: 200 },
  ],
  async handle({ caller, params, body }, { store, clock, randomBytes }) {
    const secret = newSecret(randomBytes)
    const nowMs = clock()
    const until = nowMs + body.overlap_seconds * 1_000
    const row = await store.rotateWebhookSecret(caller.projectId, params.id, secret, until, nowMs, actorOf(caller))
    if (row === null) return refuse('NOT_FOUND', NO_WEBHOOK)
    return answered(200, { ok: true, webhook: webhookView(row), secret })
  },
})

export const deleteWebhookRoute = route({
  ...OWN,
  method: 'DELETE',
  path: '/api/v0/webhooks/{id}',
  operationId: 'deleteWebhook',
  summary: 'Delete a webhook',
  description: 'With its deliveries. What is just being sent may still arrive.',
  params: webhookParams,
  missing: NO_WEBHOOK,
  responses: { 200: { description: 'It is gone.', schema: z.strictObject({ ok: z.literal(true) }) } },
  problems: [],
  examples: [{ summary: 'One', params: ONE, status: 200 }],
  async handle({ caller, params }, { store }) {
    const done = await store.deleteWebhook(caller.projectId, params.id, actorOf(caller))
    return done ? answered(200, { ok: true }) : refuse('NOT_FOUND', NO_WEBHOOK)
  },
})

export const webhookRoutes = [createRoute, listRoute, getRoute, changeRoute, rotateRoute]

/** Who may have something sent may see it. */
function lackingScopes(events: readonly SubscribedEvent[], scopes: ReadonlySet<Scope>): Refusal | null {
  const errors = events.flatMap((type, i) => {
    const scope = SCOPE_OF_EVENT[type]
    return scopes.has(scope) ? [] : [{ path: `events.${i}`, message: `the key that asks has not got ${scope}` }]
  })
  return errors.length === 0
    ? null
    : refuse('FORBIDDEN', 'A key cannot have sent what it may not see itself.', { errors })
}

/** Looks its name up, a few of a project at a time. */
async function refusedUrl(
  url: string,
  projectId: ProjectId,
  { webhooks, lookups }: Pick<RouteDeps, 'webhooks' | 'lookups'>,
): Promise<Refusal | null> {
  const giveBack = lookups.take(projectId)
  if (giveBack === null) return tooManyLookups()
  try {
    const message = await webhooks.refusalOf(url)
    return message === null ? null : invalid([{ path: 'url', message }])
  } finally {
    giveBack()
  }
}

function tooManyLookups(): Refusal {
  const detail = `Addresses of webhooks are looked up ${WEB_LIMITS.lookupsPerProjectMax} at a time for a project; send this one again when the others are done.`
  return new Refusal(refuse('RATE_LIMITED', detail).problem, { 'Retry-After': String(WEB_LIMITS.retryPlaceSeconds) })
}
