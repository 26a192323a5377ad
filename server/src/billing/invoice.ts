// What a project is told of its money: an invoice of some days as JSON and as CSV (RFC 4180), and how fast it spends. All
// of it is read from the ledger; nothing is booked here. Days are UTC, and an invoice of days that are over is final.
import { priceOfMicroCredits, type Price } from '@forge/shared/billing/price.ts'
import { PRICE_LIST, priceListDigest } from '@forge/shared/billing/price-list.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import {
  account,
  DAY_MS,
  dayOf,
  type BillingMode,
  type CreditLimits,
  type LedgerStore,
  type UsageRow,
} from '../store/ledger-store.ts'
import { creditsOf } from './ledger-view.ts'

/** `2026-11-27`. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

export interface InvoiceLine {
  readonly date: string
  readonly kind: UsageRow['kind']
  readonly op: string
  readonly mode: BillingMode
  readonly jobs: number
  readonly credits: number
  readonly eur: number
}

export interface Invoice {
  readonly project_id: ProjectId
  readonly first_date: string
  readonly last_date: string
  /** Whether all its days are over and closed: the same will be read for ever. */
  readonly final: boolean
  readonly lines: InvoiceLine[]
  /** Of the credits above: EUR are rounded once for a line and once here, so lines may add up to some cents more or less. */
  readonly total: { readonly credits: number; readonly eur: number; readonly micro_credits: string }
  /** The list by which EUR are reckoned from credits. */
  readonly price_list_digest: string
}

/** Both days included. Test jobs are listed and cost nothing. */
export async function invoiceOf(
  store: Pick<LedgerStore, 'closeDay' | 'usage'>,
  projectId: ProjectId,
  firstDay: number,
  lastDay: number,
): Promise<Invoice> {
  // Before it is read: what is booked meanwhile lies behind the days that are closed.
  const final = await store.closeDay(projectId, lastDay)
  const rows = await store.usage(projectId, firstDay, lastDay)
  const billed = rows.filter(({ mode }) => mode === 'billable')
  const microCredits = billed.reduce((sum, row) => sum + row.microCredits, 0n)
  const { credits, eur } = priceOfMicroCredits(microCredits)
  return {
    project_id: projectId,
    first_date: dateOf(firstDay),
    last_date: dateOf(lastDay),
    final,
    lines: rows.map(lineOf),
    total: { credits, eur, micro_credits: String(microCredits) },
    price_list_digest: priceListDigest(PRICE_LIST),
  }
}

/** The lines of an invoice of these days, as they are now; no day is closed. */
export async function linesOf(
  store: Pick<LedgerStore, 'usage'>,
  projectId: ProjectId,
  firstDay: number,
  lastDay: number,
): Promise<InvoiceLine[]> {
  return (await store.usage(projectId, firstDay, lastDay)).map(lineOf)
}

function lineOf({ day, kind, op, mode, jobs, microCredits }: UsageRow): InvoiceLine {
  const { credits, eur }: Pick<Price, 'credits' | 'eur'> = priceOfMicroCredits(mode === 'test' ? 0n : microCredits)
  return { date: dateOf(day), kind, op, mode, jobs, credits, eur }
}

const COLUMNS = ['date', 'kind', 'op', 'mode', 'jobs', 'credits', 'eur'] as const

/** A header, the lines and the total, which says when more may come. No field of ours needs quotes. */
export function invoiceCsv({
  last_date,
  final,
  lines,
  total,
}: Pick<Invoice, 'last_date' | 'final' | 'lines' | 'total'>): string {
  const rows = lines.map((line) => COLUMNS.map((column) => String(line[column])))
  const last = [last_date, final ? 'total' : 'total-so-far', '', '', '', String(total.credits), String(total.eur)]
  return [COLUMNS, ...rows, last].map((row) => `${row.join(',')}\r\n`).join('')
}

export interface Spending {
  /** Credits reserved or spent today, UTC, and a day on average over the seven days before. */
  readonly today_credits: number
  readonly daily_credits: number
  /** When the limit in total is reached at that pace; null without a limit, without a pace, or when it is far. */
  readonly days_left: number | null
  /** Each limit with what is used of it; null lifts one. */
  readonly limits: readonly UsedLimit[]
  readonly warnings: readonly (UsedLimit & { readonly limit_credits: number })[]
}

export interface UsedLimit {
  readonly limit: keyof CreditLimits
  readonly used_credits: number
  readonly limit_credits: number | null
}

const PACE_DAYS = 7
const DAYS_LEFT_MAX = 3_650
/** A limit that is used up to here is warned of. */
export const WARNING_PERCENT_DEFAULT = 80n

export type UsedCredits = Readonly<Record<keyof CreditLimits, bigint>>

/** Micro-credits that a project has reserved or spent, as each limit counts them: today, UTC, and ever. */
export async function usedCredits(
  store: Pick<LedgerStore, 'usedOnDay' | 'balanceOf'>,
  projectId: ProjectId,
  nowMs: number,
): Promise<UsedCredits> {
  const today = dayOf(nowMs)
  return {
    perDay: await store.usedOnDay(projectId, 'billable', today),
    total: -(await store.balanceOf(projectId, account.project('billable', projectId))),
    testPerDay: await store.usedOnDay(projectId, 'test', today),
  }
}

export async function spendingOf(
  store: Pick<LedgerStore, 'usedOnDay' | 'balanceOf' | 'usage'>,
  projectId: ProjectId,
  limits: CreditLimits,
  nowMs: number,
  warningPercent = WARNING_PERCENT_DEFAULT,
): Promise<Spending> {
  const today = dayOf(nowMs)
  const used = await usedCredits(store, projectId, nowMs)
  const before = await store.usage(projectId, today - PACE_DAYS, today - 1)
  const spent = before.reduce((sum, { mode, microCredits }) => (mode === 'billable' ? sum + microCredits : sum), 0n)
  const names = ['perDay', 'total', 'testPerDay'] as const
  const usedLimits = names.map((limit) => {
    const most = limits[limit]
    return { limit, used_credits: creditsOf(used[limit]), limit_credits: most === null ? null : creditsOf(most) }
  })
  const warnings = names.flatMap((limit) => {
    const most = limits[limit]
    if (most === null || used[limit] * 100n < most * warningPercent) return []
    return [{ limit, used_credits: creditsOf(used[limit]), limit_credits: creditsOf(most) }]
  })
  const days = limits.total === null || spent <= 0n ? null : ((limits.total - used.total) * BigInt(PACE_DAYS)) / spent
  return {
    today_credits: creditsOf(used.perDay),
    daily_credits: creditsOf(spent / BigInt(PACE_DAYS)),
    days_left: days === null || days > BigInt(DAYS_LEFT_MAX) ? null : Math.max(0, Number(days)),
    limits: usedLimits,
    warnings,
  }
}
