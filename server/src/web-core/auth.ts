// Who is calling: a project's key as `Authorization: Bearer` or `X-FORGE-API-KEY`. Keys are stored as digests and shown
// once; what a project may do, and HQ's pages that make and revoke keys, are elsewhere.
import { timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { toHex, utf8 } from '@forge/shared/exact/bytes.ts'
import { digest, type Digest } from '@forge/shared/exact/digest.ts'
import type { Store } from '../store/store.ts'
import { Refusal, refuse } from './refusal.ts'

const KEY_PREFIX = 'fpak_'
/** 192 bits. */
const KEY_RANDOM_BYTES = 24
/** Enough to tell keys apart, far too little to guess the rest. */
const SHOWN_CHARACTERS = 12

export interface Caller {
  readonly projectId: ProjectId
}

/** `configuredKey` is FORGE_API_KEY: compared in memory and never stored, so that changing it retires the old one. */
export interface AuthDeps {
  readonly store: Pick<Store, 'defaultProject' | 'apiKeyByHash'>
  readonly configuredKey: string | null
}

export type Authenticate = (headers: Headers) => Promise<Caller | Refusal>

export function createAuthenticate({ store, configuredKey }: AuthDeps): Authenticate {
  const configuredHash = configuredKey === null ? null : hashOfKey(configuredKey)
  return async (headers) => {
    const key = keyOf(headers)
    if (key instanceof Refusal) return key
    const hash = hashOfKey(key)
    if (configuredHash !== null && sameDigest(hash, configuredHash)) return { projectId: await store.defaultProject() }
    const row = await store.apiKeyByHash(hash)
    if (row !== null && sameDigest(row.hash, hash) && row.revokedAtMs === null) return { projectId: row.projectId }
    return unauthenticated(
      isMistyped(key)
        ? 'The key is mistyped: its last eight characters do not fit the rest.'
        : 'This key is not known here, or it was revoked.',
    )
  }
}

export interface FirstKeyDeps {
  readonly store: Pick<Store, 'defaultProject' | 'apiKeys' | 'insertApiKey'>
  readonly configuredKey: string | null
  readonly nowMs: number
  readonly newUlid: () => string
  readonly randomBytes: (count: number) => Uint8Array
}

/**
 * Makes the default project's key on the first start without FORGE_API_KEY, and returns it this one time; null when
 * there is one already. A key that was lost before anyone read it is replaced by starting with FORGE_API_KEY.
 */
export async function ensureApiKey(deps: FirstKeyDeps): Promise<string | null> {
  const { store, configuredKey, nowMs, newUlid, randomBytes } = deps
  const projectId = await store.defaultProject()
  if (configuredKey !== null || (await store.apiKeys(projectId)).length > 0) return null
  const key = newApiKey(randomBytes)
  const prefix = key.slice(0, SHOWN_CHARACTERS)
  await store.insertApiKey({
    id: newUlid(),
    projectId,
    hash: hashOfKey(key),
    prefix,
    createdAtMs: nowMs,
    revokedAtMs: null,
  })
  return key
}

/** `fpak_`, 48 hexadecimal digits of randomness, 8 of a CRC-32 that finds typing errors without a look at the store. */
export function newApiKey(randomBytes: (count: number) => Uint8Array): string {
  const body = KEY_PREFIX + toHex(randomBytes(KEY_RANDOM_BYTES))
  return body + checksumOf(body)
}

export const hashOfKey = (key: string): Digest => digest('api-key.v1', utf8(key))

function keyOf(headers: Headers): string | Refusal {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]
  const own = headers.get('x-forge-api-key')?.trim() || undefined
  if (bearer !== undefined && own !== undefined && bearer !== own) {
    return refuse(
      'CONFLICTING_CREDENTIALS',
      'Authorization and X-FORGE-API-KEY hold different keys; send one of them, or the same key in both.',
    )
  }
  const key = bearer ?? own
  if (key !== undefined) return key
  return unauthenticated('Send the project’s key as "Authorization: Bearer <key>" or "X-FORGE-API-KEY: <key>".')
}

function unauthenticated(detail: string): Refusal {
  return new Refusal(refuse('UNAUTHENTICATED', detail).problem, { 'WWW-Authenticate': 'Bearer' })
}

function isMistyped(key: string): boolean {
  return /^fpak_[\da-f]{56}$/.test(key) && checksumOf(key.slice(0, -8)) !== key.slice(-8)
}

const checksumOf = (body: string): string => crc32(body).toString(16).padStart(8, '0')

const sameDigest = (a: Digest, b: Digest): boolean => a.length === b.length && timingSafeEqual(utf8(a), utf8(b))
