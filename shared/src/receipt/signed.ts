// A signed document: a body of JSON, and an Ed25519 signature (RFC 8032) over the tagged digest of the body's canonical form
// (RFC 8785). Receipts, notices, links of the log and the list of keys are all signed this way, each under a tag of its own,
// so that a signature of one kind is worth nothing as another. Whose key it is, is the business of keys.ts.
import { ed25519 } from '@noble/curves/ed25519.js'
import { z } from 'zod'
import { fromBase64, fromHex, toBase64 } from '../exact/bytes.ts'
import { digest, digestOfJson, type Digest, type DigestTag } from '../exact/digest.ts'

export type SignedTag = Extract<DigestTag, 'receipt.v1' | 'signed-notice.v1' | 'receipt-link.v1' | 'key-list.v1'>

export interface Signer {
  readonly keyId: string
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Uint8Array
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, 'base64 (RFC 4648, section 4)')
export const keyIdSchema = z.string().regex(/^[0-9a-f]{64}$/, 'a key id is 64 hexadecimal digits')
export const publicKeySchema = base64.length(44)

const signatureSchema = z.strictObject({
  algorithm: z.literal('Ed25519'),
  key_id: keyIdSchema,
  /** Base64 of 64 bytes. */
  value: base64.length(88),
})

export const signedSchema = <T extends z.ZodType>(body: T) => z.strictObject({ body, signature: signatureSchema })

export interface Signed<T> {
  readonly body: T
  readonly signature: z.infer<typeof signatureSchema>
}

/** Who signed: the digest of the public key. */
const keyIdOf = (publicKey: Uint8Array): string => digest('signing-key.v1', publicKey)

/** From the 32 bytes of an Ed25519 secret key. */
export function signerOf(secretKey: Uint8Array): Signer {
  const publicKey = ed25519.getPublicKey(secretKey)
  return { keyId: keyIdOf(publicKey), publicKey, sign: (bytes) => ed25519.sign(bytes, secretKey) }
}

/** What stands for a body in a signature and in every other document that names it. */
export const bodyDigest = (tag: SignedTag, body: object): Digest => digestOfJson(tag, body)

export function signed<T extends object>(tag: SignedTag, body: T, signer: Signer): Signed<T> {
  const value = toBase64(signer.sign(fromHex(bodyDigest(tag, body))))
  return { body, signature: { algorithm: 'Ed25519', key_id: signer.keyId, value } }
}

/** Never throws: what cannot be a signature is none. */
export function isSignedBy(tag: SignedTag, { body, signature }: Signed<object>, publicKey: Uint8Array): boolean {
  try {
    if (signature.key_id !== keyIdOf(publicKey)) return false
    return isSignatureOf(fromBase64(signature.value), fromHex(bodyDigest(tag, body)), publicKey)
  } catch {
    return false
  }
}

/** Of these bytes, whatever they stand for; by RFC 8032's strict rule: one signature has one form. */
export function isSignatureOf(signature: Uint8Array, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  return ed25519.verify(signature, bytes, publicKey, { zip215: false })
}
