// Sealing an array: its bytes first, counted and digested on their way, then the row that makes them a version of its name.
import { createHash } from 'node:crypto'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import { toHex } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { arrayBytes, arrayDigestPrefix, type Dtype } from '@forge/shared/exact/typed-array.ts'
import type { VmemRow } from '../../store/memory.ts'
import { invalid, Refusal } from '../../web-core/refusal.ts'
import { objectTooLarge, type BlobDeps } from '../blob/put-blob.ts'
import { receive } from '../blob/upload.ts'
import { quotaExceeded, quotaOf, roomFor } from '../quota.ts'

export interface SentArray {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly body: AsyncIterable<Uint8Array>
}

export async function sealArray(projectId: ProjectId, sent: SentArray, deps: BlobDeps): Promise<VmemRow | Refusal> {
  const { name, dtype, shape } = sent
  const { store, clock } = deps
  const wanted = arrayBytes(dtype, shape)
  if (wanted > MEMORY_LIMITS.objectBytesMax) return objectTooLarge(MEMORY_LIMITS.objectBytesMax)
  const quota = await quotaOf(store, projectId)
  const room = await roomFor(store, projectId, 'vmemBytes', quota, 0)
  if (wanted > room.bytes) return room.exceeded()
  const hash = createHash('sha256').update(arrayDigestPrefix(dtype, shape))
  const bounds = { bytesMax: wanted, tooLarge: () => otherLength(wanted, 'more'), hashes: [hash] }
  const received = await receive(sent.body, bounds, deps)
  if (received instanceof Refusal) return received
  const { objectId, bytes, sha256, digests } = received
  const sealed = async (): Promise<VmemRow | Refusal> => {
    if (bytes !== wanted) return otherLength(wanted, String(bytes))
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
  if (array instanceof Refusal || array.objectId !== objectId) await store.discardObject(objectId, clock())
  return array
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
