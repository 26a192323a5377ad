// Conditional requests, RFC 9110: `If-Match` and `If-None-Match: *` on what is written or deleted, and on what is read. An entity tag of ours is
// the quoted version; a weak one never matches, for If-Match compares strongly.
import type { Condition } from '../store/memory.ts'
import { refuse, Refusal } from './refusal.ts'

export const IF_MATCH = {
  description: 'RFC 9110: only if what is there has one of these entity tags, or `*` for any',
  example: '*',
}

export const IF_NONE_MATCH = { description: 'RFC 9110: `*`: only if nothing is there', example: '*' }

const TAGS = /^(W\/)?"[\x21\x23-\x7e]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e]*")*$/
const TAG = /(W\/)?"([\x21\x23-\x7e]*)"/g

export const entityTag = (version: number): string => `"${version}"`

export function conditionOf(headers: Headers): Condition | Refusal {
  const match = headers.get('if-match')?.trim()
  const noneMatch = headers.get('if-none-match')?.trim()
  if (match !== undefined && noneMatch !== undefined) return bad('If-Match and If-None-Match exclude each other here.')
  if (noneMatch !== undefined) {
    return noneMatch === '*' ? { kind: 'absent' } : bad('If-None-Match can only be *, for what must not be there yet.')
  }
  if (match === undefined) return { kind: 'always' }
  if (match === '*') return { kind: 'exists' }
  const strong = strongTags(match)
  if (strong instanceof Refusal) return strong
  return { kind: 'version', versions: strong.filter((tag) => /^\d{1,15}$/.test(tag)).map(Number) }
}

/**
 * Of what is only read, which has this entity tag, quotes included: whoever goes on with another version's bytes is refused.
 * Null when it may be read. RFC 9110, 13.2.2, has it looked at before `If-None-Match` and ranges.
 */
export function unmatched(headers: Headers, what: string, tag: string): Refusal | null {
  const match = headers.get('if-match')?.trim()
  if (match === undefined || match === '*') return null
  const strong = strongTags(match)
  if (strong instanceof Refusal) return strong
  return strong.includes(tag.slice(1, -1)) ? null : preconditionFailed(what, { condition: NO_VERSION })
}

const NO_VERSION: Condition = { kind: 'version', versions: [] }

function strongTags(match: string): readonly string[] | Refusal {
  if (!TAGS.test(match)) return bad('If-Match is * or entity tags in quotes with commas between them: "12".')
  return [...match.matchAll(TAG)].filter(([, weak]) => weak === undefined).map(([, , tag = '']) => tag)
}

const bad = (detail: string): Refusal => refuse('BAD_PRECONDITION', detail)

/** Each condition stands in its header, or where the body says it. */
export function preconditionFailed(
  what: string,
  ...unmet: readonly { readonly condition: Condition; readonly conditionPath?: string }[]
): Refusal {
  const errors = unmet.map(({ condition, conditionPath = headerOf(condition) }) => ({
    path: conditionPath,
    message: condition.kind === 'absent' ? 'something is there' : 'another version is there, or none',
  }))
  const detail = `${what} is not what the condition asks for: read it again, and decide anew.`
  return refuse('PRECONDITION_FAILED', detail, { errors })
}

const headerOf = ({ kind }: Condition): string => (kind === 'absent' ? 'If-None-Match' : 'If-Match')
