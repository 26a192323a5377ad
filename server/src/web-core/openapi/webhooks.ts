// What the server sends, as the document has it: one message, told apart by its type, with the headers that sign it.
import type { JsonSchema } from './schemas.ts'

const HEADERS = {
  'webhook-id': 'Of the event: the same at each attempt.',
  'webhook-timestamp': 'Seconds since 1970 of this attempt.',
  'webhook-signature':
    '`v1,` and the base64 of HMAC-SHA256 over id, time and body with dots between; one for each secret.',
}

/** `schema` is of the body. */
export const sentWebhooks = (schema: JsonSchema) => ({
  event: {
    post: {
      operationId: 'receiveEvent',
      tags: ['webhooks'],
      summary: 'An event, as a webhook receives it',
      description: 'Sent to each enabled webhook that asked for its type, at least once, and signed.',
      security: [],
      parameters: Object.entries(HEADERS).map(([name, description]) => {
        return { name, in: 'header', required: true, description, schema: { type: 'string' } }
      }),
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: {
        '2XX': { description: 'It is delivered.' },
        410: { description: 'Nobody is here any more: the webhook is disabled.' },
        default: { description: 'It is tried again.' },
      },
    },
  },
})
