// The shards of a job: what was answered has its partial and the partial its digest; of a completed job every shard has one
// verdict, and that stands on answers that count.
import { merkleRoot } from '@forge/shared/exact/merkle.ts'
import { partialDigest } from '@forge/shared/reducer/reduce.ts'
import type { StoredSubmission } from '../store/stored-rows.ts'
import type { PartialRow, VerdictRow } from '../store/store.ts'
import { confirmationsIn } from '../hub/core/settle.ts'
import { grouped } from './grouped.ts'

export interface ShardRows {
  readonly verdicts: readonly VerdictRow[]
  readonly submissions: readonly StoredSubmission[]
  readonly partials: AsyncIterable<PartialRow>
}

const keyOf = ({ shard, digest }: { readonly shard: number; readonly digest: string }): string => `${shard} ${digest}`

/** Of any job, ended or not; none need be there that retention took. */
export async function checkPartials(
  { verdicts, submissions, partials }: ShardRows,
  isDropped = false,
): Promise<string[]> {
  const there = new Set<string>()
  const changed: number[] = []
  for await (const partial of partials) {
    there.add(keyOf(partial))
    if (partialDigest(partial.bytes) !== partial.digest) changed.push(partial.shard)
  }
  const without = (rows: readonly (StoredSubmission | VerdictRow)[]): number[] =>
    rows.filter((row) => !there.has(keyOf(row))).map(({ shard }) => shard)
  const found = told('has a partial whose bytes are not those of its digest', changed)
  if (isDropped) return found
  return [
    ...found,
    ...told('has a verdict without its partial', without(verdicts)),
    ...told('has an answer without its partial', without(submissions)),
  ]
}

/** Of a completed job of `shards` shards. */
export function checkVerdicts(shards: number, { verdicts, submissions }: Omit<ShardRows, 'partials'>): string[] {
  const times = new Map<number, number>()
  for (const { shard } of verdicts) times.set(shard, (times.get(shard) ?? 0) + 1)
  const all = Array.from({ length: shards }, (_, shard) => shard)
  const behind = grouped(
    submissions.filter(({ isVoid }) => !isVoid),
    keyOf,
  )
  const counting = (verdict: VerdictRow): readonly StoredSubmission[] => behind.get(keyOf(verdict)) ?? []
  const found = (wrong: (verdict: VerdictRow) => boolean): number[] => verdicts.filter(wrong).map(({ shard }) => shard)
  return [
    ...told(
      'has no verdict',
      all.filter((shard) => !times.has(shard)),
    ),
    ...told(
      'has more than one verdict',
      all.filter((shard) => (times.get(shard) ?? 0) > 1),
    ),
    ...told(
      'has a verdict, and is none of the job',
      found(({ shard }) => shard < 0 || shard >= shards),
    ),
    ...told(
      'has a verdict that no answer stands behind which counts',
      found((verdict) => counting(verdict).length === 0),
    ),
    ...told(
      'has fewer answers behind its verdict than that says',
      found((verdict) => counting(verdict).length > 0 && confirmationsIn(counting(verdict)) < verdict.confirmations),
    ),
    ...told(
      'has a verdict that says the referee stands behind it, who does not',
      found((verdict) => verdict.trusted && !counting(verdict).some(({ trusted }) => trusted)),
    ),
  ]
}

export const rootOf = (verdicts: readonly VerdictRow[]) =>
  merkleRoot(verdicts.toSorted((a, b) => a.shard - b.shard).map(({ digest }) => digest))

const LISTED_MAX = 10

/** One line for a kind of problem, however many shards have it. */
function told(what: string, shards: readonly number[]): string[] {
  if (shards.length === 0) return []
  const listed = shards.slice(0, LISTED_MAX).join(', ')
  const more = shards.length > LISTED_MAX ? ` and ${shards.length - LISTED_MAX} more` : ''
  return [`shard ${listed}${more} ${what}`]
}
