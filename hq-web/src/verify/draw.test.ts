// Every shard is drawn equally often: what would favour some is drawn again.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawBelow } from './draw.ts'

const bitsOf = (some: readonly number[]) => {
  const left = [...some]
  return () => left.shift() ?? expect.fail('asked for more bits than there are')
}

test('the last bits, which do not make a whole round, are drawn again', () => {
  expect(drawBelow(3, bitsOf([2 ** 32 - 1, 7]))).toBe(1)
  expect(drawBelow(3, bitsOf([2 ** 32 - 2]))).toBe(2)
  expect(drawBelow(2 ** 32, bitsOf([2 ** 32 - 1]))).toBe(2 ** 32 - 1)
})

test('as many bits lead to one as to any other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.nat(), (of, n) => {
      const round = Math.floor(2 ** 32 / of)
      const one = n % of
      // The least and the greatest bits that give it are `round - 1` rounds apart, for each of them.
      expect(drawBelow(of, bitsOf([one]))).toBe(one)
      expect(drawBelow(of, bitsOf([one + (round - 1) * of]))).toBe(one)
      if (round * of < 2 ** 32) expect(drawBelow(of, bitsOf([round * of, one]))).toBe(one)
    }),
  )
})
