// The verification record of a completed job, counted again from its verdicts and submissions. An answer that came in while
// the job was closing is stored and not counted: where one may be, what it could have added to is compared as a range.
import { z } from 'zod'
import type { StoredSubmission } from '../store/stored-rows.ts'
import type { VerdictRow } from '../store/store.ts'
import { confirmationsIn } from '../hub/core/settle.ts'
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
  return Object.entries(recount(verdicts, submissions)).flatMap(([name, { least, most }]) => {
    const said = record[name]
    if (typeof said === 'number' && said >= least && said <= most) return []
    const counted = least === most ? `${most}` : `${least} to ${most}`
    return [`its record says ${name} ${JSON.stringify(said)}, counted again it is ${counted}`]
  })
}

interface Count {
  readonly least: number
  readonly most: number
}

/** Of shards, of which some may have an answer that came too late to count. */
class Tally {
  readonly #sure = new Set<string>()
  readonly #all = new Set<string>()

  add(name: string, isSure: boolean): void {
    this.#all.add(name)
    if (isSure) this.#sure.add(name)
  }

  get count(): Count {
    return { least: this.#sure.size, most: this.#all.size }
  }
}

function recount(
  verdicts: readonly VerdictRow[],
  submissions: readonly StoredSubmission[],
): Readonly<Record<string, Count>> {
  const ofShard = grouped(
    submissions.filter(({ isVoid }) => !isVoid),
    ({ shard }) => shard,
  )
  const authors = new Tally()
  const networks = new Tally()
  const mismatches = new Tally()
  for (const { shard, digest, confirmations } of verdicts) {
    const answers = ofShard.get(shard) ?? []
    const behind = answers.filter((answer) => answer.digest === digest)
    // By the core's own rule. Fresh keys that agree are one word, so that a late one among them does not show.
    const isOneWord = behind.length > 1 && confirmationsIn(behind) === 1
    const isSure = confirmationsIn(behind) === confirmations && !isOneWord
    for (const { network } of behind) networks.add(network, isSure)
    if (behind.length < answers.length) mismatches.add(`${shard}`, isSure)
    // As the core names it: whoever ran it first, of several always the same one.
    const [author] = answers.toSorted(
      (a, b) => Number(b.role === 'first') - Number(a.role === 'first') || (a.executor < b.executor ? -1 : 1),
    )
    if (author !== undefined) authors.add(author.executor, isSure)
  }
  const exactly = (n: number): Count => ({ least: n, most: n })
  return {
    shards: exactly(verdicts.length),
    checked: exactly(verdicts.filter(({ confirmations, trusted }) => confirmations > 1 || trusted).length),
    checked_by_trusted: exactly(verdicts.filter(({ trusted }) => trusted).length),
    voided: exactly(submissions.filter(({ isVoid }) => isVoid).length),
    mismatches: mismatches.count,
    authors: authors.count,
    networks: networks.count,
  }
}
