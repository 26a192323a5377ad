// Times as answers have them: RFC 3339, UTC, milliseconds.
import { z } from 'zod'

export const isoOf = (ms: number): string => new Date(ms).toISOString()
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms))

/** The last one that RFC 3339 can write. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const FIRST_MS = Date.UTC(1970, 0, 1)

/** A time as a client writes it, with its offset; milliseconds since 1970. */
export const timeText = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= FIRST_MS && ms <= LAST_MS, 'must lie between the years 1970 and 9999')
