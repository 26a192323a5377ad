// The insurance kernel for the shared case suite: launches of arbitrary words, and contracts that clients might send.
import fc from 'fast-check'
import { compilePoissonThreshold } from '../../distributions/poisson-threshold.ts'
import { philox4x32 } from '../../exact/philox.ts'
import type { KernelCase } from '../kernel.case.ts'
import type { Launch } from '../kernel.ts'
import { artifact } from './artifact.ts'
import { kernel } from './kernel.ts'
import { binsOf } from './histogram.ts'
import { CONSTANT, CONSTANTS, SELECTED_MAX } from './launch.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import vectors from './vectors.json' with { type: 'json' }

const u32 = fc.integer({ min: 0, max: 0xffffffff })
/** Words at which comparisons and carries turn. */
const edge = fc.constantFrom(0, 1, 127, 128, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)
const small = fc.integer({ min: 0, max: 1000 })
/** Mostly little is taken away and much is paid, so that sums meet their cap and wrap on the way. */
const deducted = fc.oneof({ arbitrary: small, weight: 4 }, u32, edge)
const limit = fc.oneof({ arbitrary: u32, weight: 4 }, { arbitrary: fc.constant(0xffffffff), weight: 2 }, small, edge)
/** High words of a wide launch: mostly none, so that the low ones count too. */
const high = fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, u32, edge)

/** A quantile table of random words: quadratics that wrap like no compiled one would, and shifts beyond every word. */
function randomTable(key: number): Uint32Array {
  const words = new Uint32Array(16_384)
  const draw = new Uint32Array(4)
  for (let row = 0; row < 4096; row++) {
    philox4x32(draw, row, 0, 0, 0, key, 0)
    words.set(draw, row * 4)
  }
  return words
}

const LOW = {
  deductible: deducted,
  policyLimit: limit,
  catLimit: limit,
  aggregateDeductible: deducted,
  aggregateLimit: limit,
  sumCap: limit,
}
const HIGH = {
  deductible: high,
  policyLimit: high,
  catLimit: high,
  aggregateDeductible: high,
  aggregateLimit: high,
  sumCap: high,
}

/** Bins for a tail to list: none, some, as many as fit, the first and the last among them. */
const selectedBinsOf = (profile: Profile): fc.Arbitrary<number[]> =>
  fc
    .uniqueArray(fc.oneof(fc.nat(binsOf(profile) - 1), fc.constantFrom(0, 1, 127, 128, binsOf(profile) - 1)), {
      maxLength: SELECTED_MAX,
      size: 'max',
    })
    .map((bins) => bins.toSorted((a, b) => a - b))

const launches: fc.Arbitrary<Launch> = fc
  .record({
    profile: fc.constantFrom(NARROW, WIDE),
    isTail: fc.boolean(),
    low: fc.record(LOW),
    high: fc.record(HIGH),
    words: fc.record({
      key0: u32,
      key1: u32,
      catPossible: fc.constantFrom(0, 1),
      catHigh: fc.oneof(u32, edge),
      catLow: fc.oneof(u32, edge),
      greatestEvent: fc.constantFrom(0, 0, 1),
    }),
    rate: fc.constantFrom(0, 0.001, 0.7, 2, 4.5, 11, 40, 300),
    table: u32,
  })
  .chain((drawn) => selectedBinsOf(drawn.profile).map((bins) => ({ ...drawn, bins })))
  .map(({ profile, isTail, low, high: highWords, words, rate, table, bins }) => {
    const constants = new Uint32Array(CONSTANTS)
    const put = (named: Readonly<Record<string, number>>, offset: number): void => {
      for (const [name, value] of Object.entries(named)) {
        constants[CONSTANT[name as keyof typeof CONSTANT] + offset] = value
      }
    }
    put(low, 0)
    if (profile === WIDE) put(highWords, 1)
    put(words, 0)
    constants[CONSTANT.selected] = bins.length
    constants.fill(0xffffffff, CONSTANT.selectedBins)
    constants.set(bins, CONSTANT.selectedBins)
    const severity = randomTable(table)
    const count = compilePoissonThreshold(rate)
    const tables =
      words.catPossible === 1 ? { severity, count, catastrophe: randomTable(~table >>> 0) } : { severity, count }
    return { program: isTail ? `${profile.name}.tail` : profile.name, constants, tables }
  })

const money = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true })
const args = fc.record({
  iterations: fc.constant(1_000_000),
  claim_freq: fc.oneof(money(5), money(60)),
  claim_severity_mu: fc.double({ min: -3, max: 9, noNaN: true }),
  claim_severity_sig: fc.double({ min: 0, max: 2.5, noNaN: true }),
  cat_prob: fc.oneof(money(1), fc.constantFrom(0, 1, 0.02)),
  policy_limit: money(50_000),
  aggregate_limit: money(250_000),
  deductible: fc.oneof(fc.constant(0), money(1000)),
  aggregate_deductible: fc.oneof(fc.constant(0), money(5000)),
})

export const insuranceCase: KernelCase = { kernel, artifact, vectors, launches, args }
