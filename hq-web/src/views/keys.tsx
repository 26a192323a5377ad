// The keys of a project: those there are, making one whose secret is shown once, revoking one.
import { useState } from 'preact/hooks'
import { get } from '../api.ts'
import { NewKey, type Made } from '../keys/new-key.tsx'
import { KeyTable } from '../keys/key-table.tsx'
import { Secret } from '../keys/secret.tsx'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

export function KeysView({ query }: { query: URLSearchParams }) {
  const { title, lead, noScope } = words.keys
  useTitle(words.title(title))
  const canManage = may(useSession(), 'keys:manage')
  const [made, setMade] = useState<Made | null>(null)
  return (
    <>
      <div class="title">
        <div>
          <h1>{title}</h1>
          <p class="soft after">{lead}</p>
        </div>
      </div>
      {made !== null && <Secret made={made} stored={() => setMade(null)} />}
      {canManage && <List cursor={query.get('cursor') ?? undefined} seen={made?.key.id} />}
      <NewKey off={canManage ? undefined : noScope('keys:manage')} made={setMade} />
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
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <>
          {data.keys.length === 0 ? <p>{empty}</p> : <KeyTable keys={data.keys} now={now} changed={reload} />}
          <p class="cap after">{setting}</p>
        </>
      )}
      {(cursor !== undefined || typeof data?.next_cursor === 'string') && (
        <p class="more">
          {cursor !== undefined && (
            <Link class="btn" to="/keys">
              {newest}
            </Link>
          )}
          {typeof data?.next_cursor === 'string' && (
            <Link class="btn" to={`/keys?cursor=${encodeURIComponent(data.next_cursor)}`}>
              {older}
            </Link>
          )}
        </p>
      )}
    </>
  )
}
