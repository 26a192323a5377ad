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
import { add, compare, rational, rationalFromNumber, toNumber } from '../../exact/rational.ts'
import type { InsuranceArgs } from './args.ts'
import type { InsurancePlan } from './plan.ts'

const SHARE_SHOWN = rational(1n, 1_000_000n)

export interface Truncation {
  readonly severity: 'claim' | 'catastrophe'
  readonly moment: 'mean' | 'variance'
  /** The severity's own first or second moment that lies beyond the last word, as a share of it. */
  readonly share: number
}

export function truncation(args: InsuranceArgs, plan: InsurancePlan): Truncation[] {
  const claim = unlimited(args.claim_severity_mu, args.claim_severity_sig, args.policy_limit, args.deductible)
  const catastrophe = unlimited(args.cat_mu, args.cat_sig, args.cat_limit, 0)
  return [
    ...(claim && args.claim_freq > 0 ? shares('claim', args.claim_severity_sig) : []),
    ...(catastrophe && plan.facts.catPossible === 1 ? shares('catastrophe', args.cat_sig) : []),
  ]
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
