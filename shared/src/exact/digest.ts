// SHA-256 with domain tags: bytes that mean different things can never share a digest by accident.
// A tagged digest is SHA-256(utf8("forge-pool/" + tag) | 0x00 | bytes).
import { sha256, sha256Hex } from '#sha256'
import { canonicalJson } from './canonical-json.ts'
import { concat, utf8 } from './bytes.ts'

export { hmacSha256 } from '#sha256'

/** 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly __brand: 'Digest' }

/** Every domain that is digested; a new meaning is a new tag, never a reused one. */
export type DigestTag =
  | 'vmem.v1'
  | 'contract.v1'
  | 'plan.v1'
  | 'kernel.v1'
  | 'table.v1'
  | 'partial.v1'
  | 'output.v1'
  | 'request.v1'
  | 'seed-to-key.v1'
  | 'agent-hello.v1'
  | 'agent-answer.v1'
  | 'agent-record.v2'
  | 'api-key.v1'
  | 'hq-session.v1'
  | 'identity.v1'
  | 'artifact.v1'
  | 'event.v1'
  | 'answer.v1'
  | 'notice.v1'
  | 'node-token.v1'
  | 'price-list.v1'
  | 'signing-key.v1'
  | 'receipt.v1'
  | 'signed-notice.v1'
  | 'receipt-link.v1'
  | 'key-list.v1'
  | 'shards.v1'
  | 'act.v1'

/** What is digested before the bytes; for whoever digests a stream. */
export const tagPrefix = (tag: DigestTag): Uint8Array => utf8(`forge-pool/${tag}\0`)

export function digestBytes(tag: DigestTag, ...parts: Uint8Array[]): Uint8Array {
  return sha256(tagged(tag, parts))
}

export function digest(tag: DigestTag, ...parts: Uint8Array[]): Digest {
  return sha256Hex(tagged(tag, parts)) as Digest
}

const tagged = (tag: DigestTag, parts: readonly Uint8Array[]): Uint8Array => concat(tagPrefix(tag), ...parts)

/** The digest of a value's RFC 8785 form. */
export function digestOfJson(tag: DigestTag, value: unknown): Digest {
  return digest(tag, utf8(canonicalJson(value)))
}
