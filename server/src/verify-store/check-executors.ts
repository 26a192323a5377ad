// Who a completed job says has answered it, and how many answers of each stand: counted again from its submissions and
// verdicts. The record that a volunteer reads is the sum of these.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { StoredSubmission } from '../store/stored-rows.ts'
import type { VerdictRow } from '../store/store.ts'

interface Executor {
  readonly executor: Identity
  /** Null in a row of before that was counted. */
  readonly shards: number | null
}

export function checkExecutors(
  named: readonly Executor[],
  verdicts: readonly Pick<VerdictRow, 'shard' | 'digest'>[],
  submissions: readonly Pick<StoredSubmission, 'executor' | 'shard' | 'digest' | 'isVoid'>[],
): string[] {
  const accepted = new Map(verdicts.map(({ shard, digest }) => [shard, digest]))
  const counted = new Map<Identity, number>()
  for (const { executor, shard, digest, isVoid } of submissions) {
    const stands = !isVoid && accepted.get(shard) === digest
    counted.set(executor, (counted.get(executor) ?? 0) + (stands ? 1 : 0))
  }
  if (named.length !== counted.size || !named.every(({ executor }) => counted.has(executor))) {
    return ['its executors are not those of its submissions']
  }
  return named.flatMap(({ executor, shards }) => {
    const again = counted.get(executor)
    if (shards === null || shards === again) return []
    return [`its executor ${executor} has ${shards} answers that stand, counted again there are ${again}`]
  })
}
