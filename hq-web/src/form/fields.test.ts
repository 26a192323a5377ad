// The form of the insurance profile, made from the schema that the catalogue serves: every argument has a field, and what is
// filled in comes out as it went in.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { kernels } from '@forge/shared/kernels/registry.gen.ts'
import { words } from '../words.ts'
import { argsOf, fieldsOf, numberOf, typedOf } from './fields.ts'

const { argsSchema } = [...kernels.values()][0] ?? { argsSchema: z.never() }
const fields = fieldsOf(z.toJSONSchema(argsSchema, { io: 'input', unrepresentable: 'any' }) as object)
const field = (name: string) => fields.find((one) => one.name === name)

test('numbers, limits that can be lifted, ticks, levels, and JSON for what is neither', () => {
  expect(field('iterations')).toEqual({
    name: 'iterations',
    kind: 'number',
    isRequired: true,
    mayBeNull: false,
    min: 1,
    max: 1e12,
    fallback: undefined,
  })
  expect(field('policy_limit')).toMatchObject({ kind: 'number', mayBeNull: true, fallback: 50_000, isRequired: false })
  expect([field('oep')?.kind, field('quantiles')?.kind, field('claim_severity')?.kind]).toEqual([
    'tick',
    'levels',
    'json',
  ])
  expect(argsOf(fields, typedOf(fields, { quantiles: [] })).args).toEqual({})
  expect(field('quantiles')).toMatchObject({ min: 0, max: 1, fallback: false })
})

test('the founding arguments come out of the form as they went in', () => {
  const typed = typedOf(fields, FOUNDING_REQUEST.args)
  expect(argsOf(fields, typed)).toEqual({ args: FOUNDING_REQUEST.args, faults: {} })
  const more = { ...FOUNDING_REQUEST.args, policy_limit: null, oep: true, quantiles: [0.5, 0.995] }
  expect(argsOf(fields, typedOf(fields, more)).args).toEqual(more)
})

test('what is no number or no JSON is marked, and what is empty left out', () => {
  const typed = { iterations: 'many', quantiles: '0.5, x', claim_severity: '{"quantiles": ', claim_freq: ' ' }
  expect(argsOf(fields, typed)).toEqual({
    args: {},
    faults: {
      iterations: 'This is not a number as it is written here: 10,000,000 or 0.25 or 1e6.',
      quantiles: 'Numbers with commas between them.',
      claim_severity:
        'This is not JSON yet: the text ends where a value should be, at character 14 (line 1, column 15).',
    },
  })
})

test.each([
  [true, true],
  [false, false],
  ['0.5, 0.995', [0.5, 0.995]],
  ['0.9;0.99 0.999,', [0.9, 0.99, 0.999]],
])('exact quantiles typed as %j are sent as %j', (typed, sent) => {
  expect(argsOf(fields, { quantiles: typed })).toEqual({ args: { quantiles: sent }, faults: {} })
  expect(argsOf(fields, typedOf(fields, { quantiles: sent })).args).toEqual({ quantiles: sent })
})

test('any number that can be written is read as itself, with commas or without', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
      expect(numberOf(String(n))).toBe(Object.is(n, -0) ? 0 : n)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), (n) => {
      expect(numberOf(n.toLocaleString('en-GB'))).toBe(n)
    }),
  )
  for (const text of ['', 'x', '1,2', '1e999', 'Infinity', '0x10', '0b1', '1_000', '1e', '.'])
    expect(numberOf(text)).toBeUndefined()
})

test('what is said of an empty field is what the kernel takes for it', () => {
  const { ifEmpty } = words.form
  const filled = z.record(z.string(), z.unknown()).parse(
    argsSchema.parse({
      ...FOUNDING_REQUEST.args,
      cat_mu: undefined,
      cat_sig: undefined,
      cat_limit: undefined,
    }),
  )
  expect([ifEmpty['cat_mu'], ifEmpty['cat_sig']]).toEqual([`empty: ${filled['cat_mu']}`, `empty: ${filled['cat_sig']}`])
  expect(filled['cat_limit']).toBe(filled['policy_limit'])
  const { claim_severity_mu: _, ...without } = FOUNDING_REQUEST.args
  expect(argsSchema.safeParse(without).success).toBe(false)
})
