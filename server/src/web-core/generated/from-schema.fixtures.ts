// Values that a schema takes, drawn at random: a route's zod schema becomes JSON Schema, as the document shows it, and that an
// arbitrary. What JSON Schema cannot say (a refinement across fields) is not known here, so a few of them are refused.
import fc from 'fast-check'
import type { z } from 'zod'
import { jsonSchemaOf, type JsonSchema } from '../openapi/schemas.ts'

const made = new WeakMap<z.ZodType, fc.Arbitrary<unknown>>()

/** As it is sent. */
export function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const known = made.get(schema)
  if (known !== undefined) return known
  const drawn = fromJsonSchema(jsonSchemaOf(schema))
  made.set(schema, drawn)
  return drawn
}

const ANYTHING = fc.jsonValue({ maxDepth: 2 })
/** Long enough for every limit that is worth reaching, short enough to be drawn a thousand times. */
const LENGTH_MAX = 300

function fromJsonSchema(schema: unknown): fc.Arbitrary<unknown> {
  if (!isSchema(schema)) return ANYTHING
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum'])
  const options = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(options)) return fc.oneof(...options.map(fromJsonSchema))
  switch (schema['type']) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: Math.ceil(least(schema, -1_000)), max: Math.floor(most(schema, 2 ** 31 - 1)) })
    case 'number':
      return fc.double({ min: least(schema, -1e6), max: most(schema, 1e6), noNaN: true })
    case 'string':
      return texts(schema)
    case 'array':
      return fc.array(fromJsonSchema(schema['items']), {
        minLength: numberOf(schema['minItems'], 0),
        maxLength: Math.min(numberOf(schema['maxItems'], 4), numberOf(schema['minItems'], 0) + 4),
      })
    case 'object':
      return objects(schema)
    default:
      return ANYTHING
  }
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null
const numberOf = (value: unknown, standard: number): number => (typeof value === 'number' ? value : standard)
const least = (schema: JsonSchema, standard: number): number =>
  numberOf(schema['minimum'], numberOf(schema['exclusiveMinimum'], Math.min(standard, most(schema, standard))))
const most = (schema: JsonSchema, standard: number): number =>
  numberOf(schema['maximum'], numberOf(schema['exclusiveMaximum'], standard))

/** Within which a time that is asked for may well lie. */
const dates = fc.date({ min: new Date('2020-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })

function texts(schema: JsonSchema): fc.Arbitrary<string> {
  const minLength = numberOf(schema['minLength'], 0)
  const maxLength = Math.max(minLength, Math.min(numberOf(schema['maxLength'], 40), LENGTH_MAX))
  const plain = fc.string({ unit: 'grapheme', minLength, maxLength })
  const pattern = schema['pattern']
  if (schema['format'] === 'date-time') return dates.map((date) => date.toISOString())
  if (schema['format'] === 'date') return dates.map((date) => date.toISOString().slice(0, 10))
  if (typeof pattern !== 'string') return plain
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: LENGTH_MAX })
  } catch {
    // Not every expression can be drawn from.
    return plain
  }
}

function objects(schema: JsonSchema): fc.Arbitrary<object> {
  const { properties, required, additionalProperties } = schema
  const fields = isSchema(properties) ? Object.entries(properties) : []
  if (fields.length === 0 && additionalProperties !== false) {
    return fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fromJsonSchema(additionalProperties), {
      maxKeys: 3,
    })
  }
  const drawn = Object.fromEntries(fields.map(([name, value]) => [name, fromJsonSchema(value)]))
  const requiredKeys = fields.map(([name]) => name).filter((name) => Array.isArray(required) && required.includes(name))
  return fc.record(drawn, { requiredKeys })
}
