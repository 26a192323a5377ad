// /api/v0/kv: small JSON values of a project, by namespace and key.
import { z } from 'zod'
import { MEMORY_LIMITS, memoryKeySchema, namespaceSchema } from '@forge/shared/contract/memory.ts'
import {
  kvEntrySchema,
  kvHead,
  kvHeadSchema,
  kvMgetSchema,
  kvMsetSchema,
  kvPutSchema,
  kvView,
} from '../../memory/kv/kv-views.ts'
import { putEntries } from '../../memory/kv/put-kv.ts'
import type { Condition } from '../../store/memory.ts'
import { EXAMPLE } from '../examples.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { conditionOf, entityTag, IF_MATCH, IF_NONE_MATCH, preconditionFailed } from '../preconditions.ts'
import { refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'

const namespaceParams = z.strictObject({ namespace: namespaceSchema })
const entryParams = z.strictObject({
  namespace: namespaceSchema,
  key: memoryKeySchema.describe('percent-encoded, slashes too'),
})
const NO_ENTRY = 'This project has nothing under that namespace and key.'
const NO_NAMESPACE = 'That cannot be the name of a namespace.'
const one = { namespace: EXAMPLE.kvNamespace, key: EXAMPLE.kvKey }
const entryAnswer = z.strictObject({ ok: z.literal(true), entry: kvEntrySchema })
const ETAG = { ETag: 'the version in quotes' }

const entryRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/kv/{namespace}/{key}',
    scope: 'memory:read',
    tag: 'kv',
    operationId: 'getKv',
    summary: 'Read a value',
    description: 'With its version. What has expired is not there.',
    params: entryParams,
    missing: NO_ENTRY,
    responses: { 200: { description: 'The entry.', schema: entryAnswer, headers: ETAG } },
    problems: [],
    examples: [
      { summary: 'One', params: one, status: 200 },
      { summary: 'None', params: { ...one, key: EXAMPLE.unknown }, status: 404 },
    ],
    async handle({ caller, params }, { store, clock }) {
      const [entry] = await store.kv(caller.projectId, params.namespace, [params.key], clock())
      if (entry === undefined) return refuse('NOT_FOUND', NO_ENTRY)
      return answered(200, { ok: true, entry: kvView(entry) }, { ETag: entityTag(entry.version) })
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v0/kv/{namespace}/{key}',
    scope: 'memory:write',
    tag: 'kv',
    operationId: 'putKv',
    summary: 'Write a value',
    description:
      'Over whatever is there, unless a condition says otherwise: `If-Match` with the version that was read, or `If-None-Match: *` for a new one.',
    params: entryParams,
    namesByCaller: true,
    missing: NO_ENTRY,
    headers: { 'If-Match': IF_MATCH, 'If-None-Match': IF_NONE_MATCH },
    body: kvPutSchema,
    responses: { 200: { description: 'What is there now.', schema: entryAnswer, headers: ETAG } },
    problems: ['BAD_PRECONDITION', 'PRECONDITION_FAILED', 'VALUE_TOO_LARGE', 'MEMORY_QUOTA_EXCEEDED'],
    examples: [
      {
        summary: 'For an hour',
        params: one,
        body: { value: { stage: 2, done: false }, ttl_seconds: 3600 },
        status: 200,
      },
      {
        summary: 'Changed, for as long as it had',
        params: one,
        body: { value: { stage: 3, done: false }, ttl_seconds: 'keep' },
        status: 200,
      },
      {
        summary: 'Only if it is new',
        params: one,
        headers: { 'If-None-Match': '*' },
        body: { value: 'first' },
        status: 412,
      },
    ],
    async handle({ caller, params, sent, body, request }, deps) {
      const condition = conditionOf(request.headers)
      if (condition instanceof Refusal) return condition
      const { key, namespace } = params
      const value = typeof sent === 'object' && sent !== null && !Array.isArray(sent) ? sent['value'] : null
      const entry = { key, value, ttl_seconds: body.ttl_seconds, condition, path: 'value' }
      const written = await putEntries(caller.projectId, namespace, [entry], deps)
      if (written instanceof Refusal) return written
      const [put] = written
      if (put === undefined) throw new Error('a written entry is not there')
      return answered(200, { ok: true, entry: kvView(put) }, { ETag: entityTag(put.version) })
    },
  }),
]

const namespacesRoute = route({
  method: 'GET',
  path: '/api/v0/kv',
  scope: 'memory:read',
  tag: 'kv',
  operationId: 'listKvNamespaces',
  summary: 'List namespaces',
  description: 'Those that hold something, in the order of their bytes, each with how many keys it has.',
  query: z.strictObject(pageQuery(namespaceSchema)),
  responses: {
    200: {
      description: 'A page of them.',
      schema: z.strictObject({
        ok: z.literal(true),
        namespaces: z.array(z.strictObject({ namespace: z.string(), keys: z.int() })),
        next_cursor: nextCursorSchema,
      }),
    },
  },
  problems: [],
  examples: [{ summary: 'The first page', status: 200 }],
  async handle({ caller, query }, { store, clock }) {
    const page = { after: query.cursor ?? null, limit: query.limit + 1 }
    const rows = await store.kvNamespaces(caller.projectId, page, clock())
    const { items, next_cursor } = pageOf(rows, query.limit, ({ namespace }) => namespace)
    return answered(200, { ok: true, namespaces: items.map((row) => ({ ...row })), next_cursor })
  },
})

const manyRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/kv/{namespace}',
    scope: 'memory:read',
    tag: 'kv',
    operationId: 'listKv',
    summary: 'List keys by prefix',
    description:
      'By key, in the order of its bytes; without the values. A namespace that holds nothing is an empty one.',
    params: namespaceParams,
    namesByCaller: true,
    missing: NO_NAMESPACE,
    query: z.strictObject({
      ...pageQuery(memoryKeySchema),
      prefix: z.string().max(MEMORY_LIMITS.keyBytesMax).default(''),
    }),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({ ok: z.literal(true), entries: z.array(kvHeadSchema), next_cursor: nextCursorSchema }),
      },
    },
    problems: [],
    examples: [
      { summary: 'All', params: { namespace: EXAMPLE.kvNamespace }, status: 200 },
      {
        summary: 'By prefix',
        params: { namespace: EXAMPLE.kvNamespace },
        query: { prefix: 'run/', limit: '2' },
        status: 200,
      },
    ],
    async handle({ caller, params, query }, { store, clock }) {
      const page = { after: query.cursor ?? null, limit: query.limit + 1 }
      const rows = await store.kvOf(caller.projectId, params.namespace, query.prefix, page, clock())
      const { items, next_cursor } = pageOf(rows, query.limit, ({ key }) => key)
      return answered(200, { ok: true, entries: items.map(kvHead), next_cursor })
    },
  }),
  route({
    method: 'POST',
    path: '/api/v0/kv/{namespace}/mget',
    scope: 'memory:read',
    tag: 'kv',
    operationId: 'mgetKv',
    summary: 'Read several values',
    description: 'In the order of the keys, `null` where nothing is there; all as of one moment.',
    params: namespaceParams,
    namesByCaller: true,
    missing: NO_NAMESPACE,
    body: kvMgetSchema,
    responses: {
      200: {
        description: 'One for each key.',
        schema: z.strictObject({ ok: z.literal(true), entries: z.array(kvEntrySchema.nullable()) }),
      },
    },
    problems: [],
    examples: [
      {
        summary: 'One that is there and one that is not',
        params: { namespace: EXAMPLE.kvNamespace },
        body: { keys: [EXAMPLE.kvKey, 'run/none'] },
        status: 200,
      },
    ],
    async handle({ caller, params, body }, { store, clock }) {
      const rows = await store.kv(caller.projectId, params.namespace, body.keys, clock())
      const byKey = new Map(rows.map((row) => [row.key, kvView(row)]))
      return answered(200, { ok: true, entries: body.keys.map((key) => byKey.get(key) ?? null) })
    },
  }),
  route({
    method: 'POST',
    path: '/api/v0/kv/{namespace}/mset',
    scope: 'memory:write',
    tag: 'kv',
    operationId: 'msetKv',
    summary: 'Write several values',
    description: 'All of them or none, in one step: one that does not have its `if_version` refuses the whole call.',
    params: namespaceParams,
    namesByCaller: true,
    missing: NO_NAMESPACE,
    body: kvMsetSchema,
    responses: {
      200: {
        description: 'What is there now.',
        schema: z.strictObject({ ok: z.literal(true), entries: z.array(kvHeadSchema) }),
      },
    },
    problems: ['PRECONDITION_FAILED', 'VALUE_TOO_LARGE', 'MEMORY_QUOTA_EXCEEDED'],
    examples: [
      {
        summary: 'Two of them',
        params: { namespace: EXAMPLE.kvNamespace },
        body: {
          entries: [
            { key: 'run/2', value: [1, 2] },
            { key: 'run/3', value: null, ttl_seconds: 60 },
          ],
        },
        status: 200,
      },
    ],
    async handle({ caller, params, body }, deps) {
      const sent = body.entries.map(({ if_version: version, ...entry }, i) => {
        return {
          ...entry,
          condition: conditionOfVersion(version),
          path: `entries.${i}.value`,
          conditionPath: `entries.${i}.if_version`,
        }
      })
      const written = await putEntries(caller.projectId, params.namespace, sent, deps)
      return written instanceof Refusal ? written : answered(200, { ok: true, entries: written.map(kvHead) })
    },
  }),
]

const deleteRoute = route({
  method: 'DELETE',
  path: '/api/v0/kv/{namespace}/{key}',
  scope: 'memory:write',
  tag: 'kv',
  operationId: 'deleteKv',
  summary: 'Delete a value',
  description: 'With `If-Match`, only that version.',
  params: entryParams,
  missing: NO_ENTRY,
  headers: { 'If-Match': IF_MATCH },
  responses: { 200: { description: 'It is gone.', schema: z.strictObject({ ok: z.literal(true) }) } },
  problems: ['BAD_PRECONDITION', 'PRECONDITION_FAILED'],
  examples: [
    { summary: 'Another version', params: one, headers: { 'If-Match': '"999"' }, status: 412 },
    { summary: 'Whatever is there', params: one, status: 200 },
  ],
  async handle({ caller, params, request }, { store, clock }) {
    const condition = conditionOf(request.headers)
    if (condition instanceof Refusal) return condition
    const done = await store.deleteKv(caller.projectId, params.namespace, params.key, condition, clock())
    if (done === 'absent') return refuse('NOT_FOUND', NO_ENTRY)
    return done === 'conflict' ? preconditionFailed('The entry', { condition }) : answered(200, { ok: true })
  },
})

export const kvRoutes = [namespacesRoute, ...entryRoutes, ...manyRoutes, deleteRoute]

function conditionOfVersion(version: number | undefined): Condition {
  if (version === undefined) return { kind: 'always' }
  return version === 0 ? { kind: 'absent' } : { kind: 'version', versions: [version] }
}
