// A client that is told instead of asking: a real server, real agents and a receiver of its own, verified by hand as the page
// on webhooks says.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { webhookPayloadSchema, type WebhookPayload } from '@forge/shared/contract/webhooks.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { eventually } from './support/eventually.ts'
import { startPool, type Pool } from './support/pool.ts'

let pool: Pool
const arrived: { readonly headers: Record<string, unknown>; readonly body: string }[] = []
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    arrived.push({ headers: { ...request.headers }, body })
    response.writeHead(204).end()
  })
})
beforeAll(async () => {
  pool = await startPool({ FORGE_WEBHOOK_PRIVATE: 'true' })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await pool?.close()
  receiver.close()
})

const ask = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${pool.url}/api/v0${path}`, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return JSON.parse(await response.text())
}

function verified(secret: string): WebhookPayload[] {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  return arrived.map(({ headers, body }) => {
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    return webhookPayloadSchema.parse(JSON.parse(body))
  })
}

test('a job’s end is told as soon as it has come, and says what the answer says', async () => {
  const { port } = receiver.address() as AddressInfo
  const made = await ask('POST', '/webhooks', {
    url: `http://127.0.0.1:${port}/forge`,
    events: ['job.completed', 'job.failed'],
  })
  await ask('POST', `/webhooks/${made.webhook.id}/test`)
  await eventually(
    'the test',
    () => arrived.length,
    (count) => count === 1,
  )

  await pool.agents({})
  const answer = await pool.client.run(smallContract({ ctx: { job_id: 'told' }, policy: { verify: 'none' } }))
  await eventually(
    'the end',
    () => arrived.length,
    (count) => count === 2,
  )
  expect(verified(made.secret)).toMatchObject([
    { type: 'webhook.test', data: { webhook_id: made.webhook.id } },
    {
      type: 'job.completed',
      data: {
        job_id: answer.job_id,
        client_job_id: 'told',
        op: 'mc/1/insurance.v1',
        credits: answer.billing.credits,
        link: `/api/v0/jobs/${answer.job_id}`,
      },
    },
  ])
  const { deliveries } = await eventually(
    'both deliveries',
    () => ask('GET', `/webhooks/${made.webhook.id}/deliveries`),
    (list) => list.deliveries.every(({ status }: { status: string }) => status === 'delivered'),
  )
  expect(deliveries).toHaveLength(2)
  expect(pool.log.join('')).not.toMatch(/webhook|whsec_/)
})

test('a server without that setting does not speak to its own network', async () => {
  const strict = await startPool()
  try {
    const response = await fetch(`${strict.url}/api/v0/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'https://localhost:8443/', events: ['job.completed'] }),
    })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'url', message: expect.stringMatching(/not of the public internet/) }],
    })
  } finally {
    await strict.close()
  }
})
