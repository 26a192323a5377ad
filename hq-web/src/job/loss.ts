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
  readonly aep?: readonly Exceedance[]
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
