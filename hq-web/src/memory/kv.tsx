// KV: namespaces, the keys of one by prefix, and one value that can be changed or deleted.
import { get, type Schema } from '../api.ts'
import { bytes, count } from '../format.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Expiry } from '../parts/expiry.tsx'
import { Heads } from '../parts/heads.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link } from '../router.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { KvEntry } from './kv-entry.tsx'
import { NewKv } from './new-kv.tsx'
import { memoryAddress } from './prefix-form.tsx'
import { PrefixList } from './prefix-list.tsx'

type EntryRow = Schema<'ListKvAnswer'>['entries'][number]

export interface PartProps {
  readonly query: URLSearchParams
  /** Counts what was written from this view. */
  readonly round: number
  readonly written: () => void
  /** Why nothing can be written. */
  readonly off: string | undefined
}

export function Kv(props: PartProps) {
  const namespace = props.query.get('namespace')
  const key = props.query.get('key')
  if (namespace === null) return <Namespaces {...props} />
  return (
    <>
      <p class="acts after">
        <Link class="btn small" to={memoryAddress({ kind: 'kv' })}>
          {say.kv.all}
        </Link>
      </p>
      {key !== null && <KvEntry key={`${namespace} ${key}`} {...props} namespace={namespace} name={key} />}
      <Entries {...props} namespace={namespace} />
      <NewKv {...props} namespace={namespace} />
    </>
  )
}

function Namespaces(props: PartProps) {
  const cursor = props.query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/kv', { query: { cursor }, signal }),
    [cursor, props.round],
  )
  const { heads, namespaces, none } = say.kv
  return (
    <>
      <section class="bill">
        <h2>{namespaces}</h2>
        {problem !== null && <ProblemNote problem={problem} again={reload} />}
        {data !== null && data.namespaces.length === 0 && <p>{none}</p>}
        {data !== null && data.namespaces.length > 0 && (
          <table>
            <caption class="sr">{namespaces}</caption>
            <Heads of={heads} right={['keys']} />
            <tbody>
              {data.namespaces.map(({ namespace, keys }) => (
                <tr key={namespace}>
                  <th scope="row">
                    <Link to={memoryAddress({ kind: 'kv', namespace })} class="mono">
                      {namespace}
                    </Link>
                  </th>
                  <td class="r">{count(keys)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More
          to="/memory"
          query={{ kind: 'kv' }}
          cursor={cursor}
          next={data?.next_cursor}
          first={say.first}
          later={say.later}
        />
      </section>
      <NewKv {...props} namespace={null} />
    </>
  )
}

function Entries({ query, round, namespace }: PartProps & { namespace: string }) {
  const now = useNow()
  const { entries, entryHeads: heads, noKeys } = say.kv
  const here = { kind: 'kv', namespace }
  return (
    <PrefixList<EntryRow>
      title={entries(namespace)}
      none={noKeys}
      heads={heads}
      here={here}
      query={query}
      round={round}
      read={async (asked, signal) => {
        const sent = { params: { namespace }, query: { ...asked }, signal }
        const page = await get('/api/v0/kv/{namespace}', sent)
        return { items: page.entries, next: page.next_cursor }
      }}
      row={({ key, version, bytes: size, updated_at, expires_at }, prefix) => (
        <tr key={key}>
          <th scope="row">
            <Link to={memoryAddress({ ...here, ...(prefix === '' ? {} : { prefix }), key })} class="mono name">
              {key}
            </Link>
          </th>
          <td data-head={heads.version}>{count(version)}</td>
          <td data-head={heads.bytes}>{bytes(size)}</td>
          <td data-head={heads.changed}>
            <Age at={updated_at} now={now} say={say.ago} />
          </td>
          <td data-head={heads.expires}>
            <Expiry at={expires_at} now={now} say={say} />
          </td>
        </tr>
      )}
    />
  )
}
