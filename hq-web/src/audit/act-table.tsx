// Acts as rows: when, who, what, and what there is to say of it. Names in the data are shown as they were at the time.
import { DEFAULT_PROJECT_LIMITS } from '@forge/shared/contract/tenants.ts'
import type { Schema } from '../api.ts'
import { exactTime, shortId } from '../format.ts'
import { Age } from '../parts/age.tsx'
import { Heads } from '../parts/heads.tsx'
import { words } from '../words.ts'

/** Characters of a pool’s name that need no cutting; ids have more. */
const WHOLE = 20

type Act = Schema<'ListActsAnswer'>['acts'][number]

export function ActTable({ acts, now }: { acts: readonly Act[]; now: number }) {
  const { caption, heads, types, ago } = words.audit
  return (
    <table class="stack fleet after">
      <caption class="sr">{caption}</caption>
      <Heads of={heads} />
      <tbody>
        {acts.map((act) => (
          <tr key={act.number}>
            <th scope="row">{act.number}</th>
            <td data-head={heads.at}>
              <Age at={new Date(act.at_ms).toISOString()} now={now} say={ago} />
            </td>
            <td data-head={heads.actor}>
              <Actor of={act.actor} />
            </td>
            <td data-head={heads.act} class="what">
              {types[act.type]}
              {act.subject !== null && act.subject !== act.chain && (
                <code class="cap" title={act.subject}>
                  {act.subject.length > WHOLE ? shortId(act.subject) : act.subject}
                </code>
              )}
              {factsOf(act.data).map((fact) => (
                <span key={fact} class="cap">
                  {fact}
                </span>
              ))}
            </td>
            <td data-head={heads.hash}>
              <code class="cap" title={act.hash}>
                {shortId(act.hash)}
              </code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Actor({ of: actor }: { of: string }) {
  const { actors, key } = words.audit
  const id = /^key:(.+)$/.exec(actor)?.[1]
  if (id === undefined) return <>{actors[actor] ?? actor}</>
  return <span title={id}>{key(shortId(id))}</span>
}

/** Each thing that the data say, in a line: names as the API has them. */
function factsOf(data: Act['data']): string[] {
  const { change, nothing } = words.audit
  const said = (value: unknown): string =>
    value === null ? nothing : typeof value === 'string' ? value : JSON.stringify(value)
  return Object.entries(data).flatMap(([name, value]): string[] => {
    if (value === null || name === 'prefix' || JSON.stringify(value) === '{}') return []
    if (name === 'limits' && Array.isArray(value)) {
      return value.flatMap((one: unknown) =>
        isChange(one)
          ? [change(one.limit ?? name, limitSaid(one.limit, one.from, true), limitSaid(one.limit, one.to, false))]
          : [],
      )
    }
    if (isChange(value)) return [change(name, said(value.from), said(value.to))]
    if (name.endsWith('_ms') && typeof value === 'number') {
      return [`${name.slice(0, -3)}: ${exactTime(new Date(value).toISOString())}`]
    }
    return [`${name}: ${said(value)}`]
  })
}

/** A limit that nobody had set is kept as null, and so is one that was lifted; one that is set to null is lifted. */
function limitSaid(limit: string | undefined, value: unknown, isBefore: boolean): string {
  const { noLimit, unsaid } = words.audit
  if (value !== null) return typeof value === 'string' ? value : JSON.stringify(value)
  const hasDefault = Object.entries(DEFAULT_PROJECT_LIMITS).some(([name, usual]) => name === limit && usual !== null)
  return isBefore && hasDefault ? unsaid : noLimit
}

const isChange = (value: unknown): value is { limit?: string; from: unknown; to: unknown } =>
  typeof value === 'object' && value !== null && 'from' in value && 'to' in value
