// Keeping a blob: its bytes first, then its row, which claims them. A refusal at any step leaves what was there.
import { createHash } from 'node:crypto'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import type { BlobRow, Condition } from '../../store/memory.ts'
import type { TenantStore } from '../../store/tenants.ts'
import { preconditionFailed } from '../../web-core/preconditions.ts'
import { refuse, Refusal } from '../../web-core/refusal.ts'
import { quotaExceeded, quotaOf, roomFor } from '../quota.ts'
import { checksumMismatch } from './headers.ts'
import { receive, type ObjectDeps } from './upload.ts'

export type BlobDeps = ObjectDeps & { readonly store: Pick<TenantStore, 'project'> }

export interface SentBlob {
  readonly name: string
  readonly contentType: string
  readonly expiresAtMs: number | null
  readonly condition: Condition
  /** SHA-256 in hexadecimal, if its client took one. */
  readonly sha256: string | null
  readonly body: AsyncIterable<Uint8Array>
}

export async function keepBlob(projectId: ProjectId, sent: SentBlob, deps: BlobDeps): Promise<BlobRow | Refusal> {
  const { name, contentType, expiresAtMs, condition } = sent
  const { store, clock } = deps
  const quota = await quotaOf(store, projectId)
  const replaced = (await store.blob(projectId, name, clock()))?.bytes ?? 0
  const room = await roomFor(store, projectId, 'blobBytes', quota, replaced)
  const bytesMax = Math.min(room.bytes, MEMORY_LIMITS.objectBytesMax)
  const tooLarge = bytesMax === room.bytes ? room.exceeded : objectTooLarge
  const received = await receive(sent.body, { bytesMax, tooLarge }, deps)
  if (received instanceof Refusal) return received
  const { objectId, bytes, sha256 } = received
  const kept = async (): Promise<BlobRow | Refusal> => {
    if (sent.sha256 !== null && sent.sha256 !== sha256) return checksumMismatch(sent.sha256, sha256)
    const blob = { name, objectId, bytes, sha256, contentType, expiresAtMs }
    const written = await store.putBlob(projectId, blob, condition, quota, clock())
    if (written.status === 'written') return written.blob
    return written.status === 'conflict' ? preconditionFailed('The blob') : quotaExceeded(written)
  }
  const row = await kept()
  if (row instanceof Refusal) await store.discardObject(objectId, clock())
  return row
}

export const objectTooLarge = (most: number): Refusal =>
  refuse('BODY_TOO_LARGE', `An object has at most ${most} bytes.`)

/** Of bytes that are here already. */
export async function* bodyOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
