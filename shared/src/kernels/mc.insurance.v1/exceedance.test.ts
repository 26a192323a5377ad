// Laws of the exceedance curves: every point is counted again from the list of all years, the points are those that
// README.md names, and their order is strict.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rational, toNumber } from '../../exact/rational.ts'
import { exceedanceCurve, type ExceedancePoint } from './exceedance.ts'
import { binOf, binsOf, binUpper } from './histogram.ts'
import { histogramOf, inMoney, populationsOf } from './populations.case.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'

const curveOf = (profile: Profile, losses: readonly bigint[], bits: number): ExceedancePoint[] =>
  exceedanceCurve(profile, histogramOf(profile, losses), bits)

/** For each j the least edge, among bins that hold a year, that at most 2^(-j/5) of the years exceed, if one does. */
function expected(profile: Profile, losses: readonly bigint[], bits: number): ExceedancePoint[] {
  const n = losses.length
  const edges = [...new Set(losses.map((loss) => binOf(profile, loss)))].map((bin) => binUpper(profile, bin) - 1n)
  const candidates = edges.map((edge) => ({ edge, above: losses.filter((loss) => loss > edge).length }))
  const named = new Map<bigint, number>()
  for (let j = 0; j < 200; j++) {
    // above <= n 2^(-j/5), both sides to the fifth power.
    const rare = candidates.find(({ above }) => BigInt(above) ** 5n * 2n ** BigInt(j) <= BigInt(n) ** 5n)
    if (rare !== undefined && rare.above > 0) named.set(rare.edge, rare.above)
  }
  return [...named].map(([edge, above]) => ({
    x: toNumber(inMoney(rational(edge), bits)),
    p: toNumber(rational(BigInt(above), BigInt(n))),
    return_period: toNumber(rational(BigInt(n), BigInt(above))),
  }))
}

describe.each([
  { profile: NARROW, bits: 13 },
  { profile: WIDE, bits: 5 },
])('an exceedance curve, $profile.name', ({ profile, bits }) => {
  const populations = populationsOf(profile, profile.none - 1n)

  it('has the points that the list of all years has', () => {
    fc.assert(
      fc.property(populations, (losses) => {
        expect(curveOf(profile, losses, bits)).toEqual(expected(profile, losses, bits))
      }),
      { numRuns: 150 },
    )
  })

  it('rises strictly in x, falls strictly in p, and each p is the share of years beyond x', () => {
    fc.assert(
      fc.property(populations, (losses) => {
        const curve = curveOf(profile, losses, 0)
        expect(curve.length).toBeLessThanOrEqual(200)
        curve.forEach(({ x, p, return_period: period }, i) => {
          const { x: before, p: likelier } = curve[i - 1] ?? { x: -1, p: Infinity }
          expect(x).toBeGreaterThan(before)
          expect(p).toBeLessThan(likelier)
          // x is an edge as a double, which may lie a little above the greatest loss of its bin, in an empty place.
          expect(p).toBe(losses.filter((loss) => Number(loss) > x).length / losses.length)
          expect(p * period).toBeCloseTo(1, 12)
        })
      }),
      { numRuns: 60 },
    )
  })

  it('of equal years, of one year and of years without a loss is empty', () => {
    for (const loss of [0n, 5n, 123_456n, profile.none - 1n]) {
      expect(curveOf(profile, [loss], bits)).toEqual([])
      expect(curveOf(profile, [loss, loss, loss], bits)).toEqual([])
    }
  })

  it('has five points for every doubling of the return period and ends at the rarest', () => {
    const losses = Array.from({ length: 4096 }, (_, i) => BigInt(Math.floor(1.003 ** i)) + 1000n)
    const curve = curveOf(profile, losses, bits)
    expect(curve.filter(({ p }) => p <= 0.25 && p > 0.125).length).toBeGreaterThanOrEqual(4)
    expect(curve.filter(({ p }) => p <= 0.25 && p > 0.125).length).toBeLessThanOrEqual(5)
    const last = losses.findLast((loss) => binOf(profile, loss) < binOf(profile, losses.at(-1) ?? 0n)) ?? 0n
    expect(curve.at(-1)?.p).toBe(losses.filter((loss) => loss > last).length / 4096)
  })

  it('of 10^12 years in every bin has at most 200 points', () => {
    // Each bin has a thousandth fewer years than the one before, then one each: 10^12 in all, as rare as they come.
    const counts = new BigUint64Array(binsOf(profile))
    let left = 10n ** 12n
    for (let bin = 0; bin < counts.length; bin++) {
      const count = left / 60n > 0n ? left / 60n : 1n
      counts[bin] = count
      left -= count
    }
    const years = counts.reduce((a, b) => a + b, 0n)
    const curve = exceedanceCurve(profile, { years, greatest: profile.none - 1n, counts }, bits)
    expect(curve.length).toBeGreaterThan(150)
    expect(curve.length).toBeLessThanOrEqual(200)
    expect(curve.map(({ p }) => p)).toEqual(curve.map(({ p }) => p).toSorted((a, b) => b - a))
  })
})
