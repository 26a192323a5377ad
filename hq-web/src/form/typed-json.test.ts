// What a person types as JSON is sent as it was typed, or not at all.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonOf } from './typed-json.ts'

test('what comes out says the same as what was typed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 2)
      fc.pre(!text.includes('"__proto__"'))
      expect(jsonOf(text)).toEqual({ value: JSON.parse(text) })
    }),
  )
})

test('a whole number is sent to the digit or refused: what no double is, is marked in its place', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (n) => {
      const read = jsonOf(`{"n":${n}}`)
      if ('value' in read) expect(BigInt(Number(JSON.stringify(read.value).slice(5, -1)))).toBe(n)
      else expect(read.fault).toMatch(/^n: no double is this whole number.* \(line 1, column \d+\)\.$/)
    }),
  )
  expect(jsonOf('{\n  "policy": 9007199254740993\n}')).toEqual({
    fault:
      'policy: no double is this whole number, so a number can only be what is next to it, 9007199254740992 and 9007199254740994; a field that may be text takes it in quotes (line 2, column 13).',
  })
})

test('a field that is there twice is marked, and no half of it is dropped', () => {
  expect(jsonOf('{"a":{"b":1,\n"b":2}}')).toEqual({ fault: 'a.b: this field is there twice (line 2, column 1).' })
})

test('what is no JSON says what stands where', () => {
  expect(jsonOf('{"a":1,}')).toEqual({
    fault:
      'This is not JSON yet: "}" stands where a field name in quotes should be, at character 7 (line 1, column 8).',
  })
})
