// The invoice of a month, to take away as CSV or JSON.
import { useState } from 'preact/hooks'
import { addressOf } from '../api.ts'
import { words } from '../words.ts'
import { monthsUpTo } from './months.ts'

/** `today` is the server's, UTC. */
export function Invoice({ today }: { today: string }) {
  const say = words.billing
  const months = monthsUpTo(today)
  const [chosen, choose] = useState(months[0]?.name)
  const month = months.find(({ name }) => name === chosen) ?? months[0]
  if (month === undefined) return null
  const formats = [
    ['csv', say.invoiceCsv],
    ['json', say.invoiceJson],
  ] as const
  return (
    <section class="bill">
      <h2>{say.invoice}</h2>
      <div class="invoice">
        <label for="month">{say.month}</label>
        <select id="month" value={month.name} onChange={(event) => choose(event.currentTarget.value)}>
          {months.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        {formats.map(([format, name]) => (
          <a
            key={format}
            class="btn"
            href={addressOf('/api/v0/invoice', { query: { from: month.from, to: month.to, format } })}
            download={`invoice-${month.name}.${format}`}
          >
            {words.download} {name}
          </a>
        ))}
      </div>
      <p class="cap after">{month.to < today ? say.invoiceFinal : say.invoiceOpen}</p>
    </section>
  )
}
