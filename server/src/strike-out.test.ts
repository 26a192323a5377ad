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
