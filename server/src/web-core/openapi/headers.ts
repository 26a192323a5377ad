// The headers of answers as OpenAPI has them. What is said of one in the same words at more than one place is a component,
// for most answers have the same few.
import type { HeaderTexts } from '../routing/answer-headers.ts'

export interface HeaderComponents {
  /** Of all that was asked for so far. */
  readonly all: Readonly<Record<string, object>>
  of(texts: HeaderTexts): Record<string, object>
}

export function createHeaderComponents(): HeaderComponents {
  const all: Record<string, object> = {}
  const known = new Map<string, string>()
  /** The second text of a header is a component of its own: `Retry-After-2`. */
  const nameOf = (name: string, description: string): string => {
    const key = `${name}: ${description}`
    const before = known.get(key)
    if (before !== undefined) return before
    const others = [...known.keys()].filter((one) => one.startsWith(`${name}: `)).length
    const made = others === 0 ? name : `${name}-${others + 1}`
    known.set(key, made)
    all[made] = { description, schema: { type: 'string' } }
    return made
  }
  return {
    all,
    of: (texts) =>
      Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, { $ref: `#/components/headers/${nameOf(name, text)}` }]),
      ),
  }
}
