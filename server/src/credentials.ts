// Secrets that we hand out: a project's key, an agent's node token, and what the cookie of HQ says. A prefix says what it is, a checksum finds typing
// errors without a look at the store, and what is kept of it is a digest under a tag of its own.
import { timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { toHex, utf8 } from '@forge/shared/exact/bytes.ts'
import { digest, type Digest } from '@forge/shared/exact/digest.ts'

/** 192 bits. */
const RANDOM_BYTES = 24
/** Enough to tell secrets apart, far too little to guess the rest. */
const SHOWN_CHARACTERS = 12

const KINDS = {
  key: { prefix: 'fpak_', tag: 'api-key.v1' },
  token: { prefix: 'ntk_', tag: 'node-token.v1' },
  session: { prefix: 'fphq_', tag: 'hq-session.v1' },
} as const
export type CredentialKind = keyof typeof KINDS

export interface NewCredential {
  /** Shown once. */
  readonly text: string
  readonly hash: Digest
  readonly prefix: string
}

/** The prefix, 48 hexadecimal digits of randomness, 8 of a CRC-32. */
export function newCredential(kind: CredentialKind, randomBytes: (count: number) => Uint8Array): NewCredential {
  const body = KINDS[kind].prefix + toHex(randomBytes(RANDOM_BYTES))
  const text = body + checksumOf(body)
  return { text, hash: hashOf(kind, text), prefix: text.slice(0, SHOWN_CHARACTERS) }
}

export const hashOf = (kind: CredentialKind, text: string): Digest => digest(KINDS[kind].tag, utf8(text))

/** It looks like one of ours and its last eight characters do not fit the rest. */
export function isMistyped(text: string): boolean {
  return /^(fpak|ntk)_[\da-f]{56}$/.test(text) && checksumOf(text.slice(0, -8)) !== text.slice(-8)
}

/** In constant time. */
export const sameDigest = (a: Digest, b: Digest): boolean => a.length === b.length && timingSafeEqual(utf8(a), utf8(b))

const checksumOf = (body: string): string => crc32(body).toString(16).padStart(8, '0')
