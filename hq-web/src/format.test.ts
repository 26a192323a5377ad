// How HQ writes ages, lengths and numbers: at the edges between units, and for what no clock should say.
import { expect, test } from 'vitest'
import { age, amount, count, duration, error, exactTime, groups, hoursLeft, large, shortId } from './format.ts'

test.each([
  [-5, '0 s'],
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_399_999, '23 h'],
  [86_400_000, '1 d'],
  [9e9, '104 d'],
])('an age of %d ms is %s', (ms, said) => expect(age(ms)).toBe(said))

test.each([
  [-5, '1 h'],
  [3_600_000, '1 h'],
  [3_600_001, '2 h'],
  [86_399_000, '24 h'],
  [86_400_000, '24 h'],
  [172_800_000, '48 h'],
])('of a wait %d ms are left: %s', (ms, said) => expect(hoursLeft(ms)).toBe(said))

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [1_000, '1.00 s'],
  [12_340, '12.3 s'],
  [250_000, '4 min 10 s'],
  [10_920_000, '3 h 2 min'],
])('%d ms lasts %s', (ms, said) => expect(duration(ms)).toBe(said))

test('numbers, ids and digests', () => {
  expect([
    count('10000000'),
    count(77n),
    large(10_000_000),
    large(2_500_000_000),
    large(999_999),
    large(1e12),
    amount(1853.5334871),
  ]).toEqual(['10,000,000', '77', '10 million', '2.5 billion', '999,999', '1 trillion', '1,853.533'])
  expect([error(1.5157068677), error(65033.21)]).toEqual(['1.516', '65,030'])
  expect(shortId('01K9Q2XA3V5Z8N6RB4CDM07T4M')).toBe('01K9Q2…7T4M')
  expect(groups('ab'.repeat(32))).toEqual(Array.from({ length: 8 }, () => 'abababab'))
  expect(exactTime('2026-03-14T14:31:57.204Z')).toBe('2026-03-14 14:31:57.204 UTC')
})
