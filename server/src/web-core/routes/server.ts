// What everybody may ask: whether the server is alive and ready, and the tables that agents fetch.
import { z } from 'zod'
import { digestSchema } from '@forge/shared/contract/ids.ts'
import type { RouteDeps } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { WEB_LIMITS } from '../limits.ts'
import { refuse } from '../refusal.ts'
import { API_HEADERS } from '../reply.ts'
import { answered, route } from '../routing/route.ts'

const NO_TABLE = 'There is no table of that digest.'
const notReadySchema = z.strictObject({ ok: z.literal(false), reason: z.string() })
const readySchema = z.strictObject({
  ok: z.literal(true),
  agents_online: z.int(),
  referee_online: z.boolean(),
})

export const serverRoutes = [
  route({
    method: 'GET',
    path: '/agent/tables/{digest}',
    scope: 'public',
    tag: 'server',
    operationId: 'getTable',
    summary: 'A compiled table',
    description: 'What assignments name by digest: u32 words, little-endian. An agent checks the digest itself.',
    params: z.strictObject({ digest: digestSchema.describe('64 lower-case hexadecimal digits') }),
    missing: NO_TABLE,
    responses: {
      200: {
        description: 'The bytes, which never change.',
        mediaTypes: ['application/octet-stream'],
        headers: { 'Cache-Control': 'immutable, for a year' },
      },
    },
    problems: [],
    examples: [{ summary: 'One that is not there', params: { digest: EXAMPLE.tableDigest }, status: 404 }],
    async handle({ params }, { hub }) {
      const bytes = await hub.table(params.digest)
      if (bytes === null) return refuse('NOT_FOUND', NO_TABLE)
      const headers = {
        ...API_HEADERS,
        'Content-Type': 'application/octet-stream',
        'Cache-Control': 'public, max-age=31536000, immutable',
      }
      return new Response(new Uint8Array(bytes), { headers })
    },
  }),
  route({
    method: 'GET',
    path: '/healthz',
    scope: 'public',
    tag: 'server',
    operationId: 'getHealth',
    summary: 'Liveness',
    description: 'Says that the process runs, and nothing of the store.',
    responses: { 200: { description: 'It runs.', schema: z.strictObject({ ok: z.literal(true) }) } },
    problems: [],
    examples: [{ summary: 'Alive', status: 200 }],
    handle: async () => answered(200, { ok: true }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    scope: 'public',
    tag: 'server',
    operationId: 'getReadiness',
    summary: 'Readiness',
    description: 'Says whether the server may be sent jobs: the store answers, and it is not stopping.',
    responses: {
      200: { description: 'Ready.', schema: readySchema },
      503: { description: 'Not now.', schema: notReadySchema },
    },
    problems: [],
    examples: [{ summary: 'Ready', status: 200 }],
    handle: (_, deps) => readiness(deps),
  }),
]

async function readiness({ store, hub, logger, stopping }: RouteDeps) {
  if (stopping.aborted) return answered(503, { ok: false, reason: 'the server is stopping' })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${WEB_LIMITS.readyWithinMs} ms`)),
      WEB_LIMITS.readyWithinMs,
    )
  })
  try {
    await Promise.race([store.ping(), late])
    return answered(200, { ok: true, agents_online: hub.agentsOnline, referee_online: hub.refereeOnline })
  } catch (error) {
    logger.warn({ err: error }, 'the store is not ready')
    return answered(503, { ok: false, reason: 'the store does not answer' })
  } finally {
    clearTimeout(timer)
  }
}
