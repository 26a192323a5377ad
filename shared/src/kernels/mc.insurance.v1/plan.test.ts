// Laws of the plan: whatever the arguments, either a proof that no sum leaves 32 bits, at the greatest number of
// fraction bits, or a refusal whose remedies work. Checked against README.md's rules written out once more, in doubles
// where they are exact, and against the greatest values of compiled tables.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileTable } from '../../distributions/table.ts'
import { logNormalGreatest, quantileFromTable } from '../../distributions/lognormal-quantile.ts'
import { compilePoissonThreshold, countFromTable } from '../../distributions/poisson-threshold.ts'
import { ceil, compare, multiply, rational, rationalFromNumber, type Rational } from '../../exact/rational.ts'
import { isRefusal } from '../kernel.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { plan, type InsuranceFacts, type InsurancePlan } from './plan.ts'
import { planned } from './simulate.case.ts'

const NONE = 0xffffffff
const founding = { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }

/** From the least double to 10^15, as often small as large, and what people write. */
const amount = fc.oneof(
  fc.constantFrom(0, 5e-324, 0.5, 1, 50_000, 250_000, 2 ** 26, 1e9, 1e15),
  fc.double({ min: -30, max: 34, noNaN: true }).map((exponent) => Math.min(Math.exp(exponent), 1e15)),
)
const limit = fc.option(amount, { freq: 4 })
const parameter = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, 0, max), fc.integer({ min, max }))
const anything = fc.record(
  {
    iterations: fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constantFrom(1, 1e12)),
    claim_freq: fc.oneof(parameter(0, 10_000), parameter(0, 20)),
    claim_severity_mu: fc.oneof(parameter(-50, 50), parameter(-5, 12)),
    claim_severity_sig: fc.oneof(parameter(0, 5), parameter(0, 2)),
    cat_prob: fc.oneof(parameter(0, 1), fc.constantFrom(1e-300, 2 ** -65, 2 ** -66)),
    cat_mu: fc.oneof(parameter(-50, 50), parameter(-5, 15)),
    cat_sig: fc.oneof(parameter(0, 5), parameter(0, 2)),
    policy_limit: limit,
    aggregate_limit: limit,
    deductible: amount,
    aggregate_deductible: amount,
    cat_limit: limit,
  },
  { requiredKeys: ['iterations', 'claim_freq', 'claim_severity_mu', 'claim_severity_sig'] },
)
/** Sums that only an aggregate limit can hold. */
const manyClaims = fc.record({
  iterations: fc.constant(1000),
  claim_freq: fc.double({ min: 1000, max: 10_000, noNaN: true }),
  claim_severity_mu: fc.double({ min: 5, max: 8, noNaN: true }),
  claim_severity_sig: fc.double({ min: 0.5, max: 1, noNaN: true }),
  policy_limit: fc.constant(null),
  cat_limit: fc.oneof(fc.constant(50_000), fc.constant(null)),
  aggregate_limit: fc.integer({ min: 0, max: 80_000_000 }),
})
const anyArgs = fc
  .oneof({ arbitrary: anything, weight: 3 }, { arbitrary: manyClaims, weight: 1 })
  .map((sent) => argsSchema.parse(sent))

/** README, "Money in integers", for one number of fraction bits; amounts as doubles, exact below 2^53. */
function fits(
  args: InsuranceArgs,
  bits: number,
  { count, claimGreatest, catGreatest }: ReturnType<typeof greatestOf>,
): { whole: boolean; capped: boolean } {
  const quanta = (value: number | null): number => {
    const scaled = (value ?? Infinity) * 2 ** bits
    if (scaled >= NONE) return NONE
    return Math.floor(scaled) + (scaled - Math.floor(scaled) >= 0.5 ? 1 : 0)
  }
  // Beyond 2^53 only its being too great matters.
  const reach = (greatest: Rational): number => Number(ceil(multiply(greatest, rational(1n << BigInt(bits))))) + 4
  const claim = reach(claimGreatest)
  const cat = args.cat_prob >= 2 ** -65 ? reach(catGreatest) : 0
  const [deductible, policy, catLimit] = [args.deductible, args.policy_limit, args.cat_limit].map(quanta) as [
    number,
    number,
    number,
  ]
  const tables = [Math.min(deductible + policy, claim), Math.min(catLimit, cat)].every(
    (top) => top * 1.25 < 2 ** 32 - 1,
  )
  const payment = count === 0 ? 0 : Math.min(policy, Math.max(claim - deductible, 0))
  const catPayment = Math.min(catLimit, cat)
  const cap = quanta(args.aggregate_deductible) + quanta(args.aggregate_limit)
  return {
    whole: tables && count * payment + catPayment <= 2 ** 32 - 2,
    capped: tables && cap + Math.max(payment, catPayment) <= 2 ** 32 - 2,
  }
}

function greatestOf(args: InsuranceArgs): { count: number; claimGreatest: Rational; catGreatest: Rational } {
  return {
    count: countFromTable(compilePoissonThreshold(args.claim_freq), NONE),
    claimGreatest: logNormalGreatest(args.claim_severity_mu, args.claim_severity_sig),
    catGreatest: logNormalGreatest(args.cat_mu, args.cat_sig),
  }
}

const descending = Array.from({ length: 11 }, (_, i) => 16 - i)

describe('any contract', () => {
  it('is planned at the greatest number of fraction bits that a proof allows, or refused when none does', () => {
    const seen = { 'sum-fits': 0, 'capped-sum-fits': 0, refused: 0 }
    fc.assert(
      fc.property(anyArgs, (args) => {
        const greatest = greatestOf(args)
        const whole = descending.find((bits) => fits(args, bits, greatest).whole)
        const capped = descending.find((bits) => fits(args, bits, greatest).capped)
        const found = plan(args)
        if (isRefusal(found)) {
          expect({ whole, capped }).toEqual({ whole: undefined, capped: undefined })
          seen.refused++
          return
        }
        const proof = whole === undefined ? 'capped-sum-fits' : 'sum-fits'
        expect(found.facts).toMatchObject({ proof, fractionBits: whole ?? capped, greatestCount: greatest.count })
        expectProof(found.facts)
        expectGrid(args, found)
        seen[proof]++
      }),
      { numRuns: 400 },
    )
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(5)
  })

  function expectProof(facts: InsuranceFacts): void {
    for (const [name, value] of Object.entries(facts)) {
      if (name !== 'proof' && !(Number.isInteger(value) && value >= 0 && value <= NONE))
        throw new Error(`${name} ${value}`)
    }
    const { aggregateDeductible, aggregateLimit, sumCap, greatestPayment, greatestCatastrophe } = facts
    const cap = aggregateDeductible + aggregateLimit
    expect(sumCap).toBe(Math.min(cap, NONE))
    const sum =
      facts.proof === 'sum-fits'
        ? facts.greatestCount * greatestPayment + greatestCatastrophe
        : cap + Math.max(greatestPayment, greatestCatastrophe)
    expect(sum).toBeLessThanOrEqual(2 ** 32 - 2)
  }

  function expectGrid(args: InsuranceArgs, { grid, drawsPerUnit }: InsurancePlan): void {
    const draws = [1, args.claim_freq, args.cat_prob].map(rationalFromNumber)
    const least = draws.reduce((sum, { numerator, denominator }) =>
      rational(sum.numerator * denominator + numerator * sum.denominator, sum.denominator * denominator),
    )
    expect(compare(drawsPerUnit, least)).toBe(0)
    expect(grid.units).toBe(BigInt(args.iterations))
    expect(grid.shards).toBe(Math.ceil(args.iterations / grid.unitsPerShard))
    expect(grid.shards).toBeLessThanOrEqual(16_384)
    expect(grid.unitsPerShard).toBeLessThanOrEqual(2 ** 26)
    const size = 1 + args.claim_freq + args.cat_prob
    expect(grid.unitsPerShard * size).toBeGreaterThanOrEqual(2 ** 18)
    // Half of it would be too small or too many.
    const half = grid.unitsPerShard / 2
    expect(half * size < 2 ** 18 || args.iterations / half > 16_384).toBe(true)
  }

  it('may sum up to 2^32 - 2 quanta and no further', () => {
    // One claim at most, and both severities reach beyond their limits.
    const sent = { ...founding, claim_freq: 1e-6, claim_severity_mu: 20, cat_mu: 20, aggregate_limit: null }
    const factsOf = (catQuanta: number): InsuranceFacts =>
      planned({ ...sent, policy_limit: 2 ** 15, cat_limit: catQuanta * 2 ** -16 }).plan.facts
    expect(factsOf(2 ** 31 - 2)).toMatchObject({ greatestCount: 1, fractionBits: 16 })
    expect(factsOf(2 ** 31 - 1)).toMatchObject({ greatestCount: 1, fractionBits: 15 })
  })

  it('has room above its aggregate limit for the greatest of claim and catastrophe', () => {
    const sent = { ...founding, claim_freq: 5000, claim_severity_mu: 5, policy_limit: null, aggregate_limit: 3e7 }
    const factsOf = (change: object): InsuranceFacts => planned({ ...sent, ...change }).plan.facts
    // 2^25 is 33.6 million: 30 + 10 do not fit with seven bits, 30 + 3 do.
    expect(factsOf({ cat_mu: 20, cat_limit: 1e7 })).toMatchObject({ proof: 'capped-sum-fits', fractionBits: 6 })
    expect(factsOf({ cat_mu: 20, cat_limit: 3e6 })).toMatchObject({ proof: 'capped-sum-fits', fractionBits: 7 })
  })

  it('that is refused is told limits that fit, and by one more do not', () => {
    const isPlanned = (args: InsuranceArgs): boolean => !isRefusal(plan(args))
    fc.assert(
      fc.property(anyArgs, (args) => {
        const found = plan(args)
        fc.pre(isRefusal(found))
        if (!isRefusal(found)) return
        expect(found.code).toBe('RANGE_NOT_SUPPORTED')
        expect(found.errors.length).toBeGreaterThan(0)
        for (const { path, message } of found.errors) {
          if (path === 'args') {
            expect(isPlanned({ ...args, policy_limit: 0, cat_limit: 0 })).toBe(false)
            expect(isPlanned({ ...args, aggregate_limit: 0 })).toBe(false)
            continue
          }
          const name = path.replace(/^args\./, '')
          const both = message.includes('cat_limit being at most the same')
          const stated =
            /^at most (-?\d+) fits, (?:cat_limit being at most the same and )?the other arguments unchanged$/
          const value = Number(stated.exec(message)?.[1])
          const changed = (to: number): InsuranceArgs =>
            argsSchema.parse({ ...args, [name]: to, ...(both ? { cat_limit: to } : {}) })
          expect(isPlanned(changed(value)), `${path}: ${message}`).toBe(true)
          if (both) expect(isPlanned({ ...changed(value), cat_limit: value / 2 })).toBe(true)
          // One more may leave the argument's own range.
          if (name !== 'claim_severity_mu' || value < 50) expect(isPlanned(changed(value + 1)), message).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a refusal', () => {
  const unlimited = { ...founding, policy_limit: null, aggregate_limit: null }
  it.each<[string, object, [string, string][]]>([
    [
      'of claims without a limit names each way out',
      { ...unlimited, claim_severity_mu: 12, cat_prob: 0 },
      [
        ['args.policy_limit', 'at most 4194303 fits, the other arguments unchanged'],
        ['args.claim_severity_mu', 'at most 6 fits, the other arguments unchanged'],
      ],
    ],
    [
      'of a catastrophe without a limit names its limit alone',
      { ...founding, cat_limit: null },
      [['args.cat_limit', 'at most 53687091 fits, the other arguments unchanged']],
    ],
    [
      'of both names the two limits that help together',
      { ...unlimited, claim_severity_mu: 20, policy_limit: 1e15, cat_limit: null },
      [
        [
          'args.policy_limit',
          'at most 3947580 fits, cat_limit being at most the same and the other arguments unchanged',
        ],
      ],
    ],
    [
      'of a deductible beyond 32 bits asks for a larger unit of money',
      { ...unlimited, claim_severity_mu: 20, deductible: 1e9, cat_limit: null },
      [
        [
          'args',
          'the greatest possible payment or sum exceeds some 50 million; state amounts in a larger unit of money',
        ],
      ],
    ],
  ])('%s', (_, sent, expected) => {
    const found = plan(argsSchema.parse(sent))
    if (!isRefusal(found)) throw new Error(`this contract fits with ${found.facts.fractionBits} bits`)
    expect(found.errors.map(({ path, message }) => [path, message])).toEqual(expected)
  })
})

describe('the greatest values', () => {
  /** The table's values at the words that reach furthest, and at a spread of others. */
  const words = [
    0,
    1,
    0x7fffffff,
    0x80000000,
    NONE,
    ...Array.from({ length: 20_000 }, (_, i) => (i * 2654435761) >>> 0),
  ]

  it.each<[string, object]>([
    ['the founding request', founding],
    ['claims cut within a row of sigma 5', { ...founding, claim_severity_sig: 5, policy_limit: 1e6, claim_freq: 0.1 }],
    ['no limit at all', { ...founding, policy_limit: null, aggregate_limit: null, cat_prob: 0 }],
    ['a deductible below a limit', { ...founding, deductible: 777.7, policy_limit: 12_345.6, cat_limit: 1e6 }],
  ])('of "%s" are not exceeded by any word', (_, sent) => {
    const { facts, tables } = planned(sent).plan
    const greatest = (name: 'severity' | 'catastrophe'): number => {
      const spec = tables[name]
      if (spec === undefined) return 0
      const table = compileTable(spec).words
      const refinements = [0, 1, 0x80000000, NONE]
      return words.reduce(
        (most, word) => Math.max(most, ...refinements.map((refined) => quantileFromTable(table, word, refined))),
        0,
      )
    }
    const claim = greatest('severity')
    const payment = claim > facts.deductible ? Math.min(claim - facts.deductible, facts.policyLimit) : 0
    expect(payment).toBeLessThanOrEqual(facts.greatestPayment)
    expect(Math.min(greatest('catastrophe'), facts.catLimit)).toBeLessThanOrEqual(facts.greatestCatastrophe)
    // And the bound is no wild one: it is reached within a hundred-thousandth.
    expect(payment).toBeGreaterThanOrEqual(facts.greatestPayment * (1 - 1e-5) - 16)
  })
})

describe('speed', () => {
  it('a plan takes a few milliseconds, a refusal some tens', () => {
    const times = (sent: object): number => {
      const args = argsSchema.parse({ ...founding, claim_freq: 9999.123, ...sent })
      const all = Array.from({ length: 9 }, () => {
        const start = performance.now()
        plan(args)
        return performance.now() - start
      })
      return all.toSorted((a, b) => a - b)[4] ?? 0
    }
    expect(times({ claim_severity_mu: 1, policy_limit: 100 })).toBeLessThan(20)
    expect(times({ claim_severity_mu: 40, policy_limit: null, aggregate_limit: null })).toBeLessThan(200)
  })
})
