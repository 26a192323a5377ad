// Exceedance curves from the histogram: P(L > x) at edges of bins, where it is exact.
import { rational, toNumber } from '../../exact/rational.ts'
import { binUpper } from './histogram.ts'
import type { Profile } from './profile.ts'
import type { Histogram } from './quantiles.ts'

/** Five points for every doubling of the return period, which is all of a job's 10^12 years. */
const POINTS_MAX = 200
const POINTS_PER_DOUBLING = 5n

export interface ExceedancePoint {
  /** An amount of money. */
  readonly x: number
  /** P(L > x) among the simulated years. */
  readonly p: number
  /** 1 / p, in years. */
  readonly return_period: number
}

/**
 * For each j from 0 to 199 the least edge of a bin that at most a share 2^(-j/5) of the years exceeds, each edge once, as
 * long as a year exceeds it. x is the greatest loss of the bin.
 */
export function exceedanceCurve(
  profile: Profile,
  { years, greatest, counts }: Pick<Histogram, 'years' | 'greatest' | 'counts'>,
  fractionBits: number,
): ExceedancePoint[] {
  const points: ExceedancePoint[] = []
  let above = years
  let j = 0n
  for (let bin = 0; bin < counts.length && above > 0n; bin++) {
    const count = counts[bin] ?? 0n
    if (count === 0n) continue
    above -= count
    const edge = binUpper(profile, bin) - 1n
    if (above === 0n || edge >= greatest || !isRarer(above, years, j)) continue
    points.push({
      x: toNumber(rational(edge, 1n << BigInt(fractionBits))),
      p: toNumber(rational(above, years)),
      return_period: toNumber(rational(years, above)),
    })
    while (j < POINTS_MAX && isRarer(above, years, j)) j++
    if (j >= POINTS_MAX) break
  }
  return points
}

/** above / years <= 2^(-j/5), without a root. */
const isRarer = (above: bigint, years: bigint, j: bigint): boolean =>
  (above ** POINTS_PER_DOUBLING) << j <= years ** POINTS_PER_DOUBLING
