// The count table: Poisson's distribution function as 32-bit thresholds with a guide, so that a word becomes a number
// of claims by comparisons alone. The layout is defined in kernels/mc.insurance.v1/README.md, "Words"; part of a
// kernel's frozen definition.
import { rational, rationalFromNumber } from '../exact/rational.ts'
import type { Rational } from '../exact/rational.ts'

const GUIDE = 256
const SENTINEL = 0xffffffff
const GREATEST_RATE = 10_000

/** The number of claims that a word draws. */
export function countFromTable(words: Uint32Array, word: number): number {
  const base = words[0] ?? 0
  let count = words[word >>> 24] ?? 0
  while ((words[GUIDE - base + count] ?? SENTINEL) < word) count++
  return count
}

/** The greatest number of claims that any word draws. */
export function poissonGreatest(rate: number): number {
  const words = compilePoissonThreshold(rate)
  return (words[0] ?? 0) + words.indexOf(SENTINEL, GUIDE) - GUIDE
}

/** The mean of what the words of a rate's table draw: each threshold has its share of them above it. */
export function poissonTableMean(rate: number): Rational {
  const words = compilePoissonThreshold(rate)
  const thresholds = words.subarray(GUIDE, words.indexOf(SENTINEL, GUIDE))
  const above = thresholds.reduce((sum, threshold) => sum + BigInt(SENTINEL - threshold), 0n)
  return rational((BigInt(words[0] ?? 0) << 32n) + above, 1n << 32n)
}

/** Compiles the table of a rate from 0 to 10,000: 260 words for a rate of 0, some 1,500 for the greatest. */
export function compilePoissonThreshold(rate: number): Uint32Array {
  if (!(rate >= 0 && rate <= GREATEST_RATE)) throw new RangeError(`the rate is ${rate}; it must be from 0 to 10,000`)
  const { base, thresholds } = poissonThresholds(rationalFromNumber(rate))
  const words = new Uint32Array((GUIDE + thresholds.length + 4) & ~3).fill(SENTINEL)
  let below = 0
  for (let b = 0; b < GUIDE; b++) {
    while ((thresholds[below] ?? SENTINEL) < b * 2 ** 24) below++
    words[b] = base + below
  }
  words.set(thresholds, GUIDE)
  return words
}

interface Thresholds {
  /** The number of k with R_k = round(2^32 CDF(k)) = 0. */
  readonly base: number
  /** R_k - 1 for the k from `base` on with R_k < 2^32; ascending. */
  readonly thresholds: readonly number[]
}

/**
 * Rounds with certainty: if an error bound leaves one R_k open, all is computed again with twice the bits. That ends,
 * because no 2^32 CDF(k) lies on a half: it is e^-rate times a rational, irrational for every rational rate but 0.
 */
function poissonThresholds(rate: Rational): Thresholds {
  if (rate.numerator === 0n) return { base: 0, thresholds: [] }
  for (let bits = 192n; ; bits *= 2n) {
    const found = thresholdsAt(rate, bits)
    if (found !== null) return found
  }
}

function thresholdsAt(rate: Rational, bits: bigint): Thresholds | null {
  const { first, weights } = poissonWeights(rate, bits)
  const total = weights.reduce((sum, weight) => sum + weight, 0n)
  // Each of the n weights is at most n too small: its error never grows from one to the next, and its own floor adds
  // less than 1. The weights left out are below n as well: fewer than `end` of them to the left, and to the right a
  // geometric series of ratio rate / (end + 1) at most, hence of sum n (end + 1). So no sum of weights, from the left
  // or in all, is more than `error` too small.
  const n = BigInt(weights.length)
  const end = BigInt(first) + n
  const error = n * (n + 2n * end + 1n)

  let base = first
  const thresholds: number[] = []
  let sum = 0n
  for (const weight of weights) {
    sum += weight
    const least = roundedShare(sum, total + error)
    if (least !== roundedShare(sum + error, total)) return null
    if (least >= 1n << 32n) break
    if (least === 0n) base++
    else thresholds.push(Number(least - 1n))
  }
  return { base, thresholds }
}

/** round(2^32 part / of), halves up, and 2^32 for a share above 1. */
function roundedShare(part: bigint, of: bigint): bigint {
  return part >= of ? 1n << 32n : ((part << 33n) + of) / (2n * of)
}

/**
 * Poisson's probabilities relative to that of the mode, as floors of weight 2^bits, from the mode both ways as far as
 * they are not 0. No exponential is needed: the weights are divided by their sum.
 */
function poissonWeights({ numerator, denominator }: Rational, bits: bigint): { first: number; weights: bigint[] } {
  const mode = numerator / denominator
  const left: bigint[] = []
  for (let k = mode, weight = 1n << bits; k > 0n; k--) {
    weight = (weight * k * denominator) / numerator
    if (weight === 0n) break
    left.push(weight)
  }
  const right: bigint[] = []
  for (let k = mode, weight = 1n << bits; weight > 0n;) {
    right.push(weight)
    k++
    weight = (weight * numerator) / (k * denominator)
  }
  return { first: Number(mode) - left.length, weights: [...left.toReversed(), ...right] }
}
