// VMem: each version of each array with its type, shape and digest, and its first values when one asks.
import { useState } from 'preact/hooks'
import { addressOf, get, remove, type Schema } from '../api.ts'
import { bytes } from '../format.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Digest } from '../parts/digest.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { Drop } from './drop.tsx'
import { firstValues, FIRST_VALUES, type FirstValues } from './first-values.ts'
import type { PartProps } from './kv.tsx'
import { PrefixList } from './prefix-list.tsx'

type ArrayRow = Schema<'ListVmemAnswer'>['arrays'][number]

export function Arrays({ query, round, off, written }: PartProps) {
  const now = useNow()
  const { list, heads, none } = say.vmem
  return (
    <PrefixList<ArrayRow>
      title={list}
      none={none}
      heads={heads}
      here={{ kind: 'vmem' }}
      query={query}
      round={round}
      read={async (asked, signal) => {
        const { arrays, next_cursor } = await get('/api/v0/vmem', { query: { ...asked }, signal })
        return { items: arrays, next: next_cursor }
      }}
      row={(array) => <Row key={array.ref} of={array} now={now} off={off} written={written} />}
    />
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
            <Drop name={array.ref} cost={cost(array.ref)} off={off} deed={drop} />
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
