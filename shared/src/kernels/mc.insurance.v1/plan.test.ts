// Laws of the plan: whatever the arguments, either a proof that no sum leaves its width, in the narrow profile where one
// holds and at the greatest number of fraction bits, or a refusal. Checked against README.md's rules written out once
// more, and against the greatest values of compiled tables.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { empiricalGreatest } from '../../distributions/empirical-quantile.ts'
import { logNormalGreatest, quantileFromTable, wideQuantileFromTable } from '../../distributions/lognormal-quantile.ts'
import { compilePoissonThreshold, countFromTable } from '../../distributions/poisson-threshold.ts'
import { compileTable } from '../../distributions/table.ts'
import { ceil, compare, multiply, rational, rationalFromNumber, type Rational } from '../../exact/rational.ts'
import { isRefusal } from '../kernel.ts'
import { catSeverity, claimSeverity, type InsuranceArgs, type Severity } from './args.ts'
import { anyArgs } from './contracts.case.ts'
import type { InsuranceFacts } from './facts.ts'
import { plan, type InsurancePlan } from './plan.ts'
import { planned } from './simulate.case.ts'

const founding = { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const factsOf = (sent: object): InsuranceFacts => planned({ ...founding, ...sent }).plan.facts

/** README's table of profiles, the one to be tried first before the other. */
const WIDTHS = [
  { profile: 'narrow', none: 2n ** 32n - 1n, tables: 2n ** 32n - 1n, greatestBits: 32, leastBits: 6 },
  { profile: 'wide', none: 2n ** 64n - 1n, tables: 2n ** 63n, greatestBits: 32, leastBits: 0 },
] as const
type Width = (typeof WIDTHS)[number]

interface Reach {
  readonly count: number
  readonly claim: Rational
  readonly cat: Rational
}
function reachOf(args: InsuranceArgs): Reach {
  const { claim_severity: claims, cat_severity: cats } = args
  const { claim_severity_mu: mu = 0, claim_severity_sig: sigma = 0, cat_mu: catMu = 0, cat_sig: catSigma = 0 } = args
  return {
    count: countFromTable(compilePoissonThreshold(args.claim_freq), 0xffffffff),
    claim: claims === undefined ? logNormalGreatest(mu, sigma) : empiricalGreatest(claims.quantiles),
    cat: cats === undefined ? logNormalGreatest(catMu, catSigma) : empiricalGreatest(cats.quantiles),
  }
}

/** README, "Money in integers", for one profile and one number of fraction bits. */
function proofAt(args: InsuranceArgs, { none, tables }: Width, bits: number, reach: Reach): string | null {
  const scale = 1n << BigInt(bits)
  const quanta = (value: number | null): bigint => {
    if (value === null) return none
    const { numerator, denominator } = rationalFromNumber(value)
    const rounded = (2n * numerator * scale + denominator) / (2n * denominator)
    return rounded > none ? none : rounded
  }
  const reached = (value: Rational): bigint => ceil(multiply(value, rational(scale))) + 4n
  const claim = reach.count === 0 ? 0n : reached(reach.claim)
  const cat = args.cat_prob >= 2 ** -65 ? reached(reach.cat) : 0n
  const [deductible, policy, catLimit] = [quanta(args.deductible), quanta(args.policy_limit), quanta(args.cat_limit)]
  const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
  const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
  // 1.25 x top below the limit, the product rounded up.
  if ([smaller(deductible + policy, claim), smaller(catLimit, cat)].some((top) => (5n * top + 3n) / 4n >= tables)) {
    return null
  }
  const payment = reach.count === 0 ? 0n : smaller(policy, larger(claim - deductible, 0n))
  const catPayment = smaller(catLimit, cat)
  const cap = quanta(args.aggregate_deductible) + quanta(args.aggregate_limit)
  if (BigInt(reach.count) * payment + catPayment < none) return 'sum-fits'
  return cap + larger(payment, catPayment) < none ? 'capped-sum-fits' : null
}

interface Expected {
  readonly profile: string
  readonly fractionBits: number
  readonly proof: string
}

function finest(args: InsuranceArgs, width: Width, reach: Reach): Expected | null {
  for (let bits: number = width.greatestBits; bits >= width.leastBits; bits--) {
    const proof = proofAt(args, width, bits, reach)
    if (proof !== null) return { profile: width.profile, fractionBits: bits, proof }
  }
  return null
}

/** What a severity typically is: at least 2^12 quanta of it are fine. */
function typical(severity: Severity): number {
  if (severity.kind === 'lognormal') return Math.exp(severity.mu)
  const mean = severity.quantiles.reduce((sum, [p, x], i, all) => {
    const [before, from] = all[i - 1] ?? [p, x]
    return sum + ((p - before) * (x + from)) / 2
  }, 0)
  return mean === 0 ? Infinity : mean
}

function expected(args: InsuranceArgs): Expected | null {
  const reach = reachOf(args)
  const [narrow = null, wide = null] = WIDTHS.map((width) => finest(args, width, reach))
  const drawn = [
    ...(args.claim_freq > 0 ? [claimSeverity(args)] : []),
    ...(args.cat_prob > 0 ? [catSeverity(args)] : []),
  ]
  const least = Math.min(...drawn.map(typical))
  if (narrow !== null && least * 2 ** narrow.fractionBits >= 2 ** 12) return narrow
  if (narrow === null || wide === null) return narrow ?? wide
  return narrow.fractionBits >= wide.fractionBits ? narrow : wide
}

describe('any contract', () => {
  it('is planned in the narrow profile where that is fine, at the greatest number of fraction bits, or refused', () => {
    const seen: Record<string, number> = {}
    fc.assert(
      fc.property(anyArgs, (args) => {
        const found = plan({ ...args, quantiles: [] })
        const facts = isRefusal(found) ? null : found.facts
        const right = expected(args)
        const told = facts && { profile: facts.profile, fractionBits: facts.fractionBits, proof: facts.proof }
        expect(told).toEqual(right)
        const kind = right === null ? 'refused' : `${right.profile} ${right.proof}`
        seen[kind] = (seen[kind] ?? 0) + 1
      }),
      { numRuns: 300 },
    )
    expect(Object.keys(seen)).toHaveLength(5)
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(5)
  })

  it('is planned with the integers of README.md, and they prove what the plan says', () => {
    const plannable = anyArgs.map((args) => plan({ ...args, quantiles: [] })).filter((found) => !isRefusal(found))
    fc.assert(
      fc.property(plannable, (found) => {
        if (isRefusal(found)) return
        const { facts } = found
        const none = facts.profile === 'narrow' ? 2n ** 32n - 1n : 2n ** 64n - 1n
        const amounts = Object.entries(facts).filter(([, value]) => typeof value === 'string' && /^\d+$/.test(value))
        expect(amounts).toHaveLength(8)
        for (const [name, value] of amounts) expect(BigInt(value) <= none, name).toBe(true)
        const [payment, cat] = [BigInt(facts.greatestPayment), BigInt(facts.greatestCatastrophe)]
        const cap = BigInt(facts.aggregateDeductible) + BigInt(facts.aggregateLimit)
        expect(BigInt(facts.sumCap)).toBe(cap < none ? cap : none)
        const sum =
          facts.proof === 'sum-fits'
            ? BigInt(facts.greatestCount) * payment + cat
            : cap + (payment > cat ? payment : cat)
        expect(sum < none).toBe(true)
        expectTables(found)
      }),
    )
  })

  function expectTables({ facts, tables, passes, refines }: InsurancePlan): void {
    const limit = facts.profile === 'narrow' ? 2n ** 32n - 1n : 2n ** 63n
    const ceiling = (top: bigint): string | null => (top < limit ? String(top) : null)
    const shape = { fractionBits: facts.fractionBits, wide: facts.profile === 'wide' }
    const top = facts.greatestCount === 0 ? 0n : BigInt(facts.deductible) + BigInt(facts.policyLimit)
    expect(tables['severity']).toMatchObject({ ...shape, ceiling: ceiling(top) })
    const cats = Object.entries(tables).filter(([name]) => name === 'catastrophe')
    expect(cats).toHaveLength(facts.catPossible)
    for (const [, spec] of cats) expect(spec).toMatchObject({ ...shape, ceiling: ceiling(BigInt(facts.catLimit)) })
    expect(passes.map(({ program }) => program)).toEqual(passes.map(() => facts.profile))
    expect(refines).toBe(false)
  }

  it('has a grid of its units, draws and passes alone', () => {
    fc.assert(
      fc.property(anyArgs, (args) => {
        const found = plan({ ...args, policy_limit: 1, cat_limit: 1, aggregate_limit: 1, deductible: 0 })
        const tooMany = args.quantiles.length > 0 && args.iterations > 2 ** 32
        expect(isRefusal(found)).toBe(tooMany)
        if (!isRefusal(found)) expectGrid(args, found)
      }),
    )
  })

  function expectGrid(args: InsuranceArgs, { grid, drawsPerUnit, passes, refines }: InsurancePlan): void {
    const draws = [1, args.claim_freq, args.cat_prob].map(rationalFromNumber)
    const least = draws.reduce((sum, { numerator, denominator }) =>
      rational(sum.numerator * denominator + numerator * sum.denominator, sum.denominator * denominator),
    )
    expect(compare(drawsPerUnit, least)).toBe(0)
    expect(passes.map(({ facts }) => facts)).toEqual([{ of: 'losses' }, ...(args.oep ? [{ of: 'events' }] : [])])
    expect(refines).toBe(args.quantiles.length > 0)
    expect(grid.passes).toBe(passes.length + (refines ? 1 : 0))
    expect(grid.units).toBe(BigInt(args.iterations))
    expect(grid.shards).toBe(Math.ceil(args.iterations / grid.unitsPerShard))
    expect(grid.shards).toBeLessThanOrEqual(16_384)
    expect(grid.unitsPerShard).toBeLessThanOrEqual(refines ? 2 ** 18 : 2 ** 26)
    const size = 1 + args.claim_freq + args.cat_prob
    expect(grid.unitsPerShard * size).toBeGreaterThanOrEqual(2 ** 18)
    // Half of it would be too small or too many.
    const half = grid.unitsPerShard / 2
    expect(half * size < 2 ** 18 || args.iterations / half > 16_384).toBe(true)
  }
})

describe('the proofs', () => {
  it('let a narrow sum reach 2^32 - 2 quanta and no further', () => {
    // One claim at most, and both severities reach beyond their limits.
    const sent = { claim_freq: 1e-6, claim_severity_mu: 20, cat_mu: 20, aggregate_limit: null, policy_limit: 2 ** 15 }
    const at = (catQuanta: number): InsuranceFacts => factsOf({ ...sent, cat_limit: catQuanta * 2 ** -16 })
    expect(at(2 ** 31 - 2)).toMatchObject({ greatestCount: 1, fractionBits: 16, profile: 'narrow' })
    expect(at(2 ** 31 - 1)).toMatchObject({ greatestCount: 1, fractionBits: 15, profile: 'narrow' })
  })

  it('let a wide sum reach 2^64 - 2 quanta and no further', () => {
    // The greatest of limits that doubles can say: 2^49 - 2^-3 at 14 bits leaves 2^63 - 2^11 quanta to the claim.
    const claims = { claim_freq: 1e-6, claim_severity_mu: 30, claim_severity_sig: 2, aggregate_limit: null }
    const at = (policy: number, cat: number): InsuranceFacts =>
      factsOf({ ...claims, cat_mu: 35, policy_limit: policy, cat_limit: cat })
    const table = (2 ** 63 / 1.25) * 2 ** -13
    expect(table).toBeLessThan(1e15)
    // 0.8 x 2^63 quanta, the most that a table may hold, twice: more than 2^63, less than 2^64.
    expect(at(table - 1, table - 1)).toMatchObject({ greatestCount: 1, fractionBits: 13, profile: 'wide' })
    expect(at(table - 1, table + 1)).toMatchObject({ greatestCount: 1, fractionBits: 12, profile: 'wide' })
  })

  it('have room above the aggregate limit for the greatest of claim and catastrophe', () => {
    const sent = { claim_freq: 5000, claim_severity_mu: 5, policy_limit: null, aggregate_limit: 3e7, cat_mu: 20 }
    // 2^25 is 33.6 million: 30 + 10 do not fit with seven bits, 30 + 3 do.
    expect(factsOf({ ...sent, cat_limit: 1e7 })).toMatchObject({ proof: 'capped-sum-fits', fractionBits: 6 })
    expect(factsOf({ ...sent, cat_limit: 3e6 })).toMatchObject({ proof: 'capped-sum-fits', fractionBits: 7 })
  })

  it('take as many bits as either allows: the founding request has 13 by its cap, not the 12 of its sum', () => {
    // Sixteen claims of 50,000 and a catastrophe are 850,000, below 2^20; 250,000 + 50,000 lie below 2^19.
    expect(factsOf({})).toMatchObject({ profile: 'narrow', fractionBits: 13, proof: 'capped-sum-fits' })
    expect(factsOf({ aggregate_limit: null })).toMatchObject({ profile: 'narrow', fractionBits: 12, proof: 'sum-fits' })
    expect(factsOf({ policy_limit: 0.001, cat_limit: 0.001 })).toMatchObject({ profile: 'narrow', fractionBits: 32 })
    expect(factsOf({ cat_limit: null })).toMatchObject({ profile: 'wide', fractionBits: 28 })
  })
})

describe('the greatest values', () => {
  /** The words that reach furthest, and a spread of others. */
  const spread = Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 0)
  const words = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, ...spread]
  const data = {
    kind: 'empirical',
    quantiles: [
      [0, 5],
      [0.3, 5],
      [0.7, 800.25],
      [0.999, 1e6],
      [1, 7e9],
    ],
  } as const
  const claimsAsData = { claim_severity_mu: undefined, claim_severity_sig: undefined, claim_severity: data }

  it.each<[string, object]>([
    ['the founding request', {}],
    ['claims cut within a row of sigma 5', { claim_severity_sig: 5, policy_limit: 1e6, claim_freq: 0.1 }],
    ['no limit at all', { policy_limit: null, aggregate_limit: null, cat_prob: 0 }],
    ['a deductible below a limit', { deductible: 777.7, policy_limit: 12_345.6, cat_limit: 1e6 }],
    ['wide claims of sigma 4', { claim_severity_sig: 4, policy_limit: null, claim_freq: 0.1 }],
    ['a wide catastrophe', { deductible: 777.7, cat_limit: null, cat_sig: 2.5 }],
    ['narrow claims as data', { ...claimsAsData, deductible: 10 }],
    ['wide claims as data', { ...claimsAsData, deductible: 10, policy_limit: null }],
  ])('of "%s" are not exceeded by any word', (_, sent) => {
    const { facts, tables } = planned({ ...founding, ...sent }).plan
    const greatest = (name: 'severity' | 'catastrophe'): bigint => {
      const spec = tables[name]
      if (spec === undefined) return 0n
      const table = compileTable(spec).words
      let most = 0n
      for (const word of words) {
        for (const refined of [0, 1, 0x80000000, 0xffffffff]) {
          const value =
            facts.profile === 'wide'
              ? wideQuantileFromTable(table, word, refined)
              : BigInt(quantileFromTable(table, word, refined))
          if (value > most) most = value
        }
      }
      return most
    }
    const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b)
    const [claim, deductible] = [greatest('severity'), BigInt(facts.deductible)]
    const payment = claim > deductible ? lesser(claim - deductible, BigInt(facts.policyLimit)) : 0n
    expect(payment <= BigInt(facts.greatestPayment)).toBe(true)
    const cat = lesser(greatest('catastrophe'), BigInt(facts.catLimit))
    expect(cat <= BigInt(facts.greatestCatastrophe)).toBe(true)
    // And the bound is no wild one: it is reached within a hundred-thousandth, and the sixteenth that a log-normal adds.
    const room = 16 + 2 ** (facts.fractionBits - 4)
    expect(Number(payment)).toBeGreaterThanOrEqual(Number(facts.greatestPayment) * (1 - 1e-5) - room)
    expect(Number(cat)).toBeGreaterThanOrEqual(Number(facts.greatestCatastrophe) * (1 - 1e-5) - room)
  })
})
