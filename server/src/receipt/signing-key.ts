// The key that signs: FORGE_SIGNING_KEY, or one that is made once and kept in the store. When it is another one than before,
// a new period begins in the list of keys, and the old key stays in it with its end, so that what it signed stays good.
import { keyListProblem, type KeyList, type SignedKeyList } from '@forge/shared/receipt/keys.ts'
import { signed, type Signer } from '@forge/shared/receipt/signed.ts'
import { fromBase64, fromHex, toBase64 } from '@forge/shared/exact/bytes.ts'
import type { SigningPeriod } from '../store/seal-store.ts'
import type { Store } from '../store/store.ts'
import { RECEIPT_LIMITS } from './limits.ts'
import { nativeSignerOf } from './native-signer.ts'

const SECRET_BYTES = 32
const SETTING = 'signing-key'

/** 32 bytes as 64 hexadecimal digits, or in base64 or base64url with or without its padding; null for any other text. */
export function secretKeyOf(text: string): Uint8Array | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text)
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const bytes = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/').padEnd(44, '='))
  return bytes.length === SECRET_BYTES ? bytes : null
}

export interface SigningDeps {
  readonly store: Pick<Store, 'settingOrPut' | 'beginSigning' | 'signingPeriods'>
  /** FORGE_SIGNING_KEY, as the configuration has checked it. */
  readonly configuredKey: string | null
  readonly nowMs: number
  readonly randomBytes: (count: number) => Uint8Array
}

export async function openSigner({ store, configuredKey, nowMs, randomBytes }: SigningDeps): Promise<Signer> {
  const text = configuredKey ?? (await store.settingOrPut(SETTING, toBase64(randomBytes(SECRET_BYTES))))
  const secret = secretKeyOf(text)
  if (secret === null) throw new Error('the signing key is not 32 bytes in base64 or hexadecimal')
  const signer = nativeSignerOf(secret)
  await store.beginSigning({ keyId: signer.keyId, publicKey: toBase64(signer.publicKey) }, nowMs)
  return signer
}

/** A key's period ends some time after the next one has begun. */
export const keysOf = (periods: readonly SigningPeriod[]): KeyList['keys'] =>
  periods.map(({ keyId, publicKey, fromMs }, place) => {
    const next = periods[place + 1]
    return {
      key_id: keyId,
      algorithm: 'Ed25519',
      public_key: publicKey,
      valid_from_ms: fromMs,
      valid_until_ms: next === undefined ? null : next.fromMs + RECEIPT_LIMITS.keyOverlapMs,
    }
  })

/** What `/.well-known/forge-keys.json` answers. Null when the newest key is not ours: a server with another one is newer. */
export function signedKeyList(periods: readonly SigningPeriod[], signer: Signer): SignedKeyList | null {
  const keys = keysOf(periods)
  const list = signed('key-list.v1', { format: 'forge-pool/keys.v1' as const, keys }, signer)
  return keyListProblem(list) === null ? list : null
}
