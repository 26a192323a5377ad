// From a JSON Schema of the catalogue to the fields of a form, and from what was typed back to args. What a field cannot say
// as a number, a word, a tick or a list of numbers is typed as JSON, so that every profile has a form without a line of its own.
import { words } from '../words.ts'
import { jsonOf, type TypedJson } from './typed-json.ts'

export interface Field {
  readonly name: string
  /** `levels`: a tick for the usual ones, and beside it numbers of one's own. */
  readonly kind: 'number' | 'tick' | 'levels' | 'json'
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
  readonly items?: JsonSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly default?: unknown
}

export function fieldsOf(schema: JsonSchema): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, own]) => {
    const choices = own.anyOf ?? [own]
    const others = choices.filter(({ type }) => type !== 'null')
    const [only] = others
    const number = others.length === 1 && (only?.type === 'number' || only?.type === 'integer') ? only : null
    const isTick = others.length === 1 && only?.type === 'boolean'
    const levels = levelsOf(others)
    return {
      name,
      kind: number !== null ? 'number' : isTick ? 'tick' : levels !== null ? 'levels' : 'json',
      isRequired: schema.required?.includes(name) ?? false,
      mayBeNull: others.length < choices.length,
      min: number?.minimum ?? levels?.exclusiveMinimum ?? null,
      max: number?.maximum ?? levels?.exclusiveMaximum ?? null,
      fallback: own.default,
    }
  })
}

/** What each of them is, where the choice is between yes, no and a list of numbers. */
function levelsOf(choices: readonly JsonSchema[]): JsonSchema | null {
  const list = choices.find(({ type }) => type === 'array')
  const hasTick = choices.some(({ type }) => type === 'boolean')
  return choices.length === 2 && hasTick && list?.items?.type === 'number' ? list.items : null
}

/** What stands in the form: texts of numbers, of levels and JSON, `true` for a tick, `null` for no limit. Left out: the default. */
export type Typed = Readonly<Record<string, string | boolean | null>>

export function typedOf(fields: readonly Field[], args: Readonly<Record<string, unknown>>): Typed {
  return Object.fromEntries(
    fields.flatMap(({ name, kind }): [string, string | boolean | null][] => {
      const value = args[name]
      if (value === undefined) return []
      if (value === null || (kind !== 'json' && typeof value === 'boolean')) return [[name, value]]
      // None at all is how a kept request says no.
      if (kind === 'levels' && Array.isArray(value)) return value.length === 0 ? [] : [[name, value.join(', ')]]
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
      const read = READ[kind](value)
      if ('fault' in read) faults[name] = read.fault
      else args[name] = read.value
    }
  }
  return { args, faults }
}

const DECIMAL = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i

/** As a person writes one, with commas or spaces between thousands; what only a programming language has is none. */
export function numberOf(text: string): number | undefined {
  const plain = text.trim().replaceAll(/(?<=\d)[, ](?=\d{3}(?!\d))/g, '')
  const value = Number(plain)
  return DECIMAL.test(plain) && Number.isFinite(value) ? value : undefined
}

const READ: Readonly<Record<Field['kind'], (text: string) => TypedJson>> = {
  number: typedNumber,
  levels: typedLevels,
  json: jsonOf,
  tick: jsonOf,
}

/** Whether each lies where it must is the server's to say. */
function typedLevels(text: string): TypedJson {
  const levels = text.split(/[\s,;]+/).filter((one) => one !== '')
  const read = levels.map(numberOf).filter((one) => one !== undefined)
  return read.length < levels.length ? { fault: words.form.badLevels } : { value: read }
}

function typedNumber(text: string): TypedJson {
  const value = numberOf(text)
  return value === undefined ? { fault: words.form.badNumber } : { value }
}
