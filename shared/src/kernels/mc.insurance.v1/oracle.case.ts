// The loss of a year by other mathematics than the kernel's: closed forms of the lognormal in doubles and a numerical
// convolution by fast Fourier transform. It shares no code with what it judges; its own errors are some 1e-6 of a figure.
import { catSeverity, claimSeverity, type InsuranceArgs, type Severity } from './args.ts'

/** P(Z > z) within some 1e-15: the series of Abramowitz & Stegun 26.2.11 near 0, Lentz's continued fraction beyond. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  if (z > 40) return 0
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z < 3) {
    let term = z
    let sum = z
    for (let k = 3; term > 1e-18; k += 2) sum += term = (term * z * z) / k
    return 0.5 - density * sum
  }
  let fraction = z
  for (let k = 200; k > 0; k--) fraction = z + k / fraction
  return density / fraction
}

interface LogNormal {
  readonly mu: number
  readonly sigma: number
}

/** E[min(X, limit)^m], Klugman, Panjer & Willmot, "Loss Models", appendix A. */
function limitedMoment(m: 1 | 2, limit: number, { mu, sigma }: LogNormal): number {
  if (limit <= 0) return 0
  const whole = Math.exp(m * mu + (m * m * sigma * sigma) / 2)
  if (limit === Infinity) return whole
  const z = (Math.log(limit) - mu) / sigma
  return whole * normalTail(m * sigma - z) + limit ** m * normalTail(z)
}

/** First and second moment of min(max(X - deductible, 0), limit): from d/dx of E[(min(X, x) - d)^2]. */
function layerMoments(of: LogNormal, deductible: number, limit: number): { first: number; second: number } {
  const top = deductible + limit
  const first = limitedMoment(1, top, of) - limitedMoment(1, deductible, of)
  const squares = limitedMoment(2, top, of) - limitedMoment(2, deductible, of)
  return { first, second: squares - 2 * deductible * first }
}

const claimOf = (args: InsuranceArgs): LogNormal => lognormalOf(claimSeverity(args))
const catOf = (args: InsuranceArgs): LogNormal => lognormalOf(catSeverity(args))
function lognormalOf(severity: Severity): LogNormal {
  if (severity.kind !== 'lognormal') throw new TypeError('the closed forms are for lognormal severities')
  return severity
}
const orInfinity = (limit: number | null): number => limit ?? Infinity

/** Mean and variance of S, before the aggregate layer: lambda E[Y] + q E[C], lambda E[Y^2] + q E[C^2] - (q E[C])^2. */
export function momentsOfSum(args: InsuranceArgs): { mean: number; variance: number } {
  const claim = layerMoments(claimOf(args), args.deductible, orInfinity(args.policy_limit))
  const cat = layerMoments(catOf(args), 0, orInfinity(args.cat_limit))
  const catMean = args.cat_prob * cat.first
  return {
    mean: args.claim_freq * claim.first + catMean,
    variance: args.claim_freq * claim.second + args.cat_prob * cat.second - catMean * catMean,
  }
}

/** P(S = 0): no claim above the deductible and no catastrophe that pays. */
function zeroSum(args: InsuranceArgs): number {
  const { mu, sigma } = claimOf(args)
  const paying = args.deductible > 0 ? normalTail((Math.log(args.deductible) - mu) / sigma) : 1
  const claims = args.policy_limit === 0 ? 0 : args.claim_freq * paying
  return Math.exp(-claims) * (1 - (args.cat_limit === 0 ? 0 : args.cat_prob))
}

export interface Distribution {
  readonly mean: number
  readonly variance: number
  /** E[(L - mean)^4], for the standard error of a variance. */
  readonly fourth: number
  readonly zero: number
  readonly atAggregateLimit: number
  /** P(L < x); off by up to an atom of L where x is within a step of one. */
  below(x: number): number
  /** Whether x lies within two steps of an atom of L. */
  nearAtom(x: number): boolean
  valueAtRisk(p: number): number
  /** With the standard deviation of max(L - VaR, 0). */
  tailValueAtRisk(p: number): { value: number; excessDeviation: number }
}

/**
 * The law of L on a grid: payments are split over their two neighbours so that each keeps its mean (the method of local
 * moment matching, "Loss Models", section 9.6), S = claims + catastrophe is exp(lambda (f - 1)) (1 - q + q g) in the
 * transforms f and g, and the layer is applied point by point. `step` must divide the limits, and `size` x `step`
 * exceed every sum of weight, for what lies beyond wraps round to the start.
 */
export function distributionOf(args: InsuranceArgs, step: number, size: number): Distribution {
  const { aggregate_deductible: deductible, claim_freq: rate, cat_prob: q } = args
  const limit = orInfinity(args.aggregate_limit)
  const claim = transformed(split(claimOf(args), args.deductible, orInfinity(args.policy_limit), step, size))
  const cat = transformed(split(catOf(args), 0, orInfinity(args.cat_limit), step, size))
  const sum = { re: new Float64Array(size), im: new Float64Array(size) }
  for (let k = 0; k < size; k++) {
    const radius = Math.exp(rate * (at(claim.re, k) - 1))
    const [c, s] = [radius * Math.cos(rate * at(claim.im, k)), radius * Math.sin(rate * at(claim.im, k))]
    const [x, y] = [1 - q + q * at(cat.re, k), q * at(cat.im, k)]
    // The conjugate, so that a forward transform is the inverse one.
    sum.re[k] = (c * x - s * y) / size
    sum.im[k] = -(c * y + s * x) / size
  }
  transform(sum)
  const mass = sum.re
  const cumulated = new Float64Array(size)
  let total = 0
  mass.forEach((m, k) => (cumulated[k] = total += m))
  const loss = (k: number): number => Math.min(Math.max(k * step - deductible, 0), limit)
  const expected = (f: (l: number) => number): number => mass.reduce((sumOf, m, k) => sumOf + m * f(loss(k)), 0)
  // What is spread over a cell reaches the cell's weight in the middle between two points.
  const sumBelow = (x: number): number => {
    const k = Math.floor(x / step - 0.5)
    const share = x / step - 0.5 - k
    return (1 - share) * (k < 0 ? 0 : at(cumulated, k)) + share * at(cumulated, Math.min(k + 1, size - 1))
  }
  const mean = expected((l) => l)
  const valueAtRisk = (p: number): number => {
    let k = cumulated.findIndex((c) => c >= p)
    if (k < 0) k = size - 1
    const before = k > 0 ? at(cumulated, k - 1) : 0
    const sumAt = k === 0 ? 0 : (k - 0.5 + (p - before) / (at(cumulated, k) - before)) * step
    return Math.min(Math.max(sumAt - deductible, 0), limit)
  }
  const { policy_limit: claimLimit, cat_limit: catLimit } = args
  return {
    mean,
    variance: expected((l) => (l - mean) ** 2),
    fourth: expected((l) => (l - mean) ** 4),
    zero: deductible === 0 ? zeroSum(args) : sumBelow(deductible),
    atAggregateLimit: limit === Infinity ? 0 : 1 - sumBelow(deductible + limit),
    below: (x) => (x > limit ? 1 : sumBelow(x + deductible)),
    nearAtom(x) {
      const near = (atom: number): boolean => Math.abs(x + deductible - atom) <= 2 * step
      const claims = [0, ...(claimLimit === null ? [] : Array.from({ length: 20 }, (_, i) => (i + 1) * claimLimit))]
      return claims.some((atom) => near(atom) || near(atom + (catLimit ?? 0))) || x <= 2 * step || x > limit - 2 * step
    },
    valueAtRisk,
    tailValueAtRisk(p) {
      const value = valueAtRisk(p)
      const first = expected((l) => Math.max(l - value, 0))
      const second = expected((l) => Math.max(l - value, 0) ** 2)
      return { value: value + first / (1 - p), excessDeviation: Math.sqrt(second - first * first) }
    },
  }
}

/** Weights of a layer's payment at 0, step, 2 step and so on: second differences of E[min(Y, x)]. */
function split(of: LogNormal, deductible: number, limit: number, step: number, size: number): Float64Array {
  const below = limitedMoment(1, deductible, of)
  const limited = (k: number): number => limitedMoment(1, deductible + Math.min(k * step, limit), of) - below
  const weights = new Float64Array(size)
  let [before, here, after] = [0, 0, limited(1)]
  let left = (weights[0] = 1 - after / step)
  for (let k = 1; k < size - 1 && (k - 1) * step < limit; k++) {
    ;[before, here, after] = [here, after, limited(k + 1)]
    left += weights[k] = (2 * here - before - after) / step
  }
  // A severity without a limit ends with the grid.
  weights[size - 1] = limit === Infinity ? 1 - left : 0
  return weights
}

interface Complex {
  readonly re: Float64Array
  readonly im: Float64Array
}

function transformed(weights: Float64Array): Complex {
  const complex = { re: weights, im: new Float64Array(weights.length) }
  transform(complex)
  return complex
}

/** Cooley and Tukey's transform in place, sum of x_j exp(-2 pi i j k / size); size a power of two. */
export function transform({ re, im }: Complex): void {
  const size = re.length
  const swap = (array: Float64Array, i: number, j: number): void => {
    const kept = at(array, i)
    array[i] = at(array, j)
    array[j] = kept
  }
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      swap(re, i, j)
      swap(im, i, j)
    }
  }
  const cosine = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size))
  const sine = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size))
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half)
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b] = [start + k, start + k + half]
        const [c, s] = [at(cosine, k * stride), at(sine, k * stride)]
        const x = at(re, b) * c - at(im, b) * s
        const y = at(re, b) * s + at(im, b) * c
        re[b] = at(re, a) - x
        im[b] = at(im, a) - y
        re[a] = at(re, a) + x
        im[a] = at(im, a) + y
      }
    }
  }
}

const at = (array: Float64Array, index: number): number => array[index] ?? 0
