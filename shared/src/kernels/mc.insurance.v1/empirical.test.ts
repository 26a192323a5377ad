// Severities as data, from args to figures: a million years against the exact mean of the piecewise linear law, its layers
// cut where they cut it, in both widths; and atoms, which are drawn as the amount itself.
import { describe, expect, it } from 'vitest'
import { simulate, type ExactLoss } from './simulate.case.ts'

type Points = readonly (readonly [p: number, x: number])[]
const YEARS = 1_000_000
const empirical = (quantiles: Points): object => ({ kind: 'empirical', quantiles })

/** E[min(max(Q - deductible, 0), limit)^m], m = 1 or 2, piece by piece: the payment is linear between where it bends. */
function moment(points: Points, m: 1 | 2, deductible: number, limit: number): number {
  const paid = (x: number): number => Math.min(Math.max(x - deductible, 0), limit)
  let sum = 0
  points.slice(1).forEach(([to, high], i) => {
    const [from, low] = points[i] ?? [0, 0]
    const bends = [deductible, deductible + limit].filter((x) => low < x && x < high)
    const xs = [low, ...bends, high]
    xs.slice(1).forEach((b, k) => {
      const a = xs[k] ?? 0
      const share = high > low ? ((b - a) / (high - low)) * (to - from) : to - from
      const [u, v] = [paid(a), paid(b)]
      sum += share * (m === 1 ? (u + v) / 2 : (u * u + u * v + v * v) / 3)
    })
  })
  return sum
}

const claims: Points = [
  [0, 0],
  [0.1, 50],
  [0.5, 400],
  [0.7, 400],
  [0.9, 1500],
  [0.99, 9000],
  [1, 20_000],
]
const cats: Points = [
  [0, 1000],
  [0.5, 60_000],
  [0.999, 900_000],
  [1, 5e6],
]
const vast: Points = [
  [0, 1e6],
  [0.25, 1e6],
  [0.9, 5e9],
  [1, 8e11],
]

describe('the mean and the variance of severities as data', () => {
  it.each<[string, string, Points, Points, number, number, number]>([
    ['narrow', 'paid in full', claims, cats, 0, 1e9, 1e9],
    ['narrow', 'above a deductible', claims, cats, 325.5, 1e9, 1e9],
    ['narrow', 'up to a limit', claims, cats, 0, 1234.5, 70_000],
    ['narrow', 'in a layer', claims, cats, 100, 2000, 0],
    ['wide', 'paid in full', vast, cats, 0, 1e15, 1e15],
    ['wide', 'in a layer', vast, vast, 2e6, 4e9, 6e9],
  ])(
    '%s, %s, are the exact ones within 4 standard errors',
    async (profile, _, points, catPoints, deductible, limit, catLimit) => {
      const rates = { claim_freq: 1.5, cat_prob: 0.05 }
      const terms = { deductible, policy_limit: limit, cat_limit: catLimit, aggregate_limit: null }
      const severities = { claim_severity: empirical(points), cat_severity: empirical(catPoints) }
      const { loss, plan } = await simulate({ iterations: YEARS, ...rates, ...severities, ...terms }, 'empirical')
      expect(plan.facts.profile).toBe(profile)
      const catMean = 0.05 * moment(catPoints, 1, 0, catLimit)
      const mean = 1.5 * moment(points, 1, deductible, limit) + catMean
      const variance =
        1.5 * moment(points, 2, deductible, limit) + 0.05 * moment(catPoints, 2, 0, catLimit) - catMean ** 2
      expect(Math.abs(loss.mean - mean)).toBeLessThan(4 * Math.sqrt(variance / YEARS))
      expect(Math.abs((loss.variance ?? 0) - variance)).toBeLessThan(4 * (loss.variance_std_error ?? 0))
    },
  )
})

describe('severities as data', () => {
  it('that are parallel to a log-normal without spread are the same years', async () => {
    // One claim a word: e^0 = 1 at every word, as an atom of 1 is.
    const terms = { iterations: 50_000, claim_freq: 3, cat_prob: 0, quantiles: true }
    const atom = await simulate(
      {
        ...terms,
        claim_severity: empirical([
          [0, 1],
          [1, 1],
        ]),
      },
      'atom',
    )
    const flat = await simulate({ ...terms, claim_severity_mu: 0, claim_severity_sig: 0 }, 'atom')
    for (const name of ['mean', 'variance', 'min', 'max', 'p_zero', 'claims', 'quantiles'] as const) {
      expect(atom.loss[name]).toEqual(flat.loss[name])
    }
  })

  it('have their atoms at the amount itself, and their least and greatest between the end points', async () => {
    // A claim every year in effect: with one claim the quantile of the year is that of the claim.
    const one = { iterations: 200_000, claim_freq: 0, cat_prob: 1, cat_limit: null, aggregate_limit: null }
    const levels = [0.05, 0.55, 0.65, 0.95]
    const { loss } = await simulate(
      { ...one, claim_severity: empirical(claims), cat_severity: empirical(claims), quantiles: levels },
      'atom',
    )
    const { quantiles, min, max } = loss as unknown as ExactLoss
    expect(quantiles.map(({ var: value }) => value).slice(1, 3)).toEqual([400, 400])
    expect(quantiles[1]?.var_interval_95).toEqual({ lower: 400, upper: 400 })
    // 25 halfway from 0 to 50, and 1500 + 5/9 of the way to 9000, within four times sqrt(p (1 - p) / n) over the slope.
    expect(Math.abs((quantiles[0]?.var ?? 0) - 25)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / 200_000) * 500)
    expect(Math.abs((quantiles[3]?.var ?? 0) - (1500 + (7500 * 5) / 9))).toBeLessThan(
      4 * Math.sqrt((0.95 * 0.05) / 200_000) * 83_334,
    )
    expect(min).toBeGreaterThanOrEqual(0)
    expect(min).toBeLessThan(0.5)
    expect(max).toBeGreaterThan(19_900)
    expect(max).toBeLessThanOrEqual(20_001)
  })
})
