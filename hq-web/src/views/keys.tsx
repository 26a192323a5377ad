// The keys of a project: those there are, making one whose secret is shown once, revoking one.
import { useState } from 'preact/hooks'
import { get, post } from '../api.ts'
import { NewKey, type Made } from '../keys/new-key.tsx'
import { KeyTable } from '../keys/key-table.tsx'
import { Secret } from '../keys/secret.tsx'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { Head } from '../parts/head.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

export function KeysView({ query }: { query: URLSearchParams }) {
  const { title, lead, noScope } = words.keys
  useTitle(words.title(title))
  const session = useSession()
  const canManage = may(session, 'keys:manage')
  const [made, setMade] = useState<Made | null>(null)
  return (
    <>
      <Head title={title}>{lead}</Head>
      {made !== null && <Secret made={made} stored={() => setMade(null)} />}
      {canManage && <List cursor={query.get('cursor') ?? undefined} seen={made?.key.id} />}
      <NewKey
        off={canManage ? undefined : noScope('keys:manage')}
        usual={['jobs:read', 'jobs:write']}
        canGive={(scope) => may(session, scope)}
        send={(asked) => post('/api/v0/keys', asked)}
        made={setMade}
      />
    </>
  )
}

/** Asked again when there is a newer key. */
function List({ cursor, seen }: { cursor: string | undefined; seen: string | undefined }) {
  const { older, newest, empty, setting } = words.keys
  const now = useNow()
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/keys', { query: { cursor }, signal }),
    [cursor, seen],
  )
  const revoke = async (id: string): Promise<void> => {
    await post('/api/v0/keys/{id}/revoke', undefined, { params: { id } })
    reload()
  }
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <>
          {data.keys.length === 0 ? <p>{empty}</p> : <KeyTable keys={data.keys} now={now} revoke={revoke} />}
          <p class="cap after">{setting}</p>
        </>
      )}
      <More to="/keys" cursor={cursor} next={data?.next_cursor} first={newest} later={older} />
    </>
  )
}
