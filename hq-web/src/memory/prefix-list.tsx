// What of a memory begins so: a page of it as a table, by what the address says.
import type { ComponentChild } from 'preact'
import { useLoad } from '../load.ts'
import { Heads } from '../parts/heads.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { PrefixForm } from './prefix-form.tsx'

interface PrefixListProps<Item> {
  readonly title: string
  readonly none: string
  readonly heads: Readonly<Record<string, string>>
  /** The address of the view, without prefix and cursor. */
  readonly here: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Counts what was written from this view. */
  readonly round: number
  readonly read: (asked: Asked, signal: AbortSignal) => Promise<ListPage<Item>>
  /** Of an item, with the prefix that is shown. */
  readonly row: (item: Item, prefix: string) => ComponentChild
}

export interface Asked {
  readonly prefix: string
  readonly cursor: string | undefined
}

export interface ListPage<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

export function PrefixList<Item>({ title, none, heads, here, query, round, read, row }: PrefixListProps<Item>) {
  const prefix = query.get('prefix') ?? ''
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => read({ prefix, cursor }, signal),
    [...Object.values(here), prefix, cursor, round],
  )
  return (
    <section class="bill">
      <h2>{title}</h2>
      <PrefixForm key={prefix} query={here} prefix={prefix} />
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.items.length === 0 && <p class="after">{none}</p>}
      {data !== null && data.items.length > 0 && (
        <table class="stack keys after">
          <caption class="sr">{title}</caption>
          <Heads of={heads} />
          <tbody>{data.items.map((item) => row(item, prefix))}</tbody>
        </table>
      )}
      <More
        to="/memory"
        query={{ ...here, ...(prefix === '' ? {} : { prefix }) }}
        cursor={cursor}
        next={data?.next}
        first={say.first}
        later={say.later}
      />
    </section>
  )
}
