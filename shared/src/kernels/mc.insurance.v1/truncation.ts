// What the generator cannot draw: a severity's tail beyond probability 2^-65. Where a limit lies below that point
// nothing is lost; where none does, the share of each moment that is missing is published once it exceeds 1e-6.
import { logNormalGreatest } from '../../distributions/lognormal-quantile.ts'
import {
  fixedFromNumber,
  ONE,
  rationalFromFixed,
  upperTail,
  upperTailQuantile,
  type Fixed,
} from '../../exact/fixed-point.ts'
import { poissonTableMean } from '../../distributions/poisson-threshold.ts'
import { add, compare, multiply, rational, rationalFromNumber, toNumber } from '../../exact/rational.ts'
import { catSeverity, claimSeverity, type InsuranceArgs, type Severity } from './args.ts'
import { isFineFor } from './facts.ts'
import type { InsurancePlan } from './plan.ts'

const SHARE_SHOWN = rational(1n, 1_000_000n)

export interface Truncation {
  readonly severity: 'claim' | 'catastrophe'
  readonly moment: 'mean' | 'variance'
  /** The severity's own first or second moment that lies beyond the last word, as a share of it. */
  readonly share: number
}

export function truncation(args: InsuranceArgs, plan: InsurancePlan): Truncation[] {
  return [
    ...(args.claim_freq > 0 ? missing('claim', claimSeverity(args), args.policy_limit, args.deductible) : []),
    ...(plan.facts.catPossible === 1 ? missing('catastrophe', catSeverity(args), args.cat_limit, 0) : []),
  ]
}

/** An empirical severity ends where its last word does; a limit below the greatest that can be drawn cuts all off. */
function missing(
  name: Truncation['severity'],
  severity: Severity,
  limit: number | null,
  deductible: number,
): Truncation[] {
  if (severity.kind === 'empirical' || !unlimited(severity.mu, severity.sigma, limit, deductible)) return []
  return shares(name, severity.sigma)
}

/** Whether the greatest severity that can be drawn is paid in full. */
function unlimited(mu: number, sigma: number, limit: number | null, deductible: number): boolean {
  if (limit === null) return true
  const paidUpTo = add(rationalFromNumber(deductible), rationalFromNumber(limit))
  return compare(logNormalGreatest(mu, sigma), paidUpTo) < 0
}

/** E[X^m; Z > z] / E[X^m] = P(Z > z - m sigma) for a lognormal. */
function shares(severity: Truncation['severity'], sigma: number): Truncation[] {
  const last = upperTailQuantile(ONE >> 65n)
  return ([1n, 2n] as const).flatMap((m) => {
    const share = rationalFromFixed(tail(last - m * fixedFromNumber(sigma)))
    if (compare(share, SHARE_SHOWN) <= 0) return []
    return [{ severity, moment: m === 1n ? ('mean' as const) : ('variance' as const), share: toNumber(share) }]
  })
}

const tail = (z: Fixed): Fixed => (z >= 0n ? upperTail(z) : ONE - upperTail(-z))

/**
 * By which share the mean number of claims differs from `claim_freq`, because thresholds are multiples of 2^-32: once it
 * exceeds a millionth, which takes less than a claim in some thousand years.
 */
export function countError({ claim_freq: rate }: InsuranceArgs): number | null {
  if (rate === 0) return null
  const exact = rationalFromNumber(rate)
  const missed = add(poissonTableMean(rate), multiply(exact, rational(-1n)))
  const share = rational(abs(missed.numerator) * exact.denominator, missed.denominator * exact.numerator)
  return compare(share, SHARE_SHOWN) > 0 ? toNumber(share) : null
}

const abs = (a: bigint): bigint => (a < 0n ? -a : a)

/** Severities that are typically less than 2^12 quanta, so that the quantum itself may show in the figures. */
export function coarseSeverities(args: InsuranceArgs, fractionBits: number): Truncation['severity'][] {
  const claim = args.claim_freq > 0 && !isFineFor(claimSeverity(args), fractionBits)
  const catastrophe = args.cat_prob > 0 && !isFineFor(catSeverity(args), fractionBits)
  return [...(claim ? ['claim' as const] : []), ...(catastrophe ? ['catastrophe' as const] : [])]
}
