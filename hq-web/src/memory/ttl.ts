// The field that says when something is gone by itself: what is typed, and what of it is sent.

/** Undefined: never; null: it is no number of seconds. */
export function ttlOf(text: string): number | undefined | null {
  const plain = text.trim()
  if (plain === '') return undefined
  return /^[1-9]\d{0,11}$/.test(plain) ? Number(plain) : null
}

/** What is left, as it is typed. */
export const ttlText = (at: string | null, now: number): string =>
  at === null ? '' : String(Math.max(1, Math.ceil((Date.parse(at) - now) / 1_000)))

/**
 * What is sent of a field that held `first` when the value was read. What was read is a time of the server, and what is left of
 * it was said by this browser's clock: untouched, the time of the server stays as it is.
 */
export function ttlSent(seconds: number | undefined, text: string, first: string): { ttl_seconds?: number | 'keep' } {
  if (text.trim() === first) return { ttl_seconds: 'keep' }
  return seconds === undefined ? {} : { ttl_seconds: seconds }
}
