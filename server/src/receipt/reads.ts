// What routes answer about a completed job beside its receipt and bundle: one shard's place in the Merkle root, and whether a
// replay gave the same.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { inclusionProof, type InclusionProof } from '@forge/shared/receipt/proof.ts'
import { compareReplay, type Comparison, type ReplayedAnswer } from '@forge/shared/receipt/replay.ts'
import type { JobRow, Store } from '../store/store.ts'

/** Null when there is no such job, it was not completed, or it has no such shard. */
export async function proofOf(
  jobId: JobId,
  shard: number,
  store: Pick<Store, 'job' | 'verdicts'>,
): Promise<InclusionProof | null> {
  const row = await store.job(jobId)
  if (row?.state !== 'COMPLETED') return null
  const digests = (await store.verdicts(jobId)).map(({ digest }) => digest)
  if (!Number.isInteger(shard) || shard < 0 || shard >= digests.length) return null
  return inclusionProof(digests, shard)
}

/** Null while one of them is not completed. */
export function comparisonOf(original: JobRow, replay: JobRow): Comparison | null {
  if (original.answer === null || replay.answer === null) return null
  const answerOf = (text: string): ReplayedAnswer => JSON.parse(text)
  return compareReplay(answerOf(original.answer), answerOf(replay.answer))
}
