// JSON as the API takes it, in the server and in HQ's fields: RFC 8259's grammar, no field named twice, bounded depth, numbers as their nearest double
// with -0 as 0, whole ones only where that is the same number, and text that UTF-8 and the store can hold. Where JSON.parse
// would guess or lose something, this says what is wrong and where; the meaning of the fields is for the schemas.

/** The contract nests four levels; args of a planned family a few more. */
export const JSON_DEPTH_MAX = 32

export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue }

export interface JsonFault {
  /** Grammar, a field named twice, or well-formed JSON that we cannot take. */
  readonly code: 'MALFORMED_JSON' | 'DUPLICATE_KEY' | 'VALIDATION_FAILED'
  readonly path: readonly (string | number)[]
  readonly message: string
  /** How many UTF-16 units of the text stand before it, or before where it was noticed. */
  readonly at: number
}

export type ParsedJson = { readonly value: JsonValue } | { readonly fault: JsonFault }

const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** What may stand unescaped: anything from U+0020 on but the quote and the backslash. */
const PLAIN = /[ !#-[\]-\uffff]*/y
const UNICODE_ESCAPE = /[\da-fA-F]{4}/y
const WORD = /true|false|null/y
const WORDS: Readonly<Record<string, boolean>> = { true: true, false: false }
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

export function parseStrictJson(text: string): ParsedJson {
  const reader = new Reader(text)
  try {
    return { value: reader.document() }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.fault }
    throw error
  }
}

/** Both from one on. */
export function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

const WHOLE = /^-?\d+$/
/** So many significant digits every double keeps. */
const KEPT_DIGITS = 15

/** A whole number that would be read as another: 9007199254740993 as ...992. What a double is written as is that double. */
function isRounded(text: string, value: number): boolean {
  if (!WHOLE.test(text) || text.replace(/^-|0+$/g, '').length <= KEPT_DIGITS) return false
  return String(value) !== text && BigInt(value) !== BigInt(text)
}

/** The doubles around a whole number that is none; there is but one behind the greatest. As many digits as may be sent. */
function besides(text: string, value: number): string {
  const isAbove = BigInt(value) > BigInt(text)
  const other = nextDouble(value, isAbove === value > 0 ? -1n : 1n)
  return [value, other]
    .toSorted((a, b) => a - b)
    .filter(Number.isFinite)
    .map((double) => (Math.abs(double) < 1e21 ? String(BigInt(double)) : String(double)))
    .join(' and ')
}

/** So many steps farther from zero; the bits of doubles of a sign are in their order (IEEE 754). */
function nextDouble(value: number, steps: bigint): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigUint64(0, view.getBigUint64(0) + steps)
  return view.getFloat64(0)
}

/** Never leaves this file: it ends the recursion. */
class Fault extends Error {
  readonly fault: JsonFault
  constructor(fault: JsonFault) {
    super(fault.message)
    this.fault = fault
  }
}

class Reader {
  readonly #text: string
  #at = 0
  readonly #path: (string | number)[] = []

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonValue {
    this.#take(SPACE)
    if (this.#text === '') throw this.#malformed('the body is empty')
    if (this.#text.startsWith('\uFEFF')) throw this.#malformed('a byte order mark, which JSON does not allow,')
    const value = this.#value()
    this.#take(SPACE)
    if (this.#at < this.#text.length) throw this.#unexpected('the end')
    return value
  }

  #value(): JsonValue {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      default:
        return this.#wordOrNumber()
    }
  }

  #object(): JsonValue {
    const object: { [name: string]: JsonValue } = {}
    this.#open()
    if (this.#skip('}')) return object
    do {
      this.#take(SPACE)
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a field name in quotes')
      const name = this.#string()
      this.#path.push(name)
      if (name === '__proto__') throw this.#refused('no field may have this name')
      if (Object.hasOwn(object, name)) throw this.#fault('DUPLICATE_KEY', 'this field is there twice')
      this.#take(SPACE)
      if (!this.#skip(':')) throw this.#unexpected('a colon')
      this.#take(SPACE)
      object[name] = this.#value()
      this.#path.pop()
      this.#take(SPACE)
    } while (this.#skip(','))
    if (!this.#skip('}')) throw this.#unexpected('a comma or }')
    return object
  }

  #array(): JsonValue {
    const array: JsonValue[] = []
    this.#open()
    if (this.#skip(']')) return array
    do {
      this.#take(SPACE)
      this.#path.push(array.length)
      array.push(this.#value())
      this.#path.pop()
      this.#take(SPACE)
    } while (this.#skip(','))
    if (!this.#skip(']')) throw this.#unexpected('a comma or ]')
    return array
  }

  #string(): string {
    this.#at++
    let text = ''
    for (;;) {
      text += this.#take(PLAIN)
      if (this.#skip('"')) break
      if (!this.#skip('\\')) throw this.#unexpected('a closing quote')
      text += this.#escape()
    }
    if (/\p{Surrogate}/u.test(text)) throw this.#refused('half a surrogate pair, which UTF-8 cannot say')
    if (text.includes('\0')) throw this.#refused('text must not contain U+0000')
    return text
  }

  #escape(): string {
    const plain = ESCAPES[this.#text[this.#at] ?? '']
    if (plain !== undefined) {
      this.#at++
      return plain
    }
    const digits = this.#skip('u') ? this.#take(UNICODE_ESCAPE) : ''
    if (digits === '') throw this.#unexpected('an escape such as \\n or \\u00e9')
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  #wordOrNumber(): JsonValue {
    const word = this.#take(WORD)
    if (word !== '') return WORDS[word] ?? null
    const text = this.#take(NUMBER)
    if (text === '') throw this.#unexpected('a value')
    const value = Number(text)
    if (!Number.isFinite(value)) throw this.#refused('this number is beyond the greatest double, 1.797e308')
    if (isRounded(text, value)) {
      // What the field is for is the schemas' to know.
      throw this.#refused(
        `no double is this whole number, so a number can only be what is next to it, ${besides(text, value)}; a field that may be text takes it in quotes`,
      )
    }
    return value === 0 ? 0 : value
  }

  /** Enters an object or array; its depth is that of the path, whose members are one deeper. */
  #open(): void {
    if (this.#path.length >= JSON_DEPTH_MAX)
      throw this.#refused(`nothing may be nested deeper than ${JSON_DEPTH_MAX} levels`)
    this.#at++
    this.#take(SPACE)
  }

  /** What a sticky pattern matches here; empty when it does not. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #unexpected(wanted: string): Fault {
    const found = this.#text.codePointAt(this.#at)
    if (found === undefined) return this.#malformed(`the text ends where ${wanted} should be,`)
    return this.#malformed(`${JSON.stringify(String.fromCodePoint(found))} stands where ${wanted} should be,`)
  }

  #malformed(what: string): Fault {
    const { line, column } = placeOf(this.#text, this.#at)
    return this.#fault('MALFORMED_JSON', `${what} at character ${this.#at} (line ${line}, column ${column})`)
  }

  #refused(message: string): Fault {
    return this.#fault('VALIDATION_FAILED', message)
  }

  #fault(code: JsonFault['code'], message: string): Fault {
    return new Fault({ code, path: [...this.#path], message, at: this.#at })
  }
}
