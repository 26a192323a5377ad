// The ledger as a project may see it: its own accounts, in credits that JSON can say. What agents earn and what is left of
// the revenue is the operator's to see.
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import { rational, toNumber } from '@forge/shared/exact/rational.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { account, type LedgerStore, type LedgerTransaction, type OverLimit } from '../store/ledger-store.ts'

export const creditsOf = (microCredits: bigint): number => toNumber(rational(microCredits, MICRO_PER_CREDIT))

export interface TransactionView {
  readonly id: number
  readonly job_id: string
  readonly kind: LedgerTransaction['kind']
  readonly at: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly entries: readonly { readonly account: string; readonly credits: number; readonly micro_credits: string }[]
}

export interface LedgerPage {
  readonly transactions: readonly TransactionView[]
  /** Behind which id the next page begins; null at the end. */
  readonly next: number | null
}

/** `after` is 0 for the first page. */
export async function ledgerPage(
  store: Pick<LedgerStore, 'ledgerAfter'>,
  projectId: ProjectId,
  after: number,
): Promise<LedgerPage> {
  const rows = await store.ledgerAfter(projectId, after)
  const modes = ['billable', 'test'] as const
  const own = new Set(modes.flatMap((mode) => [account.project(mode, projectId), account.held(mode, projectId)]))
  const transactions = rows.map(({ id, jobId, kind, atMs, detail, entries }) => ({
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
  }))
  return { transactions, next: rows.at(-1)?.id ?? null }
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
