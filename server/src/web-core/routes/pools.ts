// Pools of a project's own agents and the tokens that these say: /api/v0/pools, /api/v0/node-tokens, and the operator's
// /api/v0/projects/{id}/node-tokens, who alone may call an agent trusted.
import { z } from 'zod'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { poolNameSchema, regionSchema } from '@forge/shared/contract/places.ts'
import { TENANT_LIMITS, tenantNameSchema } from '@forge/shared/contract/tenants.ts'
import type { Actor } from '../../store/acts.ts'
import type { NodeTokenRow, PoolUse } from '../../store/tenants.ts'
import { newCredential } from '../../credentials.ts'
import { actorOf } from '../auth.ts'
import type { RouteDeps } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { atMost } from '../limit-refusals.ts'
import { knownProject, NO_PROJECT } from '../known-project.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { nodeTokenSchema, nodeTokenView, poolSchema, poolView, ulidSchema } from '../tenant-views.ts'
import { timeText } from '../times.ts'
import { projectParams } from './projects.ts'

const newTokenSchema = z.strictObject({
  name: tenantNameSchema.describe('which machine, or whose'),
  pool: poolNameSchema.optional().describe('a pool of the project; unless said, its agents serve every project'),
  region: regionSchema
    .optional()
    .describe(
      'where its agents are, for `policy.region` of contracts: of every project where the operator makes the token, else of this project alone',
    ),
  expires_at: timeText.optional().describe('never, unless said'),
})
const operatorsTokenSchema = newTokenSchema.extend({
  trusted: z
    .boolean()
    .default(false)
    .describe('whether its word counts from its first shard on, as that of the operator'),
})
const madeSchema = z.strictObject({
  ok: z.literal(true),
  node_token: nodeTokenSchema,
  secret: z.string().describe('the token itself; it is shown here once and kept as a digest'),
})
const MADE = { 201: { description: 'The new token, with its secret.', schema: madeSchema } } as const
const LISTED = {
  200: {
    description: 'A page of them, revoked ones too; newest first.',
    schema: z.strictObject({
      ok: z.literal(true),
      node_tokens: z.array(nodeTokenSchema),
      next_cursor: nextCursorSchema,
    }),
  },
} as const
const REVOKED = {
  200: {
    description: 'The token as it is now.',
    schema: z.strictObject({ ok: z.literal(true), node_token: nodeTokenSchema }),
  },
} as const

const tokenQuery = z.strictObject(pageQuery(ulidSchema))
const tokenId = ulidSchema.describe('of a node token')
const NO_POOL = 'This project has no pool of that name.'
const NO_TOKEN = 'This project has no node token of that id.'
const LISTING = 'Without their secrets, which nobody has any more.'
const REVOKING =
  'No agent is let in with it from then on, and those that are in are sent away within seconds. Revoking it again changes nothing.'

const poolRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/pools',
    scope: 'pools:manage',
    tag: 'pools',
    operationId: 'createPool',
    summary: 'Make a pool',
    description: 'A name under which agents of the project’s own are gathered.',
    body: z.strictObject({ name: poolNameSchema }),
    responses: {
      201: { description: 'The new pool.', schema: z.strictObject({ ok: z.literal(true), pool: poolSchema }) },
    },
    problems: ['NAME_TAKEN', 'LIMIT_REACHED'],
    examples: [
      { summary: 'A new one', body: { name: 'gpu-room' }, status: 201 },
      { summary: 'One that is there', body: { name: EXAMPLE.pool }, status: 409 },
    ],
    async handle({ caller, body }, { store, clock }) {
      const row = { projectId: caller.projectId, name: body.name, createdAtMs: clock() }
      const inserted = await store.insertPool(row, TENANT_LIMITS.poolsPerProjectMax, actorOf(caller))
      if (inserted === 'exists') return refuse('NAME_TAKEN', 'This project has a pool of that name.')
      if (inserted === 'too-many') {
        return atMost('pools_per_project', TENANT_LIMITS.poolsPerProjectMax, 'pools', 'delete one that nobody needs')
      }
      return answered(201, { ok: true, pool: poolView(row) })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/pools',
    scope: 'pools:manage',
    tag: 'pools',
    operationId: 'listPools',
    summary: 'The project’s pools',
    description: 'By name.',
    query: z.strictObject(pageQuery(poolNameSchema)),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({ ok: z.literal(true), pools: z.array(poolSchema), next_cursor: nextCursorSchema }),
      },
    },
    problems: [],
    examples: [{ summary: 'The first page', status: 200 }],
    async handle({ caller, query }, { store }) {
      const rows = await store.pools(caller.projectId, { after: query.cursor ?? null, limit: query.limit + 1 })
      const { items, next_cursor } = pageOf(rows, query.limit, ({ name }) => name)
      return answered(200, { ok: true, pools: items.map(poolView), next_cursor })
    },
  }),
]

const deletePoolRoute = route({
  method: 'DELETE',
  path: '/api/v0/pools/{name}',
  scope: 'pools:manage',
  tag: 'pools',
  operationId: 'deletePool',
  summary: 'Delete a pool',
  description:
    'Once all its node tokens are revoked or expired, and no job that asks for it is unfinished. It no longer counts, and its name is free; what was is not changed by it. A job that ran in it is replayed once there is a pool of that name again, or in another one that the replay names.',
  params: z.strictObject({ name: poolNameSchema }),
  missing: NO_POOL,
  responses: { 200: { description: 'It is gone.', schema: z.strictObject({ ok: z.literal(true) }) } },
  problems: ['POOL_IN_USE'],
  examples: [
    { summary: 'One with an open token', params: { name: EXAMPLE.pool }, status: 409 },
    { summary: 'One that nobody needs', params: { name: EXAMPLE.sparePool }, status: 200 },
  ],
  async handle({ caller, params }, { store, clock }) {
    const use = await store.retirePool(caller.projectId, params.name, clock(), actorOf(caller))
    if (use === null) return refuse('NOT_FOUND', NO_POOL)
    if (use === 'retired') return answered(200, { ok: true })
    const detail = `The pool has ${inUse(use)}.`
    return refuse('POOL_IN_USE', detail)
  },
})

export function inUse({ openTokens, unfinishedJobs }: PoolUse): string {
  const tokens = openTokens === 1 ? '1 node token that is' : `${openTokens} node tokens that are`
  const jobs = unfinishedJobs === 1 ? '1 unfinished job that asks' : `${unfinishedJobs} unfinished jobs that ask`
  return `${tokens} neither revoked nor expired, and ${jobs} for it`
}

const ownTokenRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/node-tokens',
    scope: 'pools:manage',
    tag: 'pools',
    operationId: 'createNodeToken',
    summary: 'Make a node token',
    description:
      'For agents of the project’s own. They are checked like all others: only an operator calls one trusted.',
    body: newTokenSchema,
    responses: MADE,
    problems: ['LIMIT_REACHED'],
    examples: [
      { summary: 'For a pool', body: { name: 'rack 7', pool: EXAMPLE.pool }, status: 201 },
      { summary: 'For a pool that is not there', body: { name: 'rack 7', pool: 'elsewhere' }, status: 422 },
    ],
    handle: ({ caller, body }, deps) =>
      make(caller.projectId, { ...body, trusted: false, madeByOperator: false }, actorOf(caller), deps),
  }),
  route({
    method: 'GET',
    path: '/api/v0/node-tokens',
    scope: 'pools:manage',
    tag: 'pools',
    operationId: 'listNodeTokens',
    summary: 'The project’s node tokens',
    description: LISTING,
    query: tokenQuery,
    responses: LISTED,
    problems: [],
    examples: [{ summary: 'The first page', status: 200 }],
    handle: ({ caller, query }, deps) => list(caller.projectId, query, deps),
  }),
  route({
    method: 'POST',
    path: '/api/v0/node-tokens/{id}/revoke',
    scope: 'pools:manage',
    tag: 'pools',
    operationId: 'revokeNodeToken',
    summary: 'Revoke a node token',
    description: REVOKING,
    params: z.strictObject({ id: tokenId }),
    missing: NO_TOKEN,
    responses: REVOKED,
    problems: [],
    examples: [{ summary: 'One', params: { id: EXAMPLE.token }, status: 200 }],
    handle: ({ caller, params }, deps) => revoke(caller.projectId, params.id, actorOf(caller), deps),
  }),
]

const operatorsTokenRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/projects/{id}/node-tokens',
    scope: 'admin',
    tag: 'pools',
    operationId: 'createNodeTokenOfProject',
    summary: 'Make a project’s node token',
    description:
      'As the project itself could, and trusted if the operator runs the machine. A `region` that it says holds for the contracts of every project.',
    params: projectParams,
    missing: NO_PROJECT,
    body: operatorsTokenSchema,
    responses: MADE,
    problems: ['LIMIT_REACHED'],
    examples: [
      {
        summary: 'A trusted one',
        params: { id: EXAMPLE.project },
        body: { name: 'own server', trusted: true },
        status: 201,
      },
    ],
    async handle({ caller, params, body }, deps) {
      const project = await knownProject(deps.store, params.id)
      if (project instanceof Refusal) return project
      return make(project.id, { ...body, madeByOperator: true }, actorOf(caller), deps)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/projects/{id}/node-tokens',
    scope: 'admin',
    tag: 'pools',
    operationId: 'listNodeTokensOfProject',
    summary: 'A project’s node tokens',
    description: LISTING,
    params: projectParams,
    missing: NO_PROJECT,
    query: tokenQuery,
    responses: LISTED,
    problems: [],
    examples: [{ summary: 'The first page', params: { id: EXAMPLE.project }, status: 200 }],
    async handle({ params, query }, deps) {
      const project = await knownProject(deps.store, params.id)
      return project instanceof Refusal ? project : list(project.id, query, deps)
    },
  }),
  route({
    method: 'POST',
    path: '/api/v0/projects/{id}/node-tokens/{token}/revoke',
    scope: 'admin',
    tag: 'pools',
    operationId: 'revokeNodeTokenOfProject',
    summary: 'Revoke a project’s node token',
    description: REVOKING,
    params: z.strictObject({ ...projectParams.shape, token: tokenId }),
    missing: NO_TOKEN,
    responses: REVOKED,
    problems: [],
    examples: [{ summary: 'One', params: { id: EXAMPLE.project, token: EXAMPLE.token }, status: 200 }],
    handle: ({ caller, params }, deps) => revoke(params.id as ProjectId, params.token, actorOf(caller), deps),
  }),
]

export const poolsRoutes = [...poolRoutes, deletePoolRoute, ...ownTokenRoutes, ...operatorsTokenRoutes]

async function make(
  projectId: ProjectId,
  asked: z.output<typeof operatorsTokenSchema> & Pick<NodeTokenRow, 'madeByOperator'>,
  actor: Actor,
  { store, clock, newUlid, randomBytes }: RouteDeps,
) {
  const nowMs = clock()
  const expiresAtMs = asked.expires_at ?? null
  if (expiresAtMs !== null && expiresAtMs <= nowMs) {
    return invalid([{ path: 'expires_at', message: 'is in the past' }])
  }
  const pool = asked.pool ?? null
  if (pool !== null && (await store.pool(projectId, pool)) === null) {
    return invalid([{ path: 'pool', message: 'this project has no pool of that name; make it first' }])
  }
  const { text, hash, prefix } = newCredential('token', randomBytes)
  const { name, trusted, madeByOperator, region = null } = asked
  const made = { id: newUlid(), projectId, name, pool, region, trusted, madeByOperator, hash, prefix }
  const row: NodeTokenRow = { ...made, createdAtMs: nowMs, expiresAtMs, revokedAtMs: null }
  if (!(await store.insertNodeToken(row, TENANT_LIMITS.nodeTokensPerProjectMax, actor))) {
    const things = 'node tokens that are neither revoked nor expired'
    return atMost(
      'node_tokens_per_project',
      TENANT_LIMITS.nodeTokensPerProjectMax,
      things,
      'revoke one that nobody needs',
    )
  }
  return answered(201, { ok: true, node_token: nodeTokenView(row), secret: text })
}

async function list(projectId: ProjectId, { cursor, limit }: z.output<typeof tokenQuery>, { store }: RouteDeps) {
  const rows = await store.nodeTokens(projectId, { after: cursor ?? null, limit: limit + 1 })
  const { items, next_cursor } = pageOf(rows, limit, ({ id }) => id)
  return answered(200, { ok: true, node_tokens: items.map(nodeTokenView), next_cursor })
}

async function revoke(projectId: ProjectId, id: string, actor: Actor, { store, clock }: RouteDeps) {
  const row = await store.revokeNodeToken(projectId, id, clock(), actor)
  if (row === null) return refuse('NOT_FOUND', NO_TOKEN)
  return answered(200, { ok: true, node_token: nodeTokenView(row) })
}
