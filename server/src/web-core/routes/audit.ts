// Who did what: /api/v0/audit of a project, the operator's reads of any chain; and /api/v0/receipts, the project's log of
// signed documents. Both are chains of hashes, answered with all that checking them needs.
import { z } from 'zod'
import { digestSchema } from '@forge/shared/contract/ids.ts'
import { actSchema } from '@forge/shared/receipt/act.ts'
import { signedLinkSchema } from '@forge/shared/receipt/link.ts'
import { OPERATOR_CHAIN, shownAct, type ActChain } from '../../store/acts.ts'
import type { RouteDeps } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { knownProject, NO_PROJECT } from '../known-project.ts'
import { WEB_LIMITS } from '../limits.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { projectParams } from './projects.ts'

const place = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const size = { most: WEB_LIMITS.chainPerPageMax, usual: WEB_LIMITS.chainPerPageDefault }
const actsQuery = z.strictObject(pageQuery(place, size))

const ACTS = {
  200: {
    description: 'A page of them, newest first.',
    schema: z.strictObject({
      ok: z.literal(true),
      length: z.int().describe('of the whole chain'),
      head: digestSchema
        .nullable()
        .describe('the hash of the newest act; keep it, and no older one can be changed unseen'),
      acts: z.array(actSchema),
      next_cursor: nextCursorSchema,
    }),
  },
} as const
const CHAINED =
  'Each act is written in the transaction of the change that it tells of, is never changed, and has the hash of the one before. Data that somebody damaged in the store are `unreadable`, and their hash does not fit.'

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/audit',
    scope: 'audit:read',
    tag: 'audit',
    operationId: 'listActs',
    summary: 'Who did what to the project',
    description: `Its keys, limits, pools, node tokens, webhooks and credit notes, and who signed in to HQ. ${CHAINED}`,
    query: actsQuery,
    responses: ACTS,
    problems: [],
    examples: [
      { summary: 'The newest', status: 200 },
      { summary: 'Two of them', query: { limit: '2' }, status: 200 },
    ],
    handle: ({ caller, query }, deps) => actsPage(caller.projectId, query, deps),
  }),
  route({
    method: 'GET',
    path: '/api/v0/projects/{id}/audit',
    scope: 'admin',
    tag: 'audit',
    operationId: 'listActsOfProject',
    summary: 'Who did what to a project',
    description: CHAINED,
    params: projectParams,
    missing: NO_PROJECT,
    query: actsQuery,
    responses: ACTS,
    problems: [],
    examples: [{ summary: 'The newest', params: { id: EXAMPLE.project }, status: 200 }],
    async handle({ params, query }, deps) {
      const project = await knownProject(deps.store, params.id)
      return project instanceof Refusal ? project : actsPage(project.id, query, deps)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/operator/audit',
    scope: 'admin',
    tag: 'audit',
    operationId: 'listActsOfOperator',
    summary: 'What is nobody’s project',
    description: `What verification found of agents, what the operator ordered about them, and when the operator signed in to HQ. ${CHAINED}`,
    query: actsQuery,
    responses: ACTS,
    problems: [],
    examples: [{ summary: 'The newest', status: 200 }],
    handle: ({ query }, deps) => actsPage(OPERATOR_CHAIN, query, deps),
  }),
  route({
    method: 'GET',
    path: '/api/v0/receipts',
    scope: 'jobs:read',
    tag: 'audit',
    operationId: 'listReceipts',
    summary: 'The log of receipts',
    description:
      'A link for each receipt and each notice of the project, first to last: it is signed, names the document by its digest, and has the digest of the link before. /.well-known/forge-keys.json has the keys.',
    query: z.strictObject(pageQuery(place, size)),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({
          ok: z.literal(true),
          length: z.int().describe('of the whole log'),
          head: digestSchema.nullable().describe('the digest of the newest link'),
          links: z.array(z.strictObject({ digest: digestSchema, link: signedLinkSchema })),
          next_cursor: nextCursorSchema,
        }),
      },
    },
    problems: [],
    examples: [{ summary: 'The first page', status: 200 }],
    async handle({ caller, query }, { store }) {
      const from = query.cursor === undefined ? 0 : query.cursor + 1
      // The head first: a link that is sealed in between is one too many, and never one that is missing.
      const head = await store.receiptHead(caller.projectId)
      const rows = await store.receiptLog(caller.projectId, from)
      const { items, next_cursor } = pageOf(rows, query.limit, (row) => row.place)
      return answered(200, {
        ok: true,
        length: head === null ? 0 : head.place + 1,
        head: head?.digest ?? null,
        links: items.map(({ digest, document }) => ({ digest, link: signedLinkSchema.parse(JSON.parse(document)) })),
        next_cursor,
      })
    },
  }),
]

async function actsPage(
  chain: ActChain,
  { cursor, limit }: z.output<typeof actsQuery>,
  { store }: Pick<RouteDeps, 'store'>,
) {
  const rows = await store.actsOf(chain, { after: cursor ?? null, limit: limit + 1 })
  const [head] = cursor === undefined ? rows : await store.actsOf(chain, { after: null, limit: 1 })
  const { items, next_cursor } = pageOf(rows, limit, ({ number }) => number)
  const length = head === undefined ? 0 : head.number + 1
  return answered(200, { ok: true, length, head: head?.hash ?? null, acts: items.map(shownAct), next_cursor })
}
