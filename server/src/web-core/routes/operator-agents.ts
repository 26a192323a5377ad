// /api/v0/operator/agents: the whole fleet, for the operator, and what the operator orders about an agent: a quarantine, a
// release to the shards whose answers are known, a ban. Each order is durable, told in the acts, and in force when it is
// answered; once more it changes nothing.
import { z } from 'zod'
import type { Identity } from '@forge/shared/contract/ids.ts'
import { poolNameSchema } from '@forge/shared/contract/places.ts'
import type { RosterAgent } from '../../hub/edge/roster.ts'
import type { NewOrder } from '../../store/agent-orders.ts'
import { agentFilter, fits, operatorAgentSchema, operatorView } from '../agent-views.ts'
import { actorOf, type AdminCaller } from '../auth.ts'
import type { RouteDeps } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { WEB_LIMITS } from '../limits.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { refuse } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { storedOf } from './agents.ts'

const identitySchema = z.string().regex(/^[0-9a-f]{64}$/)
const agentParams = z.strictObject({ agent: identitySchema.describe('its identity, as the list and the log have it') })
const NO_AGENT =
  'No agent of that identity is at this server, or in the store. One that has not answered a shard yet is known to the server alone that it is connected to.'

const operators = { scope: 'admin', tag: 'agents' } as const

const listRoute = route({
  ...operators,
  method: 'GET',
  path: '/api/v0/operator/agents',
  operationId: 'listAllAgents',
  summary: 'The fleet',
  description:
    'Every agent that is connected to this server or was in the last day (since the server started, where that is less), and every identity that may not work. In the order of their identities. The server’s own referee is not among them.',
  query: z.strictObject({
    ...pageQuery(identitySchema),
    ...agentFilter,
    pool: poolNameSchema.describe('of any project').optional(),
  }),
  responses: {
    200: {
      description: 'A page of them.',
      schema: z.strictObject({
        ok: z.literal(true),
        agents_online: z.int(),
        referee_online: z.boolean(),
        quarantined: z.int().describe('identities that may not work'),
        agents: z.array(operatorAgentSchema),
        next_cursor: nextCursorSchema,
      }),
    },
  },
  problems: [],
  examples: [
    { summary: 'The first page', status: 200 },
    { summary: 'Those in quarantine', query: { quarantined: 'true' }, status: 200 },
  ],
  async handle({ query }, deps) {
    const { hub } = deps
    await hub.roster.upToDate()
    const all = hub.roster.agents()
    const sorted = all
      .filter((agent) => agent.identity > (query.cursor ?? '') && fits(agent, query))
      .toSorted((one, other) => (one.identity < other.identity ? -1 : 1))
    const { items, next_cursor } = pageOf(sorted, query.limit, ({ identity }) => identity)
    const stored = await storedOf(
      items.map(({ identity }) => identity),
      deps,
    )
    return answered(200, {
      ok: true,
      agents_online: hub.agentsOnline,
      referee_online: hub.refereeOnline,
      quarantined: all.filter(({ away }) => away !== null).length,
      agents: items.map((agent) => operatorView(agent, stored)),
      next_cursor,
    })
  },
})

const ORDERS = {
  quarantine: {
    operationId: 'quarantineAgent',
    summary: 'Quarantine an agent',
    description:
      'It is sent away at once and may not work for a day; then it may come back by returning ten shards whose answers are known. What it did in unfinished jobs is void and runs again. Nothing is proven by it: it counts toward no ban, and finished jobs get no notice. Of one that has to wait already, or is banned, it changes nothing.',
  },
  release: {
    operationId: 'releaseAgent',
    summary: 'Release an agent to requalification',
    description:
      'Its time, or its ban, is over now: it may come back by returning ten shards whose answers are known. Of one that may do so already, or that is not away, it changes nothing.',
  },
  ban: {
    operationId: 'banAgent',
    summary: 'Ban an agent',
    description: 'As a quarantine, and for good: only a release ends it.',
  },
} as const

const orderRoutes = (['quarantine', 'release', 'ban'] as const).map((kind) =>
  route({
    ...operators,
    ...ORDERS[kind],
    method: 'POST',
    path: `/api/v0/operator/agents/{agent}/${kind}`,
    params: agentParams,
    missing: NO_AGENT,
    body: z.strictObject({
      reason: z
        .string()
        .trim()
        .min(1, 'must say why')
        .max(WEB_LIMITS.orderReasonCharactersMax)
        .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has no control characters')
        .describe('kept for ever, and told to the agent and to the project whose token it has'),
    }),
    responses: {
      200: {
        description: 'The agent as it is then.',
        schema: z.strictObject({
          ok: z.literal(true),
          changed: z.boolean().describe('false where it was so already'),
          agent: operatorAgentSchema,
        }),
      },
    },
    problems: [],
    examples: [
      {
        summary: 'With a reason',
        params: { agent: EXAMPLE.agent },
        body: { reason: 'Its owner asked for it.' },
        status: 200,
      },
      { summary: 'Nobody', params: { agent: EXAMPLE.unknownAgent }, body: { reason: 'A guess.' }, status: 404 },
    ],
    handle: ({ caller, params, body }, deps) => order(kind, params.agent as Identity, body.reason, caller, deps),
  }),
)

export const operatorAgentRoutes = [listRoute, ...orderRoutes]

async function order(kind: NewOrder['kind'], identity: Identity, reason: string, caller: AdminCaller, deps: RouteDeps) {
  const { hub, store, logger } = deps
  const { roster } = hub
  // Another server's is known by its work.
  const isReferee = roster.isReferee(identity) || (await store.wasReferee(identity))
  const isKnown = find(deps, identity) !== undefined || (await store.knowsIdentity(identity))
  if (isReferee || !isKnown) return refuse('NOT_FOUND', NO_AGENT)
  const changed = await roster.order({ identity, kind, reason, actor: actorOf(caller) })
  if (changed) logger.warn({ identity, order: kind, reason }, 'the operator gave an order about an agent')
  const agent = find(deps, identity) ?? { identity, sessions: [], away: null }
  return answered(200, { ok: true, changed, agent: operatorView(agent, await storedOf([identity], deps)) })
}

const find = ({ hub }: Pick<RouteDeps, 'hub'>, identity: Identity): RosterAgent | undefined =>
  hub.roster.agents().find((agent) => agent.identity === identity)
