// Every booking of the project, a page at a time: the newest first, or as one would audit it, from the first on.
import { get, type Schema } from '../api.ts'
import { credits, exactTime, shortId } from '../format.ts'
import { useLoad } from '../load.ts'
import { Heads } from '../parts/heads.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link } from '../router.tsx'
import { words } from '../words.ts'

type Booking = Schema<'ListLedgerAnswer'>['transactions'][number]

/** Of one page: a month of daily jobs and their settlements. */
const PAGE = 100
const HEAD = 'ledger'

type Order = keyof typeof words.billing.orders

export function Ledger({ query }: { query: URLSearchParams }) {
  const { ledger, ledgerHelp, noLedger, orders } = words.billing
  const cursor = query.get('cursor') ?? undefined
  const order: Order = query.get('order') === 'oldest' ? 'oldest' : 'newest'
  const here = order === 'newest' ? {} : { order }
  const { note, turn, other, more, first } = orders[order]
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/ledger', { query: { order, cursor, limit: PAGE }, signal }),
    [order, cursor],
  )
  return (
    <section class="bill">
      <h2 id={HEAD}>
        {ledger} <span>{note}</span>
      </h2>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.transactions.length === 0 && <p class="soft">{noLedger}</p>}
      {data !== null && data.transactions.length > 0 && (
        <>
          <p class="soft">
            {ledgerHelp}{' '}
            <Link to={other === 'newest' ? '/billing' : `/billing?order=${other}`} head={HEAD}>
              {turn}
            </Link>
          </p>
          <Bookings of={data.transactions} caption={orders[order].caption} />
        </>
      )}
      <More
        to="/billing"
        query={here}
        cursor={cursor}
        next={data?.next_cursor}
        first={first}
        later={more}
        head={HEAD}
      />
    </section>
  )
}

function Bookings({ of, caption }: { of: readonly Booking[]; caption: string }) {
  const { ledgerHeads: heads, kinds, givenBack, test } = words.billing
  return (
    <table class="stack sub">
      <caption class="sr">{caption}</caption>
      <Heads of={heads} right={['free', 'held']} />
      <tbody>
        {of.map((booking) => (
          <tr key={booking.id}>
            <th scope="row">{booking.id}</th>
            <td data-head={heads.at}>
              <time dateTime={booking.at}>{exactTime(booking.at)}</time>
            </td>
            <td data-head={heads.kind}>
              {isGivenBack(booking) ? givenBack : kinds[booking.kind]}{' '}
              {isTest(booking) && <span class="cap">{test}</span>}
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

/** The job ended without a result: the whole reservation came back. */
const isGivenBack = ({ kind, detail }: Booking): boolean =>
  kind === 'settle' && (detail['state'] === 'FAILED' || detail['state'] === 'CANCELLED')

const isTest = ({ entries }: Booking): boolean => entries.some(({ account }) => account.startsWith('test'))

/** What came to one of the accounts, or left it; nothing where neither has an entry. */
function moved({ entries }: Booking, ...accounts: readonly string[]): string {
  const own = entries.filter(({ account }) => accounts.includes(account))
  return own.length === 0 ? '' : credits(own.reduce((sum, entry) => sum + entry.credits, 0))
}
