// The headers of bytes: what a client says of its upload, which part of an object it wants, and how an object is served so
// that no browser runs what somebody uploaded.
import { fromBase64, fromHex, toBase64, toHex } from '@forge/shared/exact/bytes.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import { invalid, refuse, Refusal } from '../../web-core/refusal.ts'
import type { ByteRange } from './object-store.ts'

/** Types that are data whatever is in them. All else is served as octets: HTML, SVG, PDF and scripts above all. */
const SAFE_TYPES = ['application/json', 'text/plain', 'text/csv', 'image/png', 'image/jpeg'] as const
export const OCTETS = 'application/octet-stream'
/** All that an object may be served as. */
export const SERVED_TYPES = [OCTETS, ...SAFE_TYPES]
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;[\x20-\x7e]*)?$/

/** As the client said it, or octets. */
export function contentTypeOf(headers: Headers): string | Refusal {
  const sent = headers.get('content-type')?.trim() ?? OCTETS
  if (MEDIA_TYPE.test(sent) && sent.length <= MEMORY_LIMITS.contentTypeCharactersMax) return sent
  return invalid([{ path: 'headers.content-type', message: 'is not a media type such as text/csv' }])
}

/** RFC 9110: of the whole body; null where it comes in chunks. HTTP/1.1 lets no more than that come. */
export function contentLengthOf(headers: Headers): number | null {
  const sent = headers.get('content-length')
  return sent !== null && /^\d{1,15}$/.test(sent) ? Number(sent) : null
}

const DIGEST_FORM = 'RFC 9530: `sha-256=:<base64>:`'
/** Request headers of an upload that {@link digestsOf} reads. */
export const UPLOAD_DIGESTS = {
  'Content-Digest': { description: DIGEST_FORM, example: 'sha-256=:…:' },
  'Repr-Digest': {
    description: `${DIGEST_FORM}; the same here, where a body is the whole and never compressed`,
    example: 'sha-256=:…:',
  },
}

/** RFC 9530: each SHA-256 that the client took, in hexadecimal; none when it took none. */
export function digestsOf(headers: Headers): readonly string[] | Refusal {
  const said: string[] = []
  for (const name of Object.keys(UPLOAD_DIGESTS)) {
    const sent = headers.get(name)
    if (sent === null) continue
    const path = `headers.${name.toLowerCase()}`
    const [member = '', ...more] = sent.split(',').flatMap((one) => (ofSha256(one) ? [one.trim()] : []))
    // RFC 8941 has the last one count, and a reader in between may have looked at another: one is enough.
    if (more.length > 0) return invalid([{ path, message: 'has sha-256 more than once' }])
    const digest = /^sha-256=:([A-Za-z\d+/]{43}=):$/.exec(member)?.[1]
    if (digest === undefined) return invalid([{ path, message: 'has no sha-256=:<44 characters of base64>:' }])
    said.push(toHex(fromBase64(digest)))
  }
  return said
}

const ofSha256 = (member: string): boolean => /^\s*sha-256(?![\w.*-])/i.test(member)

/** Null when the bytes that came have each digest that was said. */
export function checksumMismatch(digests: readonly string[], is: string): Refusal | null {
  const other = digests.find((said) => said !== is)
  if (other === undefined) return null
  return refuse(
    'CHECKSUM_MISMATCH',
    `The digest that was sent is ${other}, that of the bytes that came ${is}; nothing was kept.`,
  )
}

/**
 * RFC 9110: the one range that is asked for; null for the whole, also where the header is one that we do not know, or
 * where If-Range names something else.
 */
export function rangeOf(headers: Headers, bytes: number, tag: string): ByteRange | null | Refusal {
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get('range')?.trim() ?? '')
  const [, from = '', to = ''] = asked ?? []
  const ifRange = headers.get('if-range')
  if (asked === null || (from === '' && to === '') || (ifRange !== null && ifRange.trim() !== tag)) return null
  const first = from === '' ? Math.max(0, bytes - Number(to)) : Number(from)
  const last = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)
  if (from !== '' && to !== '' && Number(to) < Number(from)) return null
  if (first < bytes && first <= last) return { first, last }
  const { problem } = refuse('RANGE_NOT_SATISFIABLE', `There are ${bytes} bytes, and none in that range.`)
  return new Refusal(problem, { 'Content-Range': `bytes */${bytes}` })
}

export interface Served {
  readonly bytes: number
  readonly sha256: string
  readonly contentType: string
  readonly fileName: string
  readonly tag: string
}

export function servedHeaders({ bytes, sha256, contentType, fileName, tag }: Served, range: ByteRange | null) {
  const essence = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  const type = SAFE_TYPES.find((safe) => safe === essence) ?? OCTETS
  return {
    'Content-Type': type.startsWith('text/') ? `${type}; charset=utf-8` : type,
    'Content-Disposition': `attachment; filename*=UTF-8''${encoded(fileName)}`,
    'Content-Length': String(range === null ? bytes : range.last - range.first + 1),
    'Accept-Ranges': 'bytes',
    ETag: tag,
    'Repr-Digest': `sha-256=:${toBase64(fromHex(sha256))}:`,
    ...(range === null ? {} : { 'Content-Range': `bytes ${range.first}-${range.last}/${bytes}` }),
  }
}

/** RFC 8187; the last part of a name with slashes. */
const encoded = (name: string): string =>
  encodeURIComponent(name.split('/').at(-1) ?? '').replaceAll(/['()*!]/g, (mark) => {
    return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`
  })
