// What the output says of a tail that no word draws: shown where a severity is paid without a limit that cuts it before,
// and more than a millionth of a moment lies beyond. The shares are those of the closed form in doubles.
import { describe, expect, it } from 'vitest'
import { argsSchema } from './args.ts'
import { normalTail } from './oracle.case.ts'
import { plan, type InsurancePlan } from './plan.ts'
import { truncation, type Truncation } from './truncation.ts'

/** z of the smallest tail that is drawn, 2^-65. */
const LAST = 9.15529377268607

/** Such contracts often cannot be planned, so the one fact that is read is set by hand. */
function told(sent: object): Truncation[] {
  const args = argsSchema.parse({ iterations: 1, claim_freq: 2, claim_severity_mu: 0, claim_severity_sig: 1, ...sent })
  const facts = { catPossible: args.cat_prob > 0 ? 1 : 0 }
  return truncation(args, { facts } as unknown as InsurancePlan)
}
const share = (sigma: number, moment: 1 | 2): number => normalTail(LAST - moment * sigma)
const none = { policy_limit: null, cat_prob: 0 }

describe('a truncation is told', () => {
  it('by the closed form: E[X^m; Z > z] / E[X^m] = P(Z > z - m sigma)', () => {
    for (const sigma of [2.5, 3, 4, 4.41, 4.5, 5]) {
      const found = told({ ...none, claim_severity_sig: sigma })
      const expected = [
        { severity: 'claim', moment: 'mean', share: share(sigma, 1) },
        { severity: 'claim', moment: 'variance', share: share(sigma, 2) },
      ].filter((row) => row.share > 1e-6)
      expect(found.map(({ severity, moment }) => ({ severity, moment }))).toEqual(
        expected.map(({ severity, moment }) => ({ severity, moment })),
      )
      found.forEach((row, i) => expect(row.share / (expected[i]?.share ?? 0)).toBeCloseTo(1, 9))
    }
  })

  it('of sigma 5, four fifths of the second moment', () => {
    expect(told({ ...none, claim_severity_sig: 5 })).toEqual([
      { severity: 'claim', moment: 'mean', share: expect.closeTo(1.625e-5, 7) },
      { severity: 'claim', moment: 'variance', share: expect.closeTo(0.80086, 5) },
    ])
  })

  it('from a millionth on: sigma 2.2 is not told, 2.21 is', () => {
    expect(share(2.2, 2)).toBeLessThan(1e-6)
    expect(told({ ...none, claim_severity_sig: 2.2 })).toEqual([])
    expect(share(2.21, 2)).toBeGreaterThan(1e-6)
    expect(told({ ...none, claim_severity_sig: 2.21 })).toHaveLength(1)
  })

  it('of the catastrophe too, and only when one can happen', () => {
    const sent = { claim_severity_sig: 0, cat_sig: 3, cat_mu: 0, cat_limit: null }
    expect(told({ ...sent, cat_prob: 0.1 })).toMatchObject([{ severity: 'catastrophe', moment: 'variance' }])
    expect(told({ ...sent, cat_prob: 0 })).toEqual([])
  })

  it('of claims only when there are any', () => {
    expect(told({ ...none, claim_severity_sig: 3, claim_freq: 0 })).toEqual([])
  })

  it('unless a limit lies below the last severity that is drawn', () => {
    const last = Math.exp(3 * LAST)
    expect(told({ ...none, claim_severity_sig: 3, policy_limit: last * 0.99 })).toEqual([])
    expect(told({ ...none, claim_severity_sig: 3, policy_limit: last * 1.01 })).toHaveLength(1)
    expect(told({ ...none, claim_severity_sig: 3, policy_limit: last * 0.5, deductible: last * 0.6 })).toHaveLength(1)
    expect(told({ ...none, claim_severity_sig: 3, policy_limit: 0 })).toEqual([])
  })
})

describe('nothing is told', () => {
  it('of the founding request', () => {
    expect(told({ iterations: 10_000_000, claim_severity_mu: 6 })).toEqual([])
  })

  it('of plans, but what the args say', () => {
    const args = argsSchema.parse({
      iterations: 1,
      claim_freq: 1,
      claim_severity_mu: -8,
      claim_severity_sig: 2.5,
      ...none,
    })
    const found = plan(args)
    if ('refused' in found) throw new Error('this contract fits')
    expect(truncation(args, found)).toHaveLength(1)
  })
})
