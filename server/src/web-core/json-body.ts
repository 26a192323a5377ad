// The body of a request as JSON: its media type, its bytes counted on the stream, its UTF-8 and its grammar. Everything
// here is refused before any schema is asked, and nothing past the limit is kept in memory.
import { BodyEnded, bodyChunks, bodyTooFragmented, bodyTooSlow, type BodyPace } from './body-chunks.ts'
import { pathOf, refuse, Refusal } from './refusal.ts'
import { parseStrictJson, type JsonValue } from '@forge/shared/exact/strict-json.ts'

/** `bytesMax`: a body has no more. */
export async function readJsonBody(request: Request, pace: BodyPace, bytesMax: number): Promise<JsonValue | Refusal> {
  const wrongType = refuseMediaType(request.headers)
  if (wrongType !== null) return wrongType
  const bytes = await readBytes(request, pace, bytesMax)
  if (bytes instanceof Refusal) return bytes
  const text = decodeUtf8(bytes)
  if (text === null) return refuse('NOT_UTF8', 'The bytes of the body are not UTF-8. JSON is always sent as UTF-8.')
  const parsed = parseStrictJson(text)
  return 'fault' in parsed ? refusalOf(parsed.fault) : parsed.value
}

/** As HTTP/1.1 says it (RFC 9112, section 6.3): neither a length nor chunks. One that names a type has meant to send one. */
export function hasNoBody({ body, headers }: Request): boolean {
  if (headers.has('content-type')) return false
  const length = headers.get('content-length') ?? '0'
  return body === null || (length === '0' && !headers.has('transfer-encoding'))
}

function refusalOf(fault: Extract<ReturnType<typeof parseStrictJson>, { fault: unknown }>['fault']): Refusal {
  const { code, message } = fault
  const path = pathOf(fault.path)
  if (code === 'MALFORMED_JSON')
    return refuse(code, `The body is not JSON: ${message}.`, { errors: [{ path, message }] })
  return refuse(code, `${path === '' ? 'The body' : path}: ${message}.`, { errors: [{ path, message }] })
}

function refuseMediaType(headers: Headers): Refusal | null {
  const sent = headers.get('content-type') ?? ''
  const [type = '', ...parameters] = sent.split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  if (type !== 'application/json' || (charset !== undefined && !/^charset="?utf-8"?$/.test(charset))) {
    return refuse('UNSUPPORTED_MEDIA_TYPE', 'Send the body with the header Content-Type: application/json, in UTF-8.')
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity') return null
  return refuse('UNSUPPORTED_MEDIA_TYPE', 'The body is compressed; send it as it is, without Content-Encoding.')
}

/** What is left of the body is not read, so nothing else can come on this connection. */
function tooLarge(limit: number): Refusal {
  const { problem } = refuse('BODY_TOO_LARGE', `A body has at most ${limit} bytes here.`)
  return new Refusal(problem, { Connection: 'close' })
}

/** More than most contracts have. */
const FIRST_BYTES = 4_096

/** Stops at the first byte over the limit; the HTTP server throws the rest away. */
async function readBytes(request: Request, pace: BodyPace, bytesMax: number): Promise<Uint8Array | Refusal> {
  // One buffer that grows: of chunks of a byte each, a list would hold two hundred times what was sent.
  let bytes = new Uint8Array(Math.min(FIRST_BYTES, bytesMax))
  let length = 0
  try {
    for await (const chunk of bodyChunks(request.body, pace)) {
      if (length + chunk.length > bytesMax) return tooLarge(bytesMax)
      if (length + chunk.length > bytes.length) {
        const larger = new Uint8Array(Math.min(bytesMax, Math.max(length + chunk.length, 2 * bytes.length)))
        larger.set(bytes.subarray(0, length))
        bytes = larger
      }
      bytes.set(chunk, length)
      length += chunk.length
    }
    return bytes.subarray(0, length)
  } catch (error) {
    if (!(error instanceof BodyEnded)) throw error
    if (error.why === 'too slow') return bodyTooSlow(pace)
    if (error.why === 'too fragmented') return bodyTooFragmented()
    // The connection broke or the framing was wrong: whose fault it was cannot be told, and nobody is waiting.
    return refuse('MALFORMED_JSON', 'The body broke off before its end.')
  }
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    // ignoreBOM keeps the mark in the text, where the grammar refuses it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
