// The keys of a project: /api/v0/keys for the project itself, /api/v0/projects/{id}/keys for the operator, who makes the
// first one. Both are the same three routes; they differ in who calls and whose keys they are.
import { z } from 'zod'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import {
  SCOPE_MEANINGS,
  SCOPES,
  scopeSchema,
  TENANT_LIMITS,
  tenantNameSchema,
  type Scope,
} from '@forge/shared/contract/tenants.ts'
import type { Actor } from '../../store/acts.ts'
import type { ApiKeyRow } from '../../store/tenants.ts'
import { newCredential } from '../../credentials.ts'
import { actorOf } from '../auth.ts'
import type { RouteDeps } from '../deps.ts'
import { EXAMPLE } from '../examples.ts'
import { atMost } from '../limit-refusals.ts'
import { knownProject, NO_PROJECT } from '../known-project.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { keySchema, keyView, ulidSchema } from '../tenant-views.ts'
import { timeText } from '../times.ts'
import { projectParams } from './projects.ts'

const newKeySchema = z.strictObject({
  name: tenantNameSchema.describe('what it is for'),
  scopes: z
    .array(scopeSchema)
    .min(1, 'a key that may do nothing is of no use; name one scope at least')
    .max(SCOPES.length)
    .describe(SCOPES.map((scope) => `${scope}: ${SCOPE_MEANINGS[scope]}`).join('; ')),
  expires_at: timeText.optional().describe('never, unless said'),
})
const madeSchema = z.strictObject({
  ok: z.literal(true),
  key: keySchema,
  secret: z.string().describe('the key itself; it is shown here once and kept as a digest'),
})
const listSchema = z.strictObject({ ok: z.literal(true), keys: z.array(keySchema), next_cursor: nextCursorSchema })
const oneSchema = z.strictObject({ ok: z.literal(true), key: keySchema })
const MADE = { 201: { description: 'The new key, with its secret.', schema: madeSchema } } as const
const LISTED = { 200: { description: 'A page of them, revoked ones too; newest first.', schema: listSchema } } as const
const REVOKED = { 200: { description: 'The key as it is now.', schema: oneSchema } } as const

const listQuery = z.strictObject(pageQuery(ulidSchema))
const keyId = ulidSchema.describe('of a key')
const EXAMPLE_BODY = { name: 'nightly run', scopes: ['jobs:read', 'jobs:write'] }
const NO_KEY = 'This project has no key of that id.'
const LISTING = 'Without their secrets, which nobody has any more.'
const REVOKING = 'It is refused from the next request on, for ever. Revoking it again changes nothing.'

const own = { scope: 'keys:manage', tag: 'keys' } as const
const operators = { scope: 'admin', tag: 'keys' } as const
const ownKey = z.strictObject({ id: keyId })
const ofProject = z.strictObject({ ...projectParams.shape, key: keyId })

export const keysRoutes = [
  route({
    ...own,
    method: 'POST',
    path: '/api/v0/keys',
    operationId: 'createKey',
    summary: 'Make a key',
    description: 'For the caller’s own project. A key cannot give scopes that it lacks.',
    body: newKeySchema,
    responses: MADE,
    problems: ['LIMIT_REACHED'],
    examples: [{ summary: 'To run jobs', body: EXAMPLE_BODY, status: 201 }],
    handle: ({ caller, body }, deps) =>
      make(caller.projectId, body, { grantable: caller.scopes, actor: actorOf(caller) }, deps),
  }),
  route({
    ...own,
    method: 'GET',
    path: '/api/v0/keys',
    operationId: 'listKeys',
    summary: 'The project’s keys',
    description: LISTING,
    query: listQuery,
    responses: LISTED,
    problems: [],
    examples: [{ summary: 'The first page', status: 200 }],
    handle: ({ caller, query }, deps) => list(caller.projectId, query, deps),
  }),
  route({
    ...own,
    method: 'POST',
    path: '/api/v0/keys/{id}/revoke',
    operationId: 'revokeKey',
    summary: 'Revoke a key',
    description: `${REVOKING} A key may revoke itself.`,
    params: ownKey,
    missing: NO_KEY,
    responses: REVOKED,
    problems: [],
    examples: [
      { summary: 'One', params: { id: EXAMPLE.key }, status: 200 },
      { summary: 'None of this project', params: { id: EXAMPLE.unknown }, status: 404 },
    ],
    handle: ({ caller, params }, deps) => revoke(caller.projectId, params.id, actorOf(caller), deps),
  }),
  route({
    ...operators,
    method: 'POST',
    path: '/api/v0/projects/{id}/keys',
    operationId: 'createKeyOfProject',
    summary: 'Make a project’s key',
    description: 'As the project itself could, and with any scopes.',
    params: projectParams,
    missing: NO_PROJECT,
    body: newKeySchema,
    responses: MADE,
    problems: ['LIMIT_REACHED'],
    examples: [
      {
        summary: 'The first one',
        params: { id: EXAMPLE.project },
        body: { name: 'first key', scopes: SCOPES },
        status: 201,
      },
    ],
    async handle({ caller, params, body }, deps) {
      const project = await knownProject(deps.store, params.id)
      if (project instanceof Refusal) return project
      return make(project.id, body, { grantable: new Set(SCOPES), actor: actorOf(caller) }, deps)
    },
  }),
  route({
    ...operators,
    method: 'GET',
    path: '/api/v0/projects/{id}/keys',
    operationId: 'listKeysOfProject',
    summary: 'A project’s keys',
    description: LISTING,
    params: projectParams,
    missing: NO_PROJECT,
    query: listQuery,
    responses: LISTED,
    problems: [],
    examples: [{ summary: 'The first page', params: { id: EXAMPLE.project }, status: 200 }],
    async handle({ params, query }, deps) {
      const project = await knownProject(deps.store, params.id)
      return project instanceof Refusal ? project : list(project.id, query, deps)
    },
  }),
  route({
    ...operators,
    method: 'POST',
    path: '/api/v0/projects/{id}/keys/{key}/revoke',
    operationId: 'revokeKeyOfProject',
    summary: 'Revoke a project’s key',
    description: REVOKING,
    params: ofProject,
    missing: NO_KEY,
    responses: REVOKED,
    problems: [],
    examples: [{ summary: 'One', params: { id: EXAMPLE.project, key: EXAMPLE.key }, status: 200 }],
    handle: ({ caller, params }, deps) => revoke(params.id as ProjectId, params.key, actorOf(caller), deps),
  }),
]

async function make(
  projectId: ProjectId,
  asked: z.output<typeof newKeySchema>,
  { grantable, actor }: { readonly grantable: ReadonlySet<Scope>; readonly actor: Actor },
  { store, clock, newUlid, randomBytes }: RouteDeps,
) {
  const nowMs = clock()
  const lacking = asked.scopes.flatMap((scope, i) =>
    grantable.has(scope) ? [] : [{ path: `scopes.${i}`, message: 'the key that asks has not got this scope itself' }],
  )
  if (lacking.length > 0) {
    return refuse('FORBIDDEN', 'A key cannot give scopes that it lacks.', { errors: lacking })
  }
  const expiresAtMs = asked.expires_at ?? null
  if (expiresAtMs !== null && expiresAtMs <= nowMs) {
    return invalid([{ path: 'expires_at', message: 'is in the past' }])
  }
  const { text, hash, prefix } = newCredential('key', randomBytes)
  const row: ApiKeyRow = {
    id: newUlid(),
    projectId,
    name: asked.name,
    hash,
    prefix,
    scopes: SCOPES.filter((scope) => asked.scopes.includes(scope)).join(' '),
    createdAtMs: nowMs,
    expiresAtMs,
    revokedAtMs: null,
    lastUsedAtMs: null,
  }
  if (!(await store.insertApiKey(row, TENANT_LIMITS.keysPerProjectMax, actor))) {
    const things = 'keys that are neither revoked nor expired'
    return atMost('keys_per_project', TENANT_LIMITS.keysPerProjectMax, things, 'revoke one that nobody needs')
  }
  return answered(201, { ok: true, key: keyView(row), secret: text })
}

async function list(projectId: ProjectId, { cursor, limit }: z.output<typeof listQuery>, { store }: RouteDeps) {
  const rows = await store.apiKeys(projectId, { after: cursor ?? null, limit: limit + 1 })
  const { items, next_cursor } = pageOf(rows, limit, ({ id }) => id)
  return answered(200, { ok: true, keys: items.map(keyView), next_cursor })
}

async function revoke(projectId: ProjectId, id: string, actor: Actor, { store, clock }: RouteDeps) {
  const row = await store.revokeApiKey(projectId, id, clock(), actor)
  if (row === null) return refuse('NOT_FOUND', NO_KEY)
  return answered(200, { ok: true, key: keyView(row) })
}
