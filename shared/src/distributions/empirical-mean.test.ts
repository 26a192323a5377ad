// The means of empirical tables against those of the functions that they stand for.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileEmpirical, type EmpiricalSpec, type Quantiles } from './empirical-quantile.ts'
import { narrowSpec, wideSpec } from './empirical.case.ts'
import { OCTAVES, SEGMENTS, wideRowValue } from './lognormal-quantile.ts'

const ROWS = 2 * OCTAVES * SEGMENTS

describe('the mean of an empirical table', () => {
  /** Of Q cut at the ceiling, in quanta. */
  function exactMean({ quantiles: points, fractionBits, ceiling }: EmpiricalSpec): number {
    const limit = ceiling === null ? Infinity : Number(ceiling) / 2 ** fractionBits
    let mean = 0
    for (const [i, [p2, x2]] of points.entries()) {
      const [p1, x1] = points[i - 1] ?? [0, x2]
      const below = x2 <= limit ? 1 : x1 >= limit ? 0 : (limit - x1) / (x2 - x1)
      if (below > 0) mean += ((p2 - p1) * below * (x1 + Math.min(x2, limit))) / 2
      if (below < 1) mean += (p2 - p1) * (1 - below) * limit
    }
    return mean * 2 ** fractionBits
  }

  function meanOf(words: Uint32Array, samples: number): number {
    let mean = 0
    for (let row = 0; row < ROWS; row++) {
      let sum = 0
      for (let i = 0; i < samples; i++) sum += Number(wideRowValue(words, row, ((2 * i + 1) * 2 ** 30) / samples))
      mean += sum / samples / 2 ** ((Math.floor(row / SEGMENTS) % OCTAVES) + 7)
    }
    return mean
  }

  const squares = Array.from({ length: 63 }, (_, i) => [i / 62, (i * i) / 100] as const)
  it.each<[string, Quantiles]>([
    [
      'two points',
      [
        [0, 0],
        [1, 1000],
      ],
    ],
    [
      'jumps',
      [
        [0, 0],
        [0.3, 0],
        [0.3000001, 1000],
        [0.7, 1000],
        [0.7000001, 2000],
        [1, 5000],
      ],
    ],
    [
      'a heavy tail',
      [
        [0, 100],
        [0.5, 1000],
        [0.9, 10_000],
        [0.99, 1e5],
        [0.999, 1e6],
        [1, 1e7],
      ],
    ],
    ['63 points', squares],
  ])('is right to a hundredth of a quantum for %s', (_, points) => {
    for (const scale of [
      { fractionBits: 6, ceiling: null, wide: false },
      { fractionBits: 8, ceiling: '100000', wide: false },
      { fractionBits: 12, ceiling: null, wide: true },
    ]) {
      const spec = { ...scale, quantiles: points }
      expect(Math.abs(meanOf(compileEmpirical(spec), 1024) - exactMean(spec))).toBeLessThan(0.01)
    }
  })

  it('is right to half a quantum, and 2^-27 of the greatest, for any', () => {
    fc.assert(
      fc.property(fc.oneof(narrowSpec, wideSpec), (spec) => {
        const greatest = (spec.quantiles.at(-1)?.[1] ?? 0) * 2 ** spec.fractionBits
        const error = Math.abs(meanOf(compileEmpirical(spec), 64) - exactMean(spec))
        // 64 samples of a row that was floored.
        const sampling = (greatest / 128) * 5.1e-6
        expect(error).toBeLessThan(0.51 + greatest * 2 ** -27 + sampling)
      }),
      { numRuns: 15 },
    )
  })
})
