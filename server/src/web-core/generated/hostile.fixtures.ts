// What a hostile client sends in the place of a value, a text or a body: wrong types, huge and deep ones, characters that
// stores and parsers stumble over, names that objects have already, JSON that no parser of ours may take.
import fc from 'fast-check'
import { EXAMPLE } from '../examples.ts'

/** No ULID, digest or name of anybody's is in it but those of the examples. */
const NASTY_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\uD800',
  'x\uDFFF',
  '\u{10FFFF}',
  '\u202E',
  '\uFEFF',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  '..',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  '*',
  ':id',
  '{id}',
  "'; drop table jobs; --",
  '<script>alert(1)</script>',
  '${7*7}',
  '-0',
  'NaN',
  'Infinity',
  '1e999',
  '99999999999999999999',
  '0x10',
  'null',
  'true',
  '2026-02-30',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '-271821-04-20T00:00:00Z',
  'a'.repeat(300),
  'ü'.repeat(2_000),
  '𝒳'.repeat(300),
  'x'.repeat(70_000),
] as const

export const nastyTexts = (more: readonly string[] = []): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...NASTY_TEXTS, ...Object.values(EXAMPLE), ...more) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    // Cursors of other lists, and none at all.
    {
      weight: 1,
      arbitrary: fc
        .oneof(fc.jsonValue(), fc.tuple(fc.nat(), fc.constant(EXAMPLE.job)))
        .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    },
  )

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
const NASTY_VALUES = [
  0,
  -1,
  1.5,
  5e-324,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  null,
  true,
  [],
  {},
  [[]],
  [null],
  { '': null },
  { toString: 1, hasOwnProperty: 2, constructor: { prototype: 3 } },
  { $vmem: 'severity@1' },
  { $blob: 'reports/2026.csv' },
  { $vmem: 'no-such@1', $blob: 'x' },
  nested(31),
  nested(33),
  nested(500),
  Array.from({ length: 3_000 }, (_, i) => i),
  Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field${i}`, i])),
] as const

export const nastyValues = (more: readonly string[] = []): fc.Arbitrary<unknown> =>
  fc.oneof(fc.constantFrom<unknown>(...NASTY_VALUES), nastyTexts(more), fc.jsonValue({ maxDepth: 3 }))

/** One part of a value in the place of another: `at` names it, a level at a time; a name that is not there is added. */
export function replaced(value: unknown, at: readonly number[], other: unknown): unknown {
  const [first, ...rest] = at
  if (first === undefined || typeof value !== 'object' || value === null) return other
  const names = [...Object.keys(value), 'other']
  const name = names[first % names.length] ?? 'other'
  const entry = Object.entries(value).find(([own]) => own === name)
  return { ...value, [name]: replaced(entry?.[1], rest, other) }
}

type Twist = (json: string, n: number) => string | Uint8Array<ArrayBuffer>

const afterBrace = (json: string, text: string): string => json.replace('{', `{${text}`)

const TWISTS: Readonly<Record<string, Twist>> = {
  'a name twice': (json) => afterBrace(json, '"twice":1,"twice":2,'),
  'its first name twice': (json) => {
    const [, name = '"a"'] = /\{("[^"]*"):/.exec(json) ?? []
    return afterBrace(json, `${name}:null,`)
  },
  'a name twice, once escaped': (json) => afterBrace(json, '"ctx":1,"\\u0063tx":2,'),
  'a prototype': (json) => afterBrace(json, '"__proto__":{"admin":true},'),
  'negative zero': (json) => json.replace(/\d+(?:\.\d+)?/, '-0'),
  'a number beyond all': (json) => json.replace(/\d+(?:\.\d+)?/, '1e400'),
  'a number with too many digits': (json) => json.replace(/\d+(?:\.\d+)?/, `0.${'1'.repeat(5_000)}`),
  'no number of JSON': (json, n) => json.replace(/\d+/, ['01', '0x1', 'NaN', '+1', '.5', '1.', '1_000'][n % 7] ?? ''),
  'half a surrogate pair, escaped': (json) => json.replace(/"[^"]*"(?=[,}])/, '"\\ud800"'),
  'half a surrogate pair in a name': (json) => afterBrace(json, '"\\udc00":1,'),
  'NUL, escaped': (json) => json.replace(/"[^"]*"(?=[,}])/, '"a\\u0000b"'),
  'NUL as it is': (json) => json.replace(/"[^"]*"(?=[,}])/, '"a\0b"'),
  'broken off': (json, n) => json.slice(0, n % Math.max(1, json.length)),
  'something behind': (json) => `${json}x`,
  'twice the whole': (json) => json + json,
  'a comment': (json) => `/* */${json}`,
  'a comma too many': (json) => json.replace(/\}$/, ',}'),
  'a byte order mark': (json) => `\uFEFF${json}`,
  'bytes that are no UTF-8': (json) => new Uint8Array([...new TextEncoder().encode(json), 0xff, 0xc0, 0x80]),
  'an overlong slash': (json) => new Uint8Array([0x22, 0xc0, 0xaf, 0x22, ...new TextEncoder().encode(json)]),
  'UTF-16': (json) => new Uint8Array(Buffer.from(json, 'utf16le')),
  'deep arrays': (json, n) => '['.repeat(n % 20_000) + json + ']'.repeat(n % 20_000),
  'arrays that never end': () => '['.repeat(100_000),
  'another value': (_, n) => ['null', '[]', '""', '0', 'true', '{}', ' ', ''][n % 8] ?? '',
  'bytes changed': (json, n) => {
    const bytes = new TextEncoder().encode(json)
    return bytes.length === 0 ? bytes : bytes.with(n % bytes.length, n & 0xff)
  },
}
const HUGE: Twist = (json) => ' '.repeat(1_100_000) + json

/** What is sent in the place of a body's JSON. */
export const twists: fc.Arbitrary<Twist> = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...Object.values(TWISTS)) },
  { weight: 1, arbitrary: fc.constant(HUGE) },
)

const word = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,40}$/)
const oneOf = (...texts: readonly string[]): fc.Arbitrary<string> => fc.oneof(word, fc.constantFrom(...texts))

/** Of a request; those of the routes and those that everybody reads. */
export const nastyHeaders: fc.Arbitrary<Partial<Record<string, string>>> = fc.record(
  {
    'content-type': oneOf('text/plain', 'application/json; charset=utf-16', 'application/json;charset="utf-8"', 'a/b'),
    'content-encoding': oneOf('gzip', 'identity', 'br, gzip'),
    'content-digest': oneOf('sha-256=:AAAA:', 'md5=:AAAA:', 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'),
    prefer: oneOf('respond-async', 'wait=0', 'wait=-1', 'wait=99999999999', 'wait=1, wait=2'),
    'if-match': oneOf('*', '"1"', 'W/"1"', '"1", "2"', '"99999999999999999999"', '""', '"a'),
    'if-none-match': oneOf('*', '"1"', 'W/"1"', '"'),
    range: oneOf('bytes=0-0', 'bytes=-1', 'bytes=5-1', 'bytes=0-99999999999999999999', 'bytes=0-1,2-3', 'items=0-1'),
    'if-range': oneOf('"1"', 'Wed, 21 Oct 2015 07:28:00 GMT'),
    'last-event-id': oneOf('0', '-1', '999999999', '9999999999999999'),
    traceparent: oneOf('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', `00-${'0'.repeat(32)}-x-01`),
    accept: oneOf('text/html', 'application/json;q=0'),
    'transfer-encoding': oneOf('chunked'),
    'x-forwarded-for': oneOf('127.0.0.1', '::1'),
  },
  { requiredKeys: [] },
)
