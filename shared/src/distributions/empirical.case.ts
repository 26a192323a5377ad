// Any empirical severities, as the planner could ask for their tables.
import fc from 'fast-check'
import type { Quantiles } from './empirical-quantile.ts'

const probability = fc.oneof(
  fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
  fc.integer({ min: 1, max: 999 }).map((k) => k / 1000),
  fc.integer({ min: 1, max: 127 }).map((k) => k / 128),
)
/** Steps of nothing, of little and of much: atoms, slopes and jumps. */
const step = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 1000 }),
  fc.integer({ min: 0, max: 1_000_000 }),
)
const quantiles: fc.Arbitrary<Quantiles> = fc
  .tuple(fc.uniqueArray(probability, { maxLength: 40 }), fc.infiniteStream(step))
  .map(([inner, steps]) => {
    let x = 0
    return [0, ...inner.toSorted((a, b) => a - b), 1].map((p) => [p, (x += steps.next().value)] as const)
  })

export const narrowSpec = fc.record({
  quantiles,
  fractionBits: fc.constantFrom(6, 7),
  ceiling: fc.option(fc.integer({ min: 0, max: 2 ** 30 }).map(String)),
  wide: fc.constant(false),
})
export const wideSpec = fc.record({
  quantiles,
  fractionBits: fc.integer({ min: 0, max: 16 }),
  ceiling: fc.option(fc.bigInt({ min: 0n, max: 1n << 60n }).map(String)),
  wide: fc.constant(true),
})
