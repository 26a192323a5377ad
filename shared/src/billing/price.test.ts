// Laws of the price: the founding example to the cent, a second example worked by hand, and what every price obeys.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, rational, rationalFromNumber } from '../exact/rational.ts'
import { kernel } from '../kernels/mc.insurance.v1/kernel.ts'
import { isRefusal } from '../kernels/kernel.ts'
import { PRICE_LIST, priceListDigest, priceListOf, priceListSchema } from './price-list.ts'
import { contributionOf, priceOf, priceOfMicroCredits, type Work } from './price.ts'

const founding: Work = {
  profile: kernel.id,
  iterations: 10_000_000n,
  drawsPerUnit: add(rational(3n), rationalFromNumber(0.02)),
  verify: 'spotcheck',
  spotcheckRate: 0.1,
  mode: 'billable',
}

test('the founding example costs 1.42 credits, 0.17 EUR', () => {
  const plan = kernel.plan(
    kernel.argsSchema.parse({ iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }),
  )
  if (isRefusal(plan)) throw new Error('the founding args have a plan')
  const work = { ...founding, iterations: plan.grid.units, drawsPerUnit: plan.drawsPerUnit }
  expect(priceOf(work)).toEqual({ credits: 1.42, eur: 0.17, microCredits: 1_420_000n })
  expect(priceOf(founding)).toEqual(priceOf(work))
})

test('the second example, 10^6 iterations under full, costs 0.26 credits, 0.03 EUR', () => {
  // 10^6 x 3.02 x 42.75 / 10^9 = 0.129105; twice that is 0.25821; 0.26 x 0.12 = 0.0312.
  const second = { ...founding, iterations: 1_000_000n, verify: 'full' } as const
  expect(priceOf(second)).toEqual({ credits: 0.26, eur: 0.03, microCredits: 260_000n })
})

test('the price list is a document of one digest, under which it is found again', () => {
  expect(priceListSchema.parse(JSON.parse(JSON.stringify(PRICE_LIST)))).toEqual(PRICE_LIST)
  const digest = priceListDigest(PRICE_LIST)
  // A published list never changes: a new price is a new version behind it.
  expect(digest).toBe('89ea109fcb8db971ce40223bc7dc5a2fc757e54567523b6246368dde36a111d4')
  expect(priceListOf(digest)).toBe(PRICE_LIST)
  expect(priceListOf('0'.repeat(64))).toBeNull()
})

test('an executor earns the rate for its draws, rounded down, and a sum of the ledger is shown as a bill is', () => {
  // 131,072 years x 3.02 draws x 0.04275 micro-credits = 16,922.05...
  expect(contributionOf(kernel.id, 131_072n, founding.drawsPerUnit)).toBe(16_922n)
  expect(contributionOf(kernel.id, 1n, founding.drawsPerUnit)).toBe(0n)
  expect(priceOfMicroCredits(1_420_000n)).toEqual(priceOf(founding))
})

test.each<[string, Partial<Work>, number, number]>([
  // 10^7 x 3.02 x 42.75 / 10^9 = 1.29105
  ['without checks', { verify: 'none' }, 1.29, 0.15],
  // twice 1.29105 = 2.5821; 2.58 x 0.12 = 0.3096
  ['with full verification', { verify: 'full' }, 2.58, 0.31],
  // 1.29105 x 1.25 = 1.6138125
  ['with a quarter checked', { spotcheckRate: 0.25 }, 1.61, 0.19],
  // 10^9 x 4 x 42.75 / 10^9 = 171; 171 x 0.12 = 20.52
  ['for 4 x 10^9 draws', { iterations: 10n ** 9n, drawsPerUnit: rational(4n), verify: 'none' }, 171, 20.52],
  ['for one year', { iterations: 1n }, 0.01, 0],
  ['in test mode', { mode: 'test' }, 0, 0],
])('the price %s', (_, change, credits, eur) => {
  expect(priceOf({ ...founding, ...change })).toMatchObject({ credits, eur })
})

test('half a cent rounds up, and a hair less rounds down', () => {
  // 0.015 credits are 15 * 10^9 pico-credits: 350,877.19... draws; as an exact fraction it is met on the half.
  const half = rational(15_000_000_000n, 42_750n)
  const exact = { ...founding, iterations: 1n, verify: 'none' as const, drawsPerUnit: half }
  expect(priceOf(exact).credits).toBe(0.02)
  const hair = rational(half.numerator * 10n ** 30n - 1n, half.denominator * 10n ** 30n)
  expect(priceOf({ ...exact, drawsPerUnit: hair }).credits).toBe(0.01)
})

test('a rate is the decimal as written, so that 1.1 is eleven tenths', () => {
  // These draws cost 0.025 credits at 11/10, on the half. The double 0.1 is a little more than a tenth: taken exactly,
  // it would tip the hair less over the half as well.
  const draws = rational(25_000_000_000n * 10n, 42_750n * 11n)
  const work: Work = { ...founding, iterations: 1n, drawsPerUnit: draws }
  expect(priceOf(work).credits).toBe(0.03)
  const hair = rational(draws.numerator * 10n ** 30n - 1n, draws.denominator * 10n ** 30n)
  expect(priceOf({ ...work, drawsPerUnit: hair }).credits).toBe(0.02)
})

test('more years never cost less, a check never makes it cheaper, and the ledger says what the answer says', () => {
  const rate = fc.integer({ min: 5, max: 100 }).map((n) => n / 100)
  const freq = fc.double({ min: 0, max: 10_000, noNaN: true })
  const years = fc.bigInt({ min: 1n, max: 10n ** 12n })
  fc.assert(
    fc.property(years, years, freq, rate, (a, b, claims, spotcheckRate) => {
      const drawsPerUnit = add(rational(1n), rationalFromNumber(claims))
      const at = (iterations: bigint, verify: Work['verify']) =>
        priceOf({ ...founding, iterations, drawsPerUnit, spotcheckRate, verify })
      const [fewer, more] = a < b ? [a, b] : [b, a]
      expect(at(fewer, 'spotcheck').microCredits).toBeLessThanOrEqual(at(more, 'spotcheck').microCredits)
      expect(at(a, 'none').microCredits).toBeLessThanOrEqual(at(a, 'spotcheck').microCredits)
      expect(at(a, 'spotcheck').microCredits).toBeLessThanOrEqual(at(a, 'full').microCredits)
      const price = at(a, 'spotcheck')
      expect(price.microCredits).toBeGreaterThanOrEqual(10_000n)
      expect(price.microCredits % 10_000n).toBe(0n)
      expect(Number(price.microCredits) / 1e6).toBeCloseTo(price.credits, 6)
    }),
  )
})

test('a profile without a price is our bug', () => {
  expect(() => priceOf({ ...founding, profile: { op: 'mc', version: 1, profile: 'toString' } })).toThrow(/no row/)
})
