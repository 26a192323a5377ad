// docs/webhooks.md says what is so: its examples fit the schema of what is sent, one of each type; the signature that it prints
// is ours and the library's; its table of pauses and its figures are those of the limits.
import { readFileSync } from 'node:fs'
import { WEBHOOK_EVENTS, WEBHOOK_LIMITS, webhookPayloadSchema } from '@forge/shared/contract/webhooks.ts'
import { TENANT_LIMITS } from '@forge/shared/contract/tenants.ts'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { RETRY_PAUSES_MS, SEND_LIMITS } from './limits.ts'
import { signedHeaders } from './signature.ts'

const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) =>
  webhookPayloadSchema.parse(JSON.parse(text)),
)

test('there is an example of every event', () => {
  expect(examples.map(({ type }) => type)).toEqual([...WEBHOOK_EVENTS])
})

test('the printed signature is what we send and what the library takes', () => {
  const secret = /whsec_[A-Za-z0-9+/=]{20,}/.exec(page)?.[0] ?? ''
  const printed = /webhook-id: (\S+)\nwebhook-timestamp: (\d+)\nwebhook-signature: (\S+)\n\n(\{.*\})\n/.exec(page)
  const [, eventId = '', seconds = '', signature, body = ''] = printed ?? []
  const sent = signedHeaders(
    { eventId, body },
    { secret, previousSecret: null, previousUntilMs: null },
    Number(seconds) * 1_000,
  )
  expect(sent['webhook-signature']).toBe(signature)
  expect(new Webhook(secret).sign(eventId, new Date(Number(seconds) * 1_000), body)).toBe(signature)
  expect(webhookPayloadSchema.parse(JSON.parse(body))).toEqual(examples[0])
})

test('the pauses and the limits are those that are kept', () => {
  const cells = (/^ {2}\| pause \|(.+)\|$/m.exec(page)?.[1] ?? '').split('|').map((cell) => cell.trim())
  const units: Record<string, number> = { s: 1_000, min: 60_000, h: 3_600_000 }
  expect(cells.map((cell) => Number(cell.split(' ')[0]) * (units[cell.split(' ')[1] ?? ''] ?? NaN))).toEqual([
    ...RETRY_PAUSES_MS,
  ])
  expect(RETRY_PAUSES_MS.length + 1).toBe(12)
  const said = [
    `within ${SEND_LIMITS.attemptMs / 1_000} s`,
    `| webhooks of a project | ${WEBHOOK_LIMITS.perProjectMax} |`,
    `| tests of a webhook that wait | ${WEBHOOK_LIMITS.testsWaitingMax} |`,
    `| overlap of two secrets | ${WEBHOOK_LIMITS.overlapSecondsMax / 86_400} days |`,
    `| address, description | ${WEBHOOK_LIMITS.urlCharactersMax.toLocaleString('en')} and ${WEBHOOK_LIMITS.descriptionCharactersMax} characters |`,
    `of an answer ${SEND_LIMITS.answerBytesMax / 1_024} KiB`,
  ]
  for (const text of said) expect(page).toContain(text)
  expect([TENANT_LIMITS.burnWarningsMax, SEND_LIMITS.disableAfterDeliveries]).toEqual([5, 5])
  expect([SEND_LIMITS.perWebhookMax, SEND_LIMITS.perProjectMax]).toEqual([2, 8])
})
