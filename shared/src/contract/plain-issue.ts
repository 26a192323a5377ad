// What does not fit a schema, in our own words: one sentence for each kind of issue that the validator knows, with the bound
// and what came. A schema's own sentence comes before these. Of texts nothing is said back but their length, since any of
// them may be a secret; a number, `true` and `null` are said as they are.
import type { z } from 'zod'

type RawIssue = z.core.$ZodRawIssue

/** For `schema.safeParse(value, { error: plainIssue })`. */
export function plainIssue(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return expected(TYPES[issue.expected] ?? issue.expected, issue.input)
    case 'invalid_value':
      return expected(oneOf(issue.values), issue.input, 'another text')
    case 'too_small':
      return bounded(issue.origin, 'least', issue.minimum, issue)
    case 'too_big':
      return bounded(issue.origin, 'most', issue.maximum, issue)
    case 'not_multiple_of':
      return expected(`a multiple of ${issue.divisor}`, issue.input)
    case 'invalid_format':
      return expected(formatOf(issue), issue.input, 'another text')
    case 'invalid_union':
      return ofUnion(issue)
    case 'unrecognized_keys':
      return `there is no such field: ${issue.keys.join(', ')}`
    case 'invalid_key':
      return `a name in it does not fit: ${issue.issues[0]?.message ?? 'it is not allowed'}`
    case 'invalid_element':
      return `a member of it does not fit: ${issue.issues[0]?.message ?? 'it is not allowed'}`
    case 'custom':
      return 'does not fit'
  }
}

const REQUIRED = 'this field is required'

/** What a type is called by whoever writes JSON. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  null: 'null',
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a time such as 2026-01-31T12:00:00Z',
  date: 'a day such as 2026-01-31',
  url: 'an address such as https://pool.example',
  base64: 'base64 (RFC 4648, section 4)',
}

/** `was` is said of a text in its place: what it was instead. */
function expected(what: string, input: unknown, text = 'a text'): string {
  if (input === undefined) return REQUIRED
  return `must be ${what}; was ${typeof input === 'string' ? text : said(input)}`
}

function said(input: unknown): string {
  if (Array.isArray(input)) return 'a list'
  if (input instanceof Uint8Array) return 'bytes'
  if (input === null || typeof input === 'boolean' || typeof input === 'number') return String(input)
  return typeof input === 'object' ? 'an object' : typeof input
}

interface Bound {
  readonly input?: unknown
  readonly inclusive?: boolean | undefined
  readonly exact?: boolean | undefined
}

function bounded(origin: string, side: 'least' | 'most', bound: number | bigint, issue: Bound): string {
  const { input, inclusive, exact } = issue
  const length = lengthOf(origin, input)
  if (length !== null) {
    const most = exact === true ? 'exactly' : `at ${side}`
    return `must have ${most} ${bound} ${bound === 1 || bound === 1n ? length.one : length.many}; has ${length.has}`
  }
  const beyond = side === 'least' ? 'greater' : 'less'
  const what = inclusive === false ? `${beyond} than ${bound}` : `at ${side} ${bound}`
  return `must be ${what}; was ${said(input)}`
}

/** Null of what is measured by its value. */
function lengthOf(origin: string, input: unknown) {
  if (origin === 'string')
    return { one: 'character', many: 'characters', has: typeof input === 'string' ? input.length : 0 }
  if (origin === 'array' || origin === 'tuple') {
    return { one: 'member', many: 'members', has: Array.isArray(input) ? input.length : 0 }
  }
  if (origin !== 'object' && origin !== 'record') return null
  return { one: 'field', many: 'fields', has: Object.keys(input ?? {}).length }
}

function formatOf(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidStringFormat>): string {
  const { format, pattern } = issue
  if (format === 'starts_with') return `a text that begins with ${String(issue['prefix'])}`
  if (format === 'ends_with') return `a text that ends with ${String(issue['suffix'])}`
  if (format === 'includes') return `a text with ${String(issue['includes'])} in it`
  return FORMATS[format] ?? (pattern === undefined ? `a text of the form ${format}` : `a text of the form ${pattern}`)
}

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? `${String(values[0])}` : `one of ${values.map(String).join(', ')}`

/** Of the forms that a field can have: the fault in the one that was meant, or what all of them would be. */
function ofUnion(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { errors, input, options } = issue
  if (input === undefined) return REQUIRED
  if (Array.isArray(options) && options.length > 0) return `must be ${oneOf(options)}`
  const [meant, ...others] = errors.filter(([first]) => first?.code !== 'invalid_type' || first.path.length > 0)
  const [fault] = meant ?? []
  if (fault !== undefined && others.length === 0)
    return [fault.path.join('.'), fault.message].filter(Boolean).join(': ')
  const forms = errors.flatMap(([first]) => first?.message.match(/^must be (.*); was /)?.[1] ?? [])
  return forms.length === 0
    ? 'fits none of the forms that it can have'
    : expected([...new Set(forms)].join(', or '), input)
}
