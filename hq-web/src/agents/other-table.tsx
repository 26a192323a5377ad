// Agents of which a project knows what its jobs' shards tell, and no more.
import type { Schema } from '../api.ts'
import { count } from '../format.ts'
import { Age } from '../parts/age.tsx'
import { Copy } from '../parts/copy.tsx'
import { Heads } from '../parts/heads.tsx'
import { words } from '../words.ts'

type Work = NonNullable<Schema<'ListAgentsAnswer'>['agents'][number]['work']>

interface OtherTableProps {
  readonly agents: readonly { readonly agent: string; readonly work: Work }[]
  readonly now: number
}

export function OtherTable({ agents, now }: OtherTableProps) {
  const { othersCaption, otherHeads: heads, engineNames, tiers, ago, identity } = words.agents
  return (
    <table class="stack fleet">
      <caption class="sr">{othersCaption}</caption>
      <Heads of={heads} />
      <tbody>
        {agents.map(({ agent, work }) => (
          <tr key={agent}>
            <th scope="row">
              <span class="id">
                <code>{agent}</code>
                <Copy text={agent} what={identity} />
              </span>
              {work.trusted && <span class="cap">{tiers.trusted}</span>}
            </th>
            <td data-head={heads.engines}>{work.engines.map((name) => engineNames[name] ?? name).join(', ')}</td>
            <td data-head={heads.jobs}>{count(work.jobs)}</td>
            <td data-head={heads.answers}>{count(work.answers)}</td>
            <td data-head={heads.voided} class={work.void > 0 ? 'is-bad' : ''}>
              {count(work.void)}
            </td>
            <td data-head={heads.last}>
              <Age at={work.last_at} now={now} say={ago} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
