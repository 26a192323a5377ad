// /api/v0/blob: objects and artifacts of a project, streamed in and out.
import { z } from 'zod'
import { MEMORY_LIMITS, memoryKeySchema } from '@forge/shared/contract/memory.ts'
import { blobSchema, blobView } from '../../memory/blob/blob-views.ts'
import { contentLengthOf, contentTypeOf, digestsOf, SERVED_TYPES, UPLOAD_DIGESTS } from '../../memory/blob/headers.ts'
import { sentBy } from '../../memory/blob/upload.ts'
import { keepBlob } from '../../memory/blob/put-blob.ts'
import { AS_BYTES, serve } from '../../memory/blob/serve.ts'
import { EXAMPLE } from '../examples.ts'
import { nextCursorSchema, pageOf, pageQuery, wholeNumber } from '../paging.ts'
import { conditionOf, entityTag, IF_MATCH, IF_NONE_MATCH, preconditionFailed } from '../preconditions.ts'
import { refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { withUploadPlace } from '../upload-place.ts'

const params = z.strictObject({ name: memoryKeySchema.describe('percent-encoded, slashes too') })
const NO_BLOB = 'This project has no blob of that name.'
const one = { name: EXAMPLE.blob }
const answer = z.strictObject({ ok: z.literal(true), blob: blobSchema })
export const blobRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/blob',
    scope: 'memory:read',
    tag: 'blob',
    operationId: 'listBlobs',
    summary: 'List blobs by prefix',
    description: 'By name, in the order of its bytes.',
    query: z.strictObject({
      ...pageQuery(memoryKeySchema),
      prefix: z.string().max(MEMORY_LIMITS.keyBytesMax).default(''),
    }),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({ ok: z.literal(true), blobs: z.array(blobSchema), next_cursor: nextCursorSchema }),
      },
    },
    problems: [],
    examples: [{ summary: 'Those below reports', query: { prefix: 'reports/' }, status: 200 }],
    async handle({ caller, query }, { store, clock }) {
      const page = { after: query.cursor ?? null, limit: query.limit + 1 }
      const rows = await store.blobsOf(caller.projectId, query.prefix, page, clock())
      const { items, next_cursor } = pageOf(rows, query.limit, ({ name }) => name)
      return answered(200, { ok: true, blobs: items.map(blobView), next_cursor })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/blob/{name}',
    scope: 'memory:read',
    tag: 'blob',
    operationId: 'getBlob',
    summary: 'Read a blob',
    description:
      'Its bytes, or one range of them. It is always an attachment, and octets unless its type is known to be harmless. HEAD has the headers alone.',
    params,
    missing: NO_BLOB,
    headers: AS_BYTES.headers,
    responses: AS_BYTES.answers(SERVED_TYPES),
    problems: AS_BYTES.problems,
    examples: [
      { summary: 'All of it', params: one, status: 200 },
      { summary: 'Its first ten bytes', params: one, headers: { Range: 'bytes=0-9' }, status: 206 },
      { summary: 'Bytes that it has not', params: one, headers: { Range: 'bytes=999999-' }, status: 416 },
      {
        summary: 'Bytes of a version that is gone',
        params: one,
        headers: { Range: 'bytes=0-9', 'If-Match': '"999"' },
        status: 412,
      },
      { summary: 'None', params: { name: EXAMPLE.unknown }, status: 404 },
    ],
    async handle({ caller, params: { name }, request }, { store, objects, clock }) {
      const row = await store.blob(caller.projectId, name, clock())
      if (row === null) return refuse('NOT_FOUND', NO_BLOB)
      return serve(request, { ...row, fileName: name, tag: entityTag(row.version) }, objects)
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v0/blob/{name}',
    scope: 'memory:write',
    tag: 'blob',
    operationId: 'putBlob',
    summary: 'Write a blob',
    description:
      'The body is its bytes, streamed; it is there whole or not at all. With `Content-Digest` or `Repr-Digest` the bytes are held against your own SHA-256.',
    params,
    namesByCaller: true,
    missing: NO_BLOB,
    query: z.strictObject({
      ttl_seconds: wholeNumber(1, MEMORY_LIMITS.ttlSecondsMax).optional().describe('for ever, unless said'),
    }),
    headers: { 'If-Match': IF_MATCH, 'If-None-Match': IF_NONE_MATCH, ...UPLOAD_DIGESTS },
    upload: 'Any bytes; Content-Type is kept.',
    responses: {
      200: { description: 'What is there now.', schema: answer, headers: { ETag: 'the version in quotes' } },
    },
    problems: [
      'BAD_PRECONDITION',
      'PRECONDITION_FAILED',
      'MEMORY_QUOTA_EXCEEDED',
      'BODY_TOO_LARGE',
      'INCOMPLETE_BODY',
      'BODY_TOO_SLOW',
      'BODY_TOO_FRAGMENTED',
      'CHECKSUM_MISMATCH',
      'TOO_MANY_UPLOADS',
    ],
    examples: [
      {
        summary: 'A table for a week',
        params: one,
        query: { ttl_seconds: '604800' },
        headers: { 'content-type': 'text/csv' },
        upload: 'year,loss\n1,0\n2,1853\n',
        status: 200,
      },
    ],
    async handle({ caller, params: { name }, query, request }, deps) {
      const { headers, body } = request
      const condition = conditionOf(headers)
      if (condition instanceof Refusal) return condition
      const contentType = contentTypeOf(headers)
      if (contentType instanceof Refusal) return contentType
      const digests = digestsOf(headers)
      if (digests instanceof Refusal) return digests
      const ttlMs = query.ttl_seconds === undefined ? null : query.ttl_seconds * 1000
      const length = contentLengthOf(headers)
      const sent = { name, contentType, ttlMs, condition, digests, length, body: sentBy(body, deps.bodyPace) }
      const row = await withUploadPlace(caller.projectId, deps, () => keepBlob(caller.projectId, sent, deps))
      if (row instanceof Refusal) return row
      return answered(200, { ok: true, blob: blobView(row) }, { ETag: entityTag(row.version) })
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v0/blob/{name}',
    scope: 'memory:write',
    tag: 'blob',
    operationId: 'deleteBlob',
    summary: 'Delete a blob',
    description:
      'With `If-Match`, only that version. What a job refers to stays for that job, and counts, though it has no name any more.',
    params,
    missing: NO_BLOB,
    headers: { 'If-Match': IF_MATCH },
    responses: { 200: { description: 'It is gone.', schema: z.strictObject({ ok: z.literal(true) }) } },
    problems: ['BAD_PRECONDITION', 'PRECONDITION_FAILED'],
    examples: [{ summary: 'One', params: one, status: 200 }],
    async handle({ caller, params: { name }, request }, { store, clock }) {
      const condition = conditionOf(request.headers)
      if (condition instanceof Refusal) return condition
      const done = await store.deleteBlob(caller.projectId, name, condition, clock())
      if (done === 'absent') return refuse('NOT_FOUND', NO_BLOB)
      return done === 'conflict' ? preconditionFailed('The blob', { condition }) : answered(200, { ok: true })
    },
  }),
]
