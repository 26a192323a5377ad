// The third band: every shard as a shape, the chosen one beside it, and the agents that took part.
import { useMemo, useState } from 'preact/hooks'
import { count } from '../format.ts'
import { Heads } from '../parts/heads.tsx'
import { words } from '../words.ts'
import { BandSection } from './band.tsx'
import { Legend } from './legend.tsx'
import { ShardDetail } from './shard-detail.tsx'
import { ShardMap } from './shard-map.tsx'
import { isDisputed, tookPart, type Shard, type TookPart } from './shards.ts'
import type { When } from './time-line.tsx'

interface DispatchProps {
  readonly id: string
  readonly shards: readonly Shard[]
  readonly total: number | null
  readonly units: string
  /** The job has, in whatever way. */
  readonly isEnded: boolean
  readonly isSealed: boolean
  readonly span: When
}

/** From this many the map needs the whole width. */
const MANY = 600

export function DispatchBand({ id, shards, total, units, isEnded, isSealed, span }: DispatchProps) {
  const { shards: head, shardsNote, loading, agents, agentsNote, nobody, nobodyEver } = words.job.dispatch
  const [chosen, setChosen] = useState<number | null>(null)
  // What differs is what a person comes for.
  const first = useMemo(() => Math.max(0, shards.findIndex(isDisputed)), [shards])
  const selected = chosen ?? first
  const shard = shards[selected]
  const all = useMemo(() => tookPart(shards), [shards])
  return (
    <BandSection band="dispatch" span={span}>
      <div class={(total ?? 0) > MANY ? 'floor many' : 'floor'}>
        <div>
          <h3>
            {head} <span>{shardsNote(units)}</span>
          </h3>
          {total !== null && shards.length < total && <p class="cap">{loading(shards.length, total)}</p>}
          {shards.length > 0 && <ShardMap shards={shards} total={total ?? 0} selected={selected} choose={setChosen} />}
          <Legend isLeft={shards.some(({ verdict }) => verdict === 'unsettled')} />
        </div>
        {shard !== undefined && <ShardDetail id={id} shard={shard} units={units} isSealed={isSealed} />}
      </div>
      <div class="sub">
        <h3>
          {agents} <span>{agentsNote(all.length)}</span>
        </h3>
        {all.length > 0 && <Agents all={all} />}
        {all.length === 0 && shards.length === total && <p class="cap">{isEnded ? nobodyEver : nobody}</p>}
      </div>
    </BandSection>
  )
}

function Agents({ all }: { all: readonly TookPart[] }) {
  const { agentHeads, agents, engines, trusted } = words.job.dispatch
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={agents}>
      <table>
        <Heads of={agentHeads} right={['shards', 'checks', 'voids']} />
        <tbody>
          {all.map((one) => (
            <tr key={one.agent}>
              <th scope="row">
                <span class="mono">{one.agent}</span> {one.trusted && <span class="cap">{trusted}</span>}
              </th>
              <td>{one.engines.map((engine) => engines[engine] ?? engine).join(', ')}</td>
              <td class="r">{count(one.shards)}</td>
              <td class="r">{count(one.checks)}</td>
              <td class={one.voids > 0 ? 'r is-bad' : 'r'}>{count(one.voids)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
