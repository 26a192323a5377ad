// The keys that sign, each with the time in which it does: the document behind /.well-known/forge-keys.json, itself signed by
// the newest of them. A key that was replaced stays in the list, so that what it signed can be checked for ever.
import { z } from 'zod'
import { fromBase64 } from '../exact/bytes.ts'
import { isSignedBy, keyIdSchema, publicKeySchema, signedSchema, type Signed, type SignedTag } from './signed.ts'

const time = z.int().nonnegative()

const signingKeySchema = z.strictObject({
  key_id: keyIdSchema,
  algorithm: z.literal('Ed25519'),
  /** Base64 of its 32 bytes. */
  public_key: publicKeySchema,
  valid_from_ms: time,
  /** Null while it signs. */
  valid_until_ms: time.nullable(),
})
export type SigningKey = z.infer<typeof signingKeySchema>

const keyListSchema = z.strictObject({
  format: z.literal('forge-pool/keys.v1'),
  /** Oldest first. A key that signs again after another one is there twice. */
  keys: z.array(signingKeySchema).min(1),
})
export type KeyList = z.infer<typeof keyListSchema>
export const signedKeyListSchema = signedSchema(keyListSchema)
export type SignedKeyList = z.infer<typeof signedKeyListSchema>

/** What is wrong with a signature of `issuedAtMs`, in a sentence; null when it is good. */
export function signatureProblem(
  tag: SignedTag,
  document: Signed<object>,
  issuedAtMs: number,
  keys: readonly SigningKey[],
): string | null {
  const { key_id } = document.signature
  const ofId = keys.filter((key) => key.key_id === key_id)
  if (ofId.length === 0) return `it is signed by the key ${key_id}, which is not in the list of keys`
  const inTime = ofId.find(
    ({ valid_from_ms, valid_until_ms }) =>
      valid_from_ms <= issuedAtMs && (valid_until_ms === null || issuedAtMs < valid_until_ms),
  )
  if (inTime === undefined) return `the key ${key_id} did not sign at ${issuedAtMs}`
  return isSignedBy(tag, document, fromBase64(inTime.public_key)) ? null : 'its signature is not that of its body'
}

/** The newest key vouches for the whole list. */
export function keyListProblem(list: SignedKeyList): string | null {
  const newest = list.body.keys.at(-1)
  if (newest === undefined) return 'it names no key'
  return isSignedBy('key-list.v1', list, fromBase64(newest.public_key)) ? null : 'it is not signed by its newest key'
}

/** The keys of a list that somebody published, or in a sentence what is wrong with it. */
export function keysOfList(document: unknown): readonly SigningKey[] | string {
  const list = signedKeyListSchema.safeParse(document)
  if (!list.success) return 'it is no list of keys'
  return keyListProblem(list.data) ?? list.data.body.keys
}
