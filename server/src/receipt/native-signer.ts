// Ed25519 by OpenSSL, for the server signs each receipt and its place in the log: a tenth of the time of the library that
// browsers need. RFC 8032 leaves a signer no choice, so both give the same bytes.
import { createPrivateKey, sign } from 'node:crypto'
import { signerOf, type Signer } from '@forge/shared/receipt/signed.ts'

/** PrivateKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const KEY_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** From the 32 bytes of an Ed25519 secret key. */
export function nativeSignerOf(secretKey: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([KEY_HEAD, secretKey]), format: 'der', type: 'pkcs8' })
  return { ...signerOf(secretKey), sign: (bytes) => new Uint8Array(sign(null, bytes, key)) }
}
