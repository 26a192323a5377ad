// Contracts at the edges of their ranges, planned and computed: nothing happens, everything happens, limits of nothing
// and of everything, one year; and the two places where amounts and probabilities become integers.
import { describe, expect, it } from 'vitest'
import type { InsuranceFacts } from './plan.ts'
import { planned, simulate } from './simulate.case.ts'

const NONE = 0xffffffff
const founding = { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }

describe('contracts at the edges', () => {
  const small = { ...founding, iterations: 20_000 }
  const never = { claim_freq: 0, cat_prob: 0 }

  it.each<[string, object, object]>([
    ['no claims and no catastrophe', { ...small, ...never }, { mean: 0, variance: 0, p_zero: 1, claims: 0 }],
    ['a catastrophe too rare for 64 bits', { ...small, claim_freq: 0, cat_prob: 1e-300 }, { mean: 0, p_zero: 1 }],
    ['limits of 0', { ...small, policy_limit: 0, aggregate_limit: 0 }, { mean: 0, p_zero: 1, p_at_aggregate_limit: 1 }],
    ['a deductible above every claim', { ...small, cat_prob: 0, deductible: 1e7 }, { mean: 0, p_zero: 1 }],
    ['an aggregate deductible above every sum', { ...small, aggregate_deductible: 1e15 }, { mean: 0, p_zero: 1 }],
    [
      'a catastrophe every year, without spread',
      { ...small, claim_freq: 0, cat_prob: 1, cat_mu: 0, cat_sig: 0 },
      { mean: 1, variance: 0, min: 1, max: 1, p_zero: 0 },
    ],
    [
      'limits of 10^15',
      { ...small, claim_freq: 0, cat_prob: 1, cat_mu: 0, cat_sig: 0, policy_limit: 1e15, aggregate_limit: 1e15 },
      { mean: 1, p_at_aggregate_limit: 0 },
    ],
    ['one year', { ...small, ...never, iterations: 1 }, { mean: 0, variance: null, std_error: null, years: 1 }],
  ])('%s: planned and right', async (_, sent, expected) => {
    const { loss } = await simulate(sent, 'edges')
    expect(loss).toMatchObject(expected)
  })

  it('claims without spread: 7 times a Poisson number', async () => {
    const { loss } = await simulate(
      { ...small, iterations: 200_000, claim_severity_mu: Math.log(7), claim_severity_sig: 0, cat_prob: 0 },
      'edges',
    )
    // ln 7 as a double gives 7 within a quantum.
    expect(loss.mean / (loss.claims / loss.years)).toBeCloseTo(7, 4)
    expect(loss.quantiles[0]?.var.lower).toBeCloseTo(14, 3)
  })

  it('amounts are rounded to the nearest quantum, halves up, and what cannot be reached is none', () => {
    const factsOf = (sent: object): InsuranceFacts => planned({ ...founding, cat_prob: 0, ...sent }).plan.facts
    expect(factsOf({}).fractionBits).toBe(12)
    const half = 2 ** -13
    expect(factsOf({ deductible: half }).deductible).toBe(1)
    expect(factsOf({ deductible: half * (1 - 2 ** -53) }).deductible).toBe(0)
    expect(factsOf({ deductible: 1.5 * 2 ** -12 }).deductible).toBe(2)
    expect(factsOf({ aggregate_limit: 2 ** 20 }).aggregateLimit).toBe(NONE)
    expect(factsOf({ aggregate_limit: 2 ** 20 - 2 ** -12 }).aggregateLimit).toBe(NONE)
    expect(factsOf({ aggregate_limit: 2 ** 20 - 2 ** -11 }).aggregateLimit).toBe(NONE - 1)
    expect(factsOf({ aggregate_limit: null }).aggregateLimit).toBe(NONE)
  })

  it('a catastrophe happens below round(2^64 cat_prob)', () => {
    const threshold = (catProb: number): bigint => {
      const { catPossible, catHigh, catLow } = planned({ ...founding, cat_prob: catProb }).plan.facts
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
