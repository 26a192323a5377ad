// What a project spends: figures and limits, the burn of a month, its invoice, and every booking.
import { get } from '../api.ts'
import { Invoice } from '../billing/invoice.tsx'
import { Ledger } from '../billing/ledger.tsx'
import { Burn, Figures, Limits } from '../billing/usage.tsx'
import { useLoad } from '../load.ts'
import { Head } from '../parts/head.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

const DAYS = 30

export function BillingView({ query }: { query: URLSearchParams }) {
  const { title, lead, noScope } = words.billing
  useTitle(words.title(title))
  const canRead = may(useSession(), 'billing:read')
  return (
    <>
      <Head title={title}>{canRead ? lead : noScope('billing:read')}</Head>
      {canRead && <Money query={query} />}
    </>
  )
}

function Money({ query }: { query: URLSearchParams }) {
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/usage', { query: { days: DAYS }, signal }), [])
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <>
          <Figures usage={data} />
          <Burn days={DAYS} usage={data} />
          <Limits usage={data} />
          <Invoice today={data.last_date} />
        </>
      )}
      <Ledger query={query} />
    </>
  )
}
