// From a JSON Schema of the catalogue to the fields of a form, and from what was typed back to args. What a field cannot say
// as a number, a word or a tick is typed as JSON, so that every profile has a form without a line of its own.
import { words } from '../words.ts'

export interface Field {
  readonly name: string
  readonly kind: 'number' | 'tick' | 'json'
  readonly isRequired: boolean
  /** `null` is a value of it: no limit. */
  readonly mayBeNull: boolean
  readonly min: number | null
  readonly max: number | null
  readonly fallback: unknown
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
}

export function fieldsOf(schema: JsonSchema): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, own]) => {
    const choices = own.anyOf ?? [own]
    const others = choices.filter(({ type }) => type !== 'null')
    const [only] = others
    const number = others.length === 1 && (only?.type === 'number' || only?.type === 'integer') ? only : null
    const isTick = others.length === 1 && only?.type === 'boolean'
    return {
      name,
      kind: number !== null ? 'number' : isTick ? 'tick' : 'json',
      isRequired: schema.required?.includes(name) ?? false,
      mayBeNull: others.length < choices.length,
      min: number?.minimum ?? null,
      max: number?.maximum ?? null,
      fallback: own.default,
    }
  })
}

/** What stands in the form: texts of numbers and JSON, `true` for a tick, `null` for no limit. Left out: the default. */
export type Typed = Readonly<Record<string, string | boolean | null>>

export function typedOf(fields: readonly Field[], args: Readonly<Record<string, unknown>>): Typed {
  return Object.fromEntries(
    fields.flatMap(({ name, kind }): [string, string | boolean | null][] => {
      const value = args[name]
      if (value === undefined) return []
      if (value === null || (kind === 'tick' && typeof value === 'boolean')) return [[name, value]]
      return [[name, kind === 'json' ? JSON.stringify(value) : String(value)]]
    }),
  )
}

export interface ReadArgs {
  readonly args: Readonly<Record<string, unknown>>
  /** By field, those of the policy as `policy.name`; what the server finds comes on top. */
  readonly faults: Readonly<Record<string, string>>
}

/** An empty field is left out, so that its default holds; whether a number fits is the server's to say. */
export function argsOf(fields: readonly Field[], typed: Typed): ReadArgs {
  const args: Record<string, unknown> = {}
  const faults: Record<string, string> = {}
  for (const { name, kind } of fields) {
    const value = typed[name]
    if (value === undefined || (typeof value === 'string' && value.trim() === '')) continue
    if (value === null || typeof value === 'boolean') args[name] = value
    else {
      const read = kind === 'number' ? numberOf(value) : jsonOf(value)
      if (read === undefined) faults[name] = kind === 'number' ? words.form.badNumber : words.form.badJson
      else args[name] = read
    }
  }
  return { args, faults }
}

/** Commas between thousands are taken as a person writes them. */
export function numberOf(text: string): number | undefined {
  const plain = text.trim().replaceAll(/(?<=\d)[, _](?=\d{3}(?!\d))/g, '')
  const value = Number(plain)
  return plain === '' || !Number.isFinite(value) ? undefined : value
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
