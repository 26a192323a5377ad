// VMem: each version of each array with its type, shape and digest, and its first values when one asks.
import { useState } from 'preact/hooks'
import { addressOf, get, remove, type Schema } from '../api.ts'
import { bytes } from '../format.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Digest } from '../parts/digest.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Sure } from '../parts/sure.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { firstValues, FIRST_VALUES, type FirstValues } from './first-values.ts'
import type { PartProps } from './kv.tsx'
import { PrefixForm } from './prefix-form.tsx'

type ArrayRow = Schema<'ListVmemAnswer'>['arrays'][number]

export function Arrays({ query, round, off, written }: PartProps) {
  const now = useNow()
  const prefix = query.get('prefix') ?? ''
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/vmem', { query: { prefix, cursor }, signal }),
    [prefix, cursor, round],
  )
  const { list, heads, none } = say.vmem
  return (
    <section class="bill">
      <h2>{list}</h2>
      <PrefixForm key={prefix} query={{ kind: 'vmem' }} prefix={prefix} />
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && data.arrays.length === 0 && <p class="after">{none}</p>}
      {data !== null && data.arrays.length > 0 && (
        <table class="stack keys after">
          <caption class="sr">{list}</caption>
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
            {data.arrays.map((array) => (
              <Row key={array.ref} of={array} now={now} off={off} written={written} />
            ))}
          </tbody>
        </table>
      )}
      <More
        to="/memory"
        query={{ kind: 'vmem', ...(prefix === '' ? {} : { prefix }) }}
        cursor={cursor}
        next={data?.next_cursor}
        first={say.first}
        later={say.later}
      />
    </section>
  )
}

interface RowProps extends Pick<PartProps, 'off' | 'written'> {
  readonly of: ArrayRow
  readonly now: number
}

function Row({ of: array, now, off, written }: RowProps) {
  const { heads, scalar, cost, values, download } = say.vmem
  const [shown, setShown] = useState<FirstValues | 'failed' | null>(null)
  const params = { name: array.name, version: array.version }
  const data = addressOf('/api/v0/vmem/{name}/{version}/data', { params })
  const show = (): void => void firstValues(data, array).then(setShown, () => setShown('failed'))
  const drop = async (): Promise<void> => {
    await remove('/api/v0/vmem/{name}/{version}', { params })
    written()
  }
  return (
    <>
      <tr>
        <th scope="row">
          <a class="name mono" href={data} download aria-label={`${download} ${array.ref}`}>
            {array.ref}
          </a>
        </th>
        <td data-head={heads.type} class="mono">
          {array.dtype}
        </td>
        <td data-head={heads.shape}>{array.shape.length === 0 ? scalar : array.shape.join(' × ')}</td>
        <td data-head={heads.bytes}>{bytes(array.bytes)}</td>
        <td data-head={heads.digest} class="all">
          <Digest of={array.digest} />
        </td>
        <td data-head={heads.made}>
          <Age at={array.created_at} now={now} say={say.ago} />
        </td>
        <td>
          <span class="sure-box">
            <Button small label={`${values(FIRST_VALUES)}, ${array.ref}`} onPress={show}>
              {values(FIRST_VALUES)}
            </Button>
            <Sure
              name={say.remove}
              label={say.removeNamed(array.ref)}
              off={off}
              cost={cost(array.ref)}
              sure={say.sure}
              keep={say.keep}
              deed={drop}
            />
          </span>
        </td>
      </tr>
      {shown !== null && (
        <tr class="sure">
          <td colSpan={Object.keys(heads).length}>
            <Values of={array} shown={shown} />
          </td>
        </tr>
      )}
    </>
  )
}

function Values({ of, shown }: { of: ArrayRow; shown: FirstValues | 'failed' }) {
  const { valuesOf, unread, empty, more } = say.vmem
  if (shown === 'failed') return <p class="is-bad">{unread}</p>
  if (shown.values.length === 0) return <p>{empty}</p>
  return (
    <p role="region" aria-label={valuesOf(of.ref)}>
      <code>{shown.values.join(', ')}</code> {shown.more > 0 && more(shown.more)}
    </p>
  )
}
