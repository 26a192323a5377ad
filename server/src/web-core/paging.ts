// Pages of a list: `limit` and an opaque `cursor`, which is the key of the last item of the page before. Keys never
// change, so a page holds what comes behind that key however much was added or ended meanwhile.
import { z } from 'zod'

export const PAGE_LIMITS = {
  itemsMax: 100,
  itemsDefault: 20,
  cursorCharactersMax: 200,
} as const

/** A whole number in decimal, as a query writes it. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))

/** The query parameters of a list whose last key is of this schema; `most` and `usual` items on a page. */
export function pageQuery<Key extends z.ZodType<Json>>(
  key: Key,
  { most = PAGE_LIMITS.itemsMax, usual = PAGE_LIMITS.itemsDefault }: { most?: number; usual?: number } = {},
) {
  const cursor = z
    .string()
    .max(PAGE_LIMITS.cursorCharactersMax)
    .transform((text, context) => {
      const read = key.safeParse(jsonOf(text))
      if (read.success) return read.data
      context.addIssue({ code: 'custom', message: 'is not a cursor of this list; take next_cursor as it was answered' })
      return z.NEVER
    })
    .describe('`next_cursor` of the page before')
  const limit = wholeNumber(1, most).default(usual).describe(`how many at most: 1 to ${most}, ${usual} unless said`)
  return { limit, cursor: cursor.optional() }
}

type Json = string | number | readonly (string | number)[]

export const nextCursorSchema = z.string().nullable().describe('`cursor` of the next page; null on the last one')

/** `rows` are read with one more than `limit`, which tells whether there is a next page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => Json): Page<Row> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const next = rows.length > limit && last !== undefined ? cursorOf(keyOf(last)) : null
  return { items, next_cursor: next }
}

export interface Page<Row> {
  readonly items: readonly Row[]
  readonly next_cursor: string | null
}

export const cursorOf = (key: Json): string => Buffer.from(JSON.stringify(key)).toString('base64url')

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}
