// Laws of the strike-out: a secret goes however it is spelt, what stands beside it stays, and the line stays JSON.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStrikeOut } from './strike-out.ts'

const BODY = '0123456789abcdef'.repeat(4).slice(0, 56)

/** Each character as itself, escaped, in either case, or escaped twice. */
const spelling = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.nat(3), { minLength: text.length, maxLength: text.length })
    .map((ways) => [...text].map((letter, index) => spelt(letter, ways[index] ?? 0)).join(''))

function spelt(letter: string, way: number): string {
  const hex = letter.charCodeAt(0).toString(16).padStart(2, '0')
  return [letter, `%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`][way] ?? letter
}

test('a secret of the configuration goes from a line in every spelling', () => {
  const secret = fc.stringMatching(/^[\x21-\x7e]{16,64}$/)
  const cases = secret.chain((text) => fc.tuple(fc.constant(text), spelling(text)))
  fc.assert(
    fc.property(cases, ([text, said]) => {
      const line = createStrikeOut([text])(JSON.stringify({ path: `/a/${said}`, msg: 'request' }))
      expect(JSON.parse(line)).toMatchObject({
        path: expect.stringMatching(/^\/a\/\[not logged\](=|%(25)?3d){0,2}$/i),
        msg: 'request',
      })
    }),
  )
})

test.each(['fpak', 'ntk', 'fphq', 'whsec'])('what begins with %s_ goes though nobody knows it', (prefix) => {
  const strikeOut = createStrikeOut([])
  fc.assert(
    fc.property(spelling(`${prefix}_${BODY}`), (said) => {
      const { path, ms } = JSON.parse(strikeOut(JSON.stringify({ path: `/x?key=${said}`, ms: 1 })))
      expect(path).toMatch(/^\/x\?key=(\w+_)?\[not logged\]$/)
      expect(ms).toBe(1)
    }),
  )
})

test('a base64 key without its padding is one too', () => {
  expect(createStrikeOut([`${'ab+/'.repeat(10)}abc=`])(`/${'ab%2B/'.repeat(10)}abc`)).toBe('/[not logged]')
})

test('a line without secrets is as it was', () => {
  const strikeOut = createStrikeOut(['0123456789abcdef'])
  fc.assert(
    fc.property(fc.json(), (line) => {
      fc.pre(!/_|0123456789/.test(line))
      expect(strikeOut(line)).toBe(line)
    }),
  )
})

test('whatever stands around a secret, the line stays JSON and the secret is gone', () => {
  const around = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\n', '\f', '\b', '\t', '\r', '\\', '"', '\u001f', '\u000f', '\ud800', '%', '%25', '\u2028'),
    fc.constantFrom('\nTK_y', '\fPAK_y', '\u001fpak_y'),
  )
  const configured = 'n"\\f%0123456789/abc'
  const strikeOut = createStrikeOut([configured])
  const secret = fc
    .tuple(fc.constantFrom('fpak_', 'ntk_', 'fphq_', 'whsec_'), fc.boolean())
    .chain(([prefix, isConfigured]) => spelling(isConfigured ? configured : `${prefix}${BODY}`))
  const place = fc.constantFrom('value', 'key', 'deep')
  fc.assert(
    fc.property(around, secret, around, place, (before, said, after, where) => {
      const text = `${before}${said}${after}`
      const record = where === 'key' ? { [text]: 1 } : where === 'value' ? { text } : { a: [{ text }] }
      const line = strikeOut(`${JSON.stringify({ record, last: 1 })}\n`)
      expect(line.endsWith('}\n')).toBe(true)
      expect(JSON.parse(line)).toMatchObject({ last: 1 })
      expect(line).toContain('[not logged]')
      expect(line).not.toContain(JSON.stringify(said).slice(1, -1))
    }),
  )
})

test.each(['x\nTK_y', '\fPAK_y', '\u001fpak_y', '\u000fPhq_y'])('the letter of an escape is no prefix: %j', (text) => {
  const line = JSON.stringify({ trace_id: text, n: 1 })
  expect(createStrikeOut([])(line)).toBe(line)
})

test('a key of digits is struck out of a number too', () => {
  const struck = createStrikeOut(['1234567890123456'])('{"n":1234567890123456,"m":1}')
  expect(JSON.parse(struck)).toEqual({ n: '[not logged]', m: 1 })
})

test('what is no secret of a line stays as it was written', () => {
  const before = '{"n":18446744073709551615,"m":-1.50E+2,"a":1,"a":2,"__proto__":{"b\\u0041":"\\/"},"x":"'
  expect(createStrikeOut([])(`${before}ntk_abc"}\n`)).toBe(`${before}ntk_[not logged]"}\n`)
})

test.each([1, 4_090, 4_091, 4_092, 4_093, 4_094, 4_095, 4_096, 4_097, 9_000])(
  'a key goes that follows a token of %i letters without anything between',
  (letters) => {
    for (const unit of ['x', '%41', '%2541']) {
      const line = JSON.stringify({ text: `ntk_${unit.repeat(letters)}fpak_${BODY}`, next: 'one' })
      expect(createStrikeOut([])(line)).toBe('{"text":"ntk_[not logged]","next":"one"}')
    }
  },
)

test('what is no JSON is struck as it stands', () => {
  expect(createStrikeOut([])('{"cut: fpak_abc')).toBe('{"cut: fpak_[not logged]')
})

test.each(['a', '%41', '25'])('a token of megabytes, of %s, is no error of the log', (unit) => {
  const line = JSON.stringify({
    text: `ntk_%${unit.repeat(20_000_000 / unit.length)}`,
    more: `ntk_${unit.repeat(5e6)}`,
  })
  expect(JSON.parse(createStrikeOut([])(line))).toMatchObject({ more: expect.stringMatching(/^ntk_\[not logged\]/) })
})
