// One after another, in order, and no more waiting than may.
import { expect, test } from 'vitest'
import { StoreBusy } from './sql-error.ts'
import { turns } from './turns.ts'

test('one at a time, whatever becomes of the one before, and those beyond the limit are refused at once', async () => {
  const reports = turns('usage', 2)
  let atOnce = 0
  const order: number[] = []
  const report = (number: number) =>
    reports.take(async () => {
      expect(++atOnce).toBe(1)
      await Promise.resolve()
      order.push(number)
      atOnce--
      if (number === 1) throw new Error('it failed')
      return number
    })
  const results = await Promise.allSettled([0, 1, 2, 3].map(report))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
  expect(results[3]).toMatchObject({ reason: expect.any(StoreBusy) })
  expect(order).toEqual([0, 1, 2])
  expect(await report(4)).toBe(4)
})
