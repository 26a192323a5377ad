// The sum of a year's payments on a grid, by fast Fourier transform: compound Poisson claims and one catastrophe with
// probability q. What has a probability of its own and what is spread out are kept apart, so that the former stays exact.
import { transform } from './oracle.case.ts'
import type { Payment } from './oracle-payment.case.ts'

export interface YearModel {
  readonly rate: number
  readonly claim: Payment
  readonly catProb: number
  readonly cat: Payment
  /** Every atom of a payment is a whole multiple of it; null if there is none beyond 0. */
  readonly unit: number | null
  /** No step need be less. */
  readonly finest: number
}

export interface Grid {
  readonly step: number
  /** Of points in use: the upper half only damps what would wrap round. */
  readonly points: number
  /** At k steps: what has a probability of its own, and what is spread around. */
  readonly atoms: Float64Array
  readonly spread: Float64Array
}

/** e^-20 of what lies beyond the grid wraps round to its start, and the upper half's points are used no more. */
const DAMPING = 20

/**
 * A payment's spread part is split over its two neighbours on the grid so that its mean is kept ("Loss Models", section
 * 9.6, local moment matching), which errs by the square of the step. Payments beyond the grid are left out: a sum within it
 * has none. The wrap-around is damped as Gruebel and Hermesmeier do it (ASTIN Bulletin 29, 1999): weights e^-theta k in,
 * e^theta k out.
 */
export function gridOf({ rate, claim, catProb, cat }: YearModel, step: number, size: number): Grid {
  const damping = Float64Array.from({ length: size }, (_, k) => Math.exp((-DAMPING * k) / size))
  const claimAtoms = atomsOnGrid(claim, step, size, 1)
  const catAtoms = atomsOnGrid(cat, step, size, catProb)
  catAtoms[0] = at(catAtoms, 0) + 1 - catProb
  const claims = spreadOnGrid(claim, step, size)
  const cats = spreadOnGrid(cat, step, size)
  for (let k = 0; k < size; k++) {
    claims[k] = at(claims, k) + at(claimAtoms, k)
    cats[k] = catProb * at(cats, k) + at(catAtoms, k)
  }
  const whole = yearOf(claims, cats, damping, rate)
  const atomic = yearOf(claimAtoms, catAtoms, damping, rate)
  // Both come back from one transform, the real part and the imaginary one, as both are real. The conjugate, so that a
  // forward transform is the inverse one.
  const re = whole.re.map((x, k) => (x - at(atomic.im, k)) / size)
  const im = whole.im.map((y, k) => -(y + at(atomic.re, k)) / size)
  transform({ re, im })
  const points = size / 2
  const atoms = im.slice(0, points).map((y, k) => -y / at(damping, k))
  return { step, points, atoms, spread: re.slice(0, points).map((x, k) => x / at(damping, k) - at(atoms, k)) }
}

/** The transform of the sum: exp(rate (f - 1)) g, with f and g the transforms of claims and catastrophe. */
function yearOf(claims: Float64Array, cats: Float64Array, damping: Float64Array, rate: number) {
  const size = claims.length
  // One transform for both, as both are real.
  const packed = { re: claims.map((w, k) => w * at(damping, k)), im: cats.map((w, k) => w * at(damping, k)) }
  transform(packed)
  const re = new Float64Array(size)
  const im = new Float64Array(size)
  for (let k = 0; k < size; k++) {
    const mirror = (size - k) % size
    const [a, b, c, d] = [at(packed.re, k), at(packed.im, k), at(packed.re, mirror), at(packed.im, mirror)]
    const [fRe, fIm, gRe, gIm] = [(a + c) / 2, (b - d) / 2, (b + d) / 2, (c - a) / 2]
    const radius = Math.exp(rate * (fRe - 1))
    const [cosine, sine] = [radius * Math.cos(rate * fIm), radius * Math.sin(rate * fIm)]
    re[k] = cosine * gRe - sine * gIm
    im[k] = cosine * gIm + sine * gRe
  }
  return { re, im }
}

function atomsOnGrid({ atoms }: Payment, step: number, size: number, share: number): Float64Array {
  const weights = new Float64Array(size)
  for (const { value, mass } of atoms) {
    const k = value / step
    if (k >= size - 1) continue
    if (!Number.isInteger(k)) throw new RangeError(`an atom at ${value} is not on the grid of step ${step}`)
    weights[k] = at(weights, k) + share * mass
  }
  return weights
}

/** Second differences of E[min(Y, x)], which are the hat function's means over the law of Y, less the atoms on the grid. */
function spreadOnGrid(payment: Payment, step: number, size: number): Float64Array {
  const weights = new Float64Array(size)
  let [before, here, after] = [0, 0, payment.limited(step)]
  weights[0] = 1 - after / step
  for (let k = 1; k < size - 1; k++) {
    ;[before, here, after] = [here, after, payment.limited((k + 1) * step)]
    weights[k] = (2 * here - before - after) / step
  }
  const atoms = atomsOnGrid(payment, step, size, 1)
  return weights.map((weight, k) => weight - at(atoms, k))
}

export const at = (array: Float64Array, index: number): number => array[index] ?? 0
