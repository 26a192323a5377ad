// The JSON Schemas (draft 2020-12, which OpenAPI 3.1 takes as they are) of the routes' zod schemas. A body is shown as it is
// sent, an answer as it is received. A schema that several routes share is one component.
import { z } from 'zod'
import type { Route } from '../routing/route.ts'

export interface JsonSchema {
  readonly description?: string
  readonly [keyword: string]: unknown
}

export interface Property {
  readonly name: string
  readonly required: boolean
  readonly schema: JsonSchema
}

export interface Components {
  readonly schemas: Readonly<Record<string, JsonSchema>>
  /** A reference; the route has a body. */
  body(declared: Route): JsonSchema
  /** A reference; the route has a schema for that status. */
  answer(declared: Route, status: number): JsonSchema
  properties(schema: z.ZodObject | null): Property[]
}

const uri = (id: string): string => `#/components/schemas/${id}`

/** `known` are components under names of their own; the others are called by their operation. */
export function createComponents(routes: readonly Route[], known: Readonly<Record<string, z.ZodType>>): Components {
  const bodies = new Map<z.ZodType, string>()
  const answers = new Map<z.ZodType, string>(Object.entries(known).map(([name, schema]) => [schema, name]))
  for (const { operationId, body, responses } of routes) {
    const name = componentName(operationId)
    if (body !== null && !bodies.has(body)) bodies.set(body, `${name}Body`)
    for (const [status, { schema }] of Object.entries(responses)) {
      if (schema === undefined || answers.has(schema)) continue
      answers.set(schema, Number(status) < 300 ? `${name}Answer` : `${name}${status}`)
    }
  }
  return {
    schemas: { ...converted(answers, 'output'), ...converted(bodies, 'input') },
    body: ({ body }) => referenceTo(body === null ? undefined : bodies.get(body)),
    answer: ({ responses }, status) => {
      const schema = responses[status]?.schema
      return referenceTo(schema === undefined ? undefined : answers.get(schema))
    },
    properties: propertiesOf,
  }
}

const referenceTo = (name: string | undefined): JsonSchema => (name === undefined ? {} : { $ref: uri(name) })

function converted(schemas: ReadonlyMap<z.ZodType, string>, io: 'input' | 'output'): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>()
  for (const [schema, id] of schemas) registry.add(schema, { id })
  const { schemas: made } = z.toJSONSchema(registry, { io, uri, unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(made).map(([name, schema]) => [name, plain(schema)]))
}

/** The JSON Schema of one schema by itself, as it is sent. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): JsonSchema {
  return plain(z.toJSONSchema(schema, { io, unrepresentable: 'any' }))
}

function propertiesOf(schema: z.ZodObject | null): Property[] {
  if (schema === null) return []
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: typeof property === 'boolean' ? {} : plain(property),
  }))
}

/** Without what the document says once for all. */
function plain({ $schema: _schema, $id: _id, ...schema }: object & { $schema?: unknown; $id?: unknown }): JsonSchema {
  return schema
}

/** `ExecuteAnswer` of `execute`; of a sentence, its words. */
export const componentName = (text: string): string =>
  text
    .split(/[^A-Za-z\d]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
