// Webhooks over HTTP, on a real store: secrets are shown once, a key has nothing sent that it may not see, addresses are held
// to the public internet, and a threshold of the day's credits is told from the operator's setting on.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { WEBHOOK_LIMITS } from '@forge/shared/contract/webhooks.ts'
import { SCOPES } from '@forge/shared/contract/tenants.ts'
import { ADMIN_TOKEN, openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { EXAMPLE } from '../examples.ts'
import { WEB_LIMITS } from '../limits.ts'
import { KEY, startTestApp } from '../test-app.ts'
import { deliverySchema, webhookSchema } from '../webhook-views.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

const ask = async (method: string, path: string, body?: unknown, key = world.own.key): Promise<[number, string]> => {
  const response = await world.app.request(`/api/v0${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return [response.status, await response.text()]
}
const problemOf = ([, text]: readonly [number, string]) => problemSchema.parse(JSON.parse(text))
const madeSchema = z.object({ webhook: webhookSchema, secret: z.string() })
const oneSchema = z.object({ webhook: webhookSchema })
const listSchema = z.object({ deliveries: z.array(deliverySchema), next_cursor: z.string().nullable() })
const HOOK = { url: 'https://hooks.example.com/forge', events: ['job.completed', 'job.failed'] }

const make = async (body: object = HOOK) => {
  const [status, text] = await ask('POST', '/webhooks', body)
  expect(status, text).toBe(201)
  return madeSchema.parse(JSON.parse(text))
}
const deliveries = async (id: string) =>
  listSchema.parse(JSON.parse((await ask('GET', `/webhooks/${id}/deliveries`))[1]))

beforeEach(async () => {
  for (const { id } of await world.store.webhooks(world.own.projectId, { after: null, limit: 100 })) {
    await world.store.deleteWebhook(world.own.projectId, id)
  }
})

test('a secret is shown by the answer that made it, and by no other', async () => {
  const { webhook, secret } = await make()
  expect(secret).toMatch(/^whsec_/)
  const [, rotated] = await ask('POST', `/webhooks/${webhook.id}/rotate-secret`, { overlap_seconds: 60 })
  const next = madeSchema.parse(JSON.parse(rotated))
  expect(next.secret).not.toBe(secret)
  expect(Date.parse(next.webhook.previous_secret_until ?? '') - Date.parse(next.webhook.updated_at)).toBe(60_000)
  const shown = [
    await ask('GET', `/webhooks/${webhook.id}`),
    await ask('GET', '/webhooks'),
    await ask('PATCH', `/webhooks/${webhook.id}`, { description: 'x' }),
    await ask('POST', `/webhooks/${webhook.id}/test`),
    await ask('GET', `/webhooks/${webhook.id}/deliveries`),
  ]
  for (const [status, text] of shown) {
    expect(status).toBeLessThan(300)
    expect(text).not.toContain('whsec_')
  }
})

test('a key has nothing sent that it may not see itself, by no way', async () => {
  const { webhook } = await make({ ...HOOK, events: ['job.completed', 'billing.burn_warning'] })
  const keyWith = (...scopes: string[]) =>
    world.makeKey(SCOPES.filter((scope) => ['keys:manage', ...scopes].includes(scope)))
  const [bare, jobs] = [await keyWith(), await keyWith('jobs:read')]
  for (const [key, body, path] of [
    [bare, { events: ['job.notice'] }, 'events.0'],
    [jobs, { events: ['job.notice', 'billing.burn_warning'] }, 'events.1'],
  ] as const) {
    for (const refused of [
      await ask('POST', '/webhooks', { ...HOOK, ...body }, key),
      await ask('PATCH', `/webhooks/${webhook.id}`, body, key),
    ]) {
      expect(problemOf(refused)).toMatchObject({ code: 'FORBIDDEN', errors: [{ path }] })
    }
  }
  // To lead what is sent elsewhere, or to begin sending it again, is to have it sent.
  for (const body of [{ url: 'https://other.example.com/' }, { enabled: true }]) {
    expect(problemOf(await ask('PATCH', `/webhooks/${webhook.id}`, body, bare)).code).toBe('FORBIDDEN')
    expect(problemOf(await ask('PATCH', `/webhooks/${webhook.id}`, body, jobs)).code).toBe('FORBIDDEN')
  }
  expect((await ask('PATCH', `/webhooks/${webhook.id}`, { enabled: false, description: 'off' }, bare))[0]).toBe(200)
  expect((await ask('POST', '/webhooks', HOOK, jobs))[0]).toBe(201)
})

test.each([
  'http://hooks.example.com/',
  'https://10.1.2.3/',
  'https://169.254.169.254/latest/meta-data',
  'https://user:word@hooks.example.com/',
  'https://hooks.example.com:22/',
  'nonsense',
])('the address %s is refused when a webhook is made, and when it is changed', async (url) => {
  const { webhook } = await make()
  for (const refused of [
    await ask('POST', '/webhooks', { ...HOOK, url }),
    await ask('PATCH', `/webhooks/${webhook.id}`, { url }),
  ]) {
    expect(problemOf(refused)).toMatchObject({ code: 'VALIDATION_FAILED', status: 422, errors: [{ path: 'url' }] })
  }
  const [, text] = await ask('GET', `/webhooks/${webhook.id}`)
  expect(oneSchema.parse(JSON.parse(text)).webhook.url).toBe(HOOK.url)
})

test('a project has a few addresses looked up at once, and gets a place back when one is known', async () => {
  const waiting: (() => void)[] = []
  const refusalOf = () => new Promise<string>((resolve) => waiting.push(() => resolve('leads nowhere')))
  const { app } = startTestApp(null, {}, { webhooks: { refusalOf, wake: () => undefined } })
  const post = async () =>
    app.request('/api/v0/webhooks', {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(HOOK),
    })
  const many = Array.from({ length: WEB_LIMITS.lookupsPerProjectMax }, post)
  await expect.poll(() => waiting.length).toBe(many.length)
  const refused = await post()
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(problemSchema.parse(await refused.json())).toMatchObject({ code: 'RATE_LIMITED', status: 429 })
  for (const known of waiting.splice(0)) known()
  expect((await Promise.all(many)).map(({ status }) => status)).toEqual(many.map(() => 422))
  const next = post()
  await expect.poll(() => waiting.length).toBe(1)
  waiting[0]?.()
  expect((await next).status).toBe(422)
})

test('types of events are known, each is named once, and a test is none of them', async () => {
  for (const [events, path] of [
    [['webhook.test'], 'events.0'],
    [['job.started'], 'events.0'],
    [['job.failed', 'job.failed'], 'events'],
    [[], 'events'],
  ] as const) {
    expect(problemOf(await ask('POST', '/webhooks', { ...HOOK, events })).errors).toMatchObject([{ path }])
  }
})

test('a project has so many webhooks, and so many tests wait', async () => {
  const { webhook } = await make()
  for (let i = 0; i < WEBHOOK_LIMITS.testsWaitingMax; i++) {
    expect((await ask('POST', `/webhooks/${webhook.id}/test`))[0]).toBe(202)
  }
  expect(problemOf(await ask('POST', `/webhooks/${webhook.id}/test`)).code).toBe('LIMIT_REACHED')
  for (let i = 1; i < WEBHOOK_LIMITS.perProjectMax; i++) await make()
  expect(problemOf(await ask('POST', '/webhooks', HOOK)).code).toBe('LIMIT_REACHED')
})

test('one that is disabled is sent nothing until it is enabled', async () => {
  const { webhook } = await make()
  const path = `/webhooks/${webhook.id}`
  await ask('POST', `${path}/test`)
  const [, disabled] = await ask('PATCH', path, { enabled: false })
  expect(oneSchema.parse(JSON.parse(disabled)).webhook).toMatchObject({
    enabled: false,
    disabled: { reason: 'client' },
  })
  const [dropped] = (await deliveries(webhook.id)).deliveries
  expect(dropped).toMatchObject({ status: 'cancelled', next_attempt_at: null, event: 'webhook.test' })
  expect(problemOf(await ask('POST', `${path}/test`)).code).toBe('WEBHOOK_DISABLED')
  const again = `${path}/deliveries/${dropped?.id}/redeliver`
  expect(problemOf(await ask('POST', again)).code).toBe('WEBHOOK_DISABLED')
  const [, enabled] = await ask('PATCH', path, { enabled: true })
  expect(oneSchema.parse(JSON.parse(enabled)).webhook).toMatchObject({ enabled: true, disabled: null })
  expect((await ask('POST', again))[0]).toBe(202)
  expect((await deliveries(webhook.id)).deliveries).toMatchObject([{ id: dropped?.id, status: 'pending', attempts: 0 }])
})

test('deliveries come newest first, page by page', async () => {
  const { webhook } = await make()
  for (let i = 0; i < 3; i++) await ask('POST', `/webhooks/${webhook.id}/test`)
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const [, text] = await ask('GET', `/webhooks/${webhook.id}/deliveries?limit=1${query}`)
    const page = listSchema.parse(JSON.parse(text))
    ids.push(...page.deliveries.map(({ id }) => id))
    cursor = page.next_cursor
  }
  expect(ids).toEqual((await deliveries(webhook.id)).deliveries.map(({ id }) => id))
  expect(new Set(ids).size).toBe(3)
})

test('the operator’s threshold of a day’s credits is told, and usage says what is reached', async () => {
  const { webhook } = await make({ ...HOOK, events: ['billing.burn_warning'] })
  // Two founding jobs of 1.42 credits are there.
  const limits = { burn_warnings: [1, 4, 100] }
  expect((await ask('PATCH', `/projects/${EXAMPLE.project}`, { limits }, ADMIN_TOKEN))[0]).toBe(200)
  for (const job_id of ['warned', 'warned-again']) {
    const [status, text] = await ask('POST', '/ops/execute', { ...FOUNDING_REQUEST, ctx: { job_id } })
    expect(status, text).toBe(200)
  }
  expect((await deliveries(webhook.id)).deliveries.map(({ event }) => event)).toEqual([
    'billing.burn_warning',
    'billing.burn_warning',
  ])
  const [, usage] = await ask('GET', '/usage?days=1')
  expect(JSON.parse(usage).spending).toMatchObject({
    today_credits: 5.68,
    burn_warnings: [
      { threshold_credits: 1, reached: true },
      { threshold_credits: 4, reached: true },
      { threshold_credits: 100, reached: false },
    ],
  })
})
