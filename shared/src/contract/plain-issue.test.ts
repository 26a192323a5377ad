// Our sentences about what does not fit: the bound and what came in each of them, never a text that came, and never a word of
// the validator's own, whatever is sent.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { contractSchema } from './envelope.ts'
import { FOUNDING_REQUEST } from './founding.ts'
import { plainIssue } from './plain-issue.ts'

function sentence(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value, { error: plainIssue })
  return parsed.success ? 'it fits' : (parsed.error.issues[0]?.message ?? 'no issue')
}

test('each kind of issue is said with its bound and with what came', () => {
  const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
    [z.int().min(1), 0, 'must be at least 1; was 0'],
    [z.int().max(10), 11, 'must be at most 10; was 11'],
    [z.number().gt(0), 0, 'must be greater than 0; was 0'],
    [z.number().lt(1), 1, 'must be less than 1; was 1'],
    [z.int(), 2.5, 'must be a whole number; was 2.5'],
    [z.int(), undefined, 'this field is required'],
    [z.number(), '12', 'must be a number; was a text'],
    [z.string(), null, 'must be a text; was null'],
    [z.boolean(), [], 'must be true or false; was a list'],
    [z.record(z.string(), z.int()), 3, 'must be an object; was 3'],
    [z.string().min(1), '', 'must have at least 1 character; has 0'],
    [z.string().max(3), 'four', 'must have at most 3 characters; has 4'],
    [z.array(z.int()).length(2), [1], 'must have exactly 2 members; has 1'],
    [z.enum(['none', 'full']), 'both', 'must be one of none, full; was another text'],
    [z.literal('EUR'), 4, 'must be EUR; was 4'],
    [z.number().multipleOf(5), 7, 'must be a multiple of 5; was 7'],
    [z.iso.date(), 'today', 'must be a day such as 2026-01-31; was another text'],
    [z.string().regex(/^a$/), 'b', 'must be a text of the form /^a$/; was another text'],
    [z.string().startsWith('fpak_'), 'b', 'must be a text that begins with fpak_; was another text'],
    [z.union([z.boolean(), z.array(z.int().max(9))]), 'x', 'must be true or false, or a list; was a text'],
    [z.union([z.boolean(), z.array(z.int().max(9))]), [1, 10], 'must be at most 9; was 10'],
    [z.union([z.boolean(), z.array(z.int())]), [1, 'x'], '1: must be a number; was a text'],
    [
      z.discriminatedUnion('mode', [
        z.strictObject({ mode: z.literal('a') }),
        z.strictObject({ mode: z.literal('b') }),
      ]),
      { mode: 'c' },
      'must be one of a, b',
    ],
  ]
  for (const [schema, value, said] of cases) expect(sentence(schema, value)).toBe(said)
})

test('a sentence of the schema’s own comes first', () => {
  expect(sentence(z.string().regex(/^a$/, 'a name is a'), 'b')).toBe('a name is a')
})

test('whatever stands in a contract, no word of the validator and no text that came is said', () => {
  const secret = 'fpak_0123456789'
  const paths = [
    ['ctx', 'job_id'],
    ['op', 'version'],
    ['seed'],
    ['seed', 'mode'],
    ['policy', 'verify'],
    ['policy'],
    ['args'],
    ['artifacts'],
  ]
  const anything = fc.jsonValue().map((value): unknown => (typeof value === 'string' ? secret : value))
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.oneof(anything, fc.constant(secret)), (at, value) => {
      const body: Record<string, unknown> = structuredClone({ ...FOUNDING_REQUEST })
      const [name = '', member] = at
      body[name] = member === undefined ? value : { ...(body[name] as object), [member]: value }
      const parsed = contractSchema.safeParse(body, { error: plainIssue })
      for (const { message } of parsed.error?.issues ?? []) {
        expect(message).not.toMatch(/Invalid|Too (small|big)|expected|received|Unrecognized|undefined|\[object/)
        expect(message).not.toContain(secret)
      }
    }),
  )
})
