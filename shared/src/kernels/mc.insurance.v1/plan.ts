// From args to integers: the profile, the fraction bits, the amounts in quanta and the proof that no sum overflows.
// README.md, "Money in integers", has the rules; nothing here looks at seeds, agents or policy.
import { empiricalGreatest } from '../../distributions/empirical-quantile.ts'
import { logNormalGreatest } from '../../distributions/lognormal-quantile.ts'
import { poissonGreatest } from '../../distributions/poisson-threshold.ts'
import { add, ceil, multiply, rational, rationalFromNumber, round, type Rational } from '../../exact/rational.ts'
import { shardGrid } from '../grid.ts'
import type { KernelPlan, PassPlan, PlanRefusal, TableSpec } from '../kernel.ts'
import { catSeverity, claimSeverity, type InsuranceArgs, type Severity } from './args.ts'
import { NARROW, PROFILES, WIDE, type Profile, type ProfileName } from './profile.ts'
import { refusal, TAIL_UNITS_MAX, tooManyForQuantiles } from './refusal.ts'

/** A table's row that crosses its ceiling may rise a little above it. */
const ROW_ROOM = rational(5n, 4n)
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

export interface InsurancePlan extends KernelPlan {
  readonly facts: InsuranceFacts
}

/** What the proofs need, independent of the fraction bits. */
export interface Greatest {
  readonly count: number
  readonly claim: Rational
  readonly catastrophe: Rational
}

export function plan(args: InsuranceArgs): InsurancePlan | PlanRefusal {
  const greatest = greatestOf(args)
  const facts = fittingFacts(args, greatest)
  if (facts === null) return refusal(args)
  const drawsPerUnit = add(rational(1n), add(rationalFromNumber(args.claim_freq), rationalFromNumber(args.cat_prob)))
  const passes = passesOf(args, facts)
  const refines = args.quantiles.length > 0
  const grid = shardGrid(BigInt(args.iterations), drawsPerUnit, passes.length + (refines ? 1 : 0))
  if (refines && grid.unitsPerShard > TAIL_UNITS_MAX) return tooManyForQuantiles()
  return { grid, drawsPerUnit, tables: tablesOf(args, facts), passes, refines, facts }
}

/** The years' losses, and beside them, when asked, the years' greatest events. */
function passesOf({ oep }: InsuranceArgs, { profile }: InsuranceFacts): PassPlan[] {
  const losses: PassPlan = { program: profile, facts: { of: 'losses' } }
  return oep ? [losses, { program: profile, facts: { of: 'events' } }] : [losses]
}

export const greatestOf = (args: InsuranceArgs): Greatest => ({
  count: poissonGreatest(args.claim_freq),
  claim: greatestSeverity(claimSeverity(args)),
  catastrophe: greatestSeverity(catSeverity(args)),
})

const greatestSeverity = (severity: Severity): Rational =>
  severity.kind === 'lognormal' ? logNormalGreatest(severity.mu, severity.sigma) : empiricalGreatest(severity.quantiles)

/** The narrow profile where it can, because it is faster; in a profile as many fraction bits as one of the proofs allows. */
export function fittingFacts(args: InsuranceArgs, greatest: Greatest): InsuranceFacts | null {
  for (const profile of [NARROW, WIDE]) {
    for (let bits = profile.fractionBits.greatest; bits >= profile.fractionBits.least; bits--) {
      const facts = factsAt(profile, bits, args, greatest)
      if (facts !== null) return facts
    }
  }
  return null
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

  const claimReach = reach(greatest.claim)
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

function tablesOf(args: InsuranceArgs, facts: InsuranceFacts): Record<string, TableSpec> {
  const { tableLimit } = PROFILES[facts.profile]
  const tableOf = (severity: Severity, top: bigint): TableSpec => {
    const shape = {
      fractionBits: facts.fractionBits,
      // A ceiling that no value can reach is none.
      ceiling: top < tableLimit ? String(top) : null,
      wide: facts.profile === 'wide',
    }
    return severity.kind === 'lognormal'
      ? { kind: 'lognormal-quantile.v2', mu: severity.mu, sigma: severity.sigma, ...shape }
      : { kind: 'empirical-quantile.v1', quantiles: severity.quantiles, ...shape }
  }
  const severity = tableOf(claimSeverity(args), BigInt(facts.deductible) + BigInt(facts.policyLimit))
  const count: TableSpec = { kind: 'poisson-threshold.v1', rate: args.claim_freq }
  if (facts.catPossible === 0) return { severity, count }
  return { severity, count, catastrophe: tableOf(catSeverity(args), BigInt(facts.catLimit)) }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
