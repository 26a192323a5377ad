// The integers of a plan: the profile, the fraction bits, the amounts in quanta and the proof that no sum overflows.
// README.md, "Money in integers", has the rules.
import { empiricalGreatest } from '../../distributions/empirical-quantile.ts'
import { logNormalGreatest } from '../../distributions/lognormal-quantile.ts'
import { poissonGreatest } from '../../distributions/poisson-threshold.ts'
import { fixedFromNumber, LN_2 } from '../../exact/fixed-point.ts'
import { add, ceil, multiply, rational, rationalFromNumber, round, type Rational } from '../../exact/rational.ts'
import { catSeverity, claimSeverity, type InsuranceArgs, type Severity } from './args.ts'
import { NARROW, WIDE, type Profile, type ProfileName } from './profile.ts'

/** A table's row that crosses its ceiling may rise a little above it. */
const ROW_ROOM = rational(5n, 4n)
const FINE_BITS = 12
/** The table's values may exceed the quantile's bound by rounding. */
const ROUNDING_QUANTA = 4n

/** Amounts in quanta of 2^-fractionBits, as decimals: u32 in the narrow profile, u64 in the wide one. */
export interface InsuranceFacts {
  readonly profile: ProfileName
  readonly fractionBits: number
  readonly deductible: string
  readonly policyLimit: string
  readonly catLimit: string
  readonly aggregateDeductible: string
  readonly aggregateLimit: string
  readonly sumCap: string
  readonly catPossible: number
  readonly catHigh: number
  readonly catLow: number
  readonly greatestCount: number
  readonly greatestPayment: string
  readonly greatestCatastrophe: string
  /** Which of the two proofs holds. */
  readonly proof: 'sum-fits' | 'capped-sum-fits'
}

/** What the proofs need, independent of the fraction bits. */
export interface Greatest {
  readonly count: number
  readonly claim: Rational
  readonly catastrophe: Rational
}

export const greatestOf = (args: InsuranceArgs): Greatest => ({
  count: poissonGreatest(args.claim_freq),
  claim: greatestSeverity(claimSeverity(args)),
  catastrophe: greatestSeverity(catSeverity(args)),
})

const greatestSeverity = (severity: Severity): Rational =>
  severity.kind === 'lognormal' ? logNormalGreatest(severity.mu, severity.sigma) : empiricalGreatest(severity.quantiles)

/**
 * In a profile as many fraction bits as one of the proofs allows. The narrow profile, because it is faster, where its
 * quantum is fine enough for what is typically paid; else whichever has the finer one.
 */
export function fittingFacts(args: InsuranceArgs, greatest: Greatest): InsuranceFacts | null {
  const narrow = finestFacts(NARROW, args, greatest)
  if (narrow !== null && isFine(args, narrow.fractionBits)) return narrow
  const wide = finestFacts(WIDE, args, greatest)
  return narrow !== null && narrow.fractionBits >= (wide?.fractionBits ?? 0) ? narrow : wide
}

function finestFacts(profile: Profile, args: InsuranceArgs, greatest: Greatest): InsuranceFacts | null {
  for (let bits = profile.fractionBits.greatest; bits >= profile.fractionBits.least; bits--) {
    const facts = factsAt(profile, bits, args, greatest)
    if (facts !== null) return facts
  }
  return null
}

/**
 * Whether a typical severity has at least 2^12 quanta. Below, the part of a table that lies within a few quanta of 0
 * begins to show in the mean: by a millionth and more.
 */
function isFine(args: InsuranceArgs, fractionBits: number): boolean {
  const claims = args.claim_freq > 0 ? [claimSeverity(args)] : []
  const catastrophes = args.cat_prob > 0 ? [catSeverity(args)] : []
  return [...claims, ...catastrophes].every((severity) => isFineFor(severity, fractionBits))
}

/** The median of a lognormal, the mean of an empirical severity unless it is 0. */
export function isFineFor(severity: Severity, fractionBits: number): boolean {
  const short = FINE_BITS - fractionBits
  if (severity.kind === 'lognormal') return fixedFromNumber(severity.mu) >= BigInt(short) * LN_2
  let mean = rational(0n)
  for (const [i, [p, x]] of severity.quantiles.entries()) {
    const [before, from] = severity.quantiles[i - 1] ?? [p, x]
    const width = add(rationalFromNumber(p), multiply(rationalFromNumber(before), rational(-1n)))
    mean = add(mean, multiply(width, add(rationalFromNumber(x), rationalFromNumber(from))))
  }
  const { numerator, denominator } = multiply(mean, rational(1n << BigInt(fractionBits)))
  return numerator === 0n || numerator >= denominator << BigInt(FINE_BITS + 1)
}

function factsAt(
  profile: Profile,
  fractionBits: number,
  args: InsuranceArgs,
  greatest: Greatest,
): InsuranceFacts | null {
  const { none } = profile
  const scale = rational(1n << BigInt(fractionBits))
  const quanta = (value: number | null): bigint => {
    if (value === null) return none
    return min(round(multiply(rationalFromNumber(value), scale)), none)
  }
  const reach = (value: Rational): bigint => ceil(multiply(value, scale)) + ROUNDING_QUANTA
  const deductible = quanta(args.deductible)
  const policyLimit = quanta(args.policy_limit)
  const catLimit = quanta(args.cat_limit)
  const aggregateDeductible = quanta(args.aggregate_deductible)
  const aggregateLimit = quanta(args.aggregate_limit)
  const catThreshold = round(multiply(rationalFromNumber(args.cat_prob), rational(1n << 64n)))
  const catPossible = catThreshold > 0n

  // What is never drawn reaches nothing, whatever its parameters are.
  const claimReach = greatest.count === 0 ? 0n : reach(greatest.claim)
  const catReach = catPossible ? reach(greatest.catastrophe) : 0n
  const tableFits = (least: bigint): boolean => ceil(multiply(rational(least), ROW_ROOM)) < profile.tableLimit
  if (!tableFits(min(deductible + policyLimit, claimReach)) || !tableFits(min(catLimit, catReach))) return null

  const greatestPayment = greatest.count === 0 ? 0n : min(policyLimit, max(claimReach - deductible, 0n))
  const greatestCatastrophe = min(catLimit, catReach)
  const total = BigInt(greatest.count) * greatestPayment + greatestCatastrophe
  const cap = aggregateDeductible + aggregateLimit
  const proof =
    total < none ? 'sum-fits' : cap + max(greatestPayment, greatestCatastrophe) < none ? 'capped-sum-fits' : null
  if (proof === null) return null
  return {
    profile: profile.name,
    fractionBits,
    deductible: String(deductible),
    policyLimit: String(policyLimit),
    catLimit: String(catLimit),
    aggregateDeductible: String(aggregateDeductible),
    aggregateLimit: String(aggregateLimit),
    sumCap: String(min(cap, none)),
    catPossible: catPossible ? 1 : 0,
    catHigh: catPossible ? Number((catThreshold - 1n) >> 32n) : 0,
    catLow: catPossible ? Number((catThreshold - 1n) & 0xffffffffn) : 0,
    greatestCount: greatest.count,
    greatestPayment: String(greatestPayment),
    greatestCatastrophe: String(greatestCatastrophe),
    proof,
  }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
