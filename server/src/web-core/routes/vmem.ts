// /api/v0/vmem: typed arrays of a project, by name and version, which a contract's args may refer to.
import { z } from 'zod'
import { MEMORY_LIMITS, vmemNameSchema } from '@forge/shared/contract/memory.ts'
import { arrayToBytes, elementFault, elementsOf } from '@forge/shared/exact/typed-array.ts'
import { bodyOf } from '../../memory/blob/put-blob.ts'
import { digestsOf, OCTETS, UPLOAD_DIGESTS } from '../../memory/blob/headers.ts'
import { sentBy } from '../../memory/blob/upload.ts'
import { AS_BYTES, serve } from '../../memory/blob/serve.ts'
import { sealArray, valuesOf } from '../../memory/vmem/put-vmem.ts'
import { dtypeSchema, shapeSchema, vmemRef, vmemSchema, vmemView } from '../../memory/vmem/vmem-views.ts'
import { EXAMPLE } from '../examples.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { withUploadPlace } from '../upload-place.ts'

const nameParams = z.strictObject({ name: vmemNameSchema })
const version = z.string().regex(/^[1-9]\d{0,14}$/)
const versionParams = z.strictObject({ name: vmemNameSchema, version: version.describe('from 1') })
const NO_NAME = 'This project has no array of that name.'
const NO_ARRAY = 'This project has no such version of an array of that name.'
const one = { name: EXAMPLE.vmem, version: '1' }
const answer = z.strictObject({ ok: z.literal(true), array: vmemSchema })
const SEALED = {
  201: {
    description: 'The version; what the newest one holds already is that one.',
    schema: answer,
    headers: { Location: 'of it' },
  },
} as const
const pageSchema = z.strictObject({ ok: z.literal(true), arrays: z.array(vmemSchema), next_cursor: nextCursorSchema })

const listRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/vmem',
    scope: 'memory:read',
    tag: 'vmem',
    operationId: 'listVmem',
    summary: 'List arrays by prefix',
    description: 'By name, in the order of its bytes, and version.',
    query: z.strictObject({
      ...pageQuery(z.tuple([vmemNameSchema, z.int().min(0)])),
      prefix: z.string().max(MEMORY_LIMITS.vmemNameCharactersMax).default(''),
    }),
    responses: { 200: { description: 'A page of them.', schema: pageSchema } },
    problems: [],
    examples: [{ summary: 'All', status: 200 }],
    async handle({ caller, query }, { store }) {
      const page = { after: query.cursor ?? null, limit: query.limit + 1 }
      const rows = await store.vmemOf(caller.projectId, query.prefix, page)
      const { items, next_cursor } = pageOf(rows, query.limit, (row) => [row.name, row.version])
      return answered(200, { ok: true, arrays: items.map(vmemView), next_cursor })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/vmem/{name}',
    scope: 'memory:read',
    tag: 'vmem',
    operationId: 'listVmemVersions',
    summary: 'The versions of an array',
    description: 'Newest first.',
    params: nameParams,
    missing: NO_NAME,
    query: z.strictObject(pageQuery(z.int().min(0))),
    responses: { 200: { description: 'A page of them.', schema: pageSchema } },
    problems: [],
    examples: [
      { summary: 'One', params: { name: EXAMPLE.vmem }, status: 200 },
      { summary: 'None', params: { name: EXAMPLE.unknown }, status: 404 },
    ],
    async handle({ caller, params: { name }, query }, { store }) {
      const page = { after: query.cursor ?? null, limit: query.limit + 1 }
      const rows = await store.vmemVersions(caller.projectId, name, page)
      if (rows.length === 0 && query.cursor === undefined) return refuse('NOT_FOUND', NO_NAME)
      const { items, next_cursor } = pageOf(rows, query.limit, (row) => row.version)
      return answered(200, { ok: true, arrays: items.map(vmemView), next_cursor })
    },
  }),
]

const writeRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/vmem/{name}',
    scope: 'memory:write',
    tag: 'vmem',
    operationId: 'sealVmem',
    summary: 'Seal an array of these values',
    description:
      'A new version, which never changes. Values in row-major order; 64-bit integers may be decimal texts, and a value of an f32 is rounded to it. `Content-Digest` is for uploads of bytes (`PUT`), and not looked at here.',
    params: nameParams,
    namesByCaller: true,
    missing: NO_NAME,
    body: z.strictObject({
      dtype: dtypeSchema,
      shape: shapeSchema,
      values: z.array(z.union([z.number(), z.string()])),
    }),
    responses: SEALED,
    problems: ['MEMORY_QUOTA_EXCEEDED', 'BODY_TOO_LARGE', 'INCOMPLETE_BODY'],
    examples: [
      {
        summary: 'A severity as points of its quantile function',
        params: { name: EXAMPLE.vmem },
        body: { dtype: 'f64', shape: [3, 2], values: [0, 0, 0.5, 400, 1, 90_000] },
        status: 201,
      },
    ],
    async handle({ caller, params: { name }, body: { dtype, shape, values: sent } }, deps) {
      if (sent.length !== elementsOf(shape)) {
        return invalid([
          { path: 'values', message: `the shape has ${elementsOf(shape)} elements, here are ${sent.length}` },
        ])
      }
      const values = valuesOf(sent, 'values')
      if (values instanceof Refusal) return values
      for (const [i, value] of values.entries()) {
        const message = elementFault(dtype, value)
        if (message !== null) return invalid([{ path: `values.${i}`, message }])
      }
      const array = await sealArray(
        caller.projectId,
        { name, dtype, shape, digests: [], body: bodyOf(arrayToBytes(dtype, values)) },
        deps,
      )
      return array instanceof Refusal ? array : sealed(array)
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v0/vmem/{name}',
    scope: 'memory:write',
    tag: 'vmem',
    operationId: 'uploadVmem',
    summary: 'Seal an array of these bytes',
    description:
      'As above, for arrays that are too large for JSON. With `Content-Digest` or `Repr-Digest` the bytes are held against your own SHA-256.',
    params: nameParams,
    namesByCaller: true,
    missing: NO_NAME,
    query: z.strictObject({
      dtype: dtypeSchema,
      shape: z
        .string()
        .regex(/^(\d{1,10}(,\d{1,10}){0,7})?$/, 'is no shape such as 1000,2')
        .transform((text) => (text === '' ? [] : text.split(',').map(Number)))
        .pipe(shapeSchema)
        .describe('lengths with commas between them'),
    }),
    headers: UPLOAD_DIGESTS,
    upload: 'The elements in row-major order, little-endian.',
    responses: SEALED,
    problems: [
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
        summary: 'Four bytes',
        params: { name: 'letters' },
        query: { dtype: 'u8', shape: '4' },
        headers: { 'content-type': 'application/octet-stream' },
        upload: 'abcd',
        status: 201,
      },
    ],
    async handle({ caller, params: { name }, query, request }, deps) {
      const digests = digestsOf(request.headers)
      if (digests instanceof Refusal) return digests
      const sent = { name, ...query, digests, body: sentBy(request.body, deps.bodyPace) }
      const array = await withUploadPlace(caller.projectId, deps, () => sealArray(caller.projectId, sent, deps))
      return array instanceof Refusal ? array : sealed(array)
    },
  }),
]

const versionRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/vmem/{name}/{version}',
    scope: 'memory:read',
    tag: 'vmem',
    operationId: 'getVmem',
    summary: 'What a version is',
    description: 'Type, shape and digest.',
    params: versionParams,
    missing: NO_ARRAY,
    responses: { 200: { description: 'The version.', schema: answer } },
    problems: [],
    examples: [{ summary: 'One', params: one, status: 200 }],
    async handle({ caller, params }, { store }) {
      const row = await store.vmem(caller.projectId, params.name, Number(params.version))
      return row === null ? refuse('NOT_FOUND', NO_ARRAY) : answered(200, { ok: true, array: vmemView(row) })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/vmem/{name}/{version}/data',
    scope: 'memory:read',
    tag: 'vmem',
    operationId: 'getVmemData',
    summary: 'The elements of a version',
    description: 'Little-endian, in row-major order; or one range of the bytes.',
    params: versionParams,
    missing: NO_ARRAY,
    headers: AS_BYTES.headers,
    responses: AS_BYTES.answers([OCTETS]),
    problems: AS_BYTES.problems,
    examples: [{ summary: 'One', params: one, status: 200 }],
    async handle({ caller, params, request }, { store, objects }) {
      const row = await store.vmem(caller.projectId, params.name, Number(params.version))
      if (row === null) return refuse('NOT_FOUND', NO_ARRAY)
      const { objectId, bytes, sha256, digest } = row
      const served = {
        objectId,
        bytes,
        sha256,
        contentType: OCTETS,
        fileName: `${vmemRef(row)}.bin`,
        tag: `"${digest}"`,
      }
      return serve(request, served, objects)
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v0/vmem/{name}/{version}',
    scope: 'memory:write',
    tag: 'vmem',
    operationId: 'deleteVmem',
    summary: 'Delete a version',
    description: 'Its number is not given again. What a job refers to stays for that job, and counts.',
    params: versionParams,
    missing: NO_ARRAY,
    responses: { 200: { description: 'It is gone.', schema: z.strictObject({ ok: z.literal(true) }) } },
    problems: [],
    examples: [{ summary: 'One', params: one, status: 200 }],
    async handle({ caller, params }, { store, clock }) {
      const done = await store.deleteVmem(caller.projectId, params.name, Number(params.version), clock())
      return done ? answered(200, { ok: true }) : refuse('NOT_FOUND', NO_ARRAY)
    },
  }),
]

export const vmemRoutes = [...listRoutes, ...writeRoutes, ...versionRoutes]

function sealed(row: Parameters<typeof vmemView>[0]) {
  const headers = { Location: `/api/v0/vmem/${row.name}/${row.version}` }
  return answered(201, { ok: true, array: vmemView(row) }, headers)
}
