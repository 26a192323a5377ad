// The limits of a project as HQ groups and writes them, and what was typed into their form as a change of them.
import type { Schema } from '../api.ts'
import { bytes, count, credits } from '../format.ts'
import { numberOf } from '../form/fields.ts'
import { limitWords } from '../words/limits.ts'

export type LimitsAnswer = Schema<'GetLimitsAnswer'>
export type Limits = LimitsAnswer['limits']
export type LimitName = keyof Limits

type Kind = 'count' | 'credits' | 'bytes' | 'share' | 'list' | 'choice'

/** Each limit once: one that is missing does not compile. */
export const KIND: Readonly<Record<LimitName, Kind>> = {
  requests_per_minute: 'count',
  iterations_per_job: 'count',
  concurrent_jobs: 'count',
  queued_jobs: 'count',
  cancelled_jobs_per_day: 'count',
  credits_per_day: 'credits',
  credits_total: 'credits',
  test_credits_per_day: 'credits',
  burn_warnings: 'list',
  verify: 'list',
  verify_min: 'choice',
  spotcheck_rate_min: 'share',
  spotcheck_rate_max: 'share',
  kv_keys: 'count',
  kv_bytes: 'bytes',
  blob_bytes: 'bytes',
  vmem_bytes: 'bytes',
}

export const GROUPS: Readonly<Record<keyof typeof limitWords.groups, readonly LimitName[]>> = {
  jobs: ['requests_per_minute', 'iterations_per_job', 'concurrent_jobs', 'queued_jobs', 'cancelled_jobs_per_day'],
  credits: ['credits_per_day', 'credits_total', 'test_credits_per_day', 'burn_warnings'],
  checks: ['verify', 'verify_min', 'spotcheck_rate_min', 'spotcheck_rate_max'],
  memory: ['kv_keys', 'kv_bytes', 'blob_bytes', 'vmem_bytes'],
}

/** A value of a limit, or an amount that is used of it. */
export function valueText(name: LimitName, value: Limits[LimitName]): string {
  if (value === null) return limitWords.noLimit
  if (typeof value === 'string') return value
  if (typeof value !== 'number') return value.length === 0 ? limitWords.none : value.join(', ')
  const kind = KIND[name]
  return kind === 'credits'
    ? credits(value)
    : kind === 'bytes'
      ? bytes(value)
      : kind === 'share'
        ? String(value)
        : count(value)
}

/** Null for one that does not fill up. */
export const usedOf = ({ used }: LimitsAnswer, name: LimitName): number | null =>
  name in used ? used[name as keyof LimitsAnswer['used']] : null

/** Texts as they are typed, null for no limit, and the policies that are ticked. */
export interface TypedLimits {
  readonly texts: Readonly<Record<string, string | null>>
  readonly verify: Limits['verify']
  readonly verify_min: Limits['verify_min']
}

const isTyped = (name: LimitName): boolean => KIND[name] !== 'choice' && name !== 'verify'
const NAMES = Object.keys(KIND) as LimitName[]

export function typedLimits(limits: Limits): TypedLimits {
  const texts = NAMES.filter(isTyped).map((name) => {
    const value = limits[name]
    return [name, value === null ? null : Array.isArray(value) ? value.join(', ') : String(value)] as const
  })
  return { texts: Object.fromEntries(texts), verify: limits.verify, verify_min: limits.verify_min }
}

/** What was typed over `before`, over what holds now: what nobody typed over is as it is now, whoever changed it. */
export function rebased(typed: TypedLimits, before: Limits, now: Limits): TypedLimits {
  const { limits, faults } = changeOf(typed, before)
  const isTypedOver = (name: LimitName): boolean => name in limits || name in faults
  const fresh = typedLimits(now)
  const texts = NAMES.filter(isTyped).map((name) => {
    return [name, (isTypedOver(name) ? typed : fresh).texts[name] ?? null] as const
  })
  return {
    texts: Object.fromEntries(texts),
    verify: (isTypedOver('verify') ? typed : fresh).verify,
    verify_min: (isTypedOver('verify_min') ? typed : fresh).verify_min,
  }
}

export interface LimitsChange {
  /** What is not as it was. */
  readonly limits: Partial<Limits>
  /** Of fields that hold no number. */
  readonly faults: Readonly<Partial<Record<LimitName, string>>>
}

export function changeOf(typed: TypedLimits, before: Limits): LimitsChange {
  const limits: Record<string, unknown> = {}
  const faults: Partial<Record<LimitName, string>> = {}
  const was = typedLimits(before)
  for (const name of NAMES.filter(isTyped)) {
    const text = typed.texts[name] ?? null
    if (text === (was.texts[name] ?? null)) continue
    const value = text === null ? null : name === 'burn_warnings' ? numbersOf(text) : numberOf(text)
    if (value === undefined) faults[name] = limitWords.badNumber
    else if (JSON.stringify(value) !== JSON.stringify(before[name])) limits[name] = value
  }
  if (typed.verify.join() !== before.verify.join()) limits['verify'] = typed.verify
  if (typed.verify_min !== before.verify_min) limits['verify_min'] = typed.verify_min
  return { limits: limits as Partial<Limits>, faults }
}

function numbersOf(text: string): number[] | undefined {
  if (text.trim() === '') return []
  const numbers = text.split(',').map(numberOf)
  return numbers.includes(undefined) ? undefined : numbers.filter((n) => n !== undefined)
}
