// Bytes of an object as an answer: the whole, one range, or only that nothing has changed; and what a route declares that
// gives them. Conditions come before ranges, in the order of RFC 9110, 13.2.2.
import { unmatched } from '../../web-core/preconditions.ts'
import { API_HEADERS } from '../../web-core/reply.ts'
import { Refusal } from '../../web-core/refusal.ts'
import { rangeOf, servedHeaders, type Served } from './headers.ts'
import type { ObjectStore } from './object-store.ts'

const ETAG = { ETag: 'of this version, in quotes' }
const HEADERS = {
  ...ETAG,
  'Repr-Digest': 'RFC 9530: the SHA-256 of the whole',
  'Content-Disposition': 'always an attachment',
  'Accept-Ranges': '`bytes`',
}

/** What every route has that serves bytes: its request headers, its answers and its own problems. */
export const AS_BYTES = {
  headers: {
    Range: { description: 'RFC 9110: one range of bytes', example: 'bytes=0-7' },
    'If-Range': { description: 'RFC 9110: the range only of this entity tag, else all bytes', example: '"12"' },
    'If-Match': { description: 'RFC 9110: 412 unless this is its entity tag, or `*` for any', example: '*' },
    'If-None-Match': { description: 'RFC 9110: 304 if this is its entity tag', example: '"12"' },
  },
  answers: (mediaTypes: readonly string[]) => ({
    200: { description: 'All bytes.', mediaTypes, headers: HEADERS },
    206: {
      description: 'The bytes of the range.',
      mediaTypes,
      headers: { ...HEADERS, 'Content-Range': '`bytes FIRST-LAST/N`: which of how many' },
    },
    304: { description: 'It is still that version.', mediaTypes: [], headers: ETAG },
  }),
  problems: ['RANGE_NOT_SATISFIABLE', 'BAD_PRECONDITION', 'PRECONDITION_FAILED'],
} as const

export function serve(
  request: Request,
  served: Served & { readonly objectId: string },
  objects: ObjectStore,
): Response | Refusal {
  const refused = unmatched(request.headers, 'What is read', served.tag)
  if (refused !== null) return refused
  const known = request.headers.get('if-none-match')?.split(',') ?? []
  if (known.some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === served.tag)) {
    return new Response(null, { status: 304, headers: { ...API_HEADERS, ETag: served.tag } })
  }
  const range = rangeOf(request.headers, served.bytes, served.tag)
  if (range instanceof Refusal) return range
  const headers = { ...API_HEADERS, ...servedHeaders(served, range) }
  const status = range === null ? 200 : 206
  return new Response(streamOf(objects.read(served.objectId, range ?? undefined)), { status, headers })
}

/** Nothing is read ahead: a HEAD, and a client that leaves, open no file. */
function streamOf(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  let iterator: AsyncIterator<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        iterator ??= bytes[Symbol.asyncIterator]()
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(new Uint8Array(value))
      },
      async cancel() {
        await iterator?.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
