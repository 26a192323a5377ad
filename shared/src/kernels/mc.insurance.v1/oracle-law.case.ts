// The law of a year's loss: its distribution function from grids of every scale, its moments from closed forms or from a
// grid, and the greatest event's closed form. Its own error is what a grid of half as many points shows, less than a third.
import { catSeverity, claimSeverity, type InsuranceArgs } from './args.ts'
import { at, gridOf, type Grid, type YearModel } from './oracle-grid.case.ts'
import { paymentOf } from './oracle-payment.case.ts'

export interface LossLaw {
  /** P(L <= x) */
  upTo(x: number): number
  /** P(L < x) */
  under(x: number): number
  /** P(the year's greatest payment > x), x at least 0. */
  eventAbove(x: number): number
  /** E[min(L, x)^n]; n 1 or 2. */
  limited(x: number, n: 1 | 2): number
  readonly mean: number
  /** E[(L - mean)^n] */
  central(n: number): number
  /** E[max(L - x, 0)^n] */
  excess(x: number, n: number): number
}

/** `points` of every grid; the moments' has twice as many. */
export function lawOf(args: InsuranceArgs, unit: number | null, points: number): LossLaw {
  const model: YearModel = {
    rate: args.claim_freq,
    claim: paymentOf(claimSeverity(args), args.deductible, args.policy_limit),
    catProb: args.cat_prob,
    cat: paymentOf(catSeverity(args), 0, args.cat_limit),
    unit,
    // Second differences of E[min(X, deductible + x)] at 2^-20 of the deductible lose six of the doubles' sixteen digits.
    finest: Math.max(args.deductible * 2 ** -20, 2 ** -60),
  }
  const sum = sumOf(model, points)
  const deductible = args.aggregate_deductible
  const limit = args.aggregate_limit ?? Infinity
  const upTo = (x: number): number => (x < 0 ? 0 : x >= limit ? 1 : sum.upTo(deductible + x))
  const under = (x: number): number => (x <= 0 ? 0 : x > limit || x === Infinity ? 1 : sum.under(deductible + x))
  const loss = (s: number): number => Math.min(Math.max(s - deductible, 0), limit)
  const last = limit < Infinity ? deductible + limit : endOf(model)
  const wide = lazy(() => sum.gridAt(last, 2 * points))
  /** E[f(L)], f(L) = 0 beyond `end` where the loss has no limit. */
  const expected = (f: (loss: number) => number): number =>
    totalOf(wide(), last, (s) => f(loss(s))) + (limit < Infinity ? f(limit) * (1 - massOf(wide(), last)) : 0)
  const raw = lazy(() => (limit < Infinity ? null : momentsOfSum(model)))
  const limited = (x: number, n: 1 | 2): number => {
    const cut = Math.min(x, limit)
    const grid = sum.gridAt(deductible + cut, points)
    const below = totalOf(grid, deductible + cut, (s) => loss(s) ** n)
    return below + cut ** n * (1 - massOf(grid, deductible + cut))
  }
  const mean = raw()?.[1] ?? expected((l) => l)
  return {
    upTo,
    under,
    eventAbove: (x) =>
      -Math.expm1(-model.rate * model.claim.above(x) + Math.log1p(-model.catProb * model.cat.above(x))),
    limited,
    mean,
    central(n) {
      const moments = raw()
      return moments === null ? expected((l) => (l - mean) ** n) : centralOf(moments, n)
    },
    excess(x, n) {
      if (x >= limit) return 0
      return n === 1 ? mean - limited(x, 1) : expected((l) => Math.max(l - x, 0) ** n)
    },
  }
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** Beyond it a sum without limit comes once in 10^14 years: nearly always by one payment. */
function endOf({ rate, claim, catProb, cat }: YearModel): number {
  let x = 1
  while (rate * claim.above(x / 2) + catProb * cat.above(x / 2) > 1e-14) x *= 1.25
  return x
}

/** A grid with the sums up to each of its points. */
interface Cumulated {
  readonly grid: Grid
  readonly atoms: Float64Array
  readonly spread: Float64Array
}

/** More than the transforms' rounding. */
const ATOM = 1e-13

/** The distribution function of S, from the finest grid whose points in use reach x. */
function sumOf(model: YearModel, points: number) {
  const grids = new Map<string, Cumulated>()
  const cumulatedAt = (x: number, least: number): Cumulated => {
    const { step, size } = scaleOf(model, x, least)
    const key = `${step} ${size}`
    let known = grids.get(key)
    if (known === undefined) {
      const grid = gridOf(model, step, 2 * size)
      known = { grid, atoms: cumulated(grid.atoms), spread: cumulated(grid.spread) }
      grids.set(key, known)
    }
    return known
  }
  /**
   * What is spread around a point lies evenly between the middles to its neighbours; around an atom between it and the
   * middle above, because it is the atom and something small.
   */
  const spreadUpTo = ({ grid, spread }: Cumulated, x: number): number => {
    const k = Math.round(x / grid.step)
    const share = at(grid.atoms, k) > ATOM ? Math.max(2 * (x / grid.step - k), 0) : x / grid.step - k + 0.5
    return (1 - share) * (k === 0 ? 0 : at(spread, k - 1)) + share * at(spread, k)
  }
  return {
    gridAt: (x: number, least: number): Grid => cumulatedAt(x, least).grid,
    upTo(x: number): number {
      const known = cumulatedAt(x, points)
      return at(known.atoms, Math.floor(x / known.grid.step)) + spreadUpTo(known, x)
    },
    under(x: number): number {
      const known = cumulatedAt(x, points)
      return at(known.atoms, Math.ceil(x / known.grid.step) - 1) + spreadUpTo(known, x)
    },
  }
}

/** The least unit times a power of two so that x lies within the grid, but not its last two points. */
function scaleOf({ unit, finest }: YearModel, x: number, least: number): { step: number; size: number } {
  let step = unit ?? 1
  while (step * (least - 2) >= 2 * x && step > finest) step /= 2
  if (unit === null) while (step * (least - 2) < x) step *= 2
  let size = least
  while (step * (size - 2) < x) size *= 2
  return { step, size }
}

function cumulated(masses: Float64Array): Float64Array {
  let sum = 0
  return masses.map((mass) => (sum += mass))
}

/** The sum of f over the masses below x. */
function totalOf({ step, atoms, spread }: Grid, x: number, f: (s: number) => number): number {
  const last = Math.min(Math.ceil(x / step), atoms.length) - 1
  let total = 0
  for (let k = 0; k <= last; k++) total += (at(atoms, k) + at(spread, k)) * f(k * step)
  return total
}
const massOf = (grid: Grid, x: number): number => totalOf(grid, x, () => 1)

/** E[S^n] for n to 8: of the claims by the recursion of compound Poisson sums, then the catastrophe by the binomial law. */
function momentsOfSum({ rate, claim, catProb, cat }: YearModel): number[] {
  const claims = [1]
  for (let n = 1; n <= 8; n++) {
    let sum = 0
    for (let k = 0; k < n; k++) sum += choose(n - 1, k) * claim.moment(k + 1) * (claims[n - 1 - k] ?? 0)
    claims.push(rate * sum)
  }
  return claims.map((_, n) =>
    claims.slice(0, n + 1).reduce((sum, moment, k) => {
      const ofCat = k === n ? 1 : catProb * cat.moment(n - k)
      return sum + choose(n, k) * moment * ofCat
    }, 0),
  )
}

function centralOf(raw: readonly number[], n: number): number {
  const mean = raw[1] ?? 0
  return raw.slice(0, n + 1).reduce((sum, moment, k) => sum + choose(n, k) * moment * (-mean) ** (n - k), 0)
}

function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n + 1 - i)) / i
  return ways
}
