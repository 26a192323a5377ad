// The ledger as a project may see it: its own accounts, in credits that JSON can say. What agents earn and what is left of
// the revenue is the operator's to see.
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import { rational, toNumber } from '@forge/shared/exact/rational.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { account, type LedgerTransaction, type OverLimit } from '../store/ledger-store.ts'

export const creditsOf = (microCredits: bigint): number => toNumber(rational(microCredits, MICRO_PER_CREDIT))

export interface TransactionView {
  readonly id: number
  readonly job_id: string
  readonly kind: LedgerTransaction['kind']
  readonly at: string
  readonly detail: Record<string, unknown>
  readonly entries: { readonly account: string; readonly credits: number; readonly micro_credits: string }[]
}

/** With the entries of the project's own accounts. */
export function transactionView(row: LedgerTransaction, projectId: ProjectId): TransactionView {
  const modes = ['billable', 'test'] as const
  const own = new Set(modes.flatMap((mode) => [account.project(mode, projectId), account.held(mode, projectId)]))
  const { id, jobId, kind, atMs, detail, entries } = row
  return {
    id,
    job_id: jobId,
    kind,
    at: new Date(atMs).toISOString(),
    detail: JSON.parse(detail),
    entries: entries
      .filter((entry) => own.has(entry.account))
      .map((entry) => ({
        // The project is the reader's own: its id says nothing more.
        account: entry.account.replace(`/${projectId}`, ''),
        credits: creditsOf(entry.microCredits),
        micro_credits: String(entry.microCredits),
      })),
  }
}

const LIMIT_NAMES: Readonly<Record<OverLimit['over']['limit'], string>> = {
  perDay: 'credits a day',
  total: 'credits in total',
  testPerDay: 'credits’ worth of test jobs a day',
}

/** Why a job was not registered, for its client. */
export function overLimitSentence({ over }: OverLimit): string {
  const { limit, limitMicroCredits, usedMicroCredits, wantedMicroCredits } = over
  const used = `${creditsOf(usedMicroCredits)} of the project’s ${creditsOf(limitMicroCredits)} ${LIMIT_NAMES[limit]} are used or reserved`
  return `The job would take ${creditsOf(wantedMicroCredits)} credits, and ${used}.`
}
