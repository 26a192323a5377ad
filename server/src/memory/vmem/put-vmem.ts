// Sealing an array: its bytes first, counted and digested on their way, then the row that makes them a version of its name.
import { createHash } from 'node:crypto'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import { toHex } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { arrayBytes, arrayDigestPrefix, type Dtype } from '@forge/shared/exact/typed-array.ts'
import type { MemoryQuota, VmemRow } from '../../store/memory.ts'
import { invalid, Refusal } from '../../web-core/refusal.ts'
import { checksumMismatch } from '../blob/headers.ts'
import { objectTooLarge, type BlobDeps } from '../blob/put-blob.ts'
import { discard, receive } from '../blob/upload.ts'
import { noRoomFor, quotaExceeded, quotaOf } from '../quota.ts'

export interface SentArray {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Each SHA-256 of the bytes that its client took, in hexadecimal. */
  readonly digests: readonly string[]
  readonly body: AsyncIterable<Uint8Array>
}

export async function sealArray(projectId: ProjectId, sent: SentArray, deps: BlobDeps): Promise<VmemRow | Refusal> {
  const { store, inFlight } = deps
  const wanted = arrayBytes(sent.dtype, sent.shape)
  if (wanted > MEMORY_LIMITS.objectBytesMax) return objectTooLarge(MEMORY_LIMITS.objectBytesMax)
  const quota = await quotaOf(store, projectId)
  const room = inFlight.begin({
    projectId,
    limit: 'vmemBytes',
    most: quota.vmemBytes,
    name: sent.name,
    // A version never goes for a newer one.
    count: async () => ({ used: (await store.memoryUsage(projectId)).vmemBytes, replaced: 0 }),
  })
  let isClaimed = false
  try {
    // Type and shape say how many bytes there will be.
    if (!(await room.reserve(wanted))) return noRoomFor('vmemBytes', quota)
    const sealed = await sealWithin(projectId, sent, wanted, quota, deps)
    if (sealed instanceof Refusal) return sealed
    isClaimed = sealed.isClaimed
    return sealed.array
  } finally {
    room.release(isClaimed)
  }
}

/** Not claimed where the newest version holds the same already. */
async function sealWithin(
  projectId: ProjectId,
  { name, dtype, shape, digests: said, body }: SentArray,
  wanted: number,
  quota: MemoryQuota,
  deps: BlobDeps,
): Promise<{ readonly array: VmemRow; readonly isClaimed: boolean } | Refusal> {
  const { store, clock } = deps
  const hash = createHash('sha256').update(arrayDigestPrefix(dtype, shape))
  const admit = (came: number): Refusal | null => (came > wanted ? otherLength(wanted, 'more') : null)
  const received = await receive(body, { admit, hashes: [hash] }, deps)
  if (received instanceof Refusal) return received
  const { objectId, bytes, sha256, digests } = received
  const sealed = async (): Promise<VmemRow | Refusal> => {
    if (bytes !== wanted) return otherLength(wanted, String(bytes))
    const mismatch = checksumMismatch(said, sha256)
    if (mismatch !== null) return mismatch
    const digest = toHex(digests.get(hash) ?? new Uint8Array()) as Digest
    const written = await store.putVmem(
      projectId,
      { name, dtype, shape, digest, objectId, bytes, sha256 },
      quota,
      clock(),
    )
    return written.status === 'written' ? written.array : quotaExceeded(written)
  }
  const array = await sealed()
  const isClaimed = !(array instanceof Refusal) && array.objectId === objectId
  if (!isClaimed) await discard(objectId, deps)
  return array instanceof Refusal ? array : { array, isClaimed }
}

const otherLength = (wanted: number, came: string): Refusal =>
  invalid([{ path: 'body', message: `type and shape make ${wanted} bytes; ${came} came` }])

/** Values as JSON has them: 64-bit integers may be decimal texts, because a JSON number is a double. */
export function valuesOf(sent: readonly (number | string)[], path: string): readonly (number | bigint)[] | Refusal {
  const values: (number | bigint)[] = []
  for (const [i, value] of sent.entries()) {
    if (typeof value === 'number') values.push(value)
    else if (/^-?\d{1,20}$/.test(value)) values.push(BigInt(value))
    else return invalid([{ path: `${path}.${i}`, message: 'is no whole number in decimal' }])
  }
  return values
}
