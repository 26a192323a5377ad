// Laws of the Prefer header: RFC 7240's grammar, the two preferences we know, and no text that takes long to read.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { preferencesOf } from './prefer.ts'
import { Refusal } from './refusal.ts'

test.each<[string | null, number, boolean, string | null]>([
  [null, 120, false, null],
  ['', 120, false, null],
  [', ,', 120, false, null],
  ['wait=10', 10, false, 'wait=10'],
  ['Wait = "7"', 7, false, 'wait=7'],
  ['wait=0', 0, false, 'wait=0'],
  ['wait=100000000000000000000', 120, false, 'wait=120'],
  ['wait=5, wait=9', 5, false, 'wait=5'],
  ['respond-async', 0, true, 'respond-async'],
  ['RESPOND-ASYNC; x=1 ;y', 0, true, 'respond-async'],
  ['respond-async, wait=3', 3, false, 'respond-async, wait=3'],
  ['handling=lenient, return="a, \\"wait=9\\"",wait=4;foo=bar', 4, false, 'wait=4'],
])('%j', (header, waitSeconds, async, applied) => {
  expect(preferencesOf(header)).toEqual({ waitSeconds, async, applied })
})

test.each([
  'wait',
  'wait=',
  'wait=-1',
  'wait=1.5',
  'wait=soon',
  'wait=1e2',
  '"wait"',
  'a b',
  'x="open',
  '=1',
  'wait=1 2',
])('%j is refused', (header) => {
  const refused = preferencesOf(header)
  expect(refused instanceof Refusal && refused.problem.code).toBe('BAD_PREFERENCE')
})

test('any text is read or refused, at once', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...'ab=;," \\\t')).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(texts, (header) => {
      const read = preferencesOf(header)
      if (!(read instanceof Refusal)) expect(read.waitSeconds).toBeLessThanOrEqual(120)
    }),
    { numRuns: 2000 },
  )
  const started = performance.now()
  for (const part of [' ', '; ', 'a;', '"\\"', ';a = ', ',']) preferencesOf(`a${part.repeat(16_000)}\u0001`)
  expect(performance.now() - started).toBeLessThan(2_000)
})
