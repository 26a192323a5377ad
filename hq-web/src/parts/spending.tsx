// What the project spends: today, at which pace, and a bar for each of the last 14 days.
import { get } from '../api.ts'
import { credits } from '../format.ts'
import { useLoad } from '../load.ts'
import { DayStrip } from './day-strip.tsx'
import { words } from '../words.ts'

const DAYS = 14

/** Asked again when there is a newer job. */
export function Spending({ seen }: { seen: string | undefined }) {
  const { data } = useLoad((signal) => get('/api/v0/usage', { query: { days: DAYS }, signal }), [seen])
  if (data === null) return null
  const { label, today, noteToday, pace, paceUnit, spent, left, free, reserved, credits: unit } = words.jobs.burn
  const { spending, balance, lines } = data
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
      <DayStrip days={DAYS} last={data.last_date} lines={lines} />
    </section>
  )
}
