// What a volunteer's page asks before and beside its socket: what the pool keeps and runs, and what became of the shards that
// an identity answered. The record is given to whoever holds the identity's key, and names no project.
import { z } from 'zod'
import { identityOf, verifySignature } from '@forge/shared/agent/identity.ts'
import { base64Of } from '@forge/shared/contract/agent-events.ts'
import { agentRecordDigest } from '@forge/shared/verifier/answer-digest.ts'
import { agentRecordSchema, poolSchema } from '@forge/shared/contract/agent-record.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import { creditsOf } from '../../billing/ledger-view.ts'
import type { AgentRecord } from '../../store/agent-record.ts'
import { WEB_LIMITS } from '../limits.ts'
import { refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'

const HOURS = WEB_LIMITS.agentReadSkewMs / 3_600_000

const askSchema = z.strictObject({
  public_key: base64Of(32).describe('the identity’s Ed25519 key, raw, in base64'),
  at_ms: z.int().min(0).describe(`milliseconds since 1970; at most ${HOURS} hours from the server’s clock`),
  signature: base64Of(64).describe("Ed25519 over `digest('agent-record.v1', at_ms in decimal)`"),
})

const SIGNED_LONG_AGO = {
  public_key: 'A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=',
  at_ms: 1_790_000_000_000,
  signature: `${'A'.repeat(86)}==`,
}

export const agentRoutes = [
  route({
    method: 'GET',
    path: '/agent/pool',
    scope: 'public',
    tag: 'agents',
    operationId: 'getPoolForAgents',
    summary: 'The pool, for its volunteers',
    description: 'Who is here, and for how long the network that an answer came from is kept.',
    responses: { 200: { description: 'The pool.', schema: poolSchema } },
    problems: [],
    examples: [{ summary: 'The pool', status: 200 }],
    handle: async (_, { hub, config }) =>
      answered(200, { ok: true, agents_online: hub.agentsOnline, networks_days: config.networksDays }),
  }),
  route({
    method: 'POST',
    path: '/agent/record',
    scope: 'public',
    tag: 'agents',
    operationId: 'getAgentRecord',
    summary: 'What an identity did',
    description:
      'Shards accepted and rejected, credits, and the newest jobs that they went into. The signature shows that the key is ' +
      'held; nothing here names a project, its args or its results. Credits have no cash value.',
    body: askSchema,
    responses: {
      200: { description: 'The record; of a key that did nothing, an empty one.', schema: agentRecordSchema },
    },
    problems: ['RATE_LIMITED', 'UNAUTHENTICATED'],
    examples: [{ summary: 'Signed long ago', body: SIGNED_LONG_AGO, status: 401 }],
    async handle({ body }, { clock, agentReads }) {
      const { public_key, at_ms, signature } = body
      if (Math.abs(clock() - at_ms) > WEB_LIMITS.agentReadSkewMs) {
        return refuse('UNAUTHENTICATED', `at_ms is more than ${HOURS} hours from this server’s clock; sign it anew.`)
      }
      const publicKey = fromBase64(public_key)
      if (!verifySignature(publicKey, agentRecordDigest(at_ms), fromBase64(signature))) {
        return refuse('UNAUTHENTICATED', 'The signature is not this key’s over agent-record.v1 and at_ms.')
      }
      const record = await agentReads.record(identityOf(publicKey))
      return record instanceof Refusal ? record : answered(200, recordView(record))
    },
  }),
]

function recordView(record: AgentRecord): z.input<typeof agentRecordSchema> {
  const { jobs, accepted, rejected, microCredits, quarantine, rejections, receipts } = record
  return {
    ok: true,
    jobs,
    accepted,
    rejected,
    credits: creditsOf(microCredits),
    quarantine: quarantine && {
      number: quarantine.number,
      reason: quarantine.reason,
      at: new Date(quarantine.atMs).toISOString(),
      released: quarantine.released,
    },
    rejections: rejections.map(({ jobId, ...rest }) => ({ job_id: jobId, ...rest })),
    receipts: receipts.map(({ jobId, op, shards, of, finishedAtMs, receipt }) => ({
      job_id: jobId,
      op: op ?? '',
      shards,
      of,
      finished_at: new Date(finishedAtMs).toISOString(),
      receipt,
    })),
  }
}
