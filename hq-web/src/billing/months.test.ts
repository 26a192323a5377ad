// The twelve months of an invoice: over a new year, and to the last day of each.
import { expect, test } from 'vitest'
import { MONTHS, monthsUpTo } from './months.ts'

test('months go back over a new year and end on their last day, leap years too', () => {
  const months = monthsUpTo('2024-03-31')
  expect(months.slice(0, 4)).toEqual([
    { name: '2024-03', from: '2024-03-01', to: '2024-03-31' },
    { name: '2024-02', from: '2024-02-01', to: '2024-02-29' },
    { name: '2024-01', from: '2024-01-01', to: '2024-01-31' },
    { name: '2023-12', from: '2023-12-01', to: '2023-12-31' },
  ])
  expect(new Set(months.map(({ name }) => name)).size).toBe(MONTHS)
})
