// The ledger of a job, booked again: from its contract, its end and its answers follow its terms, its price and what each
// executor earned, and with them every entry. Earnings are added up here, not by the query that booked them.
import { priceListOf } from '@forge/shared/billing/price-list.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { Identity } from '@forge/shared/contract/ids.ts'
import { listPrice, priceReached, termsOf } from '../billing/price.ts'
import { KernelMissing, planOf } from '../hub/edge/planning.ts'
import { account, dayOf, type LedgerTransaction, type Terms } from '../store/ledger-store.ts'
import { detailOf, settledSchema, termsOfDetail } from '../store/queries/ledger.ts'
import type { StoredSubmission } from '../store/stored-rows.ts'
import type { JobRow, NoticeRow, VerdictRow } from '../store/store.ts'
import { creditNoteSchema } from './check-identities.ts'
import { grouped } from './grouped.ts'

export interface LedgerRows {
  readonly transactions: readonly LedgerTransaction[]
  readonly submissions: readonly StoredSubmission[]
  readonly verdicts: readonly VerdictRow[]
  readonly notices: readonly NoticeRow[]
}

/** `answer`: the price in a completed job's answer, and whether it was degraded. */
export interface AnsweredPrice {
  readonly credits: number
  readonly eur: number
  readonly isDegraded: boolean
}

export function checkLedger(job: JobRow, rows: LedgerRows, answer: AnsweredPrice | null): string[] {
  const { transactions } = rows
  // Of before there was a ledger; that a receipt names a price list then shows that it was not.
  if (transactions.length === 0) return []
  const [reserved, settled, credited] = transactions
  if (reserved?.kind !== 'reserve') return ['its ledger does not begin with a reservation']
  const hasEnded = job.finishedAtMs !== null
  if (hasEnded !== (settled?.kind === 'settle')) return [`it is ${job.state}, and its ledger has another end`]
  if (transactions.length > 2 && (credited?.kind !== 'credit-note' || job.state !== 'COMPLETED')) {
    return ['its ledger has a transaction that follows from nothing']
  }
  const terms = termsOfDetail(reserved.detail)
  const problems = [
    ...transactions.flatMap((transaction) => checkBooked(job, transaction)),
    ...checkTerms(job, terms),
    ...differing(reserved, [
      [account.project(terms.mode, job.projectId), -terms.microCredits],
      [account.held(terms.mode, job.projectId), terms.microCredits],
    ]),
  ]
  if (settled === undefined) return problems
  const { state, price } = settledSchema.parse(JSON.parse(settled.detail))
  if (state !== job.state) problems.push(`its ledger settled it as ${state}`)
  if (answer !== null) problems.push(...checkPrice(job, terms, price, answer))
  else if (price !== 0n) problems.push(`it is ${job.state}, and its ledger says that it costs ${price}`)
  problems.push(
    ...differing(settled, settlement(job, terms, price, rows)),
    ...checkCredited(job, terms, credited, rows),
  )
  return problems
}

/** Its client is told of each credit note, with its amount. */
function checkCredited(
  job: JobRow,
  { mode }: Terms,
  credited: LedgerTransaction | undefined,
  { notices }: LedgerRows,
): string[] {
  const [told, ...more] = notices.filter(({ kind }) => kind === 'credit-note')
  if (more.length > 0 || (told === undefined) !== (credited === undefined)) {
    return ['its notices and its ledger do not tell of the same credit notes']
  }
  if (told === undefined || credited === undefined) return []
  const { micro_credits, reason } = creditNoteSchema.parse(JSON.parse(told.detail))
  return [
    ...(credited.detail === canonicalJson({ reason }) ? [] : ['its notice gives another reason than its credit note']),
    ...differing(credited, [
      [account.project(mode, job.projectId), BigInt(micro_credits)],
      [account.income(mode), -BigInt(micro_credits)],
    ]),
  ]
}

function checkBooked(job: JobRow, { id, kind, projectId, day, entries }: LedgerTransaction): string[] {
  const sum = entries.reduce((all, { microCredits }) => all + microCredits, 0n)
  return [
    ...(sum === 0n ? [] : [`the entries of its transaction ${id} (${kind}) sum to ${sum}`]),
    ...(projectId === job.projectId ? [] : [`its transaction ${id} (${kind}) is another project's`]),
    ...(day === dayOf(job.createdAtMs) ? [] : [`its transaction ${id} (${kind}) counts for another day`]),
  ]
}

function checkTerms(job: JobRow, terms: Terms): string[] {
  const list = priceListOf(terms.priceList)
  if (list === null) return [`its terms name the price list ${terms.priceList}, which was never published`]
  try {
    const again = termsOf(planOf(job), list)
    return canonicalJson(detailOf(again)) === canonicalJson(detailOf(terms))
      ? []
      : ['its terms are not those of its contract']
  } catch (error) {
    return error instanceof KernelMissing ? [] : [`its terms cannot be made again: ${String(error)}`]
  }
}

function checkPrice(job: JobRow, terms: Terms, price: bigint, answer: AnsweredPrice): string[] {
  const list = priceListOf(terms.priceList)
  if (list === null) return []
  try {
    const planned = planOf(job)
    const { credits, eur } = priceReached(planned, answer.isDegraded, list)
    const { microCredits } = listPrice(planned, answer.isDegraded, list)
    return [
      ...(price === microCredits ? [] : [`its ledger says that it costs ${price}, its contract ${microCredits}`]),
      ...(answer.credits === credits && answer.eur === eur
        ? []
        : [`its answer says ${answer.credits} credits and ${answer.eur} EUR, its contract ${credits} and ${eur}`]),
    ]
  } catch (error) {
    return error instanceof KernelMissing ? [] : [`its price cannot be made again: ${String(error)}`]
  }
}

function settlement(job: JobRow, terms: Terms, price: bigint, rows: LedgerRows): [string, bigint][] {
  const { mode, microCredits } = terms
  const earned = earnings(job, terms, rows)
  const all = [...earned.values()].reduce((sum, one) => sum + one, 0n)
  const isPaid = job.state === 'COMPLETED' && mode === 'billable'
  return [
    [account.held(mode, job.projectId), -microCredits],
    [account.project(mode, job.projectId), microCredits - price],
    [account.income(mode), isPaid ? price - all : price],
    [account.unbilled, isPaid ? 0n : -all],
    ...[...earned].map(([identity, one]): [string, bigint] => [account.agent(identity), one]),
  ]
}

function earnings(job: JobRow, terms: Terms, { submissions, verdicts }: LedgerRows): Map<Identity, bigint> {
  const accepted = new Map(verdicts.map(({ shard, digest }) => [shard, digest]))
  const earned = new Map<Identity, bigint>()
  for (const [shard, answers] of grouped(
    submissions.filter(({ isVoid }) => !isVoid),
    (answer) => answer.shard,
  )) {
    const isLast = shard % terms.shardsPerPass === terms.shardsPerPass - 1
    const worth = isLast ? terms.lastShardMicroCredits : terms.shardMicroCredits
    const [first] = answers
    const agree =
      answers.every(({ digest }) => digest === first?.digest) && answers.some(({ tier }) => tier !== 'probation')
    const counts = job.state === 'COMPLETED' ? accepted.get(shard) : agree ? first?.digest : undefined
    for (const { digest, role, executor } of answers) {
      if (role !== 'referee' && digest === counts) earned.set(executor, (earned.get(executor) ?? 0n) + worth)
    }
  }
  return earned
}

function differing({ id, kind, entries }: LedgerTransaction, wanted: readonly (readonly [string, bigint])[]): string[] {
  const is = new Map(entries.map(({ account: of, microCredits }) => [of, microCredits]))
  const should = new Map(wanted.filter(([, microCredits]) => microCredits !== 0n))
  const names = [...new Set([...is.keys(), ...should.keys()])]
  const other = names.find((name) => is.get(name) !== should.get(name))
  if (other === undefined) return []
  return [
    `its transaction ${id} (${kind}) moves ${is.get(other) ?? 0n} on ${other}, it should move ${should.get(other) ?? 0n}`,
  ]
}
