// Count tables against exact probabilities, at small rates and at the greatest.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exp, fixedFromNumber, fixedMultiply, ONE } from '../exact/fixed-point.ts'
import { compilePoissonThreshold, countFromTable, poissonGreatest } from './poisson-threshold.ts'

const GUIDE = 256
const SENTINEL = 0xffffffff
const rate = fc.oneof(
  fc.double({ min: 0, max: 10, noNaN: true }),
  fc.double({ min: 0, max: 10_000, noNaN: true }),
  fc.integer({ min: 0, max: 10_000 }),
)

/** R_k for every k below the greatest count, from e^-rate, which the compiler does without. */
function roundedCdf(value: number): bigint[] {
  const lambda = fixedFromNumber(value)
  let probability = exp(-lambda)
  let cdf = 0n
  const rounded: bigint[] = []
  for (let k = 1n; ; k++) {
    cdf += probability
    const r = ((cdf << 32n) + ONE / 2n) / ONE
    if (r >= 1n << 32n) return rounded
    rounded.push(r)
    probability = fixedMultiply(probability, lambda) / k
  }
}

const thresholdsOf = (words: Uint32Array): number[] => [...words.subarray(GUIDE, words.indexOf(SENTINEL, GUIDE))]

describe('Poisson thresholds', () => {
  it('are the rounded distribution function, computed another way', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40, noNaN: true }), (value) => {
        const words = compilePoissonThreshold(value)
        const rounded = roundedCdf(value)
        const base = rounded.filter((r) => r === 0n).length
        expect(words[0]).toBe(base)
        expect(thresholdsOf(words)).toEqual(rounded.slice(base).map((r) => Number(r - 1n)))
      }),
    )
  })

  it('are known for a rate of 2', () => {
    // 2^32 e^-2 (1, 3, 5, 19/3, ...), with the published e^-2 = 0.135335283236612691893999...
    const expected = [1, 3, 5, 19 / 3, 7].map((sum) => Math.round(2 ** 32 * 0.1353352832366127 * sum) - 1)
    expect(thresholdsOf(compilePoissonThreshold(2)).slice(0, 5)).toEqual(expected)
  })

  it('rise, and have the mean and the variance of their rate', () => {
    fc.assert(
      fc.property(rate, (value) => {
        const words = compilePoissonThreshold(value)
        const thresholds = thresholdsOf(words)
        expect(thresholds.every((t, i) => i === 0 || t >= (thresholds[i - 1] ?? 0))).toBe(true)
        // E[N] = sum of P(N > k), E[N^2] = sum of (2k + 1) P(N > k); around the rate, to keep digits.
        const base = words[0] ?? 0
        let mean = base - value
        let square = mean * mean
        thresholds.forEach((t, i) => {
          const above = 1 - (t + 1) / 2 ** 32
          mean += above
          square += (2 * (base + i - value) + 1) * above
        })
        // Rounding to 2^-32 moves each of the probabilities by 1.2e-10, the cut tails count some 7 deviations out.
        const error = 1.2e-10 * (thresholds.length + 10)
        expect(Math.abs(mean)).toBeLessThan(error)
        expect(Math.abs(square - value)).toBeLessThan(error * 2 * (thresholds.length + 10))
      }),
    )
  })

  it('leave nothing to draw for a rate of 0 or next to it', () => {
    for (const value of [0, Number.MIN_VALUE, 1e-300, 1e-11]) {
      const words = compilePoissonThreshold(value)
      expect([words.length, words[0], poissonGreatest(value)]).toEqual([260, 0, 0])
      expect(countFromTable(words, SENTINEL)).toBe(0)
    }
  })

  it('are refused for a rate beyond the range', () => {
    for (const value of [-1, 10_001, Number.NaN, Infinity]) {
      expect(() => compilePoissonThreshold(value)).toThrow('the rate is')
    }
  })
})

describe('a count', () => {
  it('is the base and the number of thresholds below its word', () => {
    const word = fc.oneof(fc.integer({ min: 0, max: SENTINEL }), fc.constantFrom(0, 1, SENTINEL - 1, SENTINEL))
    fc.assert(
      fc.property(rate, word, fc.nat(), (value, anyWord, pick) => {
        const words = compilePoissonThreshold(value)
        const thresholds = thresholdsOf(words)
        const threshold = thresholds[pick % Math.max(thresholds.length, 1)] ?? 0
        for (const w of [anyWord, threshold, threshold + 1]) {
          expect(countFromTable(words, w)).toBe((words[0] ?? 0) + thresholds.filter((t) => t < w).length)
        }
      }),
    )
  })

  it('is greatest for the greatest word', () => {
    fc.assert(
      fc.property(rate, (value) => {
        expect(countFromTable(compilePoissonThreshold(value), SENTINEL)).toBe(poissonGreatest(value))
      }),
    )
  })

  it('comes from whole rows of four words with a sentinel at the end', () => {
    fc.assert(
      fc.property(rate, (value) => {
        const words = compilePoissonThreshold(value)
        expect([words.length % 4, words.at(-1)]).toEqual([0, SENTINEL])
      }),
    )
  })
})
