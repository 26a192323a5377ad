// The published figures held against the oracle's law. Every comparison is one finding: a deviation in standard errors, a
// ratio or a number of years, with the bounds that it must keep. Tests assert the bounds; a person reads the numbers.
import type { InsuranceArgs } from './args.ts'
import type { ExceedancePoint } from './exceedance.ts'
import type { LossLaw } from './oracle-law.case.ts'
import type { ExactLoss } from './simulate.case.ts'

export interface Finding {
  readonly figure: string
  readonly at: number
  readonly least: number
  readonly most: number
}

export interface Judged {
  readonly args: InsuranceArgs
  readonly loss: ExactLoss
  readonly law: LossLaw
  readonly wide: boolean
}

export const isOutside = ({ at, least, most }: Finding): boolean => !(least <= at && at <= most)

/** Standard errors allowed to a figure that is normal or nearly so. */
const FOUR = 4
/** A quantile's interval of 1.96 standard errors of its rank, widened by a half. */
const RANKS = 1.5 * 1.96
/** Of a standard error, to the oracle. */
const OWN_ERROR = 0.05
/** Years expected beyond the least or the greatest loss are exponential of mean 1: e^-12 is the chance of twelve. */
const YEARS_BEYOND = 12
/** And so many or fewer come with a chance of 1e-5. */
const YEARS_UP_TO = 1e-5

const within = (figure: string, at: number, most: number): Finding => ({ figure, at, least: -most, most })

export function judgeMean({ loss, law }: Judged): Finding[] {
  return [within('mean', (loss.mean - law.mean) / Math.sqrt(law.central(2) / loss.years), FOUR)]
}

/** Only where the fourth moment and the eighth, which bounds its scatter, are of this sample and not of its successors. */
export function judgeVariance({ loss, law, wide }: Judged): Finding[] {
  const n = loss.years
  const [second, fourth, eighth] = [law.central(2), law.central(4), law.central(8)]
  const scatter = Math.sqrt((fourth - second * second) / n)
  const variance = loss.variance ?? NaN
  const published = loss.variance_std_error ?? NaN
  // The bins' half width, and the scatter of the fourth moment, of whose square root the figure is.
  const bin = wide ? 0.016 : 0.008
  const sampling = Math.sqrt((eighth - fourth * fourth) / n) / (fourth - second * second) / 2
  return [
    within('variance', (variance - second) / scatter, FOUR),
    within('std_error, ratio - 1', (loss.std_error ?? NaN) / Math.sqrt(second / n) - 1, (FOUR * scatter) / second / 2),
    // Without an aggregate limit the moments are closed forms, which the grid must meet: its step is that of all there is.
    within('oracle, second moment of the grid', law.excess(0, 2) / (second + law.mean ** 2) - 1, 1e-4),
    within('variance_std_error, ratio - 1', published / scatter - 1, bin + FOUR * sampling),
  ]
}

/** What a sample says of itself whatever its law is. */
export function judgeIdentities({ args, loss }: Judged): Finding[] {
  const variance = loss.variance ?? NaN
  return [
    within('std_dev, of the variance', (loss.std_dev ?? NaN) / Math.sqrt(variance) - 1, 1e-15),
    within('std_error, of the variance', (loss.std_error ?? NaN) / Math.sqrt(variance / loss.years) - 1, 1e-15),
    within('years', loss.years - args.iterations, 0),
    within(
      'return_period',
      farthest([...loss.aep, ...(loss.oep ?? [])], (point) => point.return_period * point.p - 1),
      1e-15,
    ),
  ]
}

export function judgeCounts({ args, loss, law }: Judged): Finding[] {
  const { years: n, quantum } = loss
  const claims = n * args.claim_freq
  const limit = args.aggregate_limit ?? Infinity
  // A loss below a quantum counts as none, and one within a quantum of the limit as at it: by the payments' rounding.
  return [
    within('claims', (loss.claims - claims) / Math.sqrt(claims), FOUR),
    within('p_zero', shareDeviation(loss.p_zero, [law.upTo(0), law.upTo(quantum)], n), FOUR),
    within(
      'p_at_aggregate_limit',
      shareDeviation(loss.p_at_aggregate_limit, [1 - law.under(limit), 1 - law.under(limit - quantum)], n),
      FOUR,
    ),
  ]
}

export function judgeExtremes({ loss, law }: Judged): Finding[] {
  const { years: n, min, max, quantum } = loss
  const years = (figure: string, expected: number, least: number, most: number): Finding => ({
    figure,
    at: n * expected,
    least,
    most,
  })
  return [
    years('min: years below it', law.under(min - quantum), -Infinity, YEARS_BEYOND),
    years('min: years up to it', law.upTo(min + quantum), YEARS_UP_TO, Infinity),
    years('max: years above it', 1 - law.upTo(max + quantum), -Infinity, YEARS_BEYOND),
    years('max: years from it on', 1 - law.under(max - quantum), YEARS_UP_TO, Infinity),
  ]
}

/** `found` - p of a loss that has the probabilities from P(L < x) to P(L <= x): 0 if p is one of them, as in an atom. */
function position(law: LossLaw, x: number, p: number, quantum: number): number {
  const [from, to] = [law.under(x - quantum), law.upTo(x + quantum)]
  return p < from ? from - p : p > to ? to - p : 0
}

/** Positions of VaR and of both ends of its interval among the oracle's ranks, in standard errors of a rank. */
export function judgeRanks({ loss, law }: Judged): Finding[] {
  return loss.quantiles.flatMap(({ p, var: value, var_interval_95: interval }) => {
    const error = Math.sqrt((p * (1 - p)) / loss.years)
    const at = (x: number, z: number): number => position(law, x, p + z * error, loss.quantum) / error
    return [
      within(`VaR ${p}`, at(value, 0), RANKS),
      within(`VaR ${p} lower`, at(interval?.lower ?? NaN, -1.96), FOUR),
      within(`VaR ${p} upper`, at(interval?.upper ?? NaN, 1.96), FOUR),
    ]
  })
}

/** The oracle's own error where it judges VaR: what half as many points change, of a rank's standard error. */
export function judgeOracle({ loss, law }: Judged, coarse: LossLaw): Finding[] {
  return loss.quantiles.flatMap(({ p, var: value }) =>
    (['under', 'upTo'] as const).map((side) => {
      const share = law[side](value)
      const error = Math.sqrt(Math.max(p * (1 - p), share * (1 - share)) / loss.years)
      return within(`oracle, ${side} VaR ${p}`, (share - coarse[side](value)) / error, OWN_ERROR)
    }),
  )
}

/**
 * E[min(L, VaR)] = mean - (1 - p) (TVaR - VaR) is what the tail leaves over: of a law whose mean is a matter of a few years
 * it is sharp.
 */
export function judgeLimited({ loss, law }: Judged): Finding[] {
  return loss.quantiles.map(({ p, var: value, tvar }) => {
    const [first, second] = [law.limited(value, 1), law.limited(value, 2)]
    const error = Math.sqrt(Math.max(second - first * first, 0) / loss.years)
    const found = loss.mean - (1 - p) * (tvar - value) - first
    // A quantum for the payments' rounding, more than all of it where VaR is 0, and what doubles leave of the mean there.
    const rounding = loss.quantum / 2 + loss.mean * 2 ** -50
    return within(`E[min(L, VaR ${p})]`, found / (error + rounding), FOUR)
  })
}

/** TVaR and its standard error, where the excess has the moments. */
export function judgeTails({ loss, law }: Judged): Finding[] {
  const { years: n, quantum } = loss
  return loss.quantiles.flatMap(({ p, var: found, tvar, tvar_std_error: published, low_tail_count: few }) => {
    const value = valueAtRisk(law, p, loss.max)
    const tail = 1 - p
    const error = excessDeviation(law, value) / tail / Math.sqrt(n)
    // The published error is that of the sample's own VaR.
    const deviation = excessDeviation(law, found)
    const sampling = Math.sqrt(law.excess(found, 4) / n) / deviation ** 2 / 2
    const ratio = ((published ?? NaN) * tail * Math.sqrt(n) + quantum / 2) / (deviation + quantum / 2)
    return [
      // Where VaR is the aggregate limit nothing exceeds it, and TVaR is the limit too.
      within(`TVaR ${p}`, (tvar - value - law.excess(value, 1) / tail) / (error + quantum / 2), FOUR),
      within(`TVaR ${p} std_error, ratio - 1`, ratio - 1, deviation > quantum ? 0.002 + FOUR * sampling : 0.002),
      within(`TVaR ${p} low_tail_count`, Number(few) - Number(Math.round(n * tail) < 100), 0),
    ]
  })
}

/** sd(max(L - x, 0)) */
const excessDeviation = (law: LossLaw, x: number): number =>
  Math.sqrt(Math.max(law.excess(x, 2) - law.excess(x, 1) ** 2, 0))

/** The least x with P(L <= x) >= p, to a billionth of itself. */
function valueAtRisk(law: LossLaw, p: number, start: number): number {
  if (law.upTo(0) >= p) return 0
  let [lower, upper] = [0, start]
  for (let i = 0; i < 100 && upper - lower > 1e-9 * upper; i++) {
    const middle = (lower + upper) / 2
    if (law.upTo(middle) >= p) upper = middle
    else lower = middle
  }
  return upper
}

/** Every point of both curves; the farthest of each is the finding. */
export function judgeCurves({ loss, law }: Judged): Finding[] {
  const { years: n, quantum, aep, oep = [] } = loss
  // A loss above x is one of x and a quantum at least.
  const ofYear = ({ x, p }: ExceedancePoint): number =>
    shareDeviation(p, [1 - law.upTo(x + quantum), 1 - law.upTo(x)], n)
  const ofEvent = ({ x, p }: ExceedancePoint): number =>
    shareDeviation(p, [law.eventAbove(x + quantum), law.eventAbove(x)], n)
  return [within('aep, farthest', farthest(aep, ofYear), FOUR), within('oep, farthest', farthest(oep, ofEvent), FOUR)]
}

const farthest = (points: readonly ExceedancePoint[], of: (point: ExceedancePoint) => number): number =>
  points.map(of).reduce((worst, z) => (Math.abs(z) > Math.abs(worst) || Number.isNaN(z) ? z : worst), 0)

/**
 * A share of n years in binomial standard errors from the nearer of two probabilities, 0 between them. Counts are compared
 * by their square roots (Anscombe, Biometrika 35, 1948), which makes those of a few years normal enough for the same bound.
 */
function shareDeviation(share: number, [p, q]: readonly [number, number], n: number): number {
  if (p <= share && share <= q) return 0
  const nearer = share < p ? p : q
  if (nearer > 0.5) return -countDeviation((1 - share) * n, (1 - nearer) * n, nearer)
  return countDeviation(share * n, nearer * n, 1 - nearer)
}

const countDeviation = (count: number, expected: number, other: number): number =>
  (2 * (Math.sqrt(count + 3 / 8) - Math.sqrt(Math.max(expected, 0) + 3 / 8))) / Math.sqrt(other)
