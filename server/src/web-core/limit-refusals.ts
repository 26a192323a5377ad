// What stands in the way of a contract or a job among its project's limits, in a sentence that names the limit, its value
// and who can raise it. Requests a minute are in request-rate.ts; credits are the ledger's.
import { CONTRACT_LIMITS, VERIFY_MODES } from '@forge/shared/contract/envelope.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { dateOf } from '../billing/invoice.ts'
import type { JobReads } from '../store/job-reads.ts'
import { dayOf, type JobLimits, type TooManyJobs } from '../store/ledger-store.ts'
import type { Accepted } from './contract.ts'
import { isLate } from './expected-time.ts'
import { WEB_LIMITS } from './limits.ts'
import { refuse, Refusal } from './refusal.ts'

export const OPERATOR_RAISES = 'The operator can change it: PATCH /api/v0/projects/{id}.'

/** A limit that a contract meets by itself, whatever else its project does. */
export interface LimitMet {
  readonly name: keyof ProjectLimits
  readonly limit: number | string | readonly string[]
  readonly asked: number | string
  readonly exceeded: boolean
  /** Of the contract's field. */
  readonly path: string
}

/** Of the limits that are set and speak of such a contract. */
export function contractLimits({ contract, plan }: Accepted, limits: ProjectLimits): readonly LimitMet[] {
  const { verify, spotcheck_rate: rate } = contract.policy
  const units = Number(plan.grid.units)
  const rank = (mode: (typeof VERIFY_MODES)[number]): number => VERIFY_MODES.indexOf(mode)
  const met: LimitMet[] = []
  const add = (
    name: LimitMet['name'],
    limit: LimitMet['limit'] | null,
    asked: LimitMet['asked'],
    exceeded: boolean,
    path: string,
  ) => {
    if (limit !== null) met.push({ name, limit, asked, exceeded, path })
  }
  const { iterations_per_job: most, spotcheck_rate_min: least, spotcheck_rate_max: greatest } = limits
  add('iterations_per_job', most, units, most !== null && units > most, 'args.iterations')
  add('verify', limits.verify, verify, !limits.verify.includes(verify), 'policy.verify')
  add('verify_min', limits.verify_min, verify, rank(verify) < rank(limits.verify_min), 'policy.verify')
  if (verify !== 'spotcheck') return met
  add('spotcheck_rate_min', least, rate, least !== null && rate < least, 'policy.spotcheck_rate')
  add('spotcheck_rate_max', greatest, rate, greatest !== null && rate > greatest, 'policy.spotcheck_rate')
  return met
}

/** Null when the contract is within all of them. */
export function beyondLimits(accepted: Accepted, limits: ProjectLimits): Refusal | null {
  const beyond = contractLimits(accepted, limits).filter(({ exceeded }) => exceeded)
  const [first] = beyond
  if (first === undefined) return null
  const errors = beyond.map(({ name, limit, path }) => ({
    path,
    message: `the project’s limit ${name} is ${shown(limit)}`,
  }))
  const { name, limit, asked } = first
  const detail = `The project’s limit ${name} is ${shown(limit)}, and the contract asks for ${asked}. ${OPERATOR_RAISES}`
  return refuse('LIMIT_REACHED', detail, { errors })
}

/** Of what every project may have as much of, whoever asks. `help` is what the project itself can do. */
export const atMost = (name: string, most: number, things: string, help: string): Refusal =>
  refuse(
    'LIMIT_REACHED',
    `The limit ${name} is ${most}, and the project has as many ${things}. It is the same for every project, and no operator can raise it: ${help}.`,
  )

const shown = (limit: LimitMet['limit']): string => (Array.isArray(limit) ? limit.join(', ') : String(limit))

export const jobLimitsOf = ({ concurrent_jobs, queued_jobs }: ProjectLimits): JobLimits => ({
  concurrent: concurrent_jobs,
  queued: queued_jobs,
})

/** How much of the limits on jobs at a time is used, beside what one more job asks of each. */
export function jobLimitsMet(limits: ProjectLimits, held: Readonly<Record<keyof JobLimits, number>>) {
  const most = jobLimitsOf(limits)
  return (['concurrent', 'queued'] as const).flatMap((limit) => {
    const value = most[limit]
    if (value === null) return []
    const used = held[limit]
    return [{ name: JOB_LIMITS[limit][0], limit: value, used, asked: 1, exceeded: used >= value }]
  })
}

/** Only a contract whose deadline is as good as a cancellation meets this one. */
export function givenUpMet(
  { contract }: Pick<Accepted, 'contract'>,
  { cancelled_jobs_per_day: most }: ProjectLimits,
  expected: number | null,
  used: number,
) {
  if (most === null || !isFreeDeadline(contract.policy.timeout_ms, expected)) return []
  return [{ name: 'cancelled_jobs_per_day', limit: most, used, asked: 1, exceeded: used >= most }]
}

const JOB_LIMITS = {
  concurrent: ['concurrent_jobs', 'jobs that have not ended', 'one has ended'],
  queued: ['queued_jobs', 'jobs that have not begun', 'one has begun'],
} as const satisfies Record<keyof JobLimits, readonly [keyof ProjectLimits, string, string]>

export function tooManyJobs({ tooMany: { limit, most } }: TooManyJobs): Refusal {
  const [name, what, when] = JOB_LIMITS[limit]
  const detail = `The project’s limit ${name} is ${most}, and it has as many ${what}: send this one again when ${when}. ${OPERATOR_RAISES}`
  return new Refusal(refuse('TOO_MANY_JOBS', detail).problem, { 'Retry-After': String(WEB_LIMITS.retryPlaceSeconds) })
}

/**
 * Null while the project has given up fewer jobs today than it may. What ends at the same moment may pass together: at most
 * as many as the project's jobs at a time.
 */
export async function givenUpLimit(
  store: Pick<JobReads, 'givenUpOnDay'>,
  projectId: ProjectId,
  { cancelled_jobs_per_day: most }: ProjectLimits,
  nowMs: number,
): Promise<{ readonly detail: string; readonly tomorrow: string } | null> {
  if (most === null || (await store.givenUpOnDay(projectId, nowMs, most)) < most) return null
  const detail = `The project’s limit cancelled_jobs_per_day is ${most}, and as many of its jobs that had begun were cancelled or timed out today.`
  return { detail, tomorrow: `${dateOf(dayOf(nowMs) + 1)}T00:00:00.000Z` }
}

/**
 * Whether a deadline is as good as a cancellation: sooner than the usual one, or than the agents online can be done. Where no
 * more jobs may be given up, none may be asked for.
 */
const isFreeDeadline = (timeoutMs: number, expected: number | null): boolean =>
  timeoutMs < CONTRACT_LIMITS.timeoutMsDefault || isLate(timeoutMs, expected)

export async function beyondShortDeadlines(
  store: Pick<JobReads, 'givenUpOnDay'>,
  projectId: ProjectId,
  { contract }: Pick<Accepted, 'contract'>,
  limits: ProjectLimits,
  { nowMs, expected }: { readonly nowMs: number; readonly expected: number | null },
): Promise<Refusal | null> {
  const { timeout_ms: timeoutMs } = contract.policy
  if (!isFreeDeadline(timeoutMs, expected)) return null
  const beyond = await givenUpLimit(store, projectId, limits, nowMs)
  if (beyond === null) return null
  const least = Math.max(CONTRACT_LIMITS.timeoutMsDefault, expected ?? 0)
  const isTooLarge = least > CONTRACT_LIMITS.timeoutMsMax
  const why = isLate(timeoutMs, expected) ? ', which is what the agents now online would take' : ''
  const rule = isTooLarge
    ? `is taken that the agents now online would not end within the longest policy.timeout_ms, ${CONTRACT_LIMITS.timeoutMsMax}`
    : `may ask for a policy.timeout_ms below ${least}${why}`
  const detail = `${beyond.detail} Until ${beyond.tomorrow} no contract ${rule}. ${OPERATOR_RAISES}`
  const message = isTooLarge
    ? `no deadline is long enough for this contract until ${beyond.tomorrow}: cancelled_jobs_per_day is used up`
    : `must be at least ${least} until ${beyond.tomorrow}: cancelled_jobs_per_day is used up`
  return refuse('LIMIT_REACHED', detail, { errors: [{ path: 'policy.timeout_ms', message }] })
}
