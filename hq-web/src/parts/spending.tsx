// What the project spends: today, at which pace, and a bar for each of the last 14 days.
import { get } from '../api.ts'
import { credits } from '../format.ts'
import { useLoad } from '../load.ts'
import { words } from '../words.ts'

const DAYS = 14
const DAY_MS = 86_400_000

/** Asked again when there is a newer job. */
export function Spending({ seen }: { seen: string | undefined }) {
  const { data } = useLoad((signal) => get('/api/v0/usage', { query: { days: DAYS }, signal }), [seen])
  if (data === null) return null
  const { label, today, noteToday, pace, paceUnit, spent, left, free, reserved, credits: unit } = words.jobs.burn
  const { spending, balance, lines } = data
  const last = Date.parse(data.last_date)
  const days = Array.from({ length: DAYS }, (_, n) =>
    new Date(last - (DAYS - 1 - n) * DAY_MS).toISOString().slice(0, 10),
  )
  const perDay = days.map((day) =>
    lines.filter(({ date }) => date === day).reduce((sum, line) => sum + line.credits, 0),
  )
  const most = Math.max(...perDay, 0.01)
  return (
    <section class="burn" aria-label={label}>
      <dl>
        <div>
          <dt>{today}</dt>
          <dd>
            {credits(spending.today_credits)} <small>{unit}</small>
          </dd>
          <dd class="note">{noteToday}</dd>
        </div>
        <div>
          <dt>{pace}</dt>
          <dd>
            {credits(spending.daily_credits)} <small>{paceUnit}</small>
          </dd>
          <dd class="note">{spending.days_left === null ? free : left(spending.days_left)}</dd>
        </div>
        <div>
          <dt>{spent}</dt>
          <dd>
            {credits(balance.spent_credits)} <small>{unit}</small>
          </dd>
          <dd class="note">{reserved(balance.reserved_credits)}</dd>
        </div>
      </dl>
      <div>
        <ol class="strip">
          {days.map((day, n) => (
            <li key={day} title={`${day}: ${credits(perDay[n] ?? 0)}`}>
              <i
                class={n === DAYS - 1 ? 't' : ''}
                style={{ height: `${(100 * Math.max(0, perDay[n] ?? 0)) / most}%` }}
              />
              <span class="sr">{`${day}: ${credits(perDay[n] ?? 0)}`}</span>
            </li>
          ))}
        </ol>
        <p class="ends" aria-hidden="true">
          <span>{days[0]}</span>
          <span>{today}</span>
        </p>
      </div>
    </section>
  )
}
