// The output of an insurance job, read for its plots and tables. What does not look like one is shown as JSON by the page.

/** An exact figure, or the interval that a histogram alone can say. */
export type Figure = number | { readonly lower: number; readonly upper: number }

export interface Quantile {
  readonly p: number
  readonly var: Figure
  readonly tvar: Figure
}
export interface Exceedance {
  readonly x: number
  readonly p: number
}
export interface Loss {
  readonly mean: number
  readonly variance: number | null
  readonly variance_std_error: number | null
  readonly std_error: number | null
  readonly p_zero: number
  readonly quantiles: readonly Quantile[]
  /** Of a year’s loss. */
  readonly aep?: readonly Exceedance[]
  /** Of a year’s greatest event, where it was asked for. */
  readonly oep?: readonly Exceedance[]
}

/** Null for the output of another profile. */
export function lossOf(output: Readonly<Record<string, unknown>> | undefined): Loss | null {
  const loss = output?.['loss']
  if (typeof loss !== 'object' || loss === null) return null
  // Its schema is in the catalogue, and the server answers nothing else for this profile.
  return 'mean' in loss && 'quantiles' in loss && Array.isArray(loss.quantiles) ? (loss as unknown as Loss) : null
}

/** What capital is held for, where it was asked; else the rarest. */
export const headline = ({ quantiles }: Loss): Quantile | undefined =>
  quantiles.find(({ p }) => p === 0.995) ?? quantiles.at(-1)

export const middle = (figure: Figure): number =>
  typeof figure === 'number' ? figure : (figure.lower + figure.upper) / 2

/** What a year's loss, and its greatest event, are greater than in one year of so many at most. */
export interface ReturnRow {
  readonly years: number
  readonly aep: number
  /** Undefined where it was not asked for, or its curve ends before. */
  readonly oep: number | undefined
}

const PERIODS = [2, 5, 10, 20, 50, 100, 200, 250, 500, 1_000, 2_000, 5_000, 10_000]

/** Of each curve the least of its own points that is rare enough, as far as the curve of the year's loss goes. */
export function returnsOf({ aep = [], oep = [] }: Pick<Loss, 'aep' | 'oep'>): ReturnRow[] {
  const reached = (curve: readonly Exceedance[], years: number) => curve.find(({ p }) => p * years <= 1)?.x
  return PERIODS.flatMap((years) => {
    const x = reached(aep, years)
    return x === undefined ? [] : [{ years, aep: x, oep: reached(oep, years) }]
  })
}

export interface Density {
  /** Edges of the bands, one more than `shares`. */
  readonly edges: readonly number[]
  /** Of all years, exactly as the curve has them. */
  readonly shares: readonly number[]
}

/** How many years lie between neighbouring points of the curve, up to the chance `pMin`. */
export function densityOf(curve: readonly Exceedance[], pMin: number): Density {
  const kept = curve.filter(({ p }) => p >= pMin)
  const first = kept[0]
  if (first === undefined) return { edges: [0], shares: [] }
  return {
    edges: [0, ...kept.map(({ x }) => x)],
    shares: [1 - first.p, ...kept.slice(1).map(({ p }, n) => (kept[n]?.p ?? p) - p)],
  }
}
