// Every booking of the project, a page at a time, in the order of the ledger.
import { get, type Schema } from '../api.ts'
import { credits, exactTime, shortId } from '../format.ts'
import { useLoad } from '../load.ts'
import { ProblemNote } from '../parts/problem.tsx'
import { Link } from '../router.tsx'
import { words } from '../words.ts'

type Booking = Schema<'ListLedgerAnswer'>['transactions'][number]

export function Ledger({ cursor }: { cursor: string | undefined }) {
  const { ledger, ledgerNote, ledgerHelp, noLedger, later, first } = words.billing
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/ledger', { query: { cursor }, signal }), [cursor])
  return (
    <section class="bill">
      <h2>
        {ledger} <span>{ledgerNote}</span>
      </h2>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null &&
        (data.transactions.length === 0 ? (
          <p class="soft">{noLedger}</p>
        ) : (
          <>
            <p class="soft">{ledgerHelp}</p>
            <Bookings of={data.transactions} />
          </>
        ))}
      {(cursor !== undefined || typeof data?.next_cursor === 'string') && (
        <p class="more">
          {cursor !== undefined && (
            <Link class="btn" to="/billing">
              {first}
            </Link>
          )}
          {typeof data?.next_cursor === 'string' && (
            <Link class="btn" to={`/billing?cursor=${encodeURIComponent(data.next_cursor)}`}>
              {later}
            </Link>
          )}
        </p>
      )}
    </section>
  )
}

function Bookings({ of }: { of: readonly Booking[] }) {
  const { ledgerCaption, ledgerHeads: heads, kinds, test } = words.billing
  return (
    <table class="stack sub">
      <caption class="sr">{ledgerCaption}</caption>
      <thead>
        <tr>
          <th scope="col">{heads.number}</th>
          <th scope="col">{heads.at}</th>
          <th scope="col">{heads.kind}</th>
          <th scope="col">{heads.job}</th>
          <th scope="col" class="r">
            {heads.free}
          </th>
          <th scope="col" class="r">
            {heads.held}
          </th>
        </tr>
      </thead>
      <tbody>
        {of.map((booking) => (
          <tr key={booking.id}>
            <th scope="row">{booking.id}</th>
            <td data-head={heads.at}>
              <time dateTime={booking.at}>{exactTime(booking.at)}</time>
            </td>
            <td data-head={heads.kind}>
              {kinds[booking.kind]} {isTest(booking) && <span class="cap">{test}</span>}
            </td>
            <td data-head={heads.job}>
              <Link to={`/jobs/${booking.job_id}`}>
                <span class="mono" title={booking.job_id}>
                  {shortId(booking.job_id)}
                </span>
              </Link>
            </td>
            <td data-head={heads.free} class="r">
              {moved(booking, 'project', 'test')}
            </td>
            <td data-head={heads.held} class="r">
              {moved(booking, 'held', 'test-held')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const isTest = ({ entries }: Booking): boolean => entries.some(({ account }) => account.startsWith('test'))

/** What came to one of the accounts, or left it; nothing where neither has an entry. */
function moved({ entries }: Booking, ...accounts: readonly string[]): string {
  const own = entries.filter(({ account }) => accounts.includes(account))
  return own.length === 0 ? '' : credits(own.reduce((sum, entry) => sum + entry.credits, 0))
}
