// The Ed25519 identity of one browser profile or machine: made, used and checked here. WebCrypto keeps the private key
// out of anybody's reach where it knows Ed25519; where it does not (an insecure origin on a local network, an older
// browser) the same curve comes from noble. Storing the keys is the caller's business.
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Identity as IdentityId } from '../contract/ids.ts'
import { concat, fromHex } from '../exact/bytes.ts'
import { digest } from '../exact/digest.ts'

export interface Identity {
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** A CryptoKey; named through its use because the DOM and Node declare it in different places. */
type SigningKey = Parameters<typeof crypto.subtle.sign>[1]

/** What is stored. IndexedDB clones a CryptoKey without ever showing what is in it; secret bytes are 32. */
export type IdentityKeys =
  | { readonly kind: 'webcrypto'; readonly publicKey: Uint8Array; readonly privateKey: SigningKey }
  | { readonly kind: 'bytes'; readonly secretKey: Uint8Array }

const ALGORITHM = { name: 'Ed25519' } as const

/** PKCS #8 of an Ed25519 key up to its 32 secret bytes (RFC 8410, section 7). */
const SECRET_HEAD = fromHex('302e020100300506032b657004220420')

/** New keys, of the better kind that this place offers. Only those that are to be `taken` along can ever be read out. */
export async function newIdentityKeys({ taken = false } = {}): Promise<IdentityKeys> {
  return (await webCryptoKeys(taken)) ?? { kind: 'bytes', secretKey: newSecretKey() }
}

/** The 32 secret bytes; undefined where the key was made so that it cannot leave. */
export async function exportSecretKey(keys: IdentityKeys): Promise<Uint8Array | undefined> {
  if (keys.kind === 'bytes') return keys.secretKey
  if (!keys.privateKey.extractable) return undefined
  const bytes = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  return bytes.subarray(SECRET_HEAD.length)
}

/** Keys of 32 secret bytes that were exported; they can be exported again. */
export async function importSecretKey(secretKey: Uint8Array): Promise<IdentityKeys> {
  if (secretKey.length !== 32) throw new Error('a secret key has 32 bytes')
  try {
    const bytes = Uint8Array.from(concat(SECRET_HEAD, secretKey))
    const privateKey = await crypto.subtle.importKey('pkcs8', bytes, ALGORITHM, true, ['sign'])
    return { kind: 'webcrypto', publicKey: ed25519.getPublicKey(secretKey), privateKey }
  } catch {
    return { kind: 'bytes', secretKey }
  }
}

/** 32 random bytes: an identity's whole secret, for those who keep it in a file. */
export const newSecretKey = (): Uint8Array => ed25519.utils.randomSecretKey()

export function identityFromKeys(keys: IdentityKeys): Identity {
  switch (keys.kind) {
    case 'webcrypto':
      return {
        publicKey: keys.publicKey,
        sign: async (bytes) =>
          new Uint8Array(await crypto.subtle.sign(ALGORITHM, keys.privateKey, Uint8Array.from(bytes))),
      }
    case 'bytes':
      return {
        publicKey: ed25519.getPublicKey(keys.secretKey),
        sign: async (bytes) => ed25519.sign(bytes, keys.secretKey),
      }
  }
}

/** Never throws: keys and signatures of a wrong length or form are simply not valid. */
export function verifySignature(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    // RFC 8032's strict rule: it accepts what WebCrypto and noble make, and one signature has one form.
    return ed25519.verify(signature, bytes, publicKey, { zip215: false })
  } catch {
    return false
  }
}

/** Who this key is in the system: what assignments, records and quarantine name. */
export function identityOf(publicKey: Uint8Array): IdentityId {
  return digest('identity.v1', publicKey) as string as IdentityId
}

async function webCryptoKeys(taken: boolean): Promise<IdentityKeys | undefined> {
  try {
    const pair = await crypto.subtle.generateKey(ALGORITHM, taken, ['sign', 'verify'])
    if (!('privateKey' in pair)) return undefined
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
    return { kind: 'webcrypto', publicKey, privateKey: pair.privateKey }
  } catch {
    // No `subtle` on an insecure origin; NotSupportedError in browsers that do not know the curve.
    return undefined
  }
}
