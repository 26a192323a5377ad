// Contracts at the edges of their ranges, planned and computed in both widths, with exact quantiles and greatest events:
// nothing happens, everything happens, limits of nothing and of everything, one year. What is right is worked out by
// hand. And the two places where amounts and probabilities become integers.
import { describe, expect, it } from 'vitest'
import type { InsuranceFacts } from './facts.ts'
import { planned, simulate, type ExactLoss } from './simulate.case.ts'

const founding = { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const levels = [0.1, 0.3, 0.5, 0.9, 0.99]

/** What is never drawn needs no width, however great it would be. */
describe.each([
  ['no catastrophe', { cat_prob: 0 }],
  ['a catastrophe too rare for 64 bits', { cat_prob: 1e-300 }],
])('a contract without claims and with %s', (_, sent) => {
  it.each([6, 45])('loses nothing, at a mu of %d', async (mu) => {
    const never = { iterations: 20_000, claim_freq: 0, claim_severity_mu: mu, claim_severity_sig: 3, cat_mu: mu }
    const limits = { policy_limit: null, aggregate_limit: null, quantiles: levels, oep: true }
    const { loss, plan } = await simulate({ ...never, ...limits, ...sent }, 'edges')
    expect(plan.facts.profile).toBe('narrow')
    const zero = { mean: 0, variance: 0, min: 0, max: 0, claims: 0, p_zero: 1, p_at_aggregate_limit: 0, oep: [] }
    expect(loss).toMatchObject({ ...zero, quantiles: levels.map((p) => ({ p, var: 0, tvar: 0 })) })
  })
})

/** A unit of money for each width: one claim of 2^32 fits no u32 at six fraction bits. */
describe.each([
  { name: 'narrow', unit: 1 },
  { name: 'wide', unit: 2 ** 32 },
])('contracts at the edges, $name', ({ name, unit }) => {
  const always = (x: number): object => ({ kind: 'empirical', quantiles: [0, 1].map((p) => [p, x]) })
  /** Every claim, and every catastrophe, is the unit. */
  const small = {
    iterations: 20_000,
    claim_freq: 2,
    claim_severity: always(unit),
    cat_prob: 0,
    cat_severity: always(unit),
    policy_limit: null,
    aggregate_limit: null,
    quantiles: levels,
    oep: true,
  }
  const computed = async (sent: object): Promise<ExactLoss> => {
    const { loss, plan } = await simulate({ ...small, ...sent }, 'edges')
    expect(plan.facts.profile).toBe(name)
    return loss as unknown as ExactLoss
  }
  const at = (value: number): object[] =>
    levels.map((p) => expect.objectContaining({ p, var: value, tvar: value, tvar_std_error: 0 }))
  const equalYears = (value: number): object => ({
    mean: value,
    variance: 0,
    variance_std_error: 0,
    std_dev: 0,
    std_error: 0,
    min: value,
    max: value,
    quantiles: at(value),
    aep: [],
  })
  const nothing = { ...equalYears(0), p_zero: 1, oep: [] }
  // Once in 10^9 years: none of 20,000 sees it, and yet it may happen, so the wide profile it is.
  const hardlyEver = { cat_prob: 1e-9 }

  it.each<[string, object, object]>([
    ['a catastrophe once in 10^9 years', { claim_freq: 0, ...hardlyEver }, nothing],
    ['limits of 0', { policy_limit: 0, cat_limit: null, ...hardlyEver, aggregate_limit: 0 }, nothing],
    ['an aggregate limit of 0', { aggregate_limit: 0, claim_freq: 40 }, { ...nothing, p_at_aggregate_limit: 1 }],
    [
      'a policy limit of 0',
      { policy_limit: 0, cat_limit: null, ...hardlyEver },
      { ...nothing, p_at_aggregate_limit: 0 },
    ],
    ['a deductible of every claim', { deductible: unit }, nothing],
    [
      'a catastrophe every year',
      { claim_freq: 0, cat_prob: 1 },
      { ...equalYears(unit), p_zero: 0, oep: [], claims: 0 },
    ],
    [
      'an aggregate limit that every year reaches',
      { claim_freq: 40, aggregate_limit: unit },
      { ...equalYears(unit), p_zero: 0, oep: [], p_at_aggregate_limit: 1 },
    ],
    [
      'ten thousand claims a year, of which 8,000 are paid',
      { iterations: 40, claim_freq: 10_000, aggregate_limit: 8000 * unit },
      { ...equalYears(8000 * unit), p_zero: 0, oep: [], p_at_aggregate_limit: 1, years: 40 },
    ],
  ])('%s: planned and right', async (_, sent, expected) => {
    expect(await computed(sent)).toMatchObject(expected)
  })

  it('an aggregate deductible above every sum takes the losses and leaves the events', async () => {
    const { p_zero: zero, oep, quantiles } = await computed({ aggregate_deductible: 1e15 })
    expect(zero).toBe(1)
    expect(quantiles).toEqual(at(0))
    expect(oep).toMatchObject([{ x: 0, p: expect.closeTo(1 - Math.exp(-2), 1) }])
  })

  it('one year is its own quantile, without a spread', async () => {
    const { quantiles, ...loss } = await computed({ iterations: 1, claim_freq: 0, cat_prob: 1 })
    const spread = { variance: null, variance_std_error: null, std_dev: null, std_error: null }
    expect(loss).toMatchObject({ mean: unit, min: unit, max: unit, years: 1, aep: [], oep: [], ...spread })
    const none = { var_interval_95: null, tvar_std_error: null, low_tail_count: true }
    expect(quantiles).toEqual(levels.map((p) => ({ p, var: unit, tvar: unit, ...none })))
  })

  it('claims of one size: a Poisson number of them', async () => {
    const years = 200_000
    const { quantiles, aep, oep = [], ...loss } = await computed({ iterations: years })
    // Both are the same fraction, rounded once: the unit is a power of two.
    expect(loss.mean).toBe((loss.claims / years) * unit)
    const chances = Array.from({ length: 30 }, (_, k) => poisson(k))
    const tail = (k: number): number => chances.slice(k + 1).reduce((a, b) => a + b, 0)
    // P(N <= 0) = 0.14, P(N <= 1) = 0.41, P(N <= 2) = 0.68, P(N <= 4) = 0.947, P(N <= 6) = 0.9955
    expect(quantiles.map(({ var: value }) => value / unit)).toEqual([0, 1, 2, 4, 6])
    quantiles.forEach(({ p, var: value, tvar, tvar_std_error: error, low_tail_count: low }) => {
      const excess = (m: number): number =>
        chances.reduce((sum, chance, k) => sum + chance * Math.max(k - value / unit, 0) ** m, 0)
      const deviation = Math.sqrt(excess(2) - excess(1) ** 2) / ((1 - p) * Math.sqrt(years))
      expect((error ?? 0) / unit / deviation).toBeCloseTo(1, 1)
      expect(Math.abs(tvar / unit - value / unit - excess(1) / (1 - p))).toBeLessThan(4 * deviation)
      expect(low).toBe(false)
    })
    // The variance and the fourth moment of Poisson(2) are 2 and 14.
    expect((loss.variance_std_error ?? 0) / unit ** 2 / Math.sqrt((14 - 4) / years)).toBeCloseTo(1, 1)
    expect(Math.abs((loss.variance ?? 0) / unit ** 2 - 2)).toBeLessThan(4 * Math.sqrt(10 / years))
    expect(aep[0]).toMatchObject({ x: 0, p: 1 - loss.p_zero })
    aep.forEach(({ x, p }) => {
      const k = Math.floor(x / unit)
      expect(x / unit).toBeLessThan(k + k / 64 + 1e-9)
      expect(Math.abs(p - tail(k))).toBeLessThan(4 * Math.sqrt((tail(k) * (1 - tail(k))) / years))
    })
    expect(oep).toEqual([aep[0]])
  })
  const poisson = (k: number): number => (k === 0 ? Math.exp(-2) : (poisson(k - 1) * 2) / k)

  it('ten thousand claims a year: each is paid', async () => {
    const years = 50
    const { mean, claims, min, max, oep } = await computed({ iterations: years, claim_freq: 10_000 })
    expect(mean).toBe((claims / years) * unit)
    expect(Math.abs(mean / unit - 10_000)).toBeLessThan(4 * Math.sqrt(10_000 / years))
    expect(min / unit).toBeGreaterThan(9500)
    expect(max / unit).toBeLessThan(10_500)
    expect(oep).toEqual([])
  })
})

describe('a log-normal without spread', () => {
  it.each([
    ['narrow', Math.log(7), 7],
    ['wide', 30, Math.exp(30)],
  ])('%s: its median times a Poisson number', async (profile, mu, value) => {
    const sent = { ...founding, iterations: 200_000, claim_severity_mu: mu, claim_severity_sig: 0, cat_prob: 0 }
    const { loss, plan } = await simulate({ ...sent, policy_limit: null, aggregate_limit: null }, 'edges')
    expect(plan.facts.profile).toBe(profile)
    // ln 7 as a double gives 7 within a quantum.
    expect(loss.mean / (loss.claims / loss.years) / value).toBeCloseTo(1, 6)
    expect(loss.quantiles[0]?.var.lower).toBeLessThanOrEqual(2 * value * (1 + 1e-6))
    expect(loss.quantiles[0]?.var.upper).toBeGreaterThan(2 * value * (1 - 1e-6))
  })
})

describe('amounts and probabilities as integers', () => {
  const factsOf = (sent: object): InsuranceFacts => planned({ ...founding, cat_prob: 0, ...sent }).plan.facts

  it('are rounded to the nearest quantum, halves up, and what cannot be reached is none', () => {
    const none = String(2 ** 32 - 1)
    expect(factsOf({}).fractionBits).toBe(13)
    const half = 2 ** -14
    expect(factsOf({ deductible: half }).deductible).toBe('1')
    expect(factsOf({ deductible: half * (1 - 2 ** -53) }).deductible).toBe('0')
    expect(factsOf({ deductible: 1.5 * 2 ** -13 }).deductible).toBe('2')
    // So great a limit proves nothing, which leaves 12 bits to the sum of all claims.
    expect(factsOf({ aggregate_limit: 2 ** 20 })).toMatchObject({ aggregateLimit: none, fractionBits: 12 })
    expect(factsOf({ aggregate_limit: 2 ** 20 - 2 ** -12 }).aggregateLimit).toBe(none)
    expect(factsOf({ aggregate_limit: 2 ** 20 - 2 ** -11 }).aggregateLimit).toBe(String(2 ** 32 - 2))
    expect(factsOf({ aggregate_limit: null }).aggregateLimit).toBe(none)
  })

  it('the same in the wide profile, whose none is 2^64 - 1', () => {
    const wide = { claim_severity_sig: 2.5, policy_limit: null, aggregate_limit: null }
    const none = String(2n ** 64n - 1n)
    expect(factsOf(wide)).toMatchObject({ profile: 'wide', fractionBits: 18, policyLimit: none, aggregateLimit: none })
    expect(factsOf({ ...wide, deductible: 2 ** -19 }).deductible).toBe('1')
    expect(factsOf({ ...wide, deductible: 2 ** -19 * (1 - 2 ** -53) }).deductible).toBe('0')
    expect(factsOf({ ...wide, aggregate_limit: 2 ** 46 }).aggregateLimit).toBe(none)
    // The next double below it is 2^-7 less.
    expect(factsOf({ ...wide, aggregate_limit: 2 ** 46 - 2 ** -7 }).aggregateLimit).toBe(String(2n ** 64n - 2n ** 11n))
  })

  it('a catastrophe happens below round(2^64 cat_prob)', () => {
    const threshold = (catProb: number): bigint => {
      const { catPossible, catHigh, catLow } = factsOf({ cat_prob: catProb })
      return catPossible === 0 ? 0n : ((BigInt(catHigh) << 32n) | BigInt(catLow)) + 1n
    }
    expect(threshold(0)).toBe(0n)
    expect(threshold(2 ** -66)).toBe(0n)
    expect(threshold(2 ** -65)).toBe(1n)
    expect(threshold(0.5)).toBe(1n << 63n)
    expect(threshold(0.02)).toBe((BigInt(0.02 * 2 ** 59) << 5n) + 0n)
    expect(threshold(1 - 2 ** -53)).toBe((1n << 64n) - (1n << 11n))
    expect(threshold(1)).toBe(1n << 64n)
  })
})
