// From args to integers: the fraction bits, the amounts in quanta and the proof that no sum overflows a u32. README.md,
// "Money in integers", has the rules; nothing here looks at seeds, agents or policy.
import { logNormalGreatest } from '../../distributions/lognormal-quantile.ts'
import { poissonGreatest } from '../../distributions/poisson-threshold.ts'
import { add, ceil, multiply, rational, rationalFromNumber, round, type Rational } from '../../exact/rational.ts'
import { shardGrid } from '../grid.ts'
import type { KernelPlan, PlanRefusal, TableSpec } from '../kernel.ts'
import type { InsuranceArgs } from './args.ts'

const FRACTION_BITS_MAX = 16
const FRACTION_BITS_MIN = 6
/** Stands for "no limit": no loss reaches it. */
const NONE = 0xffffffff
const LOSS_MAX = 0xfffffffen
/** A table's row that crosses its ceiling may rise a little above it. */
const ROW_ROOM = rational(5n, 4n)
/** The table's values may exceed the quantile's bound by rounding. */
const ROUNDING_QUANTA = 4n

/** All u32, amounts in quanta of 2^-fractionBits. */
export interface InsuranceFacts {
  readonly fractionBits: number
  readonly deductible: number
  readonly policyLimit: number
  readonly catLimit: number
  readonly aggregateDeductible: number
  readonly aggregateLimit: number
  readonly sumCap: number
  readonly catPossible: number
  readonly catHigh: number
  readonly catLow: number
  readonly greatestCount: number
  readonly greatestPayment: number
  readonly greatestCatastrophe: number
  /** Which of the two proofs holds. */
  readonly proof: 'sum-fits' | 'capped-sum-fits'
}

export interface InsurancePlan extends KernelPlan {
  readonly facts: InsuranceFacts
}

/** What the proofs need, independent of the fraction bits. */
interface Greatest {
  readonly count: number
  readonly claim: Rational
  readonly catastrophe: Rational
}

export function plan(args: InsuranceArgs): InsurancePlan | PlanRefusal {
  const greatest = greatestOf(args)
  const facts = fittingFacts(args, greatest)
  if (facts === null) return refusal(args, greatest)
  const drawsPerUnit = add(rational(1n), add(rationalFromNumber(args.claim_freq), rationalFromNumber(args.cat_prob)))
  return {
    grid: shardGrid(BigInt(args.iterations), drawsPerUnit, 1),
    drawsPerUnit,
    tables: tablesOf(args, facts),
    passes: [{ program: 'narrow', facts: {} }],
    refines: false,
    facts,
  }
}

function greatestOf(args: InsuranceArgs): Greatest {
  return {
    count: poissonGreatest(args.claim_freq),
    claim: logNormalGreatest(args.claim_severity_mu, args.claim_severity_sig),
    catastrophe: logNormalGreatest(args.cat_mu, args.cat_sig),
  }
}

function fittingFacts(args: InsuranceArgs, greatest: Greatest): InsuranceFacts | null {
  for (const proof of ['sum-fits', 'capped-sum-fits'] as const) {
    for (let bits = FRACTION_BITS_MAX; bits >= FRACTION_BITS_MIN; bits--) {
      const facts = factsAt(bits, args, greatest, proof)
      if (facts !== null) return facts
    }
  }
  return null
}

function factsAt(
  fractionBits: number,
  args: InsuranceArgs,
  greatest: Greatest,
  proof: InsuranceFacts['proof'],
): InsuranceFacts | null {
  const scale = rational(1n << BigInt(fractionBits))
  const quanta = (value: number | null): bigint => {
    if (value === null) return BigInt(NONE)
    const rounded = round(multiply(rationalFromNumber(value), scale))
    return rounded < BigInt(NONE) ? rounded : BigInt(NONE)
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
  const tableFits = (least: bigint): boolean => ceil(multiply(rational(least), ROW_ROOM)) <= LOSS_MAX
  if (!tableFits(min(deductible + policyLimit, claimReach)) || !tableFits(min(catLimit, catReach))) return null

  const greatestPayment = greatest.count === 0 ? 0n : min(policyLimit, max(claimReach - deductible, 0n))
  const greatestCatastrophe = min(catLimit, catReach)
  const total = BigInt(greatest.count) * greatestPayment + greatestCatastrophe
  const cap = aggregateDeductible + aggregateLimit
  const fits = proof === 'sum-fits' ? total : cap + max(greatestPayment, greatestCatastrophe)
  if (fits > LOSS_MAX) return null
  return {
    fractionBits,
    deductible: Number(deductible),
    policyLimit: Number(policyLimit),
    catLimit: Number(catLimit),
    aggregateDeductible: Number(aggregateDeductible),
    aggregateLimit: Number(aggregateLimit),
    sumCap: Number(min(cap, BigInt(NONE))),
    catPossible: catPossible ? 1 : 0,
    catHigh: catPossible ? Number((catThreshold - 1n) >> 32n) : 0,
    catLow: catPossible ? Number((catThreshold - 1n) & 0xffffffffn) : 0,
    greatestCount: greatest.count,
    greatestPayment: Number(greatestPayment),
    greatestCatastrophe: Number(greatestCatastrophe),
    proof,
  }
}

function tablesOf(args: InsuranceArgs, facts: InsuranceFacts): Record<string, TableSpec> {
  const ceiling = (quanta: number): number | null => (quanta < NONE ? quanta : null)
  const severity: TableSpec = {
    kind: 'lognormal-quantile.v1',
    mu: args.claim_severity_mu,
    sigma: args.claim_severity_sig,
    fractionBits: facts.fractionBits,
    ceiling: ceiling(facts.deductible + facts.policyLimit),
  }
  const count: TableSpec = { kind: 'poisson-threshold.v1', rate: args.claim_freq }
  if (facts.catPossible === 0) return { severity, count }
  const catastrophe: TableSpec = {
    kind: 'lognormal-quantile.v1',
    mu: args.cat_mu,
    sigma: args.cat_sig,
    fractionBits: facts.fractionBits,
    ceiling: ceiling(facts.catLimit),
  }
  return { severity, count, catastrophe }
}

type Remedy = readonly [path: string, changed: (value: number) => InsuranceArgs, condition: string]

/** Names each limit that would help by itself, or the two that help together, with the greatest whole amount that fits. */
function refusal(args: InsuranceArgs, greatest: Greatest): PlanRefusal {
  const bothLimits: Remedy = [
    'policy_limit',
    (value) => ({ ...args, policy_limit: value, cat_limit: value }),
    'cat_limit being at most the same and ',
  ]
  const policyLimit: Remedy = ['policy_limit', (value) => ({ ...args, policy_limit: value }), '']
  const alone: readonly Remedy[] = [
    // Whether cat_limit was sent or taken from policy_limit can no longer be told, so the sentence says what it must be.
    args.cat_limit === args.policy_limit && args.cat_prob > 0 ? bothLimits : policyLimit,
    ['cat_limit', (value) => ({ ...args, cat_limit: value }), ''],
    ['aggregate_limit', (value) => ({ ...args, aggregate_limit: value }), ''],
    ['aggregate_deductible', (value) => ({ ...args, aggregate_deductible: value }), ''],
    ['claim_severity_mu', (value) => ({ ...args, claim_severity_mu: value }), ''],
  ]
  const errorsOf = (remedies: readonly Remedy[]): PlanRefusal['errors'] =>
    remedies.flatMap(([name, changed, condition]) => {
      const fits = (value: number): boolean => {
        const candidate = changed(value)
        const reach = name === 'claim_severity_mu' ? greatestOf(candidate) : greatest
        return fittingFacts(candidate, reach) !== null
      }
      // What was asked does not fit, so the search for a mu ends there.
      const [least, most] = name === 'claim_severity_mu' ? [-50, Math.ceil(args.claim_severity_mu)] : [0, 2 ** 32]
      if (!fits(least)) return []
      const greatestThatFits = greatestWhole(fits, least, most)
      const message = `at most ${greatestThatFits} fits, ${condition}the other arguments unchanged`
      return [{ path: `args.${name}`, message }]
    })
  const errors = [errorsOf(alone), errorsOf([bothLimits]), [NOTHING_FITS]].find((found) => found.length > 0) ?? []
  return { refused: true, code: 'RANGE_NOT_SUPPORTED', errors }
}

const NOTHING_FITS = {
  path: 'args',
  message: 'the greatest possible payment or sum exceeds some 50 million; state amounts in a larger unit of money',
}

function greatestWhole(fits: (value: number) => boolean, least: number, most: number): number {
  let low = least
  let high = most
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
