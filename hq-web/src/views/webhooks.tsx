// The webhooks of a project: those there are, and making one whose secret is shown once.
import { useState } from 'preact/hooks'
import { get } from '../api.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { Head } from '../parts/head.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { NewWebhook, type MadeWebhook } from '../webhooks/new-webhook.tsx'
import { WebhookTable } from '../webhooks/webhook-table.tsx'
import { words } from '../words.ts'
import { webhookWords as say } from '../words/webhooks.ts'

export function WebhooksView({ query }: { query: URLSearchParams }) {
  useTitle(words.title(say.title))
  const canManage = may(useSession(), 'keys:manage')
  return (
    <>
      <Head title={say.title}>{canManage ? say.lead : say.noScope('keys:manage')}</Head>
      {canManage && <Own cursor={query.get('cursor') ?? undefined} />}
    </>
  )
}

function Own({ cursor }: { cursor: string | undefined }) {
  const [made, setMade] = useState<MadeWebhook | null>(null)
  const now = useNow()
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/webhooks', { query: { cursor }, signal }),
    [cursor, made?.webhook.id],
  )
  return (
    <>
      {made !== null && (
        <ShownOnce
          label={say.secret}
          title={say.madeTitle}
          lead={say.once}
          lines={[{ what: say.secret, text: made.secret }]}
          stored={() => setMade(null)}
        />
      )}
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null &&
        (data.webhooks.length === 0 ? <p>{say.empty}</p> : <WebhookTable webhooks={data.webhooks} now={now} />)}
      <More to="/webhooks" cursor={cursor} next={data?.next_cursor} first={say.newest} later={say.older} />
      <NewWebhook made={setMade} />
    </>
  )
}
