// The figures that insurers read, against mathematics that shares no code with the kernel: the table that was published
// before the kernel was written, a numerical convolution, and closed forms. Seeds are fixed, so a red run is a change.
import { beforeAll, describe, expect, it } from 'vitest'
import { argsSchema } from './args.ts'
import { binLower, binsOf } from './histogram.ts'
import { distributionOf, momentsOfSum, type Distribution } from './oracle.case.ts'
import { PROFILES } from './profile.ts'
import { simulate, type Simulated } from './simulate.case.ts'

const YEARS = 10_000_000
const founding = { iterations: YEARS, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }

interface Row {
  readonly name: string
  readonly args: object
  /** Of the oracle's grid; the step divides the limits. */
  readonly step: number
  readonly size: number
  /** As published, to the digits given; with the last digit's half as tolerance. */
  readonly published?: { readonly mean: readonly [number, number]; readonly variance: readonly [number, number] }
  readonly quantiles?: readonly (readonly [p: number, valueAtRisk: number, tail: number])[]
}

const rows: readonly Row[] = [
  {
    name: 'the founding request',
    args: founding,
    step: 2,
    size: 2 ** 19,
    published: { mean: [1853.533, 5e-4], variance: [22_925_870, 5] },
    quantiles: [
      [0.5, 907, 3371.5],
      [0.9, 3423, 9666.8],
      [0.95, 4889, 15_299.0],
      [0.99, 23_679, 44_661.7],
      [0.995, 50_118, 51_593.7],
      [0.999, 52_407, 54_012.1],
    ],
  },
  {
    name: 'an aggregate limit of 20,000',
    args: { ...founding, aggregate_limit: 20_000 },
    step: 4,
    size: 2 ** 18,
    published: { mean: [1605.09, 5e-3], variance: [6_858_546, 5] },
  },
  {
    name: 'a policy limit of 5,000 and an aggregate limit of 10,000',
    args: { ...founding, policy_limit: 5000, aggregate_limit: 10_000 },
    step: 1,
    size: 2 ** 17,
    published: { mean: [1394.97, 5e-3], variance: [2_392_318, 5] },
  },
  {
    name: 'no catastrophe and no limit',
    args: { ...founding, cat_prob: 0, policy_limit: null, aggregate_limit: null },
    step: 1,
    size: 2 ** 18,
    published: { mean: [1330.28, 5e-3], variance: [2_405_208.6, 10] },
  },
  {
    name: 'every layer at once',
    args: {
      iterations: YEARS,
      claim_freq: 3.5,
      claim_severity_mu: 7,
      claim_severity_sig: 1.4,
      deductible: 500.5,
      policy_limit: 20_000,
      aggregate_deductible: 1500,
      aggregate_limit: 60_000,
      cat_prob: 0.05,
      cat_mu: 10,
      cat_sig: 1.2,
      cat_limit: 40_000,
    },
    step: 2,
    size: 2 ** 18,
  },
  {
    name: 'many small claims under every layer',
    args: {
      iterations: YEARS,
      claim_freq: 25,
      claim_severity_mu: 4.2,
      claim_severity_sig: 0.8,
      deductible: 30,
      policy_limit: 400,
      aggregate_deductible: 250,
      aggregate_limit: 3000,
      cat_prob: 0.2,
      cat_mu: 6,
      cat_sig: 0.7,
      cat_limit: 1500,
    },
    step: 0.25,
    size: 2 ** 16,
  },
  {
    name: 'rare and heavy claims without an aggregate layer',
    args: {
      iterations: YEARS,
      claim_freq: 0.3,
      claim_severity_mu: 8,
      claim_severity_sig: 2,
      deductible: 1000,
      policy_limit: 30_000,
      aggregate_limit: null,
      cat_prob: 0.01,
      cat_mu: 9,
      cat_sig: 0.7,
      cat_limit: null,
    },
    step: 4,
    size: 2 ** 18,
  },
]

// What the other rows tell, the first four tell in part; all of them where there is time.
const told = process.env['FORGE_TEST_ALL'] === '1' ? rows : rows.slice(0, 4)

describe.each(told)('$name', ({ args, step, size, published, quantiles }) => {
  let found: Simulated
  let law: Distribution
  beforeAll(async () => {
    found = await simulate(args, 'figures')
    law = distributionOf(found.args, step, size)
  }, 60_000)
  const share = (p: number): number => Math.sqrt((p * (1 - p)) / YEARS) + 1e-12

  it('has the mean and the variance of the convolution, within 4 standard errors', () => {
    const { mean, variance, std_error: error } = found.loss
    expect(Math.abs(mean - law.mean)).toBeLessThan(4 * Math.sqrt(law.variance / YEARS))
    expect(Math.abs((variance ?? 0) - law.variance)).toBeLessThan(
      4 * Math.sqrt((law.fourth - law.variance ** 2) / YEARS),
    )
    expect((error ?? 0) / Math.sqrt(law.variance / YEARS)).toBeCloseTo(1, 2)
  })

  it('has its shares of years without a loss and of years at the limit', () => {
    const { p_zero: zero, p_at_aggregate_limit: atLimit } = found.loss
    expect(Math.abs(zero - law.zero)).toBeLessThan(4 * share(law.zero))
    // A dozen years at most where the normal law says nothing.
    expect(Math.abs(atLimit - law.atAggregateLimit)).toBeLessThan(4 * share(law.atAggregateLimit))
  })

  it('has its law: no edge of a bin is off by more than Kolmogorov allows one run in ten thousand', () => {
    const quantum = 2 ** found.plan.facts.fractionBits
    const profile = PROFILES[found.plan.facts.profile]
    let below = 0
    let farthest = 0
    let edges = 0
    for (let bin = 0; bin < binsOf(profile); bin++) {
      const edge = Number(binLower(profile, bin)) / quantum
      if (below > 0 && below < YEARS && !law.nearAtom(edge)) {
        farthest = Math.max(farthest, Math.abs(below / YEARS - law.below(edge)))
        edges++
      }
      below += Number(found.total.losses.counts[bin])
    }
    expect(edges).toBeGreaterThan(400)
    expect(farthest * Math.sqrt(YEARS)).toBeLessThan(2.23)
  })

  it('has every VaR in its 95 % interval and every TVaR in its interval', () => {
    for (const { p, var_interval_95: interval, tvar } of found.loss.quantiles) {
      const value = law.valueAtRisk(p)
      expect(interval?.lower, `VaR ${p}`).toBeLessThanOrEqual(value + step)
      expect(interval?.upper, `VaR ${p}`).toBeGreaterThan(value - step)
      const tail = law.tailValueAtRisk(p)
      const error = (4 * tail.excessDeviation) / ((1 - p) * Math.sqrt(YEARS)) + step / 100
      expect(tvar.lower - error, `TVaR ${p}`).toBeLessThan(tail.value)
      expect(tvar.upper + error, `TVaR ${p}`).toBeGreaterThan(tail.value)
    }
  })

  it('has the published figures', () => {
    if (published === undefined) return
    expect(Math.abs(law.mean - published.mean[0])).toBeLessThanOrEqual(published.mean[1])
    expect(Math.abs(law.variance - published.variance[0])).toBeLessThanOrEqual(published.variance[1])
    for (const [p, value, tail] of quantiles ?? []) {
      const interval = found.loss.quantiles.find((quantile) => quantile.p === p)
      expect(interval?.var_interval_95?.lower).toBeLessThanOrEqual(value)
      expect(interval?.var_interval_95?.upper).toBeGreaterThan(value)
      expect(Math.abs(law.valueAtRisk(p) - value)).toBeLessThan(0.6)
      expect(Math.abs(law.tailValueAtRisk(p).value - tail)).toBeLessThan(0.1)
    }
  })

  it('has, before the aggregate layer, the moments of the closed forms', () => {
    const sum = momentsOfSum(found.args)
    const unlayered = distributionOf({ ...found.args, aggregate_limit: null, aggregate_deductible: 0 }, step, size)
    expect(unlayered.mean / sum.mean).toBeCloseTo(1, 5)
    expect(unlayered.variance / sum.variance).toBeCloseTo(1, 5)
    const { aggregate_limit: limit, aggregate_deductible: deductible } = found.args
    if (limit !== null || deductible > 0) return
    expect(Math.abs(found.loss.mean - sum.mean)).toBeLessThan(4 * Math.sqrt(sum.variance / YEARS))
    const error = Math.sqrt((law.fourth - law.variance ** 2) / YEARS)
    expect(Math.abs((found.loss.variance ?? 0) - sum.variance)).toBeLessThan(4 * error)
  })
})

describe('the founding document', () => {
  it('printed a mean and a variance that lie within 0.1 standard errors of the convolution', () => {
    const law = distributionOf(argsSchema.parse(founding), 2, 2 ** 19)
    expect(Math.abs(1853.46 - law.mean) / Math.sqrt(law.variance / YEARS)).toBeLessThan(0.1)
    const error = Math.sqrt((law.fourth - law.variance ** 2) / YEARS)
    expect(error).toBeCloseTo(64_942, -2)
    expect(Math.abs(22_930_414.49 - law.variance) / error).toBeLessThan(0.1)
  })
})

describe('independent seeds', () => {
  it('scatter as the standard error says: the sum of 24 squared deviations is chi-squared', async () => {
    const { mean, variance } = momentsOfSum(argsSchema.parse(founding))
    let squares = 0
    for (let seed = 0; seed < 24; seed++) {
      const { loss } = await simulate({ ...founding, iterations: 300_000, aggregate_limit: null }, `seed ${seed}`)
      squares += ((loss.mean - mean) ** 2 * 300_000) / variance
    }
    // The 0.0005 and 0.9995 quantiles of chi-squared with 24 degrees of freedom.
    expect(squares).toBeGreaterThan(7.45)
    expect(squares).toBeLessThan(53.48)
  })
})
