// The exact figures of 10^7 years of the founding request against SPEC's table and closed forms, and the two widths
// against each other: one law, drawn from the same words. Seeds are fixed, so a red run is a change.
import { beforeAll, describe, expect, it } from 'vitest'
import { argsSchema } from './args.ts'
import { distributionOf, normalTail, type Distribution } from './oracle.case.ts'
import { simulate, type ExactLoss } from './simulate.case.ts'

const founding = { claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const exactly = async (sent: object, seed: string): Promise<{ loss: ExactLoss; profile: string }> => {
  const { loss, plan } = await simulate({ ...founding, quantiles: true, oep: true, ...sent }, seed)
  return { loss: loss as unknown as ExactLoss, profile: plan.facts.profile }
}

describe('the founding request, exactly', () => {
  const YEARS = 10_000_000
  const published: readonly (readonly [p: number, valueAtRisk: number, tail: number])[] = [
    [0.5, 907, 3371.5],
    [0.9, 3423, 9666.8],
    [0.95, 4889, 15_299.0],
    [0.99, 23_679, 44_661.7],
    [0.995, 50_118, 51_593.7],
    [0.999, 52_407, 54_012.1],
  ]
  let loss: ExactLoss
  let law: Distribution
  beforeAll(async () => {
    loss = (await exactly({ iterations: YEARS }, 'figures')).loss
    law = distributionOf(argsSchema.parse({ iterations: YEARS, ...founding }), 2, 2 ** 19)
  }, 60_000)

  it.each(published)('has VaR %d of %d and TVaR of %d', (p, valueAtRisk, tail) => {
    const found = loss.quantiles.find((quantile) => quantile.p === p)
    const { lower = 0, upper = 0 } = found?.var_interval_95 ?? {}
    // Half the interval is 1.96 standard errors, so this is four of them, and the published figure's last digit.
    expect(Math.abs((found?.var ?? 0) - valueAtRisk)).toBeLessThan(upper - lower + 0.5)
    expect(Math.abs((found?.tvar ?? 0) - tail)).toBeLessThan(4 * (found?.tvar_std_error ?? 0) + 0.05)
    const { excessDeviation } = law.tailValueAtRisk(p)
    expect((found?.tvar_std_error ?? 0) / (excessDeviation / ((1 - p) * Math.sqrt(YEARS)))).toBeCloseTo(1, 1)
    expect(found?.low_tail_count).toBe(false)
  })

  it('has intervals of 1.96 standard errors of an order statistic where the density is known', () => {
    for (const p of [0.5, 0.9, 0.95, 0.99]) {
      const [low, high] = [-1, 1].map((side) =>
        law.valueAtRisk(p + (side * 1.96 * Math.sqrt(p * (1 - p))) / Math.sqrt(YEARS)),
      )
      const interval = loss.quantiles.find((quantile) => quantile.p === p)?.var_interval_95
      const width = (high ?? 0) - (low ?? 0)
      expect(((interval?.upper ?? 0) - (interval?.lower ?? 0)) / width).toBeGreaterThan(0.9)
      expect(((interval?.upper ?? 0) - (interval?.lower ?? 0)) / width).toBeLessThan(1.1)
    }
  })

  it('has a variance whose standard error is that of the convolution, 64,942', () => {
    const error = Math.sqrt((law.fourth - law.variance ** 2) / YEARS)
    expect(error).toBeCloseTo(64_942, -2)
    // The bins leave 0.8 % open, chance some 0.4 %.
    expect(Math.abs((loss.variance_std_error ?? 0) / error - 1)).toBeLessThan(0.012)
  })

  it('has the exceedance curve of its law', () => {
    expect(loss.aep.length).toBeGreaterThan(90)
    expect(loss.aep.length).toBeLessThanOrEqual(200)
    const beside = loss.aep.filter(({ x }) => !law.nearAtom(x))
    expect(beside.length).toBeGreaterThan(60)
    for (const { x, p } of beside) expect(Math.abs(p - (1 - law.below(x))) * Math.sqrt(YEARS)).toBeLessThan(2.23)
  })

  it('has greatest events of the closed form: no claim and no catastrophe is above x', () => {
    const above = (x: number, mu: number, sigma: number): number => normalTail((Math.log(x) - mu) / sigma)
    // From 50,000 on nothing is paid: the last edge below it is the last point.
    const inside = (loss.oep ?? []).filter(({ x }) => x > 0 && x < 50_000)
    expect(inside.length).toBeGreaterThan(35)
    for (const { x, p } of inside) {
      const chance = 1 - Math.exp(-2 * above(x, 6, 1)) * (1 - 0.02 * above(x, 10, 1.5))
      expect(Math.abs(p - chance) * Math.sqrt(YEARS)).toBeLessThan(2.23)
    }
    expect(loss.oep?.every(({ x }) => x <= 50_000)).toBe(true)
  })

  it('has a year that exceeds x at least as often as a year whose greatest event does', () => {
    for (const { x, p } of loss.oep ?? []) {
      const sooner = loss.aep.findLast((point) => point.x <= x)
      expect(sooner?.p ?? 1).toBeGreaterThanOrEqual(p)
    }
  })
})

describe('the two widths', () => {
  // A catastrophe above the aggregate limit costs it, limited or not, but without a limit its table is wide.
  const sent = { iterations: 1_000_000, aggregate_limit: 40_000 }

  it('agree on every figure to some quanta of 2^-13', async () => {
    const narrow = await exactly(sent, 'widths')
    const wide = await exactly({ ...sent, cat_limit: null }, 'widths')
    expect([narrow.profile, wide.profile]).toEqual(['narrow', 'wide'])
    const some = 20 * 2 ** -13
    for (const name of ['mean', 'min', 'max', 'std_dev', 'std_error'] as const) {
      expect(Math.abs((narrow.loss[name] ?? 0) - (wide.loss[name] ?? 0)), name).toBeLessThan(some)
    }
    for (const name of ['claims', 'p_zero', 'p_at_aggregate_limit'] as const) {
      expect(narrow.loss[name], name).toBe(wide.loss[name])
    }
    // The middles of bins twice as wide.
    expect((narrow.loss.variance_std_error ?? 0) / (wide.loss.variance_std_error ?? 1)).toBeCloseTo(1, 2)
    narrow.loss.quantiles.forEach((quantile, i) => {
      const other = wide.loss.quantiles[i]
      expect(Math.abs(quantile.var - (other?.var ?? 0))).toBeLessThan(some)
      expect(Math.abs(quantile.tvar - (other?.tvar ?? 0))).toBeLessThan(some)
      expect(Math.abs((quantile.tvar_std_error ?? 0) - (other?.tvar_std_error ?? 0))).toBeLessThan(some)
    })
  }, 60_000)
})
