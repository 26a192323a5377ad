// Laws of the strict parser: it agrees with JSON.parse wherever JSON.parse loses nothing, and says where it does not.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JSON_DEPTH_MAX, parseStrictJson, placeOf, type JsonFault, type JsonValue } from './strict-json.ts'

function valueOf(text: string): JsonValue {
  const parsed = parseStrictJson(text)
  if ('fault' in parsed) throw new Error(parsed.fault.message)
  return parsed.value
}

function faultOf(text: string): JsonFault {
  const parsed = parseStrictJson(text)
  if ('fault' in parsed) return parsed.fault
  throw new Error(`${text} was taken`)
}

test('what JSON.stringify writes is read back, in every spacing', () => {
  const spacing = fc.constantFrom(undefined, 1, '\t', ' \n')
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' }), spacing, (value, space) => {
      const text = JSON.stringify(value, null, space)
      fc.pre(!/"__proto__"|\\u0000|\\ud[89a-f]/i.test(text))
      expect(valueOf(text)).toEqual(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test('it takes what JSON.parse takes and refuses what it refuses, on texts of JSON’s own letters', () => {
  const letters = fc.array(fc.constantFrom(...'{}[]":,. \n0123456789-+eEtrufalsn\\/b\u0001é'), { maxLength: 12 })
  const nearly = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[]":,0-e\\ ', '')).map(([text, at, letter]) => {
    const cut = at % (text.length + 1)
    return text.slice(0, cut) + letter + text.slice(cut + 1)
  })
  fc.assert(
    fc.property(
      fc.oneof(
        letters.map((all) => all.join('')),
        nearly,
        fc.string(),
      ),
      (text) => {
        const parsed = parseStrictJson(text)
        if ('value' in parsed) expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(JSON.parse(text)))
        else if (parsed.fault.code === 'MALFORMED_JSON') expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
      },
    ),
    { numRuns: 3000 },
  )
})

test('a number is its nearest double, and -0 is 0', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(valueOf(String(value))).toBe(value === 0 ? 0 : value)
    }),
  )
  for (const text of ['-0', '-0.0', '-0e5', '-1e-400']) expect(valueOf(text)).toBe(0)
  for (const text of ['9007199254740993', '12345678901234567890', '-9007199254740993']) {
    expect(faultOf(`{"a":${text}}`)).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['a'],
      message: expect.stringContaining('a field that may be text takes it in quotes'),
    })
  }
  expect(valueOf('9007199254740992')).toBe(9007199254740992)
  expect(valueOf('12345678901234567000')).toBe(12345678901234567000)
  expect(valueOf(`1${'0'.repeat(23)}`)).toBe(1e23)
  expect(valueOf('0.1')).toBe(0.1)
})

test('a whole number that no double is is told the two that are next to it, which can be sent', () => {
  const next = (text: string): number[] =>
    /next to it, (\S+)(?: and (\S+))?;/
      .exec(faultOf(text).message)
      ?.slice(1)
      .filter(Boolean)
      .map(valueOf)
      .map(Number) ?? []
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (n) => {
      const read = parseStrictJson(String(n))
      fc.pre('fault' in read)
      const [below = 0, above = 0, ...more] = next(String(n))
      expect([BigInt(below) < n, BigInt(above) > n, more]).toEqual([true, true, []])
      expect([below, above]).toContain(below / 2 + above / 2)
    }),
  )
  expect(next('9007199254740993')).toEqual([9007199254740992, 9007199254740994])
  expect(next('-9007199254740993')).toEqual([-9007199254740994, -9007199254740992])
  expect(next(String(BigInt(Number.MAX_VALUE) + 1n))).toEqual([Number.MAX_VALUE])
})

test.each<[string, JsonFault['code'], string, RegExp]>([
  ['', 'MALFORMED_JSON', '', /empty/],
  ['\uFEFF{}', 'MALFORMED_JSON', '', /byte order mark/],
  ['{"a":1', 'MALFORMED_JSON', '', /the text ends where a comma or }/],
  ['{"a":\n nul}', 'MALFORMED_JSON', 'a', /"n" stands where a value should be, at character 7 \(line 2, column 2\)/],
  ['{"a":1,}', 'MALFORMED_JSON', '', /a field name in quotes/],
  ['[1 2]', 'MALFORMED_JSON', '', /a comma or \]/],
  ['{} x', 'MALFORMED_JSON', '', /"x" stands where the end/],
  ['01', 'MALFORMED_JSON', '', /the end/],
  ['"\\x"', 'MALFORMED_JSON', '', /an escape/],
  ['"a\nb"', 'MALFORMED_JSON', '', /"\\n" stands where a closing quote/],
  ['NaN', 'MALFORMED_JSON', '', /a value/],
  ['{"a":1,"a":1}', 'DUPLICATE_KEY', 'a', /twice/],
  ['{"a":[0,{"b":1,"\\u0062":2}]}', 'DUPLICATE_KEY', 'a.1.b', /twice/],
  ['{"toString":1,"toString":1}', 'DUPLICATE_KEY', 'toString', /twice/],
  ['{"a":1e999}', 'VALIDATION_FAILED', 'a', /greatest double/],
  ['{"a":{"__proto__":{"b":1}}}', 'VALIDATION_FAILED', 'a.__proto__', /name/],
  ['["\\ud800"]', 'VALIDATION_FAILED', '0', /surrogate/],
  ['["a\\u0000b"]', 'VALIDATION_FAILED', '0', /U\+0000/],
])('%j is refused as %s at "%s"', (text, code, path, message) => {
  const fault = faultOf(text)
  expect(fault.code).toBe(code)
  expect(fault.path.join('.')).toBe(path)
  expect(fault.message).toMatch(message)
})

test('a fault says where in the text it was noticed', () => {
  const text = '{\n  "a": 1,\n  "a": 2\n}'
  expect(placeOf(text, faultOf(text).at)).toEqual({ line: 3, column: 6 })
  expect(placeOf('', 0)).toEqual({ line: 1, column: 1 })
})

test('names of Object.prototype are plain fields', () => {
  const value = valueOf('{"constructor":1,"hasOwnProperty":2,"toString":3}')
  expect(Object.keys(value ?? {})).toEqual(['constructor', 'hasOwnProperty', 'toString'])
  expect(Object.prototype.toString.call({})).toBe('[object Object]')
})

test('depth is bounded, however deep the text is', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  expect(valueOf(nested(JSON_DEPTH_MAX))).toBeTruthy()
  expect(faultOf(nested(JSON_DEPTH_MAX + 1)).message).toMatch(/32 levels/)
  expect(faultOf('['.repeat(1_000_000)).code).toBe('VALIDATION_FAILED')
  expect(faultOf('{"a":'.repeat(100_000)).code).toBe('VALIDATION_FAILED')
})

test('a long string is no burden', () => {
  const long = JSON.stringify('ab\\"é'.repeat(150_000))
  expect(valueOf(long)).toBe(JSON.parse(long))
})
