// Laws of the exact quantiles: whatever the years, VaR, its interval, TVaR and its standard error are the very doubles that
// the definitions of SPEC section 5 give for the sorted list of all years; and however the years are cut into shards,
// in whichever order those come, the output, its digest and the bins that are listed are the same.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rational, sqrtToNumber, toNumber } from '../../exact/rational.ts'
import { createReducer, type Reduction } from '../../reducer/reduce.ts'
import { shardRange, type Kernel, type KernelPlan, type PassPlan } from '../kernel.ts'
import { kernel as insurance } from './kernel.ts'
import {
  decimalOf,
  firstPartial,
  inMoney,
  nth,
  populationsOf,
  rankOf,
  ranks95,
  roomyContract,
  tailErrorSquared,
  tailMean,
  tailPartial,
} from './populations.case.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import type { ExactQuantile } from './quantiles.ts'

const kernel = insurance as unknown as Kernel
const USUAL = [0.5, 0.9, 0.95, 0.99, 0.995, 0.999]
const levelsOf = fc.oneof(
  fc.constant(USUAL),
  fc
    .uniqueArray(
      fc.oneof(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 999 }).map((thousandths) => thousandths / 1000),
        fc.constantFrom(5e-324, 1.5e-7, 1e-6, 0.25, 1 - 2 ** -53),
      ),
      { minLength: 1, maxLength: 20 },
    )
    .map((levels) => levels.toSorted((a, b) => a - b)),
)

/** One job: its years in their order, cut into shards of a size, its partials made when their pass is known. */
interface Job {
  readonly args: unknown
  readonly plan: KernelPlan
  readonly pass: PassPlan
  readonly partials: readonly Uint8Array[]
}

function jobOf(profile: Profile, years: readonly bigint[], unitsPerShard: number, levels: readonly number[]): Job {
  const { args, plan } = roomyContract(profile, { iterations: years.length, quantiles: levels })
  const shards = Math.ceil(years.length / unitsPerShard)
  const cut: KernelPlan = { ...plan, grid: { units: BigInt(years.length), unitsPerShard, shards, passes: 2 } }
  const pieces = Array.from({ length: shards }, (_, shard) => {
    const { firstUnit, units } = shardRange(cut.grid, shard)
    return years.slice(Number(firstUnit), Number(firstUnit) + units)
  })
  const first = pieces.map((piece) => firstPartial(profile, piece))
  const reducer = createReducer(kernel, args, cut)
  first.forEach((partial, shard) => reducer.add(shard, partial))
  const pass = reducer.lastPass()
  const { bins } = pass.facts as { bins: number[] }
  return { args, plan: cut, pass, partials: [...first, ...pieces.map((piece) => tailPartial(profile, piece, bins))] }
}

function reduced({ args, plan, partials }: Job, order: readonly number[]): Reduction & { pass: PassPlan } {
  const reducer = createReducer(kernel, args, plan)
  for (const shard of order) reducer.add(shard, nth(partials, shard + 1))
  const reduction = reducer.finish()
  return { ...reduction, pass: reducer.lastPass() }
}
const inOrder = ({ partials }: Job): number[] => partials.map((_, shard) => shard)
const quantilesOf = ({ output }: Reduction): ExactQuantile[] =>
  (output as { loss: { quantiles: ExactQuantile[] } }).loss.quantiles

/** By the definitions, from the sorted list. */
function expected(years: readonly bigint[], levels: readonly number[], fractionBits: number): ExactQuantile[] {
  const losses = years.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const n = losses.length
  const money = (rank: number): number => toNumber(inMoney(rational(nth(losses, rank)), fractionBits))
  return levels.map((p) => {
    const decimal = decimalOf(p)
    const ranks = ranks95(n, decimal)
    const squared = n > 1 ? tailErrorSquared(losses, decimal) : null
    const { numerator: P, denominator: D } = decimal
    return {
      p,
      var: money(rankOf(n, decimal)),
      var_interval_95: ranks && { lower: money(ranks[0]), upper: money(ranks[1]) },
      tvar: toNumber(inMoney(tailMean(losses, decimal), fractionBits)),
      tvar_std_error: squared && sqrtToNumber(inMoney(squared, 2 * fractionBits)),
      low_tail_count: BigInt(n) * (D - P) < 100n * D,
    }
  })
}

describe.each([
  { profile: NARROW, fractionBits: 16, most: 2n ** 32n - 2n },
  { profile: WIDE, fractionBits: 13, most: 2n ** 63n + 2n ** 61n },
])('exact quantiles, $profile.name', ({ profile, fractionBits, most }) => {
  const years = populationsOf(profile, most).chain((sorted) =>
    fc.shuffledSubarray(sorted, { minLength: sorted.length }),
  )
  const grain = fc.constantFrom(1, 2, 3, 7, 64, 100_000)
  const found = (losses: readonly bigint[], levels: readonly number[], unitsPerShard = 1024): ExactQuantile[] => {
    const job = jobOf(profile, losses, unitsPerShard, levels)
    return quantilesOf(reduced(job, inOrder(job)))
  }

  it('are the doubles that the sorted list gives', () => {
    expect(roomyContract(profile, { iterations: 1 }).plan.facts).toMatchObject({ profile: profile.name, fractionBits })
    fc.assert(
      fc.property(years, levelsOf, grain, (losses, levels, unitsPerShard) => {
        expect(found(losses, levels, unitsPerShard)).toEqual(expected(losses, levels, fractionBits))
      }),
      { numRuns: 50 },
    )
  })

  it.each<[string, bigint[]]>([
    ['one year', [123_456n]],
    ['one year without a loss', [0n]],
    ['two years', [123_456n, 7n]],
    ['equal years', Array.from({ length: 700 }, () => 98_765n)],
    ['two losses of one bin', Array.from({ length: 2000 }, (_, i) => 1_000_000n + BigInt(i % 2))],
    ['all losses of one bin', Array.from({ length: 500 }, (_, i) => 2n ** 31n + BigInt(i * i))],
    ['years without a loss, but for one', [...Array.from({ length: 999 }, () => 0n), 2n ** 31n]],
    ['the greatest loss that can be', Array.from({ length: 40 }, (_, i) => most - BigInt(i % 3))],
    // 1.96 sqrt(126 / 4) is 11.0003: the interval ends at ranks 51 and 75, not where a root rounded down would end it.
    ['126 years', Array.from({ length: 126 }, (_, i) => 1_000_000n + 1000n * BigInt(i))],
    ['350 years', Array.from({ length: 350 }, (_, i) => 1_000_000n + 1000n * BigInt(i))],
    [
      'an atom across every rank of 0.995',
      Array.from({ length: 4000 }, (_, i) => (i < 3000 ? 5n * BigInt(i) : 777_777n)),
    ],
  ])('are so of %s', (_, losses) => {
    expect(found(losses, USUAL, 300)).toEqual(expected(losses, USUAL, fractionBits))
  })

  it('are the same in every order of shards, those of the second pass among the first', () => {
    fc.assert(
      fc.property(years, levelsOf, fc.infiniteStream(fc.nat()), (losses, levels, keys) => {
        const job = jobOf(profile, losses, Math.max(1, Math.ceil(losses.length / 9)), levels)
        const order = inOrder(job)
          .map((shard) => ({ shard, key: keys.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ shard }) => shard)
        expect(reduced(job, order)).toEqual(reduced(job, inOrder(job)))
      }),
      { numRuns: 20 },
    )
  })

  it('are the same however the years are cut: the output, its digest and the bins that are listed', () => {
    fc.assert(
      fc.property(years, levelsOf, grain, grain, (losses, levels, some, others) => {
        const [a, b] = [some, others].map((size) => {
          const job = jobOf(profile, losses, size, levels)
          const { outputDigest, output, pass } = reduced(job, inOrder(job))
          return { outputDigest, output, pass }
        })
        expect(b).toEqual(a)
      }),
      { numRuns: 20 },
    )
  })

  it('are not of these years when one of them changes', () => {
    const losses = Array.from({ length: 1000 }, (_, i) => 1_000_000n + 1000n * BigInt(i))
    const digestOf = (all: readonly bigint[]): string => {
      const job = jobOf(profile, all, 100, [0.5, 0.99])
      return reduced(job, inOrder(job)).outputDigest
    }
    expect(digestOf(losses.with(995, 5_000_000n))).not.toBe(digestOf(losses))
  })
})

describe('the bins of the second pass', () => {
  const selected = (levels: readonly number[], losses: readonly bigint[], profile = NARROW): number[] =>
    (jobOf(profile, losses, 512, levels).pass.facts as { bins: number[] }).bins

  it('are none where every bin of a rank holds one loss', () => {
    expect(
      selected(
        USUAL,
        Array.from({ length: 3000 }, (_, i) => BigInt(i % 256)),
      ),
    ).toEqual([])
    expect(
      selected(
        USUAL,
        Array.from({ length: 3000 }, (_, i) => BigInt(i % 128)),
        WIDE,
      ),
    ).toEqual([])
  })

  it('are those of VaR and of its interval, each once, ascending', () => {
    // Losses 1000, 1001 and so on: bins of four losses (narrow). Ranks of the median of 2,500: 1250, 1201 and 1299.
    const losses = Array.from({ length: 2500 }, (_, i) => BigInt(1000 + i))
    const bin = (loss: number): number => {
      const octave = Math.floor(Math.log2(loss))
      return 128 * (octave - 6) + Math.floor(loss / 2 ** (octave - 7)) - 128
    }
    expect(selected([0.5], losses)).toEqual([bin(2200), bin(2249), bin(2298)])
    // 0.0004 x 2500 = 1, whose interval leaves the ranks.
    expect(selected([0.0004, 0.5], losses)).toEqual([bin(1000), bin(2200), bin(2249), bin(2298)])
  })

  it('are at most three for each of twenty levels', () => {
    const losses = Array.from({ length: 20_000 }, (_, i) => BigInt(Math.floor(1.001 ** i)) + 1000n)
    const capped = losses.map((loss) => (loss > 2n ** 32n - 2n ? 2n ** 32n - 2n : loss))
    const twenty = Array.from({ length: 20 }, (_, i) => (i + 1) / 21)
    expect(selected(twenty, capped).length).toBeLessThanOrEqual(60)
    expect(selected(twenty, capped).length).toBeGreaterThan(30)
  })
})
