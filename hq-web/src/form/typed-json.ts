// JSON that a person types, read as the server reads it: what JSON.parse would round or drop is a fault here already, with its
// place, so that nothing other than what was typed is ever sent.
import { parseStrictJson, placeOf, type JsonValue } from '@forge/shared/exact/strict-json.ts'
import { words } from '../words.ts'

export type TypedJson = { readonly value: JsonValue } | { readonly fault: string }

export function jsonOf(text: string): TypedJson {
  const parsed = parseStrictJson(text)
  if ('value' in parsed) return parsed
  const { code, path, message, at } = parsed.fault
  // Of these two the message has the place.
  if (code === 'MALFORMED_JSON') return { fault: words.form.badJson(message) }
  const { line, column } = placeOf(text, beginOf(text, at))
  return { fault: words.form.refusedJson(path.join('.'), message, line, column) }
}

/** Of the number or the text that ends there; a parser stands behind it when it finds that it cannot be taken. */
function beginOf(text: string, end: number): number {
  let at = end
  if (text[at - 1] !== '"') {
    while (at > 0 && /[-+.\w]/.test(text[at - 1] ?? '')) at--
    return at
  }
  at -= 2
  while (at > 0 && (text[at] !== '"' || text[at - 1] === '\\')) at--
  return Math.max(0, at)
}
