// Laws of a refusal: it names arguments, and up to which value they help; plugged in, the contract is planned, and by one
// more it is not.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRefusal, type PlanRefusal } from '../kernel.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { anyArgs } from './contracts.case.ts'
import { plan } from './plan.ts'

const founding = { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const isPlanned = (args: InsuranceArgs): boolean => !isRefusal(plan(args))
function refusalOf(sent: object): PlanRefusal {
  const found = plan(argsSchema.parse({ ...founding, ...sent }))
  if (!isRefusal(found)) throw new Error(`this contract fits, ${found.facts.profile} ${found.facts.fractionBits} bits`)
  return found
}
const told = (sent: object): string[][] => refusalOf(sent).errors.map(({ path, message }) => [path, message])

describe('a refused contract', () => {
  it('is told values that fit, and by one more do not', () => {
    const stated = /^at most (-?\d+) fits, (cat_limit being at most the same and )?the other arguments unchanged$/
    const greatest = (name: string): number => (name.endsWith('_mu') ? 50 : 1e15)
    const refused = anyArgs.map((args) => ({ ...args, quantiles: [] })).filter((args) => !isPlanned(args))
    const named = new Set<string>()
    fc.assert(
      fc.property(refused, (args) => {
        const found = plan(args)
        const errors = isRefusal(found) ? found.errors : []
        expect(errors.length).toBeGreaterThan(0)
        for (const { path, message } of errors) {
          const name = path.replace(/^args\./, '')
          named.add(name)
          const [, value = 'none', both] = stated.exec(message) ?? []
          const changed = (to: number): InsuranceArgs =>
            Object.assign({ ...args }, { [name]: to }, both === undefined ? {} : { cat_limit: to })
          expect(isPlanned(changed(Number(value))), `${path}: ${message}`).toBe(true)
          if (both !== undefined) expect(isPlanned({ ...changed(Number(value)), cat_limit: 0 })).toBe(true)
          // One more may leave the argument's own range.
          if (Number(value) < greatest(name)) expect(isPlanned(changed(Number(value) + 1)), message).toBe(false)
        }
      }),
      { numRuns: 30 },
    )
    expect([...named]).toContain('policy_limit')
    expect([...named]).toContain('claim_severity_mu')
  })

  const unlimited = { policy_limit: null, aggregate_limit: null }
  const most = '1000000000000000'
  it.each<[string, object, [string, string][]]>([
    [
      // A table of e^(mu + 9.155) x 1.25 stays below 2^63 up to mu 34, sixteen such claims below 2^64 up to mu 32.
      'of claims without a limit: each way out',
      { ...unlimited, claim_severity_mu: 40, cat_prob: 0 },
      [
        ['args.policy_limit', `at most ${most} fits, the other arguments unchanged`],
        ['args.claim_severity_mu', 'at most 32 fits, the other arguments unchanged'],
      ],
    ],
    [
      // e^(mu + 1.5 x 9.155) x 1.25 < 2^63: mu < 43.44 - 13.73.
      'of a catastrophe without a limit: its own',
      { cat_mu: 40, cat_limit: null },
      [
        ['args.cat_limit', `at most ${most} fits, the other arguments unchanged`],
        ['args.cat_mu', 'at most 29 fits, the other arguments unchanged'],
      ],
    ],
    [
      'of both without one: the two limits that help together',
      { ...unlimited, claim_severity_mu: 50, cat_mu: 50, cat_limit: null },
      [
        [
          'args.policy_limit',
          `at most ${most} fits, cat_limit being at most the same and the other arguments unchanged`,
        ],
      ],
    ],
    [
      // Ten thousand claims reach 10,626 in a year: 2^64 / 10,626 is 1.7 x 10^15, and without limits e^35.1 a claim.
      'of ten thousand claims a year: the aggregate limit too',
      { claim_freq: 10_000, claim_severity_mu: 30, cat_prob: 0, ...unlimited },
      [
        ['args.policy_limit', `at most ${most} fits, the other arguments unchanged`],
        ['args.aggregate_limit', `at most ${most} fits, the other arguments unchanged`],
        ['args.claim_severity_mu', 'at most 25 fits, the other arguments unchanged'],
      ],
    ],
  ])('%s', (_, sent, expected) => {
    expect(told(sent)).toEqual(expected)
    expect(refusalOf(sent)).toMatchObject({ refused: true, code: 'RANGE_NOT_SUPPORTED' })
  })
})

describe('many years', () => {
  const planOf = (sent: object) => plan(argsSchema.parse({ ...founding, ...sent }))

  it.each([
    ['10^10', 1e10],
    ['2^32 + 1', 2 ** 32 + 1],
    ['10^12', 1e12],
  ])('%s are planned without exact quantiles, and with them refused by name', (_, iterations) => {
    expect(planOf({ iterations })).toMatchObject({ refines: false, grid: { units: BigInt(iterations), passes: 1 } })
    expect(planOf({ iterations, oep: true })).toMatchObject({ grid: { units: BigInt(iterations), passes: 2 } })
    expect(told({ iterations, quantiles: [0.5] })).toEqual([
      ['args.iterations', 'at most 4294967296 with exact quantiles; leave args.quantiles out for more'],
    ])
  })

  it.each([0, 2, 10_000])('2^32 of them are planned with exact quantiles, at a rate of %d', (claimFreq) => {
    const sent = { iterations: 2 ** 32, claim_freq: claimFreq, quantiles: true }
    const grid = { units: 2n ** 32n, unitsPerShard: 2 ** 18, shards: 2 ** 14, passes: 2 }
    expect(planOf(sent)).toMatchObject({ refines: true, grid })
  })

  it('that neither fit nor can be listed are told of their amounts first', () => {
    const paths = told({ iterations: 1e12, quantiles: true, claim_severity_mu: 50, policy_limit: null }).map(([p]) => p)
    expect(paths).toContain('args.policy_limit')
    expect(paths).not.toContain('args.iterations')
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
      // The quickest: what else the machine does is not the plan's.
      return Math.min(...all)
    }
    expect(times({ claim_severity_mu: 1, policy_limit: 100 })).toBeLessThan(20)
    expect(times({ claim_severity_mu: 40, policy_limit: null, aggregate_limit: null })).toBeLessThan(200)
  })
})
