// The signature, verified by the library of the Standard Webhooks convention.
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { newSecret, signedHeaders } from './signature.ts'

const message = { eventId: 'evt_01K6Z5Q0V3ZJ8P0N5T9W4X2Y7E_completed', body: '{"type":"job.completed"}' }

test('a secret is `whsec_` and the base64 of 32 bytes', () => {
  const secret = newSecret(randomBytes)
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(newSecret(randomBytes)).not.toBe(secret)
})

test('the library takes any message, and none with another body, id, time or secret', () => {
  const drawn = fc.record({ body: fc.string({ unit: 'binary' }), id: fc.stringMatching(/^evt_\w{1,40}$/) })
  fc.assert(
    fc.property(drawn, ({ body, id }) => {
      const secret = newSecret(randomBytes)
      const secrets = { secret, previousSecret: null, previousUntilMs: null }
      const headers = signedHeaders({ eventId: id, body }, secrets, Date.now())
      const library = new Webhook(secret)
      library.verify(body, headers, { jsonParse: false })
      for (const other of [
        { ...headers, 'webhook-id': `${id}x` },
        { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) },
      ]) {
        expect(() => library.verify(body, other, { jsonParse: false })).toThrow(/signature/)
      }
      expect(() => library.verify(`${body} `, headers, { jsonParse: false })).toThrow(/signature/)
      expect(() => new Webhook(newSecret(randomBytes)).verify(body, headers, { jsonParse: false })).toThrow(/signature/)
    }),
    { numRuns: 30 },
  )
})

test('a time beyond five minutes is refused by receivers, so each attempt has its own', () => {
  const secrets = { secret: newSecret(randomBytes), previousSecret: null, previousUntilMs: null }
  const old = signedHeaders(message, secrets, Date.now() - 301_000)
  expect(() => new Webhook(secrets.secret).verify(message.body, old)).toThrow(/too old/)
})

test('in the overlap of a rotation a receiver with either secret is content, after it only the new one', () => {
  const [secret, previousSecret] = [newSecret(randomBytes), newSecret(randomBytes)]
  const nowMs = Date.now()
  const within = signedHeaders(message, { secret, previousSecret, previousUntilMs: nowMs + 1 }, nowMs)
  for (const one of [secret, previousSecret]) new Webhook(one).verify(message.body, within)
  const after = signedHeaders(message, { secret, previousSecret, previousUntilMs: nowMs }, nowMs)
  new Webhook(secret).verify(message.body, after)
  expect(() => new Webhook(previousSecret).verify(message.body, after)).toThrow(/signature/)
})
