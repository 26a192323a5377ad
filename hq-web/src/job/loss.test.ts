// What is read of an insurance job's output, and that the shares of the distribution add up to what the curve says.
import { expect, test } from 'vitest'
import { densityOf, headline, lossOf, middle, returnsOf, type Loss } from './loss.ts'

const loss: Loss = {
  mean: 1,
  variance: null,
  variance_std_error: null,
  std_error: null,
  p_zero: 0.1,
  quantiles: [
    { p: 0.5, var: 1, tvar: 2 },
    { p: 0.995, var: { lower: 8, upper: 10 }, tvar: 11 },
    { p: 0.999, var: 12, tvar: 13 },
  ],
}

test('an output without a loss is another profile’s', () => {
  expect(lossOf({ loss })).toBe(loss)
  for (const other of [undefined, {}, { loss: null }, { loss: { mean: 1 } }]) expect(lossOf(other)).toBeNull()
})

test('the headline is what capital is held for, or the rarest', () => {
  expect(headline(loss)?.p).toBe(0.995)
  expect(headline({ ...loss, quantiles: loss.quantiles.slice(0, 1) })?.p).toBe(0.5)
  expect(headline({ ...loss, quantiles: [] })).toBeUndefined()
  expect([middle(3), middle({ lower: 8, upper: 10 })]).toEqual([3, 9])
})

test('the shares of the bands are what lies between the points of the curve', () => {
  const curve = [
    { x: 0, p: 0.8 },
    { x: 10, p: 0.5 },
    { x: 20, p: 0.1 },
    { x: 90, p: 0.001 },
  ]
  const { edges, shares } = densityOf(curve, 0.01)
  expect(edges).toEqual([0, 0, 10, 20])
  expect(shares.map((share) => Math.round(share * 1e9) / 1e9)).toEqual([0.2, 0.3, 0.4])
  expect(densityOf([], 0.01)).toEqual({ edges: [0], shares: [] })
})

test('the table has of each curve the first of its points that is rare enough', () => {
  const aep = [
    { x: 10, p: 0.5 },
    { x: 20, p: 0.11 },
    { x: 30, p: 0.02 },
  ]
  expect(returnsOf({ aep, oep: [{ x: 5, p: 0.2 }] })).toEqual([
    { years: 2, aep: 10, oep: 5 },
    { years: 5, aep: 20, oep: 5 },
    { years: 10, aep: 30, oep: undefined },
    { years: 20, aep: 30, oep: undefined },
    { years: 50, aep: 30, oep: undefined },
  ])
  expect(returnsOf({})).toEqual([])
})
