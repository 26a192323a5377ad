// Laws of the arguments: defaults as SPEC section 5 states them, each range at its edge, nothing unknown, and one form
// for one meaning, because the contract's digest is over what comes out.
import { describe, expect, it } from 'vitest'
import { argsSchema } from './args.ts'

const required = { iterations: 10, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const filled = {
  ...required,
  cat_prob: 0.02,
  cat_mu: 10,
  cat_sig: 1.5,
  policy_limit: 50_000,
  aggregate_limit: 250_000,
  deductible: 0,
  aggregate_deductible: 0,
  cat_limit: 50_000,
}
const accepts = (change: object): boolean => argsSchema.safeParse({ ...required, ...change }).success

describe('the arguments', () => {
  it('have the defaults of SPEC section 5', () => {
    expect(argsSchema.parse(required)).toEqual(filled)
  })

  it('take the limit of a catastrophe from that of a claim', () => {
    expect(argsSchema.parse({ ...required, policy_limit: 7 }).cat_limit).toBe(7)
    expect(argsSchema.parse({ ...required, policy_limit: null }).cat_limit).toBe(null)
    expect(argsSchema.parse({ ...required, policy_limit: null, cat_limit: 8 }).cat_limit).toBe(8)
    expect(argsSchema.parse({ ...required, policy_limit: 7, cat_limit: null }).cat_limit).toBe(null)
    expect(argsSchema.parse({ ...required, policy_limit: 7, cat_limit: 0 }).cat_limit).toBe(0)
  })

  it('read -0 as 0 everywhere', () => {
    const zeros = Object.fromEntries(Object.keys(filled).map((name) => [name, name === 'iterations' ? 1 : -0]))
    for (const value of Object.values(argsSchema.parse(zeros))) expect(Object.is(value, -0)).toBe(false)
  })

  it.each(['iterations', 'claim_freq', 'claim_severity_mu', 'claim_severity_sig'])('require %s', (name) => {
    expect(argsSchema.safeParse({ ...required, [name]: undefined }).success).toBe(false)
  })

  it.each([
    ['iterations', 1, 1e12],
    ['claim_freq', 0, 10_000],
    ['claim_severity_mu', -50, 50],
    ['claim_severity_sig', 0, 5],
    ['cat_prob', 0, 1],
    ['cat_mu', -50, 50],
    ['cat_sig', 0, 5],
    ['policy_limit', 0, 1e15],
    ['aggregate_limit', 0, 1e15],
    ['deductible', 0, 1e15],
    ['aggregate_deductible', 0, 1e15],
    ['cat_limit', 0, 1e15],
  ])('%s reaches from %d to %d', (name, least, most) => {
    expect([least, most].map((value) => accepts({ [name]: value }))).toEqual([true, true])
    const outside = [least - 1e-9, most * (1 + 1e-15) + 1e-9, -Infinity, Infinity, NaN]
    for (const value of outside) expect(accepts({ [name]: value }), String(value)).toBe(false)
    for (const value of ['1', true, [1], {}, 1n]) expect(accepts({ [name]: value })).toBe(false)
  })

  it('let null lift limits and nothing else', () => {
    const lifted = Object.keys(filled).filter((name) => accepts({ [name]: null }))
    expect(lifted.toSorted()).toEqual(['aggregate_limit', 'cat_limit', 'policy_limit'])
  })

  it('are whole years, and nothing that is not known', () => {
    expect(accepts({ iterations: 1.5 })).toBe(false)
    expect(accepts({ claim_frequency: 2 })).toBe(false)
    expect(accepts({ __proto__: null, quantiles: [0.5] })).toBe(false)
  })
})
