// The fourth band: what was checked, the bound in words and then as a table, the count, and disputes side by side.
import { useMemo } from 'preact/hooks'
import { count, groups, percent } from '../format.ts'
import { Glyph } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { words } from '../words.ts'
import { BandSection, Say } from './band.tsx'
import { digestsOf, isDisputed, type Shard } from './shards.ts'
import type { When } from './time-line.tsx'
import { hasEnded, type Job } from './use-job.ts'

type Verification = NonNullable<Job['hub']>['verification']

/** More are in the map. */
const DUELS_MAX = 5

interface VerifyProps {
  readonly job: Job
  readonly shards: readonly Shard[]
  readonly span: When
}

export function VerifyBand({ job, shards, span }: VerifyProps) {
  const { later, ended, moreDisputes } = words.job.verify
  const record = job.hub?.verification
  const disputed = useMemo(() => shards.filter(isDisputed), [shards])
  return (
    <BandSection band="verify" span={span}>
      {record === undefined ? <p class="say soft">{hasEnded(job) ? ended : later}</p> : <Record record={record} />}
      {disputed.slice(0, DUELS_MAX).map((shard) => (
        <Duel key={shard.shard} shard={shard} />
      ))}
      {disputed.length > DUELS_MAX && <p class="cap after">{moreDisputes(disputed.length - DUELS_MAX)}</p>}
    </BandSection>
  )
}

function Record({ record }: { record: Verification }) {
  const say = words.job.verify
  const { checked, shards, bound } = record
  const first = bound?.[0]
  const lead = checked === shards ? say.checkedAll(shards).lead : say.checked(checked, shards).lead
  return (
    <>
      {record.mode === 'none' || checked === 0 ? (
        <p class="say">{record.mode === 'none' ? say.none : say.degraded}</p>
      ) : (
        <Say lead={lead}>
          {first !== undefined &&
            say.bound(
              denominator(first.assumed_collusion),
              percent(first.confidence, 0),
              say.shardsAre(first.max_wrong_shards),
            )}
        </Say>
      )}
      <p class="soft after">
        {say.notError} {record.mode !== 'full' && say.full}
      </p>
      <div class="cols sub">
        {bound !== null && <Bounds bound={bound} />}
        <Counts record={record} />
      </div>
    </>
  )
}

/** `20` of `1/20`. */
const denominator = (fraction: string): string => fraction.split('/')[1] ?? fraction

function Bounds({ bound }: { bound: NonNullable<Verification['bound']> }) {
  const { table, heads, oneIn, shards } = words.job.verify
  return (
    <div>
      <h3>{table}</h3>
      <table class="q-tab">
        <Heads of={heads} right={['wrong', 'share']} />
        <tbody>
          {bound.map((one) => (
            <tr key={one.assumed_collusion}>
              <th scope="row">{oneIn(denominator(one.assumed_collusion))}</th>
              <td class="r">{shards(one.max_wrong_shards)}</td>
              <td class="r">{percent(one.max_wrong_fraction)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Counts({ record }: { record: Verification }) {
  const say = words.job.verify
  const rows: readonly (readonly [string, string])[] = [
    [say.mode, record.mode],
    [say.status, words.job.answer.status(record.status, record.mismatches)],
    [say.checkedTerm, `${count(record.checked)}, ${say.byTrusted(record.checked_by_trusted)}`],
    [say.mismatches, count(record.mismatches)],
    [say.voided, count(record.voided)],
    [say.authors, `${count(record.authors)}, ${say.networks(record.networks)}`],
  ]
  return (
    <div>
      <h3>{say.count}</h3>
      <dl class="kv">
        {rows.map(([term, value]) => (
          <>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </div>
  )
}

/** Two digests that differ, grouped alike, with a mark between them. */
function Duel({ shard }: { shard: Shard }) {
  const { dispute, notEqual, duelVoid, duelAccepted, duelOpen } = words.job.verify
  const digests = digestsOf(shard)
  return (
    <div class="sub">
      <h3>{dispute(count(shard.shard))}</h3>
      <div class="duel">
        {digests.map((digest, n) => {
          const answers = shard.attempts.filter((attempt) => attempt.digest === digest)
          const isGood = digest === shard.digest
          return (
            <>
              {n > 0 && (
                <p class="neq" role="img" aria-label={notEqual}>
                  ≠
                </p>
              )}
              <figure class={isGood ? 'is-ok' : 'is-bad'}>
                <figcaption>
                  <Glyph name={isGood ? 'completed' : 'failed'} />
                  <span>
                    {answers.map(({ agent, role }) => `${agent}, ${words.job.dispatch.role[role]}`).join('; ')}
                  </span>
                </figcaption>
                <p class="dg tall">
                  {groups(digest).map((group, i) => (
                    <span key={i}>{group}</span>
                  ))}
                </p>
                <p class="cap">{isGood ? duelAccepted : shard.digest === null ? duelOpen : duelVoid}</p>
              </figure>
            </>
          )
        })}
      </div>
    </div>
  )
}
