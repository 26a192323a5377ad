// The verification record of a completed job, counted again from its verdicts and submissions. An answer that came in while
// the job was closing is stored and not counted: where there is one, what it could have added to is not compared.
import { z } from 'zod'
import type { StoredSubmission } from '../store/stored-rows.ts'
import type { VerdictRow } from '../store/store.ts'
import { grouped } from './grouped.ts'

export const recordSchema = z.looseObject({
  shards: z.int(),
  checked: z.int(),
  checked_by_trusted: z.int(),
  mismatches: z.int(),
  voided: z.int(),
  authors: z.int(),
  networks: z.int(),
})
type VerificationCounts = z.infer<typeof recordSchema>

export function checkRecord(
  record: VerificationCounts,
  verdicts: readonly VerdictRow[],
  submissions: readonly StoredSubmission[],
): string[] {
  const counted = recount(verdicts, submissions)
  return Object.entries(counted).flatMap(([name, count]) =>
    record[name] === count
      ? []
      : [`its record says ${name} ${JSON.stringify(record[name])}, counted again it is ${count}`],
  )
}

function recount(
  verdicts: readonly VerdictRow[],
  submissions: readonly StoredSubmission[],
): Partial<Record<keyof VerificationCounts, number>> {
  const ofShard = grouped(
    submissions.filter(({ isVoid }) => !isVoid),
    ({ shard }) => shard,
  )
  const authors = new Set<string>()
  const networks = new Set<string>()
  let mismatches = 0
  let isExact = true
  for (const { shard, digest, confirmations } of verdicts) {
    const answers = ofShard.get(shard) ?? []
    const behind = answers.filter((answer) => answer.digest === digest)
    for (const { network } of behind) networks.add(network)
    if (behind.length < answers.length) mismatches++
    // As the core names it: whoever ran it first, of several always the same one.
    const [author] = answers.toSorted(
      (a, b) => Number(b.role === 'first') - Number(a.role === 'first') || (a.executor < b.executor ? -1 : 1),
    )
    if (author !== undefined) authors.add(author.executor)
    if (behind.length !== confirmations) isExact = false
  }
  return {
    shards: verdicts.length,
    checked: verdicts.filter(({ confirmations, trusted }) => confirmations > 1 || trusted).length,
    checked_by_trusted: verdicts.filter(({ trusted }) => trusted).length,
    voided: submissions.filter(({ isVoid }) => isVoid).length,
    ...(isExact ? { mismatches, authors: authors.size, networks: networks.size } : {}),
  }
}
