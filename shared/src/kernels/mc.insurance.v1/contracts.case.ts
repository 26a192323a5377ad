// Contracts of every kind that the arguments allow, for laws that must hold of any: limits of all magnitudes, severities
// by parameters and by data, sums that only an aggregate limit can hold, and contracts that no width fits.
import fc from 'fast-check'
import { argsSchema, type InsuranceArgs } from './args.ts'

/** From the least double to 10^15, as often small as large, and what people write. */
const amount = fc.oneof(
  fc.constantFrom(0, 5e-324, 0.5, 1, 50_000, 250_000, 2 ** 26, 1e9, 1e15),
  fc.double({ min: -30, max: 34, noNaN: true }).map((exponent) => Math.min(Math.exp(exponent), 1e15)),
)
const limit = fc.option(amount, { freq: 4 })
const parameter = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, 0, max), fc.integer({ min, max }))
const iterations = fc.oneof(
  fc.integer({ min: 1, max: 1e12 }),
  fc.integer({ min: 1, max: 1e7 }),
  fc.constantFrom(1, 2 ** 32, 2 ** 32 + 1, 1e12),
)

const points = fc
  .array(fc.tuple(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), amount), { maxLength: 5 })
  .chain((inner) => fc.tuple(fc.constant(inner), amount, amount))
  .map(([inner, first, last]) => {
    const ps = [0, ...new Set(inner.map(([p]) => p)), 1].toSorted((a, b) => a - b)
    const xs = [first, last, ...inner.map(([, x]) => x)].toSorted((a, b) => a - b)
    return ps.map((p, i) => [p, xs[i] ?? last] as const)
  })
const empirical = fc.record({ kind: fc.constant('empirical' as const), quantiles: points })

const terms = {
  policy_limit: limit,
  aggregate_limit: limit,
  deductible: amount,
  aggregate_deductible: amount,
  cat_limit: limit,
  oep: fc.boolean(),
  quantiles: fc.oneof(fc.boolean(), fc.constant([0.5])),
}
const rates = {
  iterations,
  claim_freq: fc.oneof(parameter(0, 10_000), parameter(0, 20)),
  cat_prob: fc.oneof(parameter(0, 1), fc.constantFrom(1e-300, 2 ** -65, 2 ** -66)),
}
const parameters = {
  claim_severity_mu: fc.oneof(parameter(-50, 50), parameter(-5, 12), parameter(-5, 30)),
  claim_severity_sig: fc.oneof(parameter(0, 5), parameter(0, 2)),
  cat_mu: fc.oneof(parameter(-50, 50), parameter(-5, 15)),
  cat_sig: fc.oneof(parameter(0, 5), parameter(0, 2)),
}
const anything = fc.record(
  { ...rates, ...parameters, ...terms },
  { requiredKeys: ['iterations', 'claim_freq', 'claim_severity_mu', 'claim_severity_sig'] },
)
const asData = fc.record(
  { ...rates, claim_severity: empirical, cat_severity: empirical, ...terms },
  { requiredKeys: ['iterations', 'claim_freq', 'claim_severity'] },
)
/** Sums that only an aggregate limit can hold: 2^32 quanta of 2^-6 are 67 million, 2^64 whole ones 1.8 x 10^19. */
const manyClaims = fc
  .record({
    iterations: fc.constant(1000),
    claim_freq: fc.double({ min: 1000, max: 10_000, noNaN: true }),
    claim_severity_mu: fc.double({ min: 5, max: 8, noNaN: true }),
    claim_severity_sig: fc.double({ min: 0.5, max: 1, noNaN: true }),
    policy_limit: fc.constant(null),
    cat_limit: fc.oneof(fc.constant(50_000), fc.constant(null)),
    aggregate_limit: fc.integer({ min: 0, max: 80_000_000 }),
  })
  .chain((sent) =>
    fc.constantFrom(
      sent,
      { ...sent, claim_severity_mu: sent.claim_severity_mu + 24, aggregate_limit: 1e6 * sent.aggregate_limit },
      { ...sent, claim_severity_mu: sent.claim_severity_mu + 28, aggregate_limit: null },
    ),
  )

export const anyArgs: fc.Arbitrary<InsuranceArgs> = fc
  .oneof({ arbitrary: anything, weight: 4 }, { arbitrary: asData, weight: 1 }, { arbitrary: manyClaims, weight: 2 })
  .map((sent) => argsSchema.parse(sent))
