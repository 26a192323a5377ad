// Keeping a blob: its bytes first, then its row, which claims them. A refusal at any step leaves what was there.
import { createHash } from 'node:crypto'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import type { BlobRow, Condition, MemoryQuota } from '../../store/memory.ts'
import type { TenantStore } from '../../store/tenants.ts'
import { preconditionFailed } from '../../web-core/preconditions.ts'
import { refuse, Refusal } from '../../web-core/refusal.ts'
import type { Reservation } from '../bytes-in-flight.ts'
import { noRoomFor, quotaExceeded, quotaOf } from '../quota.ts'
import { checksumMismatch } from './headers.ts'
import { discard, receive, type ObjectDeps } from './upload.ts'

export type BlobDeps = ObjectDeps & { readonly store: Pick<TenantStore, 'project'> }

export interface SentBlob {
  readonly name: string
  readonly contentType: string
  /** It lives so long from when it is there: a body may take hours. Null: for ever. */
  readonly ttlMs: number | null
  readonly condition: Condition
  /** Each SHA-256 that its client took, in hexadecimal. */
  readonly digests: readonly string[]
  /** Bytes, if they are known before they come: room is kept for all of them. */
  readonly length: number | null
  readonly body: AsyncIterable<Uint8Array>
}

export async function keepBlob(projectId: ProjectId, sent: SentBlob, deps: BlobDeps): Promise<BlobRow | Refusal> {
  const { store, clock, inFlight } = deps
  const quota = await quotaOf(store, projectId)
  const room = inFlight.begin({
    projectId,
    limit: 'blobBytes',
    most: quota.blobBytes,
    name: sent.name,
    count: async () => ({
      used: (await store.memoryUsage(projectId)).blobBytes,
      replaced: (await store.blob(projectId, sent.name, clock()))?.bytes ?? 0,
    }),
  })
  let row: BlobRow | Refusal | null = null
  try {
    row = await keepWithin(room, projectId, sent, quota, deps)
    return row
  } finally {
    room.release(row !== null && !(row instanceof Refusal))
  }
}

async function keepWithin(
  room: Reservation,
  projectId: ProjectId,
  { name, contentType, ttlMs, condition, digests, length, body }: SentBlob,
  quota: MemoryQuota,
  deps: BlobDeps,
): Promise<BlobRow | Refusal> {
  const { store, clock } = deps
  const announced = length ?? 0
  const admit = async (bytes: number): Promise<Refusal | null> => {
    if (bytes > MEMORY_LIMITS.objectBytesMax) return objectTooLarge(MEMORY_LIMITS.objectBytesMax)
    return (await room.reserve(Math.max(bytes, announced))) ? null : noRoomFor('blobBytes', quota)
  }
  const early = await admit(announced)
  if (early !== null) return early
  const received = await receive(body, { admit }, deps)
  if (received instanceof Refusal) return received
  const { objectId, bytes, sha256 } = received
  const claimed = async (): Promise<BlobRow | Refusal> => {
    const mismatch = checksumMismatch(digests, sha256)
    if (mismatch !== null) return mismatch
    const nowMs = clock()
    const blob = { name, objectId, bytes, sha256, contentType, expiresAtMs: ttlMs === null ? null : nowMs + ttlMs }
    const written = await store.putBlob(projectId, blob, condition, quota, nowMs)
    if (written.status === 'written') return written.blob
    return written.status === 'conflict' ? preconditionFailed('The blob', { condition }) : quotaExceeded(written)
  }
  const row = await claimed()
  if (row instanceof Refusal) await discard(objectId, deps)
  return row
}

export const objectTooLarge = (most: number): Refusal =>
  refuse('BODY_TOO_LARGE', `An object has at most ${most} bytes.`)

/** Of bytes that are here already. */
export async function* bodyOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
