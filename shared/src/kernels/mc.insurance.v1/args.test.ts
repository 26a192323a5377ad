// Laws of the arguments: defaults as SPEC section 5 states them, each range at its edge, nothing unknown, and one form
// for one meaning, because the contract's digest is over what comes out.
import { z } from 'zod'
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
  quantiles: [],
  oep: false,
}
/** Where the fault of a change is found. */
const pathsOf = (change: object): string[] =>
  (argsSchema.safeParse({ ...required, ...change }).error?.issues ?? []).map(({ path }) => path.join('.'))
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
    const numbers = Object.entries(filled).filter(([, value]) => typeof value === 'number')
    const zeros = Object.fromEntries(numbers.map(([name]) => [name, name === 'iterations' ? 1 : -0]))
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
    expect(accepts({ __proto__: null, var_levels: [0.5] })).toBe(false)
    expect(accepts({ oep: 1 })).toBe(false)
  })
})

describe('the levels of exact quantiles', () => {
  const levels = (quantiles: unknown): readonly number[] => argsSchema.parse({ ...required, quantiles }).quantiles

  it('are none by default, the usual six when true, and otherwise those sent', () => {
    expect(levels(undefined)).toEqual([])
    expect(levels(false)).toEqual([])
    expect(levels([])).toEqual([])
    expect(levels(true)).toEqual([0.5, 0.9, 0.95, 0.99, 0.995, 0.999])
    expect(levels([1e-9, 0.25, 1 - 2 ** -53])).toEqual([1e-9, 0.25, 1 - 2 ** -53])
    const twenty = Array.from({ length: 20 }, (_, i) => (i + 1) / 21)
    expect(levels(twenty)).toEqual(twenty)
  })

  it('and filled-in args parse to themselves', () => {
    for (const quantiles of [false, true, [0.1]]) {
      const parsed = argsSchema.parse({ ...required, quantiles })
      expect(argsSchema.parse(parsed)).toEqual(parsed)
    }
  })

  it.each<[string, unknown, (string | number)[]]>([
    ['more than 20', Array.from({ length: 21 }, (_, i) => (i + 1) / 22), ['quantiles']],
    ['one twice', [0.5, 0.5], ['quantiles']],
    ['falling ones', [0.9, 0.5], ['quantiles']],
    ['0', [0, 0.5], ['quantiles', 0]],
    ['1', [0.5, 1], ['quantiles', 1]],
    ['a word', 'all', ['quantiles']],
    ['null', null, ['quantiles']],
  ])('refuse %s, by name', (_, quantiles, path) => {
    expect(pathsOf({ quantiles })).toContain(path.join('.'))
  })

  it.each(['yes', null, ['0.5'], { 0: 0.5 }, Array.from({ length: 21 }, (_, i) => (i + 1) / 22)])(
    'say what would be right in place of %j',
    (quantiles) => {
      const { error } = argsSchema.safeParse({ ...required, quantiles })
      expect(error?.issues.map(({ message }) => message).join()).toMatch(/at most 20 rising levels|expected number/)
    },
  )
})

it('what is filled in by other args is told in the schema, which can have no default for it', () => {
  const { properties = {} } = z.toJSONSchema(argsSchema, { io: 'input' })
  const told = (name: string): unknown => Object(properties[name]).description
  for (const name of ['cat_mu', 'cat_sig'] as const) {
    expect(told(name)).toBe(`${filled[name]} unless said, where \`cat_severity\` is not`)
  }
  expect(told('cat_limit')).toBe('`policy_limit` unless said')
})

describe('a severity as data', () => {
  const empirical = (...quantiles: unknown[]) => ({ kind: 'empirical', quantiles })
  const lines = empirical([0, 10], [0.5, 10], [0.75, 20.5], [1, 1e15])
  const without = (args: object, prefix: string): object =>
    Object.fromEntries(Object.entries(args).filter(([name]) => !name.startsWith(prefix)))
  const bare = without(required, 'claim_severity')
  const many = (points: number) => empirical(...Array.from({ length: points }, (_, i) => [i / (points - 1), i]))

  it('takes the place of the two parameters, and of no others', () => {
    const claims = { ...without(filled, 'claim_severity'), claim_severity: lines }
    expect(argsSchema.parse({ ...bare, claim_severity: lines })).toEqual(claims)
    const cats = Object.fromEntries(Object.entries(filled).filter(([name]) => !['cat_mu', 'cat_sig'].includes(name)))
    expect(argsSchema.parse({ ...required, cat_severity: lines })).toEqual({ ...cats, cat_severity: lines })
    expect(accepts({ cat_severity: many(63) })).toBe(true)
  })

  it.each([
    ['claim_severity_mu', { claim_severity: lines, claim_severity_mu: 6, claim_severity_sig: undefined }],
    ['claim_severity_sig', { claim_severity: lines, claim_severity_mu: undefined, claim_severity_sig: 1 }],
    ['cat_mu', { cat_severity: lines, cat_mu: 10 }],
    ['cat_sig', { cat_severity: lines, cat_sig: 1.5 }],
    ['claim_severity_mu', { claim_severity_mu: undefined, cat_severity: lines }],
  ])('%s is named where it is both or neither', (path, sent) => {
    expect(pathsOf(sent)).toEqual([path])
  })

  it.each<[string, unknown, string]>([
    ['of another kind', { ...lines, kind: 'gamma' }, 'kind'],
    ['with more than it has', { ...lines, mean: 3 }, ''],
    ['of one point', empirical([0, 1]), 'quantiles'],
    ['of 1,025 points', many(1025), 'quantiles'],
    ['that starts after 0', empirical([0.1, 1], [1, 2]), 'quantiles'],
    ['that ends before 1', empirical([0, 1], [0.9, 2]), 'quantiles'],
    ['with a probability twice', empirical([0, 1], [0.5, 2], [0.5, 3], [1, 4]), 'quantiles'],
    ['with a falling probability', empirical([0, 1], [0.5, 2], [0.4, 3], [1, 4]), 'quantiles'],
    ['with a falling amount', empirical([0, 1], [0.5, 3], [1, 2]), 'quantiles'],
    ['with an amount below 0', empirical([0, -1], [1, 2]), 'quantiles.0.1'],
    ['with an amount above 10^15', empirical([0, 1], [1, 1.0001e15]), 'quantiles.1.1'],
    ['with a probability above 1', empirical([0, 1], [1.5, 2]), 'quantiles.1.0'],
    ['with half a point', empirical([0, 1], [1]), 'quantiles.1'],
    ['with three numbers a point', empirical([0, 1, 2], [1, 2]), 'quantiles.0'],
  ])('%s is refused, by name', (_, severity, place) => {
    for (const name of ['claim_severity', 'cat_severity']) {
      const sent = name === 'claim_severity' ? { ...bare, [name]: severity } : { ...required, [name]: severity }
      const result = argsSchema.safeParse(sent)
      const paths = result.error?.issues.map((issue) => issue.path.join('.'))
      expect(paths?.some((path) => path.startsWith([name, ...(place ? [place] : [])].join('.')))).toBe(true)
    }
  })
})
