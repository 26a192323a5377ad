// What a volunteer's page asks before and beside its socket: what the pool keeps and runs, whose its node token is, and what became
// of the shards that an identity answered. The record is given to whoever holds the identity's key, and names no project.
import { z } from 'zod'
import { identityOf, verifySignature } from '@forge/shared/agent/identity.ts'
import { base64Of } from '@forge/shared/contract/agent-events.ts'
import { agentRecordDigest } from '@forge/shared/verifier/answer-digest.ts'
import { agentRecordSchema, poolSchema, tokenHolderSchema } from '@forge/shared/contract/agent-record.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import { creditsOf } from '../../billing/ledger-view.ts'
import { createNodeTokens, mistyped } from '../../hub/edge/node-tokens.ts'
import type { AgentRecord } from '../../store/agent-record.ts'
import { WEB_LIMITS } from '../limits.ts'
import { refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'

const MINUTES = WEB_LIMITS.agentReadSkewMs / 60_000
/** Longer than any origin that a browser opens. */
const ORIGIN_CHARACTERS_MAX = 300

/** More than any token has. */
const TOKEN_CHARACTERS_MAX = 200

const askSchema = z.strictObject({
  public_key: base64Of(32).describe('the identity’s Ed25519 key, raw, in base64'),
  hub: z
    .string()
    .max(ORIGIN_CHARACTERS_MAX)
    .describe(
      'the origin of this server, as `https://pool.example`: what is signed for another one counts for nothing here',
    ),
  at_ms: z.int().min(0).describe(`milliseconds since 1970; at most ${MINUTES} minutes from the server’s clock`),
  signature: base64Of(64).describe("Ed25519 over `digest('agent-record.v2', RFC 8785 of {hub, at_ms})`"),
})

const SIGNED_LONG_AGO = {
  public_key: 'A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=',
  hub: 'https://pool.example',
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
    path: '/agent/token',
    scope: 'public',
    tag: 'agents',
    operationId: 'getTokenHolder',
    summary: 'What a node token is for',
    description:
      'The pool that an agent with this token works for, so that a person sees it before the work begins. Its project is not ' +
      'named: agents see no tenants’ names. Looks are limited by address and by network; a mistyped token is none.',
    body: z.strictObject({
      token: z.string().max(TOKEN_CHARACTERS_MAX).describe('`ntk_…`; in the body, since addresses are written down'),
    }),
    responses: { 200: { description: 'Its holder.', schema: tokenHolderSchema } },
    problems: ['RATE_LIMITED', 'UNAUTHENTICATED', 'SERVER_STOPPING'],
    examples: [{ summary: 'Mistyped', body: { token: `ntk_${'0'.repeat(56)}` }, status: 401 }],
    async handle({ body: { token } }, { store, agentReads, clock, logger, clientAddress }) {
      // It costs nothing, and is not counted.
      const typo = mistyped(token)
      if (typo !== null) return refuse('UNAUTHENTICATED', typo)
      const refused = agentReads.tokenLook(clientAddress)
      if (refused !== null) return refused
      const holder = await createNodeTokens(store, logger, clock).holderOf(token)
      if ('code' in holder) {
        return refuse(holder.code === 'BAD_TOKEN' ? 'UNAUTHENTICATED' : 'SERVER_STOPPING', holder.message)
      }
      return answered(200, { ok: true, pool: holder.pool })
    },
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
      'held, to this server and now (which server it is for, where its FORGE_PUBLIC_URL is set; else `hub` need only be the ' +
      'host that was called); nothing here names a project, its args or its results. Credits have no cash value.',
    body: askSchema,
    responses: {
      200: { description: 'The record; of a key that did nothing, an empty one.', schema: agentRecordSchema },
    },
    problems: ['RATE_LIMITED', 'UNAUTHENTICATED'],
    examples: [{ summary: 'Signed long ago', body: SIGNED_LONG_AGO, status: 401 }],
    async handle({ body, request }, { clock, agentReads, config }) {
      const { public_key, hub, at_ms, signature } = body
      const elsewhere = signedElsewhere(hub, request.url, config.publicUrl)
      if (elsewhere !== null) return elsewhere
      const nowMs = clock()
      if (Math.abs(nowMs - at_ms) > WEB_LIMITS.agentReadSkewMs) return signedAtAnotherTime(at_ms, nowMs)
      const publicKey = fromBase64(public_key)
      if (!verifySignature(publicKey, agentRecordDigest(hub, at_ms), fromBase64(signature))) {
        return refuse('UNAUTHENTICATED', 'The signature is not this key’s over agent-record.v2, hub and at_ms.')
      }
      const record = await agentReads.record(identityOf(publicKey))
      return record instanceof Refusal ? record : answered(200, recordView(record))
    },
  }),
]

/**
 * Null for an origin of this server: the one that the operator named or, where none is named, the one that was called. Of a
 * request to this machine itself that one counts as well, since no page of another machine has such an origin.
 */
function signedElsewhere(hub: string, url: string, publicUrl: string | null): Refusal | null {
  const host = hostOf(hub)
  const isCalled = host !== null && host === hostOf(url)
  if (hub === publicUrl || (isCalled && (publicUrl === null || LOOPBACK.test(host)))) return null
  const own = publicUrl ?? new URL(url).origin
  const message = `this server is ${own}`
  const detail = `hub is not this server, which is ${own}: sign the origin that you call, for what is signed for another server counts for nothing here.`
  return refuse('UNAUTHENTICATED', detail, { errors: [{ path: 'hub', message }] })
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null)

function signedAtAnotherTime(atMs: number, nowMs: number): Refusal {
  const off = Math.round(Math.abs(nowMs - atMs) / 60_000)
  const detail = `at_ms is ${off} minutes ${atMs < nowMs ? 'behind' : 'ahead of'} this server’s clock, which says ${new Date(nowMs).toISOString()}; at most ${MINUTES} are let pass. Set the clock, or sign anew with that time.`
  const message = `must be within ${MINUTES} minutes of ${nowMs}`
  return refuse('UNAUTHENTICATED', detail, { errors: [{ path: 'at_ms', message }] })
}

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
