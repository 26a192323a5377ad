// A bar for each day up to today, which is the last one and glows. Each says its figure, to a pointer and to a reader.
import { credits } from '../format.ts'
import { words } from '../words.ts'

export interface DayLine {
  /** UTC: `2026-11-27`. */
  readonly date: string
  readonly credits: number
}

const DAY_MS = 86_400_000

/** By date; credit notes can make a day less than nothing. */
export function perDay(lines: readonly DayLine[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const { date, credits: spent } of lines) sums.set(date, (sums.get(date) ?? 0) + spent)
  return sums
}

interface DayStripProps {
  readonly days: number
  readonly last: string
  readonly lines: readonly DayLine[]
}

export function DayStrip({ days, last, lines }: DayStripProps) {
  const end = Date.parse(last)
  const dates = Array.from({ length: days }, (_, n) =>
    new Date(end - (days - 1 - n) * DAY_MS).toISOString().slice(0, 10),
  )
  const sums = perDay(lines)
  const most = Math.max(...sums.values(), 0.01)
  return (
    <div>
      <ol class="strip" style={{ '--days': days }}>
        {dates.map((day, n) => (
          <li key={day} title={`${day}: ${credits(sums.get(day) ?? 0)}`}>
            <i
              class={n === days - 1 ? 't' : ''}
              style={{ height: `${(100 * Math.max(0, sums.get(day) ?? 0)) / most}%` }}
            />
            <span class="sr">{`${day}: ${credits(sums.get(day) ?? 0)}`}</span>
          </li>
        ))}
      </ol>
      <p class="ends" aria-hidden="true">
        <span>{dates[0]}</span>
        <span>{words.jobs.burn.today}</span>
      </p>
    </div>
  )
}
