// The headers of a delivery by the Standard Webhooks convention: HMAC-SHA256 over id, time and body, keyed by the bytes
// behind `whsec_`, once for each secret that is in force. The tests hold them to that convention's own library.
import { createHmac } from 'node:crypto'
import type { WebhookSecrets } from '../store/webhook-store.ts'

const PREFIX = 'whsec_'
/** The convention wants 24 to 64. */
const SECRET_BYTES = 32

export const newSecret = (randomBytes: (count: number) => Uint8Array): string =>
  PREFIX + Buffer.from(randomBytes(SECRET_BYTES)).toString('base64')

export interface Message {
  readonly eventId: string
  readonly body: string
}

/** `webhook-timestamp` is when this attempt is made: a receiver refuses what is old, and a retry must not be. */
export function signedHeaders(
  { eventId, body }: Message,
  { secret, previousSecret, previousUntilMs }: WebhookSecrets,
  nowMs: number,
): Record<string, string> {
  const seconds = String(Math.floor(nowMs / 1_000))
  const secrets = [secret]
  if (previousSecret !== null && previousUntilMs !== null && nowMs < previousUntilMs) secrets.push(previousSecret)
  const signatures = secrets.map((one) => {
    const key = Buffer.from(one.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${eventId}.${seconds}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': eventId, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') }
}
