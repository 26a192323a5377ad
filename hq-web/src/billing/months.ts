// The months that an invoice is asked for: the last twelve, each with its first and last day, UTC.

export interface Month {
  /** `2026-11`. */
  readonly name: string
  readonly from: string
  readonly to: string
}

export const MONTHS = 12

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** The month of `today` first; `today` is a date: `2026-11-27`. */
export function monthsUpTo(today: string): Month[] {
  const [year = 1970, month = 1] = today.split('-').map(Number)
  return Array.from({ length: MONTHS }, (_, n) => {
    const from = dateOf(Date.UTC(year, month - 1 - n, 1))
    // The day before the first of the next month.
    return { name: from.slice(0, 7), from, to: dateOf(Date.UTC(year, month - n, 0)) }
  })
}
