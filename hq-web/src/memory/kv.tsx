// KV: namespaces, the keys of one by prefix, and one value that can be changed or deleted.
import { get } from '../api.ts'
import { bytes, count } from '../format.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link } from '../router.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { Expiry } from './expiry.tsx'
import { KvEntry } from './kv-entry.tsx'
import { NewKv } from './new-kv.tsx'
import { memoryAddress, PrefixForm } from './prefix-form.tsx'

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
            <thead>
              <tr>
                <th scope="col">{heads.namespace}</th>
                <th scope="col" class="r">
                  {heads.keys}
                </th>
              </tr>
            </thead>
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
  const prefix = query.get('prefix') ?? ''
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/kv/{namespace}', { params: { namespace }, query: { prefix, cursor }, signal }),
    [namespace, prefix, cursor, round],
  )
  const { entries, entryHeads: heads, noKeys } = say.kv
  const here = { kind: 'kv', namespace }
  const within = { ...here, ...(prefix === '' ? {} : { prefix }) }
  return (
    <section class="bill">
      <h2>{entries(namespace)}</h2>
      <PrefixForm key={prefix} query={here} prefix={prefix} />
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && data.entries.length === 0 && <p class="after">{noKeys}</p>}
      {data !== null && data.entries.length > 0 && (
        <table class="stack keys after">
          <caption class="sr">{entries(namespace)}</caption>
          <thead>
            <tr>
              {Object.values(heads).map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.entries.map((entry) => (
              <tr key={entry.key}>
                <th scope="row">
                  <Link to={memoryAddress({ ...within, key: entry.key })} class="mono name">
                    {entry.key}
                  </Link>
                </th>
                <td data-head={heads.version}>{count(entry.version)}</td>
                <td data-head={heads.bytes}>{bytes(entry.bytes)}</td>
                <td data-head={heads.changed}>
                  <Age at={entry.updated_at} now={now} say={say.ago} />
                </td>
                <td data-head={heads.expires}>
                  <Expiry at={entry.expires_at} now={now} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More to="/memory" query={within} cursor={cursor} next={data?.next_cursor} first={say.first} later={say.later} />
    </section>
  )
}
