// Times as answers have them: RFC 3339, UTC, milliseconds.
import { z } from 'zod'

export const isoOf = (ms: number): string => new Date(ms).toISOString()
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms))

/** A time as a client writes it, with its offset; milliseconds since 1970. */
export const timeText = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
