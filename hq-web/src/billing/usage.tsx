// What was spent: the figures, the limits with what is used of them, the warnings, and the burn of the last days.
import type { Schema } from '../api.ts'
import { count, credits, percent } from '../format.ts'
import { DayStrip, perDay } from '../parts/day-strip.tsx'
import { Said } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { opTitle } from '../parts/job-table.tsx'
import { Link } from '../router.tsx'
import { words } from '../words.ts'

export type Usage = Schema<'GetUsageAnswer'>

export function Figures({ usage: { balance, spending, lines } }: { usage: Usage }) {
  const say = words.billing
  const { credits: unit, paceUnit, noteToday, left, free } = words.jobs.burn
  const figures: readonly (readonly [string, number, string, string])[] = [
    [say.today, spending.today_credits, unit, noteToday],
    [say.pace, spending.daily_credits, paceUnit, spending.days_left === null ? free : left(spending.days_left)],
    [say.reserved, balance.reserved_credits, unit, say.reservedNote],
    [say.spent, balance.spent_credits, unit, say.spentNote],
  ]
  return (
    <section class="burn plain" aria-label={say.figures}>
      <dl>
        {figures.map(([name, amount, per, note]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {credits(amount)} <small>{per}</small>
            </dd>
            <dd class="note">{note}</dd>
          </div>
        ))}
      </dl>
      {lines.length > 0 && lines.every(({ mode }) => mode === 'test') && <p role="status">{say.testOnly}</p>}
    </section>
  )
}

export function Limits({ usage: { spending } }: { usage: Usage }) {
  const { limits, limitsNote, limitNames, limitHeads: heads, noLimit, nearly } = words.billing
  const isNear = (name: string): boolean => spending.warnings.some(({ limit }) => limit === name)
  return (
    <section class="bill">
      <h2>{limits}</h2>
      <table class="stack">
        <caption class="sr">{limits}</caption>
        <Heads of={heads} right={['used', 'most']} />
        <tbody>
          {spending.limits.map(({ limit, used_credits: used, limit_credits: most }) => (
            <tr key={limit}>
              <th scope="row">
                {limitNames[limit]} <code>{limit}</code>
              </th>
              <td data-head={heads.used} class="r">
                {credits(used)}
              </td>
              <td data-head={heads.most} class="r">
                {most === null ? noLimit : credits(most)}
              </td>
              <td data-head={heads.share} class="share">
                {most !== null && <Share of={most === 0 ? 1 : used / most} />}
                {isNear(limit) && (
                  <Said glyph="failed" tone="bad">
                    {nearly}
                  </Said>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="cap after">{limitsNote}</p>
      <Warnings of={spending.burn_warnings} />
    </section>
  )
}

/** How much of a limit is used, as a line and a figure. */
export const Share = ({ of }: { of: number }) => (
  <span class="pro is-ok">
    <i style={{ '--p': `${Math.min(100, 100 * of)}%` }} />
    <span>{percent(of)}</span>
  </span>
)

function Warnings({ of }: { of: Usage['spending']['burn_warnings'] }) {
  const { warnings, warningAt, reached, notReached, noWarnings } = words.billing
  return (
    <div class="sub">
      <h3>{warnings}</h3>
      {of.length === 0 ? (
        <p class="soft">{noWarnings}</p>
      ) : (
        <dl class="kv">
          {of.map((warning) => (
            <>
              <dt>{warningAt(credits(warning.threshold_credits))}</dt>
              <dd>
                <Said glyph={warning.reached ? 'failed' : 'queued'} tone={warning.reached ? 'bad' : 'void'}>
                  {warning.reached ? reached : notReached}
                </Said>
              </dd>
            </>
          ))}
        </dl>
      )}
    </div>
  )
}

export function Burn({ days, usage: { lines, last_date: last } }: { days: number; usage: Usage }) {
  const { days: head, daysNote, highest, noUsage } = words.billing
  const most = Math.max(...perDay(lines).values(), 0)
  return (
    <section class="bill">
      <h2>
        {head(days)}{' '}
        <span>
          {daysNote}
          {most > 0 && highest(credits(most))}
        </span>
      </h2>
      {lines.length === 0 ? (
        <>
          <p>{noUsage.title}</p>
          <p class="soft">{noUsage.lead}</p>
          <p class="acts after">
            <Link to="/jobs/new" class="btn">
              {noUsage.run}
            </Link>
          </p>
        </>
      ) : (
        <>
          <DayStrip days={days} last={last} lines={lines} />
          <DayTable lines={lines} />
        </>
      )}
    </section>
  )
}

function DayTable({ lines }: { lines: Usage['lines'] }) {
  const { daysTable, dayHeads: heads, kinds, test } = words.billing
  return (
    <table class="stack sub">
      <caption class="sr">{daysTable}</caption>
      <Heads of={heads} right={['jobs', 'credits', 'eur']} />
      <tbody>
        {lines.toReversed().map(({ date, op, kind, mode, jobs, credits: spent, eur }) => (
          <tr key={`${date} ${op} ${kind} ${mode}`}>
            <th scope="row">{date}</th>
            <td data-head={heads.op}>{opTitle(op)}</td>
            <td data-head={heads.kind}>
              {kinds[kind]} {mode === 'test' && <span class="cap">{test}</span>}
            </td>
            <td data-head={heads.jobs} class="r">
              {count(jobs)}
            </td>
            <td data-head={heads.credits} class="r">
              {credits(spent)}
            </td>
            <td data-head={heads.eur} class="r">
              {credits(eur)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
