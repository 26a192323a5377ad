// What a project may spend, from its limits to the ledger's, and how a job that would go beyond is refused. The ledger looks
// at them under the project's lock; here are only their names, and what helps.
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { overLimitSentence } from '../billing/ledger-view.ts'
import { DAY_MS, dayOf, type CreditLimits, type OverLimit, type SpendingLimits } from '../store/ledger-store.ts'
import { dateOf } from '../billing/invoice.ts'
import { refuse, Refusal } from './refusal.ts'

/** As the project's limits call them. */
export const CREDIT_LIMIT_NAMES = {
  perDay: 'credits_per_day',
  total: 'credits_total',
  testPerDay: 'test_credits_per_day',
} as const satisfies Record<keyof CreditLimits, keyof ProjectLimits>

const microOf = (credits: number): bigint => BigInt(Math.round(credits * Number(MICRO_PER_CREDIT)))
const microOrNull = (credits: number | null): bigint | null => (credits === null ? null : microOf(credits))

export const creditLimitsOf = (limits: ProjectLimits): SpendingLimits => ({
  perDay: microOrNull(limits.credits_per_day),
  total: microOrNull(limits.credits_total),
  testPerDay: microOrNull(limits.test_credits_per_day),
  burnWarnings: limits.burn_warnings.map(microOf),
})

/** With what is used, when it is free again, and who can raise it. */
export function overCreditLimit(over: OverLimit, nowMs: number): Refusal {
  const { limit } = over.over
  const name = CREDIT_LIMIT_NAMES[limit]
  const tomorrow = dayOf(nowMs) + 1
  const again =
    limit === 'total'
      ? 'Credits come back when jobs fail or are cancelled, and by credit notes.'
      : `The day’s limit begins anew at ${dateOf(tomorrow)}T00:00:00.000Z.`
  const detail = `${overLimitSentence(over)} ${again} The operator can raise ${name} of the project.`
  const seconds = Math.ceil((tomorrow * DAY_MS - nowMs) / 1_000)
  const headers: Record<string, string> = limit === 'total' ? {} : { 'Retry-After': String(seconds) }
  return new Refusal(refuse('CREDIT_LIMIT_REACHED', detail).problem, headers)
}
