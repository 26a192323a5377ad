// The strata of a spotcheck: an author's shards of which some were drawn to be checked, and those that are checked whatever
// the draw says. At the end of a part's first executions each stratum gets its check.
import { isChecked, authorOf, authorRowOf, place, resting } from './settle.ts'
import { checksNeeded, rateOf, sampleOf } from '@forge/shared/verifier/sample.ts'
import { shardOf, type Job, type JobPart, type Shard } from './state.ts'

/**
 * Checked whatever the draw says, and its author could know: a fresh key's shard, one that a backup answered too, one of
 * the first pass that the last one contradicts. What such checks found says nothing of the author's other shards: it may
 * be true where it expects a check and lie where it does not. So they are a stratum of their own.
 */
export const isForeseeable = (job: Job, shard: Shard, index: number): boolean =>
  authorRowOf(shard)?.tier === 'probation' ||
  (shard.backedUp && shard.submissions.length > 1) ||
  job.contradicted.has(index)

/**
 * With every shard of a part answered: each author without a drawn check there gets its lowest-HMAC shard checked, then
 * more in that order until the mode's number of checks is reached. Returns whether anything was added.
 */
export function topUpChecks(job: Job, { first, end }: JobPart): boolean {
  if (job.policy.verify !== 'spotcheck' || job.degraded) return false
  const rows = job.shards.slice(first, end).map((shard, n) => ({ shard, index: first + n, author: authorOf(shard) }))
  type Row = (typeof rows)[number]
  // What the referee ran needs no other: it is the judge.
  const isDrawnFor = ({ shard }: Row): boolean =>
    shard.mustCheck || shard.submissions.some(({ role }) => role === 'referee')
  // What two agree on counts as a check, whoever asked for it, but covers nobody: it may be a backup's.
  const isCounted = (row: Row): boolean => isDrawnFor(row) || isChecked(row.shard)
  const open = rows.filter((row) => !isDrawnFor(row))
  const strata = open.filter(({ shard, index }) => !isForeseeable(job, shard, index))
  const covered = new Set(
    rows.flatMap((row) => (isDrawnFor(row) && !isForeseeable(job, row.shard, row.index) ? [row.author] : [])),
  )
  let checks = rows.filter(isCounted).length
  const needed = checksNeeded(rows.length, rateOf(job.policy.spotcheck_rate))
  // Asked after every event until the job ends: the samples are only worth drawing while something is missing.
  if (checks >= needed && strata.every(({ author }) => covered.has(author))) return false
  const inOrder = (some: readonly Row[]): Row[] =>
    some
      .flatMap((row) => {
        const digest = row.shard.accepted
        return digest === null ? [] : [{ ...row, sample: sampleOf(job, row.index, digest) }]
      })
      .toSorted((a, b) => (a.sample < b.sample ? -1 : a.sample > b.sample ? 1 : a.index - b.index))
  const added: number[] = []
  const add = (row: Row): void => {
    row.shard.mustCheck = true
    // Before a restart somebody may have been asked already, and have answered.
    if (isChecked(row.shard)) return
    added.push(row.index)
    checks++
  }
  for (const row of inOrder(strata)) {
    if (covered.has(row.author)) continue
    covered.add(row.author)
    add(row)
  }
  for (const row of inOrder(open)) if (checks < needed && !isCounted(row)) add(row)
  // A backup that is still at it is the check.
  for (const index of added) place(job, index, resting(shardOf(job, index), 'to-check'))
  return added.length > 0
}
