// GET /api/v0/agents: the agents that work for a project. Its own are shown whole; of the open pool no more than the shards
// of its jobs tell, under the same opaque names.
import { z } from 'zod'
import { poolNameSchema } from '@forge/shared/contract/places.ts'
import type { Identity, ProjectId } from '@forge/shared/contract/ids.ts'
import type { RosterAgent } from '../../hub/edge/roster.ts'
import type { ProjectWork } from '../../store/agent-orders.ts'
import {
  agentFilter,
  detailsView,
  fits,
  holdsOf,
  projectAgentSchema,
  workView,
  type AgentFilter,
  type Stored,
} from '../agent-views.ts'
import type { RouteDeps } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { answered, route } from '../routing/route.ts'

/** A name in the shards of a project's jobs. */
const aliasSchema = z.string().regex(/^[0-9a-f]{16}$/)

export const agentsRoute = route({
  method: 'GET',
  path: '/api/v0/agents',
  scope: 'agents:read',
  tag: 'agents',
  operationId: 'listAgents',
  summary: 'The agents of a project',
  description:
    'Those that came with a node token of the project, as this server knows them now and of the last day (since it started, where that is less), and whoever answered shards of its 20 newest jobs. In the order of their names. Of agents that are not its own a project learns what its jobs’ shards tell, and never who they are, whether they are here, how fast they are, or what else they do: filters other than `own` find own agents alone.',
  query: z.strictObject({
    ...pageQuery(aliasSchema),
    ...agentFilter,
    own: z.enum(['true', 'false']).optional(),
    pool: poolNameSchema.describe('a pool of the project').optional(),
  }),
  responses: {
    200: {
      description: 'A page of them.',
      schema: z.strictObject({
        ok: z.literal(true),
        agents_online: z.int().describe('of all pools together, as everybody may know'),
        agents: z.array(projectAgentSchema),
        next_cursor: nextCursorSchema,
      }),
    },
  },
  problems: [],
  examples: [
    { summary: 'The first page', status: 200 },
    { summary: 'Of a pool, connected', query: { pool: EXAMPLE.pool, connected: 'true' }, status: 200 },
    { summary: 'A tier that is none', query: { tier: 'saint' }, status: 422 },
  ],
  async handle({ caller, query }, deps) {
    const { projectId } = caller
    const alias = await deps.agentAlias(projectId)
    const known = await agentsOf(projectId, query, deps)
    const after = query.cursor ?? ''
    const sorted = [...known]
      .map(([identity, found]) => ({ name: alias(identity), identity, ...found }))
      .filter(({ name }) => name > after)
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    const { items, next_cursor } = pageOf(sorted, query.limit, ({ name }) => name)
    const stored = await storedOf(
      items.flatMap(({ own, identity }) => (own === null ? [] : [identity])),
      deps,
    )
    const ownJobs = await jobsAmong(
      projectId,
      items.flatMap(({ own }) => (own === null ? [] : holdsOf(own).map(({ jobId }) => jobId))),
      deps,
    )
    const agents = items.map(({ name, own, work }) => ({
      agent: name,
      own: own !== null,
      work: work === null ? null : workView(work),
      running:
        own === null
          ? []
          : holdsOf(own)
              .filter(({ jobId }) => ownJobs.has(jobId))
              .map(({ jobId, engine, shards }) => ({ job_id: jobId, engine, shards })),
      details: own === null ? null : detailsView(own, stored, true),
    }))
    return answered(200, { ok: true, agents_online: deps.hub.agentsOnline, agents, next_cursor })
  },
})

interface Found {
  readonly own: RosterAgent | null
  readonly work: ProjectWork | null
}

async function agentsOf(
  projectId: ProjectId,
  query: AgentFilter & { readonly own?: 'true' | 'false' | undefined },
  { hub, workOf }: Pick<RouteDeps, 'hub' | 'workOf'>,
): Promise<Map<Identity, Found>> {
  const work = new Map((await workOf(projectId)).map((row) => [row.identity, row]))
  const found = new Map<Identity, Found>()
  // A session without the token, or with another project's, is not the project's to see.
  for (const agent of hub.roster.agents()) {
    const sessions = agent.sessions.filter(({ token }) => token?.owner === projectId)
    if (sessions.length === 0) continue
    const own = { ...agent, sessions }
    if (fits(own, query)) found.set(agent.identity, { own, work: work.get(agent.identity) ?? null })
    work.delete(agent.identity)
  }
  const isOfOwn = [query.connected, query.tier, query.quarantined, query.pool].some((value) => value !== undefined)
  if (query.own === 'false') found.clear()
  if (query.own === 'true' || isOfOwn) return found
  for (const [identity, row] of work) found.set(identity, { own: null, work: row })
  return found
}

export async function storedOf(identities: readonly Identity[], { store }: Pick<RouteDeps, 'store'>): Promise<Stored> {
  const [totals, faults] = await Promise.all([store.totalsOf(identities), store.faultsOf(identities)])
  return {
    totals: new Map(totals.map((row) => [row.identity, row])),
    faults: new Map(faults.map((row) => [row.identity, row])),
  }
}

/** Those that are the project's. */
async function jobsAmong(
  projectId: ProjectId,
  ids: readonly Parameters<RouteDeps['store']['job']>[0][],
  { store }: Pick<RouteDeps, 'store'>,
): Promise<ReadonlySet<string>> {
  const rows = await Promise.all([...new Set(ids)].map((id) => store.job(id)))
  return new Set(rows.flatMap((row) => (row?.projectId === projectId ? [row.id] : [])))
}
