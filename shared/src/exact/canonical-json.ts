// RFC 8785 (JCS): one text for one JSON value, so that it can be digested. The library leaves three traps
// open that would digest something other than what was meant; they throw here instead.
import canonicalize from 'canonicalize'

/** Throws a `TypeError` on anything that JSON cannot say: undefined, bigint, NaN, infinity, functions, symbols. */
export function canonicalJson(value: unknown): string {
  refuseWhatJsonCannotSay(value, '$')
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('this value has no JSON form')
  return text
}

function refuseWhatJsonCannotSay(value: unknown, path: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, which JSON cannot say`)
    return
  }
  if (typeof value !== 'object') throw new TypeError(`${path} is ${typeof value}, which JSON cannot say`)
  for (const [key, member] of Object.entries(value)) refuseWhatJsonCannotSay(member, `${path}.${key}`)
}
